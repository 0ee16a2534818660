package auth

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func newCallback(t *testing.T) (*callback, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	cb, err := listenCallback(listenLoopback, "right-state", slog.New(slog.NewTextHandler(&syncWriter{w: &log}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cb.close)
	return cb, &log
}

// ask sends one request to the callback and returns status and page.
func ask(t *testing.T, cb *callback, method, path string, form url.Values, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		path += "?" + form.Encode()
	}
	r, err := http.NewRequestWithContext(t.Context(), method, cb.redirect+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	resp, err := loopbackClient.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(page)
}

var loopbackClient = &http.Client{
	Timeout:       10 * time.Second,
	Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func TestStrayRequestsAreToleratedAndTheSignInGoesOn(t *testing.T) {
	cb, log := newCallback(t)
	code := url.Values{"code": {"stolen"}, "state": {"right-state"}}
	strays := []struct {
		name, method, path string
		form               url.Values
		change             func(*http.Request)
		status             int
	}{
		{"favicon", "GET", "/favicon.ico", nil, nil, 404},
		{"reload without a query", "GET", "/", nil, nil, 404},
		{"another path, with everything right", "GET", "/other", code, nil, 404},
		{"head", "HEAD", "/", code, nil, 405},
		{"options", "OPTIONS", "/", nil, nil, 405},
		{"put", "PUT", "/", nil, nil, 405},
		{"post without state", "POST", "/", url.Values{"code": {"x"}}, nil, 404},
		{"post of nothing", "POST", "/", nil, nil, 404},
		{"empty state", "GET", "/", url.Values{"code": {"x"}, "state": {""}}, nil, 403},
		{"wrong state in the query", "GET", "/", url.Values{"code": {"x"}, "state": {"wrong-state"}}, nil, 403},
		{"wrong state in the form", "POST", "/", url.Values{"code": {"x"}, "state": {"wrong-state"}}, nil, 403},
		{"error with a wrong state", "POST", "/", url.Values{"error": {"access_denied"}, "state": {"no"}}, nil, 403},
		{"error without state", "POST", "/", url.Values{"error": {"access_denied"}}, nil, 404},
		{"two states", "GET", "/", url.Values{"code": {"x"}, "state": {"wrong-state", "right-state"}}, nil, 403},
		{"two codes", "GET", "/", url.Values{"code": {"x", "y"}, "state": {"right-state"}}, nil, 400},
		{"code and error", "GET", "/", url.Values{"code": {"x"}, "error": {"y"}, "state": {"right-state"}}, nil, 400},
		{"neither code nor error", "GET", "/", url.Values{"state": {"right-state"}}, nil, 400},
		{"another host", "GET", "/", code, func(r *http.Request) { r.Host = "evil.example" }, 421},
		{"another name of this computer", "GET", "/", code, func(r *http.Request) { r.Host = strings.Replace(cb.host, "localhost", "127.0.0.1", 1) }, 421},
		{"json", "POST", "/", code, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 415},
		{"state in the query of a post", "POST", "/?state=right-state&code=x", nil, nil, 404},
		{"too large", "POST", "/", url.Values{"state": {"right-state"}, "code": {strings.Repeat("x", maxCallback+1)}}, nil, 400},
		{"a leading page that was not offered", "GET", "/go/", nil, nil, 404},
	}
	for _, s := range strays {
		t.Run(s.name, func(t *testing.T) {
			change := s.change
			if change == nil {
				change = func(*http.Request) {}
			}
			resp, page := ask(t, cb, s.method, s.path, s.form, change)
			if resp.StatusCode != s.status {
				t.Errorf("got status %d, want %d", resp.StatusCode, s.status)
			}
			if s.status == 403 && !strings.Contains(page, "refused") {
				t.Errorf("the page does not say that the answer was refused: %s", page)
			}
			select {
			case a := <-cb.answers:
				t.Fatalf("the request counted as an answer: %+v", a.failure)
			default:
			}
		})
	}
	if strings.Count(log.String(), "wrong state") != 5 {
		t.Errorf("the log does not tell of each wrong state: %s", log)
	}
	for _, secret := range []string{"right-state", "wrong-state", "stolen"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	go cb.finish(nil)
	if resp, page := ask(t, cb, "POST", "/", url.Values{"code": {"good"}, "state": {"right-state"}}); resp.StatusCode != 200 || !strings.Contains(page, "You are signed in") {
		t.Errorf("the right answer afterwards: got %d and %s", resp.StatusCode, page)
	}
	if a := <-cb.answers; a.code != "good" {
		t.Errorf("got the code %q, want good", a.code)
	}
}

func TestOnlyTheFirstAnswerCounts(t *testing.T) {
	cb, _ := newCallback(t)
	go cb.finish(nil)
	for _, code := range []string{"first", "second", "third"} {
		if resp, _ := ask(t, cb, "GET", "/", url.Values{"code": {code}, "state": {"right-state"}}); resp.StatusCode != 200 {
			t.Errorf("%s: got status %d", code, resp.StatusCode)
		}
	}
	if a := <-cb.answers; a.code != "first" {
		t.Errorf("got %q, want first", a.code)
	}
	if len(cb.answers) != 0 {
		t.Error("a second answer counted")
	}
}

func TestPagesLoadNothingAndStayNowhere(t *testing.T) {
	cb, _ := newCallback(t)
	go cb.finish(&Error{Kind: Blocked, Code: "<script>alert(1)</script>", TraceID: "t-1"})
	for _, form := range []url.Values{nil, {"state": {"x"}}, {"state": {"right-state"}, "error": {"access_denied"}}} {
		resp, page := ask(t, cb, "GET", "/", form)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("got the policy %q", csp)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("other pages may read the answer")
		}
		for _, foreign := range []string{"http://", "https://", "<script", "@import", "right-state"} {
			if strings.Contains(page, foreign) {
				t.Errorf("the page holds %q: %s", foreign, page)
			}
		}
	}
}

func TestTheBrowserIsLedToThePageByAnAddressWithoutSecrets(t *testing.T) {
	cb, _ := newCallback(t)
	address := cb.lead("https://login.example/authorize?state=right-state")
	if strings.Contains(address, "right-state") || !strings.HasPrefix(address, cb.redirect+"/go/") {
		t.Errorf("got the address %s", address)
	}
	resp, _ := ask(t, cb, "GET", strings.TrimPrefix(address, cb.redirect), nil)
	if got := resp.Header.Get("Location"); resp.StatusCode != 302 || got != "https://login.example/authorize?state=right-state" {
		t.Errorf("got %d to %q", resp.StatusCode, got)
	}
	if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Error("the way to the page is kept or told")
	}
}

func TestAPortThatIsTakenOnIPv6IsNotUsed(t *testing.T) {
	var fours, sixes int
	listeners, port, err := loopbackListeners(func(network, address string) (net.Listener, error) {
		if network == "tcp4" {
			fours++
			return listenLoopback(network, address)
		}
		if sixes++; sixes == 1 { // somebody has ::1 with this port
			return nil, errors.New("address already in use")
		}
		return fakeListener{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range listeners {
		_ = l.Close()
	}
	if fours != 2 || len(listeners) != 2 || port == 0 {
		t.Errorf("got %d ports tried and %d listeners, want 2 and 2", fours, len(listeners))
	}
}

func TestWithoutIPv6OneListenerIsEnough(t *testing.T) {
	listeners, _, err := loopbackListeners(func(network, address string) (net.Listener, error) {
		if network == "tcp6" {
			return nil, errors.New("address family not supported")
		}
		return listenLoopback(network, address)
	})
	if err != nil || len(listeners) != 1 {
		t.Fatalf("got %d listeners, %v, want one", len(listeners), err)
	}
	_ = listeners[0].Close()
}

func TestNoPortAtAllIsAClearError(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = person(nil)
	})
	c.listen = func(string, string) (net.Listener, error) { return nil, errors.New("address already in use") }
	_, err := c.SignIn(t.Context(), Request{})
	if e := wantKind(t, err, Internal); !strings.Contains(e.Error(), "no port of 127.0.0.1 can be opened for the sign-in: address already in use") {
		t.Errorf("got %v", e)
	}
}

type fakeListener struct{}

func (fakeListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (fakeListener) Close() error              { return nil }
func (fakeListener) Addr() net.Addr            { return &net.TCPAddr{} }
