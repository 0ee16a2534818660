package emulator

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"
)

// askDevice begins a sign-in with a code.
func askDevice(t *testing.T, e *Emulator, changes ...string) (int, map[string]any) {
	t.Helper()
	form := changed(url.Values{"client_id": {ClientID}, "scope": {testScopes + " openid profile offline_access"}}, changes)
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	status, _, body := send(t, e, http.MethodPost, "https://"+LoginHost+"/"+TenantID+"/oauth2/v2.0/devicecode", h, form.Encode())
	return status, body
}

func deviceForm(answer map[string]any, changes ...string) url.Values {
	return changed(url.Values{
		"client_id": {ClientID}, "client_info": {"1"}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {answer["device_code"].(string)},
	}, changes)
}

// enter types the code as p.
func enter(t *testing.T, p emulatortest.Person, answer map[string]any) string {
	t.Helper()
	end, err := p.EnterCode(t.Context(), answer["verification_uri"].(string), answer["user_code"].(string))
	if err != nil {
		t.Fatalf("EnterCode: %v", err)
	}
	return end
}

func wantRefusal(t *testing.T, e *Emulator, name string, form url.Values, code string, number float64) {
	t.Helper()
	status, body := tokenRequest(t, e, form)
	if status != 400 || body["error"] != code || body["error_codes"].([]any)[0] != number {
		t.Errorf("%s: got %d %v, want %s AADSTS%v", name, status, body, code, number)
	}
}

func TestADeviceIsLetInOnceThePersonTypedItsCode(t *testing.T) {
	for _, grantType := range []string{"urn:ietf:params:oauth:grant-type:device_code", "device_code"} {
		e, clock := start(t)
		status, answer := askDevice(t, e)
		if status != 200 || answer["verification_uri"] != e.at.pages+"/devicelogin" || answer["expires_in"] != 900.0 || answer["interval"] != 5.0 || len(answer["user_code"].(string)) != 9 {
			t.Fatalf("devicecode: %d %v", status, answer)
		}
		form := deviceForm(answer, "grant_type", grantType)
		wantRefusal(t, e, "before", form, "authorization_pending", 70016)
		clock.move(3 * time.Second)
		wantRefusal(t, e, "too early", form, "slow_down", 70016)
		clock.move(5 * time.Second)
		wantRefusal(t, e, "in time", form, "authorization_pending", 70016)
		if end := enter(t, emulatortest.Person{UPN: Lee}, answer); !strings.HasPrefix(end, "You have signed in") {
			t.Errorf("the pages end at %q", end)
		}
		status, body := tokenRequest(t, e, form)
		if status != 200 || body["refresh_token"] == nil || body["id_token"] == nil {
			t.Fatalf("token: %d %v", status, body)
		}
		if status, me := (caller{t, e, body["access_token"].(string)}).get("/me"); status != 200 || me["userPrincipalName"] != Lee {
			t.Errorf("me: %d %v", status, me)
		}
		if status, body := tokenRequest(t, e, refreshForm(body["refresh_token"].(string))); status != 200 {
			t.Errorf("renew: %d %v", status, body)
		}
		wantRefusal(t, e, "a second time", form, "bad_verification_code", 70018)
		found := false
		for _, s := range e.Secrets() {
			found = found || s.Kind == "device_code" && s.Value == answer["device_code"]
		}
		if !found {
			t.Error("the device code is not among the secrets")
		}
	}
}

func TestADeviceIsNotLetIn(t *testing.T) {
	e, clock := start(t)
	for _, person := range []emulatortest.Person{{UPN: Adele, Decline: true}, {UPN: Adele, Cancel: true}} {
		_, answer := askDevice(t, e)
		if end := enter(t, person, answer); !strings.HasPrefix(end, "You have not signed in") {
			t.Errorf("the pages end at %q", end)
		}
		wantRefusal(t, e, "declined", deviceForm(answer), "authorization_declined", 65004)
	}
	_, late := askDevice(t, e)
	clock.move(deviceLifetime + time.Second)
	wantRefusal(t, e, "late", deviceForm(late), "expired_token", 70020)
	if _, err := (emulatortest.Person{UPN: Adele}).EnterCode(t.Context(), e.at.pages+"/devicelogin", late["user_code"].(string)); err == nil {
		t.Error("a code is taken after 15 minutes")
	}
	_, _, page := fetch(t, "POST", e.at.pages+"/devicelogin", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, "code=nonsense")
	if !strings.Contains(page, "That code did not work") {
		t.Errorf("a wrong code:\n%s", page)
	}
	_, answer := askDevice(t, e)
	wantRefusal(t, e, "an unknown code", deviceForm(answer, "device_code", "guess"), "bad_verification_code", 70018)
	wantRefusal(t, e, "no code", deviceForm(answer, "device_code", ""), "invalid_request", 900144)
	enter(t, emulatortest.Person{UPN: Adele}, answer)
	if err := e.Revoke(Adele); err != nil {
		t.Fatal(err)
	}
	clock.move(time.Second)
	_, again := askDevice(t, e)
	enter(t, emulatortest.Person{UPN: Adele}, again)
	if status, body := tokenRequest(t, e, deviceForm(again)); status != 200 {
		t.Errorf("after a revocation: %d %v", status, body)
	}
	for _, c := range []struct {
		changes []string
		code    string
	}{{[]string{"client_id", TenantID}, "unauthorized_client"}, {[]string{"scope", ""}, "invalid_request"}, {[]string{"scope", "Nothing.Known"}, "invalid_scope"}} {
		if status, body := askDevice(t, e, c.changes...); status != 400 || body["error"] != c.code {
			t.Errorf("%v: %d %v", c.changes, status, body)
		}
	}
}

