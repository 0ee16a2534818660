package auth

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief/internal/emulator"
)

// tenant is a demo tenant and a client of it: real MSAL against the emulator.
type demo struct {
	*emulator.Emulator
	c   *Client
	log *bytes.Buffer
	net *counted
}

// counted counts the token requests on their way.
type counted struct {
	next http.RoundTripper
	mu   sync.Mutex
	n    int
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		c.mu.Lock()
		c.n++
		c.mu.Unlock()
	}
	return c.next.RoundTrip(r)
}

func (c *counted) tokens() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func newDemo(t *testing.T, buttons ...string) *demo {
	t.Helper()
	e, err := emulator.Open(emulator.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	d := &demo{Emulator: e, net: &counted{next: e.RoundTripper()}}
	d.c, d.log = newTestClient(t, newAuthority(t), func(o *Options) {
		o.ClientID, o.Authority, o.Transport = emulator.ClientID, "https://"+emulator.LoginHost, d.net
		o.Window = d.person(t, buttons...)
	})
	return d
}

// person presses these buttons of the sign-in page.
func (d *demo) person(t *testing.T, buttons ...string) Window {
	return person(func(ctx context.Context, page Page, _ *fakeRun) { walk(t, ctx, page.URL, buttons) })
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	inputTag = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// walk goes through the sign-in page as a browser would, pressing the button
// whose text or name holds the next of buttons, until it is back at Debrief.
func walk(t *testing.T, ctx context.Context, address string, buttons []string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Error(err)
		return
	}
	browser := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	for range 10 {
		if err != nil {
			t.Error(err)
			return
		}
		resp, err2 := browser.Do(r)
		if err2 != nil {
			if r.URL.Hostname() != "localhost" { // there the sign-in may be over first, and close the window
				t.Error(err2)
			}
			return
		}
		page, err2 := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err2 != nil || strings.HasPrefix(resp.Request.URL.Host, "localhost:") {
			return
		}
		action, form := press(string(page), &buttons)
		if action == "" {
			t.Errorf("no way on from the page (status %d): %.600s", resp.StatusCode, page)
			return
		}
		to, err2 := resp.Request.URL.Parse(action)
		if err2 != nil {
			t.Error(err2)
			return
		}
		r, err = http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode()))
		if err == nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "http://"+resp.Request.URL.Host)
		}
	}
	t.Error("the sign-in page does not come to an end")
}

