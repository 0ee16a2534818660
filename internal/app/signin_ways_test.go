package app

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/emulator"
	"debrief/internal/emulator/emulatortest"
	"debrief/internal/text"
)

// noted is an App's SignIns that notes what sign-ins were asked for.
type noted struct {
	SignIns
	mu    sync.Mutex
	asked []auth.Request
	// change answers for the SignIns, where it is set.
	change func(auth.Request) auth.Request
}

func (n *noted) SignIn(ctx context.Context, r auth.Request) (auth.SignedIn, error) {
	n.mu.Lock()
	n.asked = append(n.asked, r)
	n.mu.Unlock()
	if n.change != nil {
		r = n.change(r)
	}
	return n.SignIns.SignIn(ctx, r)
}

func (n *noted) last() auth.Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[len(n.asked)-1]
}

// startNoted opens an App that does nothing by itself, and notes its sign-ins.
func (w *world) startNoted() (*App, *noted) {
	w.verb = true
	a, _ := w.start()
	n := &noted{SignIns: a.d.Auth}
	a.d.Auth = n
	return a, n
}

// types has upn type each code that a publishes, until the test ends.
func (w *world) types(a *App, upn string) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var watching sync.WaitGroup
	w.t.Cleanup(func() { cancel(); watching.Wait() })
	watching.Go(func() {
		var done string
		_ = a.Watch(ctx, func(s state.State) {
			if s.SignIn == nil || s.SignIn.UserCode == "" || s.SignIn.UserCode == done {
				return
			}
			done = s.SignIn.UserCode
			if _, err := (emulatortest.Person{UPN: upn}).EnterCode(ctx, s.SignIn.VerificationURL, done); err != nil && ctx.Err() == nil {
				w.t.Error(err)
			}
		})
	})
}

func TestACodeIsPublishedAndASignInWithItIsASession(t *testing.T) {
	w := newWorld(t)
	a, _ := w.startNoted()
	w.types(a, emulator.Alex)
	in, err := a.SignIn(t.Context(), state.SignIn{Browser: "device"})
	if err != nil {
		t.Fatal(err)
	}
	if in.Session.Email != emulator.Alex || in.Session.Status != state.Active || in.Session.Browser != "device" {
		t.Errorf("got %+v", in.Session)
	}
	if s, _ := a.State(t.Context()); s.SignIn != nil {
		t.Errorf("after the sign-in the state still tells of %+v", s.SignIn)
	}
	if _, err := a.Meetings(t.Context(), ""); err != nil {
		t.Errorf("its token is not good: %v", err)
	}
}

func TestACodeThatWaitsCanBeCancelled(t *testing.T) {
	w := newWorld(t)
	a, _ := w.startNoted()
	ended := make(chan error, 1)
	go func() {
		_, err := a.SignIn(t.Context(), state.SignIn{Browser: "device"})
		ended <- err
	}()
	w.until(a, "the code is there", func(s state.State) bool {
		return s.SignIn != nil && s.SignIn.UserCode != "" && s.SignIn.Method == "device" && s.SignIn.CodeExpiresAt.After(time.Now())
	})
	if err := a.CancelSignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, <-ended, text.SignInCancelled)
}

func wantProblem(t *testing.T, err error, code text.Code) *state.Problem {
	t.Helper()
	p, ok := errors.AsType[*state.Problem](err)
	if !ok || p.Code != code {
		t.Fatalf("got %v, want the problem %s", err, code)
	}
	return p
}

