package emulator

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// served is a Serve under way, and a client that trusts it.
type served struct {
	Ready
	client *http.Client
	stop   func() error // ends it and tells what it answered; once
	more   *bytes.Buffer
}

func serveTenant(t *testing.T, o ServeOptions) served {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "localhost:0"
	}
	r, w := io.Pipe()
	o.Out = w
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		err := Serve(ctx, o)
		_ = w.CloseWithError(errors.Join(err, io.EOF))
		ended <- err
	}()
	out := bufio.NewReader(r)
	line, err := out.ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("Serve: %v", err)
	}
	s := served{more: &bytes.Buffer{}}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(s.more, out)
	}()
	stopped := false
	s.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ended
		<-drained
		return err
	}
	t.Cleanup(func() { _ = s.stop() })
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&s.Ready); err != nil {
		t.Fatalf("the line %q: %v", line, err)
	}
	ca, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("no certificate in %q", ca)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport}
	return s
}

// steer asks the control channel; a body makes it a POST.
func (s served) steer(t *testing.T, path, body string) (int, map[string]any) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.Control+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.ControlKey)
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("%s answers no JSON: %v", path, err)
	}
	return response.StatusCode, answer
}

// do steers and wants success.
func (s served) do(t *testing.T, path, body string) map[string]any {
	t.Helper()
	status, answer := s.steer(t, path, body)
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %v", path, body, status, answer)
	}
	return answer
}

func (s served) person(upn string) emulatortest.Person {
	return emulatortest.Person{UPN: upn, Transport: s.client.Transport}
}