// press finds the form of the next button; a page that posts itself has no choice.
func press(page string, buttons *[]string) (action string, form url.Values) {
	for _, m := range formTag.FindAllStringSubmatch(page, -1) {
		form := url.Values{}
		for _, in := range inputTag.FindAllStringSubmatch(m[2], -1) {
			form.Add(in[1], html.UnescapeString(in[2]))
		}
		if strings.Contains(m[0], `id="back"`) {
			return html.UnescapeString(m[1]), form
		}
		for _, b := range regexp.MustCompile(`(?s)<button([^>]*)>(.*?)</button>`).FindAllStringSubmatch(m[2], -1) {
			if len(*buttons) == 0 || !strings.Contains(b[2], (*buttons)[0]) {
				continue
			}
			if n := regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`).FindStringSubmatch(b[1]); n != nil {
				form.Set(n[1], html.UnescapeString(n[2]))
			}
			*buttons = (*buttons)[1:]
			return html.UnescapeString(m[1]), form
		}
	}
	return "", nil
}

func TestMSALSignsInToTheDemoTenantAndRenewsAfterItsClockMoved(t *testing.T) {
	d := newDemo(t, "Adele", "Accept")
	in, err := d.c.SignIn(t.Context(), Request{})
	if err != nil {
		t.Fatalf("%v\n%s", err, d.log)
	}
	if in.Email != emulator.Adele || in.Name != "Adele Vance" || in.Account.TenantID != emulator.TenantID ||
		in.Account.Environment != emulator.LoginHost || in.Account.ClientID != emulator.ClientID {
		t.Errorf("got %+v", in)
	}
	s := &store{b: []byte(in.Cache.Reveal())}
	first, renewed, err := d.c.Token(t.Context(), in.Account, s)
	if err != nil || renewed {
		t.Fatalf("Token: renewed %v, %v", renewed, err)
	}
	if got := graphMe(t, d, first); got != http.StatusOK {
		t.Fatalf("Graph with the first token: got %d", got)
	}
	if err := d.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := graphMe(t, d, first); got != http.StatusUnauthorized {
		t.Fatalf("Graph after two hours of the tenant's clock: got %d, want 401", got)
	}
	before := d.net.tokens()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			token, err := d.c.Renew(t.Context(), in.Account, s, first.Value, "")
			if err != nil || token.Value == first.Value {
				t.Errorf("Renew: got the same token or %v", err)
				return
			}
			if got := graphMe(t, d, token); got != http.StatusOK {
				t.Errorf("Graph with the renewed token: got %d", got)
			}
		})
	}
	wg.Wait()
	if n := d.net.tokens() - before; n != 1 {
		t.Errorf("got %d token requests, want 1", n)
	}
	if _, _, err := ParseCache(s.b); err != nil {
		t.Error(err)
	}
	// A new process goes on with the stored cache.
	again, _ := newTestClient(t, newAuthority(t), func(o *Options) {
		o.ClientID, o.Authority, o.Transport = emulator.ClientID, "https://"+emulator.LoginHost, d.net
	})
	token, renewed, err := again.Token(t.Context(), in.Account, s)
	if err != nil || renewed || graphMe(t, d, token) != http.StatusOK {
		t.Errorf("after a restart: renewed %v, %v", renewed, err)
	}
	noSecrets(t, d)
}

func TestARevokedSignInNeedsANewOne(t *testing.T) {
	d := newDemo(t, "Alex", "Accept")
	in, err := d.c.SignIn(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	s := &store{b: []byte(in.Cache.Reveal())}
	token, _, err := d.c.Token(t.Context(), in.Account, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Revoke(emulator.Alex); err != nil {
		t.Fatal(err)
	}
	_, err = d.c.Renew(t.Context(), in.Account, s, token.Value, "")
	if e := wantKind(t, err, SignInNeeded); e.Number != 50173 || e.TraceID == "" || e.CorrelationID == "" {
		t.Errorf("got %+v", e)
	}
	noSecrets(t, d)
}

func TestTheDemoTenantsRefusalsArriveAsTheirKinds(t *testing.T) {
	for _, test := range []struct {
		scenario string
		buttons  []string
		want     Kind
	}{
		{"", []string{"Cancel"}, Cancelled},
		{"", []string{"Adele", "Decline"}, Declined},
		{"needs_admin", []string{"Adele", "Return"}, Cancelled},
		{"blocked", []string{"Adele", "Return"}, Cancelled},
		{"no_public_client", []string{"Adele", "Accept"}, Misconfig},
		{"unavailable", []string{"Adele", "Accept"}, Busy},
	} {
		t.Run(test.scenario+" "+strings.Join(test.buttons, " "), func(t *testing.T) {
			d := newDemo(t, test.buttons...)
			if err := d.SetScenario(test.scenario); err != nil {
				t.Fatal(err)
			}
			_, err := d.c.SignIn(t.Context(), Request{})
			wantKind(t, err, test.want)
			noSecrets(t, d)
		})
	}
}

func TestTheDemoTenantsRenewalRulesArriveAsTheirKinds(t *testing.T) {
	for scenario, want := range map[string]Kind{
		"mfa": SignInNeeded, "sign_in_frequency": SignInNeeded, "blocked": Blocked, "unavailable": Busy,
	} {
		t.Run(scenario, func(t *testing.T) {
			d := newDemo(t, "Adele", "Accept")
			in, err := d.c.SignIn(t.Context(), Request{})
			if err != nil {
				t.Fatal(err)
			}
			s := &store{b: []byte(in.Cache.Reveal())}
			token, _, err := d.c.Token(t.Context(), in.Account, s)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.SetScenario(scenario); err != nil {
				t.Fatal(err)
			}
			_, err = d.c.Renew(t.Context(), in.Account, s, token.Value, "")
			wantKind(t, err, want)
			noSecrets(t, d)
		})
	}
}

func TestEightCallersAfterARealExpiryMakeOneRequestToTheDemoTenant(t *testing.T) {
	d := newDemo(t, "Adele", "Accept")
	in, err := d.c.SignIn(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	cache := []byte(in.Cache.Reveal())
	synctest.Test(t, func(t *testing.T) {
		// The bubble begins in 2000, where MSAL finds a token of the future: expired too.
		c, _ := newTestClient(t, newAuthority(t), func(o *Options) {
			o.ClientID, o.Authority, o.Transport = emulator.ClientID, "https://"+emulator.LoginHost, d.net
		})
		before := d.net.tokens()
		s := &store{b: cache}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, _, err := c.Token(t.Context(), in.Account, s); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := d.net.tokens() - before; n != 1 {
			t.Errorf("got %d token requests, want 1", n)
		}
	})
}

// graphMe asks the tenant's Graph who the token is for.
func graphMe(t *testing.T, d *demo, token Token) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+emulator.GraphHost+"/v1.0/me", nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	r.Header.Set("Authorization", "Bearer "+token.Value.Reveal())
	resp, err := d.RoundTripper().RoundTrip(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// noSecrets searches the log for everything secret that the tenant has seen.
func noSecrets(t *testing.T, d *demo) {
	t.Helper()
	secrets := d.Secrets()
	if len(secrets) == 0 {
		t.Error("the tenant knows of no secret")
	}
	for _, secret := range secrets {
		if strings.Contains(d.log.String(), secret.Value) {
			t.Errorf("the log holds a secret of kind %s", secret.Kind)
		}
	}
}