func TestTheWayThatAPersonChoseIsRememberedForTheAccount(t *testing.T) {
	w := newWorld(t)
	a, n := w.startNoted()
	w.types(a, "AdeleV@contoso.example")
	sign := func(req state.SignIn, want auth.Method, keeps string) {
		t.Helper()
		in, err := a.SignIn(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.last().Method; got != want || in.Session.Browser != keeps {
			t.Errorf("%+v: signed in by %s and keeps %q, want %s and %q", req, got, in.Session.Browser, want, keeps)
		}
	}
	const adele = "adelev@contoso.example"
	sign(state.SignIn{Hint: adele}, auth.Embedded, "")
	sign(state.SignIn{Hint: adele, Browser: "device"}, auth.Device, "device")
	sign(state.SignIn{Hint: adele}, auth.Device, "device")
	sign(state.SignIn{Hint: adele, Browser: "embedded"}, auth.Embedded, "embedded")
	a.d.Browser = auth.Device // a person's own choice goes before the setting
	sign(state.SignIn{Hint: adele}, auth.Embedded, "embedded")
	// Without a hint nobody knows who will sign in: the setting counts.
	sign(state.SignIn{}, auth.Device, "")
	sign(state.SignIn{Hint: adele}, auth.Device, "")

	if _, err := a.SignIn(t.Context(), state.SignIn{Browser: "pigeon"}); err == nil || !strings.Contains(err.Error()+wantProblem(t, err, text.Wrong).Args["detail"], "device are known") {
		t.Errorf("an unknown way: %v", err)
	}
}

func TestAFallbackIsPublishedAndNotRemembered(t *testing.T) {
	w := newWorld(t)
	a, n := w.startNoted()
	n.change = func(r auth.Request) auth.Request { // as auth does where it has no window
		tell := r.Progress
		r.Method, r.Progress = auth.Device, func(p auth.Progress) {
			p.Method = auth.System
			tell(p)
		}
		return r
	}
	w.types(a, emulator.Alex)
	seen := make(chan state.SignInState, 100)
	watch, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		_ = a.Watch(watch, func(s state.State) {
			if s.SignIn != nil && s.SignIn.Phase == "waiting" {
				seen <- *s.SignIn
			}
		})
	})
	in, err := a.SignIn(t.Context(), state.SignIn{Browser: "embedded"})
	stop()
	watching.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if s := <-seen; s.Method != "system" || s.InsteadOf != "embedded" {
		t.Errorf("published %+v", s)
	}
	if in.Session.Browser != "" {
		t.Errorf("it is remembered as %q", in.Session.Browser)
	}
}

func TestWhatMicrosoftDemandsIsPutToTheAccountsNextSignIn(t *testing.T) {
	for _, hint := range []string{"AdeleV@contoso.example", ""} {
		w := newWorld(t)
		a, n := w.startNoted()
		s := w.signIn(a)
		if got := n.last().Claims; got != "" {
			t.Fatalf("the first sign-in has to satisfy %s", got)
		}
		if err := w.emu.Advance(2 * time.Second); err != nil {
			t.Fatal(err)
		}
		if err := w.emu.Revoke(emulator.Adele); err != nil {
			t.Fatal(err)
		}
		_, err := a.Meetings(t.Context(), s.ID)
		p := wantProblem(t, err, text.SignInNeeded)
		if p.Args["why"] != "revoked" || !strings.Contains(p.Detail, "AADSTS50173") || !strings.Contains(p.Detail, "trace ") || !strings.Contains(p.Detail, "correlation ") {
			t.Errorf("got %+v", p)
		}
		if hint != "" { // with two accounts nobody knows who signs in without a hint
			w.person.upn = emulator.Alex
			if _, err := a.SignIn(t.Context(), state.SignIn{Hint: emulator.Alex}); err != nil {
				t.Fatal(err)
			}
			if got := n.last().Claims; got != "" {
				t.Errorf("another account's sign-in has to satisfy %s", got)
			}
			w.person.upn = ""
		}
		if _, err := a.SignIn(t.Context(), state.SignIn{Hint: hint}); err != nil {
			t.Fatal(err)
		}
		if got := n.last().Claims; !strings.Contains(got, `"nbf"`) {
			t.Errorf("hint %q: the next sign-in has to satisfy %q", hint, got)
		}
		if _, err := a.Meetings(t.Context(), s.Email); err != nil {
			t.Errorf("after the new sign-in: %v", err)
		}
		if _, err := a.SignIn(t.Context(), state.SignIn{Hint: hint}); err != nil {
			t.Fatal(err)
		}
		if got := n.last().Claims; got != "" {
			t.Errorf("once satisfied, a sign-in still has to satisfy %s", got)
		}
	}
}

