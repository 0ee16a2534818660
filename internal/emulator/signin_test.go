package emulator

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"debrief/internal/emulator/emulatortest"

	"github.com/golang-jwt/jwt/v5"
)

func TestACodeIsRedeemedForTokensWithTheRightClaims(t *testing.T) {
	e, _ := start(t)
	v := signIn(t, emulatortest.Person{UPN: Adele}, authURL(e))
	if got, want := v.Get("state"), "state-of-a-test-that-is-long-enough-to-have-a-tail"; got != want {
		t.Errorf("state: got %q, want %q", got, want)
	}
	status, body := tokenRequest(t, e, codeForm(v.Get("code")))
	if status != http.StatusOK {
		t.Fatalf("token: %d %v", status, body)
	}
	if scope := body["scope"].(string); strings.Contains(scope, "offline_access") || !strings.Contains(scope, "ChatMessage.Send") {
		t.Errorf("scope %q: want what was asked without offline_access", scope)
	}
	parse := func(token string) jwt.MapClaims {
		claims := jwt.MapClaims{}
		if _, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return &e.signer.key.PublicKey, nil }, jwt.WithTimeFunc(e.Now)); err != nil {
			t.Fatalf("parse: %v", err)
		}
		return claims
	}
	id, access := parse(body["id_token"].(string)), parse(body["access_token"].(string))
	for _, c := range []struct {
		claims jwt.MapClaims
		name   string
		want   any
	}{
		{id, "aud", ClientID}, {id, "nonce", "nonce-of-a-test-that-is-long-enough-to-have-a-tail"}, {id, "ver", "2.0"},
		{id, "iss", "https://login.microsoftonline.com/" + TenantID + "/v2.0"}, {id, "preferred_username", Adele}, {id, "tid", TenantID},
		{access, "ver", "1.0"}, {access, "iss", "https://sts.windows.net/" + TenantID + "/"}, {access, "oid", adele.ID},
		{access, "aud", graphAudience}, {access, "scp", testScopes + " openid profile email"},
	} {
		if got := c.claims[c.name]; got != c.want {
			t.Errorf("claim %s: got %v, want %v", c.name, got, c.want)
		}
	}
	if info := body["client_info"].(string); strings.Contains(info, "=") {
		t.Errorf("client_info %q is padded", info)
	}
}

func TestTheTokenEndpointRefuses(t *testing.T) {
	e, clock := start(t)
	code := func() string { return signIn(t, emulatortest.Person{UPN: Adele}, authURL(e)).Get("code") }
	refresh := tokens(t, e, Adele)["refresh_token"].(string)
	used := code()
	if status, body := tokenRequest(t, e, codeForm(used)); status != http.StatusOK {
		t.Fatalf("first use: %d %v", status, body)
	}
	old := code()
	clock.move(codeLifetime + 1)
	for _, c := range []struct {
		name   string
		form   url.Values
		status int
		code   string
		number float64
	}{
		{"a request without grant_type", codeForm(code(), "grant_type", ""), 400, "invalid_request", 900144},
		{"an unknown grant type", codeForm(code(), "grant_type", "password"), 400, "unsupported_grant_type", 70003},
		{"an unknown client", codeForm(code(), "client_id", TenantID), 400, "unauthorized_client", 700016},
		{"an unknown code", codeForm("1.AXoAnothing"), 400, "invalid_grant", 70000},
		{"a code for the second time", codeForm(used), 400, "invalid_grant", 54005},
		{"a code after ten minutes", codeForm(old), 400, "invalid_grant", 70008},
		{"a wrong verifier", codeForm(code(), "code_verifier", testVerifier+"x"), 400, "invalid_grant", 501481},
		{"a missing verifier", codeForm(code(), "code_verifier", ""), 400, "invalid_grant", 501481},
		{"another redirect address", codeForm(code(), "redirect_uri", "http://localhost:1"), 400, "invalid_grant", 500112},
		{"an unknown scope", codeForm(code(), "scope", "Everything.Read"), 400, "invalid_scope", 650053},
		{"another resource's scope", codeForm(code(), "scope", "https://vault.azure.net/.default"), 400, "invalid_resource", 500011},
		{"an unknown refresh token", refreshForm("1.AXoAnothing"), 400, "invalid_grant", 70000},
		{"a scope without consent", refreshForm(refresh, "scope", "Chat.ReadWrite"), 400, "invalid_grant", 65001},
	} {
		status, body := tokenRequest(t, e, c.form)
		numbers, _ := body["error_codes"].([]any)
		if status != c.status || body["error"] != c.code || len(numbers) != 1 || numbers[0] != c.number {
			t.Errorf("%s: got %d %v, want %d %s AADSTS%v", c.name, status, body, c.status, c.code, c.number)
		}
		if text, _ := body["error_description"].(string); !regexp.MustCompile(`^AADSTS\d+: .* Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`).MatchString(text) {
			t.Errorf("%s: description %q", c.name, text)
		}
	}
}

