package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// agrees is a person who signs in: the page's answer is posted to the callback.
func (a *authority) agrees(change ...func(form url.Values)) person {
	return func(ctx context.Context, page Page, _ *fakeRun) {
		q := a.shown(page.URL)
		form := url.Values{"code": {"the-code"}, "state": {q.Get("state")}, "session_state": {"x"}}
		for _, c := range change {
			c(form)
		}
		a.post(ctx, q.Get("redirect_uri"), form)
	}
}

// shown remembers what the authorize page would.
func (a *authority) shown(page string) url.Values {
	u, err := url.Parse(page)
	if err != nil {
		a.t.Error(err)
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.challenge, a.nonce = u.Query().Get("code_challenge"), u.Query().Get("nonce")
	return u.Query()
}

func (a *authority) post(ctx context.Context, to string, form url.Values) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Error(err)
		return 0
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := loopbackClient.Do(r)
	if err != nil {
		return 0 // the sign-in may be over already
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestASignInEndsWithAnAccountAndItsCache(t *testing.T) {
	a := newAuthority(t)
	var page Page
	c, log := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(ctx context.Context, p Page, run *fakeRun) {
			page = p
			a.agrees()(ctx, p, run)
		})
	})
	var phases []string
	in, err := c.SignIn(t.Context(), Request{Progress: func(p Progress) { phases = append(phases, p.Phase) }})
	if err != nil {
		t.Fatal(err)
	}
	want := Account{HomeAccountID: testOID + "." + testTID, TenantID: testTID, Environment: "login.example", ClientID: testClient}
	if in.Account != want || in.Name != "Alex Example" || in.Email != "alex@contoso.example" {
		t.Errorf("got %+v, %q, %q", in.Account, in.Name, in.Email)
	}
	if d := time.Until(in.AccessExpiresAt); d < 59*time.Minute || d > time.Hour || in.AccessExpiresAt.Location() != time.UTC {
		t.Errorf("got the expiry %v", in.AccessExpiresAt)
	}
	if !slices.Equal(phases, []string{Opening, Waiting, Redeeming}) {
		t.Errorf("got the phases %v", phases)
	}
	u, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, value := range map[string]string{
		"client_id": testClient, "response_type": "code", "response_mode": "form_post",
		"code_challenge_method": "S256", "prompt": "select_account", "login_hint": "",
		"scope": strings.Join(DefaultScopes, " ") + " openid profile offline_access",
	} {
		if got := q.Get(name); got != value {
			t.Errorf("authorize %s: got %q, want %q", name, got, value)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) != 43 {
			t.Errorf("authorize %s: got %d characters, want 43", name, len(q.Get(name)))
		}
	}
	redirect := q.Get("redirect_uri")
	if !strings.HasPrefix(redirect, "http://localhost:") || !slices.Equal(page.Allow, []string{"https", redirect}) {
		t.Errorf("got the redirect %q and the allowed %q", redirect, page.Allow)
	}
	token, renewed, err := c.Token(t.Context(), in.Account, &store{b: []byte(in.Cache.Reveal())})
	if err != nil || renewed || token.Value.Reveal() != "access-1" {
		t.Errorf("Token from the cache: got %q, renewed %v, %v", token.Value.Reveal(), renewed, err)
	}
	for _, secret := range []string{"the-code", "access-1", "refresh-1", q.Get("state"), q.Get("nonce"), a.forms[0].Get("code_verifier")} {
		if strings.Contains(log.String()+fmt.Sprintf("%v %+v %#v", in, in, in), secret) {
			t.Errorf("a log or text holds the secret %q", secret)
		}
	}
	if a.post(t.Context(), redirect, url.Values{"state": {q.Get("state")}, "code": {"late"}}) != 0 {
		t.Error("the listener outlives the sign-in")
	}
}