func TestAnAdministratorConsentsForEverybody(t *testing.T) {
	e, _ := start(t)
	if err := e.SetScenario(string(NeedsAdmin)); err != nil {
		t.Fatal(err)
	}
	page := func(changes ...string) string {
		return e.at.pages + "/organizations/v2.0/adminconsent?" + changed(url.Values{
			"client_id": {ClientID}, "redirect_uri": {"http://localhost"}, "state": {"s"}, "scope": {testScopes + " OnlineMeetingTranscript.Read.All"},
		}, changes).Encode()
	}
	if v := signIn(t, emulatortest.Person{UPN: Alex}, authURL(e)); v.Get("error_subcode") != "cancel" {
		t.Fatalf("before: %v", v)
	}
	if v := signIn(t, emulatortest.Person{UPN: Adele}, page()); v.Get("error") != "access_denied" || v.Has("admin_consent") {
		t.Errorf("somebody who is no administrator: %v", v)
	}
	if v := signIn(t, emulatortest.Person{UPN: Lee, Cancel: true}, page()); v.Get("error") != "access_denied" {
		t.Errorf("an administrator who cancels: %v", v)
	}
	if v := signIn(t, emulatortest.Person{UPN: Megan}, page()); v.Get("tenant") != tenants[1].ID {
		t.Errorf("the other tenant's: %v", v)
	}
	if v := signIn(t, emulatortest.Person{UPN: Alex}, authURL(e)); v.Get("error") == "" {
		t.Errorf("what is granted at Fabrikam counts at Contoso: %v", v)
	}
	v := signIn(t, emulatortest.Person{UPN: Lee}, page())
	if v.Get("admin_consent") != "True" || v.Get("tenant") != TenantID || v.Get("state") != "s" {
		t.Fatalf("granted: %v", v)
	}
	declines := emulatortest.Person{UPN: Alex, Decline: true}
	if v := signIn(t, declines, authURL(e, "scope", testScopes+" OnlineMeetingTranscript.Read.All openid")); v.Get("code") == "" {
		t.Errorf("afterwards somebody is asked: %v", v)
	}
	if again := open(t, e.dir, newClock()); len(again.st.Organisations[TenantID]) != 6 {
		t.Errorf("the consent is not durable: %v", again.st.Organisations)
	}
	if v := signIn(t, emulatortest.Person{UPN: Lee}, page("scope", graphResource+".default")); v.Get("admin_consent") != "True" || len(e.st.Organisations[TenantID]) != len(permissions) {
		t.Errorf(".default: %v", v)
	}
	checkRefused(t, e, "AADSTS50011", page("redirect_uri", "http://evil.example"))
	checkRefused(t, e, "AADSTS700016", page("client_id", TenantID))
	checkRefused(t, e, "AADSTS650053", page("scope", "Nothing.Known"))
	checkRefused(t, e, "AADSTS90002", strings.Replace(page(), "/organizations/", "/nowhere.example/", 1))
}

func TestLogoutEndsTheBrowsersSession(t *testing.T) {
	e, _ := start(t)
	jar, _ := cookiejar.New(nil)
	p := emulatortest.Person{UPN: Adele, Jar: jar}
	for _, c := range []struct{ to, want string }{
		{"", ""}, {"http://localhost:5000", "http://localhost:5000/?state=s"}, {"https://evil.example", ""},
	} {
		signIn(t, p, authURL(e))
		if v := signIn(t, p, authURL(e, "prompt", "none")); v.Get("code") == "" {
			t.Fatalf("the browser is not signed in: %v", v)
		}
		pages, err := url.Parse(e.at.pages)
		if err != nil {
			t.Fatal(err)
		}
		old, _ := cookiejar.New(nil) // a copy of the browser's cookies
		old.SetCookies(pages, jar.Cookies(pages))
		client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		response, err := client.Get(e.at.pages + "/organizations/oauth2/v2.0/logout?" + url.Values{"post_logout_redirect_uri": {c.to}, "state": {"s"}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := response.Header.Get("Location"); got != c.want {
			t.Errorf("%s: led to %q, want %q", c.to, got, c.want)
		}
		if v := signIn(t, p, authURL(e, "prompt", "none")); v.Get("error") != "login_required" {
			t.Errorf("%s: still signed in: %v", c.to, v)
		}
		if v := signIn(t, emulatortest.Person{UPN: Adele, Jar: old}, authURL(e, "prompt", "none")); v.Get("error") != "login_required" {
			t.Errorf("%s: the old cookie still counts: %v", c.to, v)
		}
	}
}