func TestARefreshTokenRollsAndTheOldOneStaysValid(t *testing.T) {
	e, clock := start(t)
	first := tokens(t, e, Adele)["refresh_token"].(string)
	clock.move(80 * 24 * 3600e9)
	status, body := tokenRequest(t, e, refreshForm(first))
	second, _ := body["refresh_token"].(string)
	if status != http.StatusOK || second == "" || second == first {
		t.Fatalf("refresh: %d %v", status, body)
	}
	if status, body := tokenRequest(t, e, refreshForm(first, "scope", "User.Read")); status != http.StatusOK || body["scope"] != "User.Read" {
		t.Errorf("the old token with a narrower scope: %d %v", status, body)
	}
	clock.move(20 * 24 * 3600e9)
	if status, body := tokenRequest(t, e, refreshForm(second)); status != http.StatusOK {
		t.Errorf("the new token after 20 days: %d %v", status, body)
	}
	status, body = tokenRequest(t, e, refreshForm(first))
	if status != 400 || body["suberror"] != "bad_token" || body["error_codes"].([]any)[0] != 700082.0 || body["error_uri"] != "https://login.microsoftonline.com/error?code=700082" {
		t.Errorf("the old token after 100 days: %d %v", status, body)
	}
}

func TestOfflineAccessAndClientInfoAreGivenOnlyWhenAsked(t *testing.T) {
	e, _ := start(t)
	v := signIn(t, emulatortest.Person{UPN: Adele}, authURL(e, "scope", "User.Read"))
	_, body := tokenRequest(t, e, codeForm(v.Get("code"), "scope", "User.Read", "client_info", ""))
	for _, name := range []string{"refresh_token", "id_token", "client_info"} {
		if _, ok := body[name]; ok {
			t.Errorf("%s was given unasked", name)
		}
	}
	if body["scope"] != "User.Read" {
		t.Errorf("scope: got %v, want User.Read", body["scope"])
	}
}

func TestRevokeEndsRefreshTokensUntilTheNextSignIn(t *testing.T) {
	e, _ := start(t)
	refresh := tokens(t, e, Adele)["refresh_token"].(string)
	others := tokens(t, e, Alex)["refresh_token"].(string)
	if err := e.Revoke(strings.ToLower(Adele)); err != nil {
		t.Fatal(err)
	}
	status, body := tokenRequest(t, e, refreshForm(refresh))
	if status != 400 || body["error"] != "invalid_grant" || body["error_codes"].([]any)[0] != 50173.0 || body["suberror"] != "bad_token" {
		t.Errorf("revoked: %d %v", status, body)
	}
	if status, _ := tokenRequest(t, e, refreshForm(others)); status != http.StatusOK {
		t.Errorf("another person's token: %d, want 200", status)
	}
	again := tokens(t, e, Adele)["refresh_token"].(string)
	if status, _ := tokenRequest(t, e, refreshForm(again)); status != http.StatusOK {
		t.Errorf("after a new sign-in: %d, want 200", status)
	}
	if err := e.Revoke("nobody@contoso.example"); err == nil {
		t.Error("Revoke of an unknown person is no error")
	}
}

func TestTheSignInEndsAsThePersonChooses(t *testing.T) {
	for _, c := range []struct {
		name   string
		person emulatortest.Person
		want   url.Values
	}{
		{"cancel", emulatortest.Person{UPN: Adele, Cancel: true}, url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}}},
		{"decline", emulatortest.Person{UPN: Adele, Decline: true}, url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004"}}},
		{"a second factor", emulatortest.Person{UPN: Lee}, url.Values{"code": {"1.AXoA"}}},
	} {
		for _, mode := range []string{"query", "form_post", "fragment"} {
			e, _ := start(t)
			d, err := c.person.SignIn(t.Context(), authURL(e, "response_mode", mode))
			if err != nil {
				t.Fatalf("%s, %s: %v", c.name, mode, err)
			}
			if wantMethod := map[bool]string{true: "POST", false: "GET"}[mode == "form_post"]; d.Method != wantMethod {
				t.Errorf("%s, %s: delivered by %s", c.name, mode, d.Method)
			}
			for k, want := range c.want {
				if got := d.Values.Get(k); !strings.HasPrefix(got, want[0]) {
					t.Errorf("%s, %s: %s is %q, want %q", c.name, mode, k, got, want[0])
				}
			}
			if d.Values.Get("state") == "" {
				t.Errorf("%s, %s: no state", c.name, mode)
			}
		}
	}
}