func TestEachSignInHasItsOwnSecrets(t *testing.T) {
	a := newAuthority(t)
	seen := map[string]bool{}
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(ctx context.Context, p Page, run *fakeRun) {
			q := a.shown(p.URL)
			for _, name := range []string{"state", "nonce", "code_challenge"} {
				if seen[q.Get(name)] {
					t.Errorf("%s came twice", name)
				}
				seen[q.Get(name)] = true
			}
			a.agrees()(ctx, p, run)
		})
	})
	for range 3 {
		if _, err := c.SignIn(t.Context(), Request{LoginHint: "alex@contoso.example"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAHintTakesThePlaceOfThePicker(t *testing.T) {
	for _, test := range []struct {
		request             Request
		wantHint, wantPromt string
	}{
		{Request{}, "", "select_account"},
		{Request{LoginHint: "a@b"}, "a@b", ""},
		{Request{Prompt: "login"}, "", "login"},
		{Request{LoginHint: "a@b", Prompt: "consent"}, "a@b", "consent"},
	} {
		a := newAuthority(t)
		c, _ := newTestClient(t, a, func(o *Options) {
			o.Window = person(func(ctx context.Context, p Page, run *fakeRun) {
				if q := a.shown(p.URL); q.Get("login_hint") != test.wantHint || q.Get("prompt") != test.wantPromt {
					t.Errorf("%+v: got hint %q and prompt %q", test.request, q.Get("login_hint"), q.Get("prompt"))
				}
				_ = run.Close()
			})
		})
		_, err := c.SignIn(t.Context(), test.request)
		wantKind(t, err, Cancelled)
	}
}

func TestAClosedWindowCancelsAtOnce(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(_ context.Context, _ Page, run *fakeRun) { _ = run.Close() })
	})
	c.errorPageTime = time.Hour
	_, err := c.SignIn(t.Context(), Request{})
	wantKind(t, err, Cancelled)
	if _, tokens := a.counts(); tokens != 0 {
		t.Errorf("got %d token requests, want 0", tokens)
	}
}

func TestAWindowThatBreaksIsNoWindow(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(_ context.Context, _ Page, run *fakeRun) {
			run.err = noWindow(errors.New("it crashed"))
			_ = run.Close()
		})
	})
	_, err := c.SignIn(t.Context(), Request{})
	wantKind(t, err, NoWindow)
}

func TestTheTimeLimitAndTheCallersEndAreToldApart(t *testing.T) {
	a := newAuthority(t)
	nobody := person(func(context.Context, Page, *fakeRun) {})
	c, _ := newTestClient(t, a, func(o *Options) { o.Window, o.TimeLimit = nobody, time.Millisecond })
	_, err := c.SignIn(t.Context(), Request{})
	wantKind(t, err, TimedOut)

	ctx, cancel := context.WithCancel(t.Context())
	c, _ = newTestClient(t, a, func(o *Options) {
		o.Window = person(func(context.Context, Page, *fakeRun) { cancel() })
	})
	_, err = c.SignIn(ctx, Request{})
	wantKind(t, err, Cancelled)
}

func TestAWrongStateIsRefusedAndNeverRedeemed(t *testing.T) {
	a := newAuthority(t)
	c, log := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(ctx context.Context, p Page, run *fakeRun) {
			q := a.shown(p.URL)
			for _, form := range []url.Values{
				{"code": {"evil"}, "state": {"wrong"}},
				{"code": {"evil"}},
				{"error": {"access_denied"}, "state": {"wrong"}},
			} {
				if status := a.post(ctx, q.Get("redirect_uri"), form); status != 403 && status != 404 {
					t.Errorf("%v: got status %d", form, status)
				}
			}
			a.agrees()(ctx, p, run)
		})
	})
	if _, err := c.SignIn(t.Context(), Request{}); err != nil {
		t.Fatalf("the sign-in did not go on: %v", err)
	}
	if len(a.forms) != 1 || a.forms[0].Get("code") != "the-code" {
		t.Errorf("redeemed %v, want the right code only", a.forms)
	}
	if !strings.Contains(log.String(), "wrong state") {
		t.Error("the log does not tell of it")
	}
}