func (s served) msal(t *testing.T, store cache.ExportReplace) public.Client {
	t.Helper()
	client, err := public.New(s.ClientID, public.WithAuthority(s.Authority+"/"+s.Tenant), public.WithCache(store),
		public.WithHTTPClient(s.client), public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (s served) me(t *testing.T, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Graph+"/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// tokenRequests counts what reached the token endpoint.
func (s served) tokenRequests(t *testing.T) float64 {
	t.Helper()
	total := 0.0
	for path, n := range s.do(t, "requests", "")["requests"].(map[string]any) {
		if strings.HasSuffix(path, "/oauth2/v2.0/token") {
			total += n.(float64)
		}
	}
	return total
}

func signInOverTLS(t *testing.T, s served, client public.Client, scopes []string, upn string) public.AuthResult {
	t.Helper()
	address, err := client.AuthCodeURL(t.Context(), s.ClientID, testRedirect, scopes)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(address, s.Authority+"/") {
		t.Fatalf("the sign-in page is elsewhere: %s", address)
	}
	sum := sha256.Sum256([]byte(testVerifier))
	v := signIn(t, s.person(upn), address+"+openid+profile+offline_access&"+url.Values{
		"state": {"state"}, "response_mode": {"form_post"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	result, err := client.AcquireTokenByAuthCode(t.Context(), v.Get("code"), testRedirect, scopes, public.WithChallenge(testVerifier))
	if err != nil {
		t.Fatalf("AcquireTokenByAuthCode: %v", err)
	}
	return result
}

func TestAnotherProgramSignsInRenewsAndIsRevokedOverTLS(t *testing.T) {
	for _, addr := range []string{"localhost:0", "127.0.0.1:0"} {
		s := serveTenant(t, ServeOptions{Addr: addr})
		store, scopes := &memoryCache{}, strings.Fields(testScopes)
		result := signInOverTLS(t, s, s.msal(t, store), scopes, Adele)
		if result.Account.HomeAccountID != adele.ID+"."+TenantID || result.Account.Environment != strings.TrimPrefix(s.Authority, "https://") {
			t.Errorf("%s: account %+v", addr, result.Account)
		}
		if got := s.me(t, result.AccessToken); got != 200 {
			t.Fatalf("%s: me: %d", addr, got)
		}
		if got := s.tokenRequests(t); got != 1 {
			t.Errorf("%s: %v token requests, want 1", addr, got)
		}
		renew := func() (public.AuthResult, error) {
			store.blob = withoutAccessTokens(t, store.blob)
			return s.msal(t, store).AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(result.Account))
		}
		s.do(t, "clock", `{"advance":"61m"}`)
		if got := s.me(t, result.AccessToken); got != 401 {
			t.Errorf("%s: me after 61 minutes: %d, want 401", addr, got)
		}
		renewed, err := renew()
		if err != nil || s.me(t, renewed.AccessToken) != 200 {
			t.Errorf("%s: renew: %v", addr, err)
		}
		if got := s.tokenRequests(t); got != 2 {
			t.Errorf("%s: %v token requests, want 2", addr, got)
		}
		s.do(t, "revoke", `{"user":"`+Adele+`"}`)
		_, err = renew()
		refused, ok := errors.AsType[msal.CallErr](err)
		if !ok || !strings.Contains(refused.Error(), "AADSTS50173") {
			t.Errorf("%s: after revoke: %T", addr, err)
		}
		if s.do(t, "reset", "{}"); s.me(t, renewed.AccessToken) != 401 {
			t.Errorf("%s: reset kept a token alive", addr)
		}

		found := map[string]bool{}
		for _, secret := range s.do(t, "secrets", "")["secrets"].([]any) {
			found[secret.(map[string]any)["value"].(string)] = true
		}
		for _, want := range []string{result.AccessToken, result.IDToken.RawToken, renewed.AccessToken, testVerifier} {
			if !found[want] {
				t.Errorf("%s: a secret is not told", addr)
			}
		}
	}
}

func TestAnotherProgramSignsInWithADeviceCodeOverTLS(t *testing.T) {
	s := serveTenant(t, ServeOptions{})
	client, scopes := s.msal(t, &memoryCache{}), strings.Fields(testScopes)
	code, err := client.AcquireTokenByDeviceCode(t.Context(), scopes)
	if err != nil {
		t.Fatal(err)
	}
	if code.Result.VerificationURL != s.Authority+"/devicelogin" || !strings.Contains(code.Result.Message, code.Result.UserCode) {
		t.Errorf("device code %+v", code.Result.Message)
	}
	if end, err := s.person(Lee).EnterCode(t.Context(), code.Result.VerificationURL, strings.ToLower(code.Result.UserCode[:4]+" "+code.Result.UserCode[4:])); err != nil || !strings.HasPrefix(end, "You have signed in") {
		t.Fatalf("the pages end at %q, %v", end, err)
	}
	result, err := code.AuthenticationResult(t.Context())
	if err != nil || result.Account.PreferredUsername != Lee || s.me(t, result.AccessToken) != 200 {
		t.Fatalf("AuthenticationResult: %v", err)
	}
	if again, err := client.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(result.Account)); err != nil || again.AccessToken != result.AccessToken {
		t.Errorf("silent: %v", err)
	}
}

func TestEverythingIsNamedByTheOneOrigin(t *testing.T) {
	s := serveTenant(t, ServeOptions{Addr: "LOCALHOST:0"})
	get := func(address, token string) map[string]any {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var v map[string]any
		if err := json.NewDecoder(response.Body).Decode(&v); err != nil || response.StatusCode != 200 {
			t.Fatalf("%s: %d %v", address, response.StatusCode, err)
		}
		return v
	}
	for tenant, issuer := range map[string]string{TenantID: TenantID, TenantDomain: TenantID, "organizations": "{tenantid}", "common": "{tenantid}"} {
		d := get(s.Authority+"/"+tenant+"/v2.0/.well-known/openid-configuration", "")
		if d["issuer"] != s.Authority+"/"+issuer+"/v2.0" {
			t.Errorf("%s: issuer %v", tenant, d["issuer"])
		}
		for name, v := range d {
			if address, ok := v.(string); ok && strings.HasPrefix(address, "https://") && name != "rbac_url" && !strings.HasPrefix(address, s.Authority+"/") {
				t.Errorf("%s: %s is %s", tenant, name, address)
			}
		}
		if keys := get(d["jwks_uri"].(string), ""); len(keys["keys"].([]any)) != 1 {
			t.Errorf("%s: keys %v", tenant, keys)
		}
	}
	host := strings.TrimPrefix(s.Authority, "https://")
	instance := get(s.Authority+"/common/discovery/instance?api-version=1.1&authorization_endpoint="+url.QueryEscape(s.Authority+"/common/oauth2/v2.0/authorize"), "")
	first := instance["metadata"].([]any)[0].(map[string]any)
	if first["preferred_network"] != host || first["preferred_cache"] != host || !strings.HasPrefix(instance["tenant_discovery_endpoint"].(string), s.Authority) {
		t.Errorf("instance: %v", instance)
	}

	token := signInOverTLS(t, s, s.msal(t, &memoryCache{}), strings.Fields(testScopes), Adele).AccessToken
	next := s.Graph + "/me/calendarView?startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-11-30T00:00:00Z"
	for pages := 0; ; pages++ {
		v := get(next, token)
		more, ok := v["@odata.nextLink"].(string)
		if !ok {
			if pages < 5 {
				t.Errorf("the calendar has %d pages", pages)
			}
			break
		}
		if next = more; !strings.HasPrefix(next, s.Graph+"/") {
			t.Fatalf("next page: %s", next)
		}
	}
	if who := get(s.Authority+"/oidc/userinfo", token); who["email"] != Adele {
		t.Errorf("userinfo: %v", who)
	}
}

func TestServeListensOnThisComputerOnly(t *testing.T) {
	for _, addr := range []string{"", "nonsense", ":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:443", "localhost.evil.example:0"} {
		var out bytes.Buffer
		err := Serve(t.Context(), ServeOptions{Addr: addr, Dir: t.TempDir(), Out: &out})
		if err == nil || out.Len() > 0 || !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%q: got %v and %q", addr, err, out.String())
		}
	}
	if err := Serve(t.Context(), ServeOptions{Addr: "localhost:0"}); err == nil {
		t.Error("nowhere to print the line: no error")
	}
}

func TestTwoEmulatorsAreNotConfused(t *testing.T) {
	dir := t.TempDir()
	first := serveTenant(t, ServeOptions{Addr: "127.0.0.1:0", Dir: dir})
	port := first.Authority[strings.LastIndex(first.Authority, ":")+1:]
	var out bytes.Buffer
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if err := Serve(t.Context(), ServeOptions{Addr: net.JoinHostPort(host, port), Out: &out}); err == nil {
			t.Errorf("%s: the port is in use, and no error", host)
		}
	}
	if err := Serve(t.Context(), ServeOptions{Addr: "127.0.0.1:0", Dir: dir, Out: &out}); err == nil || !strings.Contains(err.Error(), "another emulator works in") {
		t.Errorf("the folder is in use: %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("printed %q", out.String())
	}

	second := serveTenant(t, ServeOptions{Addr: "127.0.0.1:0"})
	_, err := first.client.Get(second.Authority + "/common/v2.0/.well-known/openid-configuration")
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("the first one's authority speaks for the second: %v", err)
	}
	second.ControlKey = first.ControlKey
	if status, _ := second.steer(t, "requests", ""); status != http.StatusUnauthorized {
		t.Errorf("the first one's key at the second: %d, want 401", status)
	}
}

func TestServeSaysOneLineAndLeavesNothingBehind(t *testing.T) {
	s := serveTenant(t, ServeOptions{})
	if want := (Ready{
		Authority: s.Authority, Tenant: TenantID, ClientID: ClientID, Graph: s.Authority + "/v1.0", CAFile: s.CAFile,
		Control: s.Authority + "/control/", ControlKey: s.ControlKey,
	}); s.Ready != want || !strings.HasPrefix(s.Authority, "https://localhost:") || len(s.ControlKey) < 40 {
		t.Errorf("got %+v", s.Ready)
	}
	signInOverTLS(t, s, s.msal(t, &memoryCache{}), []string{"User.Read"}, Adele)
	if err := s.stop(); err != nil {
		t.Errorf("Serve ended with %v", err)
	}
	if s.more.Len() > 0 {
		t.Errorf("printed more than the line: %q", s.more)
	}
	if _, err := os.Stat(filepath.Dir(s.CAFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary folder stayed: %v", err)
	}
	if _, err := s.client.Get(s.Authority + "/devicelogin"); err == nil {
		t.Error("it still listens")
	}
}

func TestServeGoesOnWithWhatItsFolderHolds(t *testing.T) {
	dir, store := t.TempDir(), &memoryCache{}
	first := serveTenant(t, ServeOptions{Addr: "127.0.0.1:0", Dir: dir})
	addr := strings.TrimPrefix(first.Authority, "https://")
	result := signInOverTLS(t, first, first.msal(t, store), []string{"User.Read"}, Adele)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := serveTenant(t, ServeOptions{Addr: addr, Dir: dir})
	if got := second.me(t, result.AccessToken); got != 200 {
		t.Errorf("the old access token: %d", got)
	}
	store.blob = withoutAccessTokens(t, store.blob)
	if _, err := second.msal(t, store).AcquireTokenSilent(t.Context(), []string{"User.Read"}, public.WithSilentAccount(result.Account)); err != nil {
		t.Errorf("the old refresh token: %v", err)
	}
	if first.ControlKey == second.ControlKey {
		t.Error("the control key is the same")
	}
}

func TestTheAuthorityIsForThisComputerAndItsKeyIsNowhere(t *testing.T) {
	dir := t.TempDir()
	s := serveTenant(t, ServeOptions{Dir: dir})
	info, err := os.Stat(s.CAFile)
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(s.CAFile) != dir {
		t.Errorf("%s: %v %v", s.CAFile, info.Mode(), err)
	}
	data, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(data)
	if block.Type != "CERTIFICATE" || len(rest) > 0 {
		t.Errorf("the file holds a %s and %d bytes more", block.Type, len(rest))
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !ca.IsCA || len(ca.PermittedDNSDomains) != 1 || ca.PermittedDNSDomains[0] != "localhost" || len(ca.PermittedIPRanges) != 2 {
		t.Errorf("the authority may speak for %v %v: %v", ca.PermittedDNSDomains, ca.PermittedIPRanges, err)
	}
	for _, host := range []string{"localhost", "127.0.0.1"} {
		c, err := tls.Dial("tcp", strings.TrimPrefix(s.Authority, "https://"), &tls.Config{RootCAs: s.client.Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: host})
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		leaf := c.ConnectionState().PeerCertificates[0]
		if err := errors.Join(leaf.VerifyHostname("[::1]"), c.Close()); err != nil || leaf.IsCA || leaf.VerifyHostname("example.org") == nil {
			t.Errorf("%s: the certificate is for %v %v, %v", host, leaf.DNSNames, leaf.IPAddresses, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil || bytes.Contains(data, []byte("PRIVATE KEY")) || bytes.Contains(data, []byte(s.ControlKey)) {
			t.Errorf("%s holds a key: %v", entry.Name(), err)
		}
	}
}

func TestARequestUnderAForeignNameIsRefused(t *testing.T) {
	s := serveTenant(t, ServeOptions{})
	for _, path := range []string{"/common/v2.0/.well-known/openid-configuration", "/v1.0/me", "/control/requests", "/devicelogin"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Authority+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "evil.example"
		r.Header.Set("Authorization", "Bearer "+s.ControlKey)
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d, want 421", path, response.StatusCode)
		}
	}
}

func TestServeEndsWhenNobodyCanReadItsLine(t *testing.T) {
	l, err := listenLoopback("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := originOf("LocalHost:0", l), fmt.Sprintf("https://localhost:%d", l.Addr().(*net.TCPAddr).Port); got != want {
		t.Errorf("origin: got %s, want %s", got, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	bounded, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := Serve(bounded, ServeOptions{Addr: "localhost:0", Out: broke{}}); err == nil || bounded.Err() != nil {
		t.Errorf("a line that nobody can read: %v", err)
	}
}

// broke is an output whose reader has gone.
type broke struct{}

func (broke) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