func TestAuthorizeRefusesWithAPageWhatMustNotBeRedirected(t *testing.T) {
	e, _ := start(t)
	for name, changes := range map[string][]string{
		"AADSTS90002":  {"tenant", "nowhere.example"},
		"AADSTS700016": {"client_id", TenantID},
		"AADSTS50011":  {"redirect_uri", "http://127.0.0.1:18400"},
	} {
		checkRefused(t, e, name, authURL(e, changes...))
	}
	for _, redirect := range []string{"https://localhost", "http://localhost/other", "http://localhost.evil.example", "http://evil.example", "http://localhost:0", "http://a@localhost", "http://[::1]:80", "javascript:alert(1)", ""} {
		checkRefused(t, e, "AADSTS50011", authURL(e, "redirect_uri", redirect))
	}
}

func checkRefused(t *testing.T, e *Emulator, number, address string) {
	t.Helper()
	status, header, body := fetch(t, http.MethodGet, address, nil, "")
	if status != http.StatusBadRequest || header.Get("Location") != "" || !strings.Contains(body, number+":") {
		t.Errorf("%s: got %d %q", address, status, body)
	}
}

func TestAuthorizeRedirectsOtherErrorsWithTheState(t *testing.T) {
	e, _ := start(t)
	for _, c := range []struct {
		changes []string
		want    string
	}{
		{[]string{"response_type", "token"}, "unsupported_response_type"},
		{[]string{"scope", ""}, "invalid_request"},
		{[]string{"scope", "Nothing.Known"}, "invalid_scope"},
		{[]string{"code_challenge", "short"}, "invalid_request"},
		{[]string{"code_challenge_method", "S512"}, "invalid_request"},
		{[]string{"prompt", "please"}, "invalid_request"},
		{[]string{"prompt", "none"}, "login_required"},
	} {
		v := signIn(t, emulatortest.Person{UPN: Adele}, authURL(e, c.changes...))
		if v.Get("error") != c.want || v.Get("state") == "" {
			t.Errorf("%v: got %v, want %s with state", c.changes, v, c.want)
		}
	}
}

func TestABrowserThatIsSignedInGoesStraightThrough(t *testing.T) {
	e, _ := start(t)
	jar, _ := cookiejar.New(nil)
	signIn(t, emulatortest.Person{UPN: Adele, Jar: jar}, authURL(e))
	nobody := emulatortest.Person{UPN: "nobody", Jar: jar} // would find nothing to press but Cancel
	if v := signIn(t, nobody, authURL(e, "prompt", "none")); v.Get("code") == "" {
		t.Errorf("prompt=none: got %v, want a code", v)
	}
	if v := signIn(t, nobody, authURL(e, "prompt", "")); v.Get("code") == "" {
		t.Errorf("no prompt: got %v, want a code", v)
	}
	if v := signIn(t, nobody, authURL(e, "prompt", "none", "login_hint", Alex)); v.Get("error") != "login_required" {
		t.Errorf("prompt=none for another person: got %v", v)
	}
	if v := signIn(t, nobody, authURL(e, "prompt", "none", "scope", "Chat.ReadWrite")); v.Get("error") != "consent_required" {
		t.Errorf("prompt=none for a new scope: got %v", v)
	}
	if v := signIn(t, nobody, authURL(e)); v.Get("error") != "access_denied" {
		t.Errorf("select_account: got %v, want the account page", v)
	}
}

func TestConsentIsAskedOnceForEachScope(t *testing.T) {
	e, _ := start(t)
	signIn(t, emulatortest.Person{UPN: Adele}, authURL(e))
	declines := emulatortest.Person{UPN: Adele, Decline: true}
	if v := signIn(t, declines, authURL(e)); v.Get("code") == "" {
		t.Errorf("second sign-in: got %v, want no consent page", v)
	}
	if v := signIn(t, declines, authURL(e, "prompt", "consent")); v.Get("error") != "access_denied" {
		t.Errorf("prompt=consent: got %v, want the consent page", v)
	}
	if v := signIn(t, declines, authURL(e, "scope", "Chat.ReadWrite openid")); v.Get("error") != "access_denied" {
		t.Errorf("a new scope: got %v, want the consent page", v)
	}
	if v := signIn(t, emulatortest.Person{UPN: Adele}, authURL(e, "scope", "OnlineMeetingTranscript.Read.All")); v.Get("error_subcode") != "cancel" {
		t.Errorf("a scope that needs an administrator: got %v, want the admin page and cancel", v)
	}
}