func TestAChallengeIsAnsweredWithoutThePerson(t *testing.T) {
	w := newWorld(t)
	a, n := w.startNoted()
	s := w.signIn(a)
	if err := w.emu.Advance(2 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := w.emu.Challenge(emulator.Adele); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Meetings(t.Context(), s.ID); err != nil {
		t.Errorf("got %v", err)
	}
	if len(n.asked) != 1 {
		t.Errorf("got %d sign-ins, want the first one only", len(n.asked))
	}
}

func TestAnApprovalThatIsMissingComesWithTheAdministratorsLink(t *testing.T) {
	w := newWorld(t)
	a, _ := w.startNoted()
	a.d.AdminLink = "https://login.example/adminconsent?x"
	if err := w.emu.SetScenario("AADSTS90094@code"); err != nil {
		t.Fatal(err)
	}
	w.types(a, emulator.Alex)
	_, err := a.SignIn(t.Context(), state.SignIn{Browser: "device"})
	p := wantProblem(t, err, text.AdminNeeded)
	if _, next := text.Problem(p.Code, p.Args); !strings.Contains(next, a.d.AdminLink) {
		t.Errorf("got %s", next)
	}
	if !strings.Contains(p.Detail, "AADSTS90094 trace ") {
		t.Errorf("got the detail %q", p.Detail)
	}
}

// twoDoors counts the windows that are opened, and lets the person in them wait.
type twoDoors struct {
	*person
	opened  atomic.Int64
	release chan struct{}
}

func (d *twoDoors) Open(ctx context.Context, page auth.Page) (auth.WindowRun, error) {
	d.opened.Add(1)
	select {
	case <-d.release:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return d.person.Open(ctx, page)
}

// callers is an App that tells when a call of SignIn waits: for its own end, or for
// that of the one that it joined.
type callers struct {
	*App
	waits chan struct{}
}

func (c callers) SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
	return c.App.SignIn(&waiting{Context: ctx, tell: sync.OnceFunc(func() { c.waits <- struct{}{} })}, req)
}

type waiting struct {
	context.Context
	tell func()
}

func (w *waiting) Done() <-chan struct{} {
	w.tell()
	return w.Context.Done()
}

// One process of the user holds the folder's lock and serves the local API, be it
// a resident or a verb at work; every other one is its client. So one sign-in
// window at a time in this process is one in all of them.
func TestTwoProcessesShareOneWindowAndItsResult(t *testing.T) {
	w := newWorld(t)
	w.verb = true
	a, _ := w.start()
	window := &twoDoors{person: w.person, release: make(chan struct{})}
	client, err := auth.New(auth.Options{
		ClientID: emulator.ClientID, Tenant: emulator.TenantID, Authority: "https://login.microsoftonline.com",
		Transport: w.emu.RoundTripper(), Window: window,
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &noted{SignIns: client}
	a.d.Auth = n

	door := callers{a, make(chan struct{}, 2)}

	dir, err := os.MkdirTemp("", "app") // a socket's path has 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "api.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.NewServer(door, "test", a.d.Log).Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(dir)
	})
	dial := func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}

	results := make(chan state.SignedIn, 2)
	sign := func() {
		in, err := api.NewClient(dial, "test").SignIn(t.Context(), state.SignIn{})
		if err != nil {
			t.Error(err)
		}
		results <- in
	}
	go sign()
	<-door.waits
	go sign()
	<-door.waits
	close(window.release)
	first, second := <-results, <-results
	if first.Session.ID == "" || first.Session.ID != second.Session.ID {
		t.Errorf("got the sessions %q and %q, want one", first.Session.ID, second.Session.ID)
	}
	if got := window.opened.Load(); got != 1 || len(n.asked) != 1 {
		t.Errorf("got %d windows and %d sign-ins, want 1", got, len(n.asked))
	}
}
