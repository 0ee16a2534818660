package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testClient = "11111111-2222-3333-4444-555555555555"
	testOID    = "aaaaaaaa-0000-0000-0000-000000000001"
	testTID    = "bbbbbbbb-0000-0000-0000-000000000002"
)

// authority is a token service that the tests can bend: a RoundTripper, so that
// it works inside synctest too.
type authority struct {
	t *testing.T

	mu        sync.Mutex
	requests  int // of any kind
	tokens    int // of the token endpoint
	forms     []url.Values
	issued    int
	challenge string // of the page that was shown
	nonce     string
	expiresIn int
	refreshIn int
	down      error                                      // the network's failure
	answer    func(url.Values) (status int, body string) // in place of the real one; status 0: the real one
	idClaims  map[string]any                             // changes the ID token
	page      string                                     // authorization endpoint
	delay     time.Duration
}

func newAuthority(t *testing.T) *authority {
	return &authority{t: t, expiresIn: 3600, page: "https://login.example/{tenant}/oauth2/v2.0/authorize"}
}

func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	down, delay := a.down, a.delay
	a.requests++
	a.mu.Unlock()
	if down != nil {
		return nil, down
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	status, body := 404, "{}"
	switch {
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		status, body = 200, fmt.Sprintf(`{"issuer":"https://login.example/organizations/v2.0","authorization_endpoint":%q,"token_endpoint":"https://login.example/organizations/oauth2/v2.0/token"}`, a.page)
	case strings.HasSuffix(r.URL.Path, "/token"):
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return nil, err
		}
		status, body = a.token(form)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (a *authority) token(form url.Values) (int, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens++
	a.forms = append(a.forms, form)
	if a.answer != nil {
		if status, body := a.answer(form); status != 0 {
			return status, body
		}
	}
	if form.Get("grant_type") == "authorization_code" {
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if a.challenge == "" || base64.RawURLEncoding.EncodeToString(sum[:]) != a.challenge {
			return 400, `{"error":"invalid_grant","error_codes":[501481],"error_description":"AADSTS501481: SECRET"}`
		}
	}
	a.issued++
	id := map[string]any{"aud": testClient, "tid": testTID, "oid": testOID, "sub": "s", "name": "Alex Example",
		"preferred_username": "alex@contoso.example", "nonce": a.nonce, "exp": 9999999999}
	for k, v := range a.idClaims {
		id[k] = v
	}
	answer := map[string]any{
		"token_type": "Bearer", "scope": strings.Join(DefaultScopes, " ") + " openid profile",
		"expires_in": a.expiresIn, "ext_expires_in": a.expiresIn,
		"access_token":  fmt.Sprintf("access-%d", a.issued),
		"refresh_token": fmt.Sprintf("refresh-%d", a.issued),
		"id_token":      jwt(id),
		"client_info":   base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"` + testOID + `","utid":"` + testTID + `"}`)),
	}
	if a.refreshIn > 0 {
		answer["refresh_in"] = a.refreshIn
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return 500, "{}"
	}
	return 200, string(b)
}

func (a *authority) counts() (requests, tokens int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests, a.tokens
}

func jwt(claims map[string]any) string {
	b, _ := json.Marshal(claims) // maps of strings and numbers
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(b) + ".c2ln"
}

// store is a CacheStore in memory that can fail and counts.
type store struct {
	mu            sync.Mutex
	b             []byte
	loads, stores int
	loadErr       error
	storeErr      error
}

var errLocked = errors.New("keyring is locked")

func (s *store) Load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	if s.loadErr != nil {
		return nil, s.loadErr
	}
	return bytes.Clone(s.b), nil
}

func (s *store) Store(_ context.Context, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores++
	if s.storeErr != nil {
		return s.storeErr
	}
	s.b = bytes.Clone(b)
	return nil
}

func (s *store) counts() (loads, stores int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads, s.stores
}

// person is a Window whose page is answered by a function, as a person would.
type person func(ctx context.Context, page Page, run *fakeRun)

type fakeRun struct {
	closed chan struct{}
	once   sync.Once
	err    error
}

func (p person) Open(ctx context.Context, page Page) (WindowRun, error) {
	run := &fakeRun{closed: make(chan struct{})}
	go p(ctx, page, run)
	return run, nil
}

func (r *fakeRun) Closed() <-chan struct{} { return r.closed }
func (r *fakeRun) Err() error              { return r.err }
func (r *fakeRun) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

func newTestClient(t *testing.T, a *authority, change ...func(*Options)) (*Client, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	o := Options{
		ClientID: testClient, Tenant: "organizations", Authority: "https://login.example",
		Transport: a, Log: slog.New(slog.NewTextHandler(&syncWriter{w: &log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.errorPageTime = time.Millisecond
	return c, &log
}

type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// signedInCache makes a session's cache as a sign-in leaves it.
func signedInCache(t *testing.T, c *Client, a *authority) (Account, *store) {
	t.Helper()
	account := Account{HomeAccountID: testOID + "." + testTID, TenantID: testTID, Environment: "login.example", ClientID: testClient}
	accessor := &cacheAccessor{}
	client, err := c.msal(accessor)
	if err != nil {
		t.Fatal(err)
	}
	s := newSecrets()
	sum := sha256.Sum256([]byte(s.verifier))
	a.mu.Lock()
	a.challenge, a.nonce = base64.RawURLEncoding.EncodeToString(sum[:]), s.nonce
	a.mu.Unlock()
	if _, err := c.redeem(t.Context(), client, answer{code: "code"}, "http://localhost:1", s, ""); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	a.requests, a.tokens, a.forms = 0, 0, nil
	a.mu.Unlock()
	return account, &store{b: accessor.bytes}
}

func wantKind(t *testing.T, err error, kind Kind) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != kind {
		t.Fatalf("got the error %v, want one of kind %s", err, kind)
	}
	return e
}

// pass lets time go by in a synctest bubble, at once.
func pass(d time.Duration) { <-time.After(d) }