func TestScenariosAnswerAsMicrosoftDoes(t *testing.T) {
	e, _ := start(t)
	refresh := tokens(t, e, Adele)["refresh_token"].(string)
	for _, c := range []struct {
		scenario   Scenario
		status     int
		code, sub  string
		number     float64
		withClaims bool
	}{
		{NeedsMFA, 400, "interaction_required", "basic_action", 50076, false},
		{Blocked, 400, "invalid_grant", "message_only", 53003, true},
		{SignInFrequency, 400, "invalid_grant", "token_expired", 70043, false},
		{SignInUnavailable, 503, "temporarily_unavailable", "", 90033, false},
		{publicClientRefused, 401, "invalid_client", "", 7000218, false},
	} {
		if err := e.SetScenario(string(c.scenario)); err != nil {
			t.Fatal(err)
		}
		status, body := tokenRequest(t, e, refreshForm(refresh))
		sub, _ := body["suberror"].(string)
		_, claims := body["claims"].(string)
		if status != c.status || body["error"] != c.code || sub != c.sub || body["error_codes"].([]any)[0] != c.number || claims != c.withClaims {
			t.Errorf("%s: got %d %v", c.scenario, status, body)
		}
	}
	if err := e.SetScenario(string(NeedsAdmin)); err != nil {
		t.Fatal(err)
	}
	if v := signIn(t, emulatortest.Person{UPN: Alex}, authURL(e)); v.Get("error") != "access_denied" || v.Get("error_subcode") != "cancel" {
		t.Errorf("needs admin: got %v", v)
	}
	if err := e.SetScenario("rain"); err == nil {
		t.Error("an unknown scenario is no error")
	}
	if err := e.SetScenario(""); err != nil {
		t.Fatal(err)
	}
	if status, _ := tokenRequest(t, e, refreshForm(refresh)); status != http.StatusOK {
		t.Errorf("normal again: %d", status)
	}
}

func TestDiscoveryNamesTheRealHostsAndTheLocalPage(t *testing.T) {
	e, _ := start(t)
	for authority, issuer := range map[string]string{
		TenantID: TenantID, TenantDomain: TenantID, "organizations": "{tenantid}", "common": "{tenantid}", "fabrikam.example": tenants[1].ID,
	} {
		status, _, body := send(t, e, "GET", "https://"+LoginHost+"/"+authority+"/v2.0/.well-known/openid-configuration", nil, "")
		if status != 200 || body["issuer"] != "https://login.microsoftonline.com/"+issuer+"/v2.0" {
			t.Errorf("%s: %d, issuer %v", authority, status, body["issuer"])
		}
		if got := body["authorization_endpoint"].(string); !strings.HasPrefix(got, e.at.pages+"/") {
			t.Errorf("%s: authorization_endpoint %s", authority, got)
		}
		if got := body["token_endpoint"].(string); !strings.HasPrefix(got, "https://login.microsoftonline.com/") {
			t.Errorf("%s: token_endpoint %s", authority, got)
		}
		if status, _, keys := send(t, e, "GET", body["jwks_uri"].(string), nil, ""); status != 200 || len(keys["keys"].([]any)) != 1 {
			t.Errorf("%s: keys %d %v", authority, status, keys)
		}
	}
	if status, _, body := send(t, e, "GET", "https://"+LoginHost+"/nowhere.example/v2.0/.well-known/openid-configuration", nil, ""); status != 400 || body["error"] != "invalid_tenant" {
		t.Errorf("unknown tenant: %d %v", status, body)
	}
	instance := "https://" + LoginHost + "/common/discovery/instance?api-version=1.1&authorization_endpoint="
	if status, _, body := send(t, e, "GET", instance+url.QueryEscape("https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"), nil, ""); status != 200 || body["metadata"] == nil {
		t.Errorf("instance: %d %v", status, body)
	}
	if status, _, body := send(t, e, "GET", instance+url.QueryEscape("https://login.evil.example/x/oauth2/v2.0/authorize"), nil, ""); status != 400 || body["error"] != "invalid_instance" {
		t.Errorf("instance of another host: %d %v", status, body)
	}
}

func TestAnyOtherHostIsRefused(t *testing.T) {
	e, _ := start(t)
	client := &http.Client{Transport: e.RoundTripper()}
	for _, address := range []string{"https://example.org/", "http://graph.microsoft.com/v1.0/me", "https://graph.microsoft.com.evil.example/v1.0/me", "https://graph.microsoft.com:8443/v1.0/me"} {
		if _, err := client.Get(address); err == nil || !strings.Contains(err.Error(), "not a host of the demo tenant") {
			t.Errorf("%s: got %v, want a refusal", address, err)
		}
	}
}
