package auth

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/emulator"
)

// asked is a demo tenant's network that remembers the claims of token requests.
type asked struct {
	next   http.RoundTripper
	mu     sync.Mutex
	claims []string
}

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		a.mu.Lock()
		a.claims = append(a.claims, form.Get("claims"))
		a.mu.Unlock()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	}
	return a.next.RoundTrip(r)
}

func (a *asked) last() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.claims[len(a.claims)-1]
}

// member finds a value in a claims parameter, by its path.
func member(t *testing.T, claims string, path ...string) string {
	t.Helper()
	raw := json.RawMessage(claims)
	for _, name := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatalf("%s: %v", claims, err)
		}
		raw = object[name]
	}
	return string(raw)
}

const nbf = `{"access_token":{"nbf":{"essential":true,"value":"1726258122"}}}`

// challenged signs Adele in, lets Graph ask for more, and gives the token that it
// rejects.
func challenged(t *testing.T) (d *demo, net *asked, in SignedIn, s *store, rejected Token, pages *[]string) {
	d = newDemo(t)
	net, pages = &asked{next: d.RoundTripper()}, new([]string)
	d.c, _ = newTestClient(t, newAuthority(t), func(o *Options) {
		o.ClientID, o.Authority, o.Transport = emulator.ClientID, "https://"+emulator.LoginHost, net
		o.Window = person(func(ctx context.Context, page Page, _ *fakeRun) {
			*pages = append(*pages, page.URL)
			buttons := []string{"Adele", "Accept"}
			walk(t, ctx, page.URL, buttons)
		})
	})
	in, err := d.c.SignIn(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	s = &store{b: []byte(in.Cache.Reveal())}
	if rejected, _, err = d.c.Token(t.Context(), in.Account, s); err != nil {
		t.Fatal(err)
	}
	return d, net, in, s, rejected, pages
}

func TestDebriefSaysThatItAnswersChallenges(t *testing.T) {
	_, net, _, _, _, pages := challenged(t)
	page, err := url.Parse((*pages)[0])
	if err != nil {
		t.Fatal(err)
	}
	for where, claims := range map[string]string{"page": page.Query().Get("claims"), "token request": net.last()} {
		if got := member(t, claims, "access_token", "xms_cc", "values"); got != `["CP1"]` {
			t.Errorf("%s: got %s in %s", where, got, claims)
		}
	}
}

func TestAChallengeIsAnsweredByARenewalWherePossible(t *testing.T) {
	d, net, in, s, rejected, _ := challenged(t)
	if err := d.Advance(2 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := d.Challenge(emulator.Adele); err != nil {
		t.Fatal(err)
	}
	if got := graphMe(t, d, rejected); got != http.StatusUnauthorized {
		t.Fatalf("Graph takes the challenged token: %d", got)
	}
	token, err := d.c.Renew(t.Context(), in.Account, s, rejected.Value, nbf)
	if err != nil {
		t.Fatal(err)
	}
	if got := graphMe(t, d, token); got != http.StatusOK {
		t.Errorf("Graph with the new token: %d", got)
	}
	if got := member(t, net.last(), "access_token", "nbf", "value"); got != `"1726258122"` {
		t.Errorf("the challenge was not passed on: %s", net.last())
	}
	if got := member(t, net.last(), "access_token", "xms_cc", "values"); got != `["CP1"]` {
		t.Errorf("the capability was lost: %s", net.last())
	}
}

func TestAChallengeThatNeedsAPersonIsPutToTheNextSignIn(t *testing.T) {
	d, net, in, s, rejected, pages := challenged(t)
	if err := d.Advance(2 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := d.Revoke(emulator.Adele); err != nil {
		t.Fatal(err)
	}
	_, err := d.c.Renew(t.Context(), in.Account, s, rejected.Value, nbf)
	e := wantKind(t, err, SignInNeeded)
	if e.Claims != nbf || strings.Contains(e.Error(), "1726258122") {
		t.Fatalf("got the claims %q in %v", e.Claims, e)
	}
	again, err := d.c.SignIn(t.Context(), Request{LoginHint: emulator.Adele, Claims: e.Claims})
	if err != nil {
		t.Fatal(err)
	}
	page, err := url.Parse((*pages)[1])
	if err != nil {
		t.Fatal(err)
	}
	for where, claims := range map[string]string{"page": page.Query().Get("claims"), "token request": net.last()} {
		if member(t, claims, "access_token", "nbf", "value") != `"1726258122"` || member(t, claims, "access_token", "xms_cc", "values") != `["CP1"]` {
			t.Errorf("%s: got the claims %s", where, claims)
		}
	}
	token, _, err := d.c.Token(t.Context(), again.Account, &store{b: []byte(again.Cache.Reveal())})
	if err != nil || graphMe(t, d, token) != http.StatusOK {
		t.Errorf("after the new sign-in: %v", err)
	}
}

func TestTheTokenEndpointsOwnClaimsAreKept(t *testing.T) {
	d, _, in, s, rejected, _ := challenged(t)
	if err := d.SetScenario("AADSTS53003@renewal"); err != nil {
		t.Fatal(err)
	}
	_, err := d.c.Renew(t.Context(), in.Account, s, rejected.Value, "")
	if e := wantKind(t, err, Blocked); !strings.Contains(e.Claims, "capolids") || strings.Contains(e.Error(), "capolids") {
		t.Errorf("got %+v", e)
	}
	for _, bad := range []string{"", "x", "null", "[]", "{}", `"{}"`, `{"a":"` + strings.Repeat("x", maxClaims) + `"}`} {
		if got := demand(bad); got != "" {
			t.Errorf("%.20s: got %.20s", bad, got)
		}
	}
}