func TestACodeOfAnotherSignInCannotBeRedeemed(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(ctx context.Context, p Page, run *fakeRun) {
			q := a.shown(p.URL)
			a.mu.Lock()
			a.challenge = "the-challenge-of-another-sign-in" // whose code is slipped in
			a.mu.Unlock()
			a.post(ctx, q.Get("redirect_uri"), url.Values{"code": {"x"}, "state": {q.Get("state")}})
		})
	})
	_, err := c.SignIn(t.Context(), Request{})
	if e := wantKind(t, err, SignInNeeded); e.Number != 501481 {
		t.Errorf("got the number %d, want 501481", e.Number)
	}
}

func TestAnIDTokenThatIsNotOfThisSignInIsNotUsed(t *testing.T) {
	for name, claims := range map[string]map[string]any{
		"another nonce":       {"nonce": "x"},
		"no nonce":            {"nonce": ""},
		"another application": {"aud": "y"},
		"no tenant":           {"tid": ""},
		"no person":           {"oid": ""},
		"unreadable":          {"tid": 7},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			a.idClaims = claims
			c, _ := newTestClient(t, a, func(o *Options) { o.Window = a.agrees() })
			in, err := c.SignIn(t.Context(), Request{})
			wantKind(t, err, BadReply)
			if in.Cache.Reveal() != "" {
				t.Error("a cache came with the error")
			}
		})
	}
}

func TestTheSystemBrowserGetsAnAddressOfOurs(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a, func(o *Options) {
		o.OpenBrowser = func(ctx context.Context, address string) error {
			if strings.Contains(address, "state") || strings.Contains(address, "nonce") {
				t.Errorf("the browser is started with %s", address)
			}
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err != nil {
				return err
			}
			resp, err := loopbackClient.Do(r)
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			go a.agrees()(ctx, Page{URL: resp.Header.Get("Location")}, nil)
			return nil
		}
	})
	if _, err := c.SignIn(t.Context(), Request{Method: System}); err != nil {
		t.Fatal(err)
	}
}

func TestWhereNothingCanBeShownThatIsSaid(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	for _, m := range []Method{Embedded, System, "carrier pigeon", ""} {
		_, err := c.SignIn(t.Context(), Request{Method: m})
		wantKind(t, err, NoWindow)
	}
	c, _ = newTestClient(t, a, func(o *Options) {
		o.OpenBrowser = func(context.Context, string) error { return errors.New("no browser") }
	})
	_, err := c.SignIn(t.Context(), Request{Method: System})
	wantKind(t, err, NoWindow)
}

func TestAPageThatIsNotHTTPSIsNotShown(t *testing.T) {
	for _, page := range []string{"http://login.example/a", "http://localhost.evil.example/", "file:///etc/passwd", "https://user@evil.example/"} {
		a := newAuthority(t)
		a.page = page
		c, _ := newTestClient(t, a, func(o *Options) {
			o.Window = person(func(_ context.Context, p Page, run *fakeRun) {
				t.Errorf("shown: %s", p.URL)
				_ = run.Close()
			})
		})
		_, err := c.SignIn(t.Context(), Request{})
		wantKind(t, err, BadReply)
	}
}

func TestOfflineIsSaidBeforeAnyWindow(t *testing.T) {
	a := newAuthority(t)
	a.down = errors.New("no route to host")
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = person(func(context.Context, Page, *fakeRun) { t.Error("a window was opened") })
	})
	_, err := c.SignIn(t.Context(), Request{})
	if e := wantKind(t, err, Offline); !strings.Contains(e.Error(), "no route to host") || strings.Contains(e.Error(), "login.example") {
		t.Errorf("got %v", e)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	good := Options{ClientID: "c", Tenant: "organizations", Authority: "https://login.example"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no client id":         func(o *Options) { o.ClientID = "" },
		"no tenant":            func(o *Options) { o.Tenant = "" },
		"tenant with a path":   func(o *Options) { o.Tenant = "a/b" },
		"http":                 func(o *Options) { o.Authority = "http://login.example" },
		"no authority":         func(o *Options) { o.Authority = "" },
		"authority with path":  func(o *Options) { o.Authority = "https://login.example/organizations" },
		"authority with query": func(o *Options) { o.Authority = "https://login.example?x" },
		"authority with user":  func(o *Options) { o.Authority = "https://u:p@login.example" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
