package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"
)

const (
	testRedirect = "http://localhost:18400"
	testVerifier = "a-verifier-of-which-nobody-else-knows-0123456789-abcdef"
	testScopes   = "User.Read Calendars.Read OnlineMeetings.Read Chat.Read ChatMessage.Send"
)

// testClock is a machine's clock that a test turns.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *testClock {
	return &testClock{at: time.Date(2026, 11, 23, 10, 0, 0, 123_000_000, time.UTC)}
}

func open(t *testing.T, dir string, clock *testClock) *Emulator {
	t.Helper()
	e, err := Open(Options{Dir: dir, Now: clock.now})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func start(t *testing.T) (*Emulator, *testClock) {
	t.Helper()
	clock := newClock()
	return open(t, t.TempDir(), clock), clock
}

// authURL is an authorize address with the given changes; an empty value leaves
// the parameter out.
func authURL(e *Emulator, changes ...string) string {
	sum := sha256.Sum256([]byte(testVerifier))
	q := url.Values{
		"client_id": {ClientID}, "response_type": {"code"}, "redirect_uri": {testRedirect}, "response_mode": {"query"},
		"scope": {testScopes + " openid profile offline_access"}, "state": {"state-of-a-test-that-is-long-enough-to-have-a-tail"},
		"nonce":          {"nonce-of-a-test-that-is-long-enough-to-have-a-tail"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "prompt": {"select_account"},
	}
	tenant := TenantID
	for i := 0; i < len(changes); i += 2 {
		switch {
		case changes[i] == "tenant":
			tenant = changes[i+1]
		case changes[i+1] == "":
			q.Del(changes[i])
		default:
			q.Set(changes[i], changes[i+1])
		}
	}
	return e.at.pages + "/" + tenant + "/oauth2/v2.0/authorize?" + q.Encode()
}

func signIn(t *testing.T, p emulatortest.Person, address string) url.Values {
	t.Helper()
	d, err := p.SignIn(t.Context(), address)
	if err != nil {
		t.Fatalf("sign-in of %s: %v", p.UPN, err)
	}
	return d.Values
}

// send makes a request of the emulator's transport and decodes a JSON answer.
func send(t *testing.T, e *Emulator, method, address string, header http.Header, body string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	response, err := (&http.Client{Transport: e.RoundTripper()}).Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&decoded); err != nil && len(data) > 0 {
		t.Fatalf("%s %s answers %d with %q: %v", method, address, response.StatusCode, data, err)
	}
	return response.StatusCode, response.Header, decoded
}

func tokenRequest(t *testing.T, e *Emulator, form url.Values) (int, map[string]any) {
	t.Helper()
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	status, _, body := send(t, e, http.MethodPost, "https://"+LoginHost+"/"+TenantID+"/oauth2/v2.0/token", h, form.Encode())
	return status, body
}

func codeForm(code string, changes ...string) url.Values {
	return changed(url.Values{
		"client_id": {ClientID}, "client_info": {"1"}, "grant_type": {"authorization_code"}, "code": {code},
		"code_verifier": {testVerifier}, "redirect_uri": {testRedirect}, "scope": {testScopes + " openid profile offline_access"},
	}, changes)
}

func refreshForm(refresh string, changes ...string) url.Values {
	return changed(url.Values{
		"client_id": {ClientID}, "client_info": {"1"}, "grant_type": {"refresh_token"}, "refresh_token": {refresh},
		"scope": {testScopes + " openid profile offline_access"},
	}, changes)
}

func changed(v url.Values, changes []string) url.Values {
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			v.Del(changes[i])
		} else {
			v.Set(changes[i], changes[i+1])
		}
	}
	return v
}

// tokens signs upn in and redeems the code.
func tokens(t *testing.T, e *Emulator, upn string, changes ...string) map[string]any {
	t.Helper()
	v := signIn(t, emulatortest.Person{UPN: upn}, authURL(e, append([]string{"tenant", "organizations"}, changes...)...))
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	form := codeForm(v.Get("code"), "scope", "")
	for i := 0; i < len(changes); i += 2 {
		if changes[i] == "claims" {
			form.Set("claims", changes[i+1])
		}
	}
	status, _, body := send(t, e, http.MethodPost, "https://"+LoginHost+"/organizations/oauth2/v2.0/token", h, form.Encode())
	if status != http.StatusOK {
		t.Fatalf("token of %s: %d %v", upn, status, body)
	}
	return body
}

// caller sends Graph requests as one person.
type caller struct {
	t     *testing.T
	e     *Emulator
	token string
}

func as(t *testing.T, e *Emulator, upn string) caller {
	t.Helper()
	return caller{t, e, tokens(t, e, upn)["access_token"].(string)}
}

func (c caller) do(method, path, body string, prefer ...string) (int, http.Header, map[string]any) {
	c.t.Helper()
	h := http.Header{"Authorization": {"Bearer " + c.token}}
	if body != "" {
		h.Set("Content-Type", "application/json")
	}
	if len(prefer) > 0 {
		h["Prefer"] = prefer
	}
	if !strings.HasPrefix(path, "https://") {
		path = "https://" + GraphHost + "/v1.0" + path
	}
	return send(c.t, c.e, method, path, h, body)
}

func (c caller) get(path string, prefer ...string) (int, map[string]any) {
	c.t.Helper()
	status, _, body := c.do(http.MethodGet, path, "", prefer...)
	return status, body
}

// post posts content as HTML.
func (c caller) post(chatID, content string) (int, map[string]any) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"body": map[string]any{"contentType": "html", "content": content}})
	if err != nil {
		c.t.Fatal(err)
	}
	status, _, answer := c.do(http.MethodPost, "/chats/"+chatID+"/messages", string(body))
	return status, answer
}

func errorOf(body map[string]any) (code, message string) {
	e, _ := body["error"].(map[string]any)
	code, _ = e["code"].(string)
	message, _ = e["message"].(string)
	return code, message
}

// withoutAccessTokens drops the access tokens of MSAL's serialised cache.
func withoutAccessTokens(t *testing.T, blob []byte) []byte {
	t.Helper()
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(blob, &parts); err != nil {
		t.Fatal(err)
	}
	parts["AccessToken"] = json.RawMessage("{}")
	out, err := json.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
