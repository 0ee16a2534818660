package ui

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/session"
	"debrief/internal/vault"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

var update = flag.Bool("update", false, "write the golden files anew")

// start is the time at which all tests begin.
var start = time.Date(2026, 11, 23, 14, 30, 0, 0, time.UTC)

// service is an api.Service whose answers a test sets. What is not set answers
// with nothing at once. Calls are noted.
type service struct {
	api.Service // the methods that the panel never calls
	states      chan state.State
	gone        chan error

	mu        sync.Mutex
	newest    state.State
	calls     []string
	signIn    func(context.Context, state.SignIn) (state.SignedIn, error)
	detail    func(string) (state.SessionDetail, error)
	clear     func(state.Clear) (state.ClearReport, error)
	openVault func(state.OpenVault) error
	meetings  func(string) ([]state.Meeting, error)
	people    func(state.Target) ([]state.Person, error)
	post      func(context.Context, state.PostRequest) (state.PostResult, error)
	stateErr  error
}

func (s *service) note(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *service) called(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (s *service) State(context.Context) (state.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest, s.stateErr
}

func (s *service) Watch(ctx context.Context, next func(state.State)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.gone:
			return err
		case st := <-s.states:
			next(st)
		}
	}
}

func (s *service) SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
	s.note("sign-in " + req.Hint + " " + req.Browser)
	if s.signIn == nil {
		return state.SignedIn{}, nil
	}
	return s.signIn(ctx, req)
}
func (s *service) CancelSignIn(context.Context) error { s.note("cancel sign-in"); return nil }
func (s *service) Session(_ context.Context, id string) (state.SessionDetail, error) {
	s.note("session " + id)
	if s.detail == nil {
		return state.SessionDetail{}, nil
	}
	return s.detail(id)
}
func (s *service) Clear(_ context.Context, req state.Clear) (state.ClearReport, error) {
	s.note("clear " + strings.Join(req.IDs, ","))
	if s.clear == nil {
		return state.ClearReport{Clean: true}, nil
	}
	return s.clear(req)
}
func (s *service) Unlock(context.Context) error { s.note("unlock"); return nil }
func (s *service) OpenVault(_ context.Context, req state.OpenVault) error {
	s.note(fmt.Sprintf("open vault %q new %v", string(req.Passphrase), req.New))
	if s.openVault == nil {
		return nil
	}
	return s.openVault(req)
}
func (s *service) OpenDemo(context.Context) error { s.note("open demo"); return nil }
func (s *service) Meetings(_ context.Context, account string) ([]state.Meeting, error) {
	s.note("meetings " + account)
	if s.meetings == nil {
		return nil, nil
	}
	return s.meetings(account)
}
func (s *service) People(_ context.Context, target state.Target) ([]state.Person, error) {
	if s.people == nil {
		return nil, nil
	}
	return s.people(target)
}
func (s *service) Post(ctx context.Context, req state.PostRequest) (state.PostResult, error) {
	if req.DryRun {
		s.note("preview")
		r := state.Rendered{Plain: req.Markdown, Size: len(req.Markdown), Limit: 24 << 10}
		return state.PostResult{Rendered: r}, nil
	}
	s.note("post")
	if s.post == nil {
		return state.PostResult{}, errors.New("no answer was set")
	}
	return s.post(ctx, req)
}

// bench is a panel in a window without a display. Everything that the panel
// does on its interface's goroutine runs in the test's, in until and settle.
type bench struct {
	*Panel
	t     *testing.T
	svc   *service
	queue chan func()
	clock time.Time
	timer map[int]pendingTimer
	next  int
}

type pendingTimer struct {
	at time.Time
	f  func()
}

func newBench(t *testing.T, svc *service, change func(*Deps)) *bench {
	t.Helper()
	svc.states, svc.gone = make(chan state.State), make(chan error)
	b := &bench{t: t, svc: svc, queue: make(chan func(), 100), clock: start, timer: map[int]pendingTimer{}}
	d := Deps{
		App: test.NewTempApp(t), Service: svc,
		Dispatch: func(f func()) { b.queue <- f },
		Now:      func() time.Time { return b.clock },
		After: func(d time.Duration, f func()) func() {
			id := b.next
			b.next++
			b.timer[id] = pendingTimer{b.clock.Add(d), f}
			return func() { delete(b.timer, id) }
		},
	}
	if change != nil {
		change(&d)
	}
	p, err := New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	b.Panel = p
	p.win.Resize(fyne.NewSize(980, 680))
	p.Start()
	t.Cleanup(func() {
		p.stop()
		p.win.SetCloseIntercept(nil)
		p.win.Close()
	})
	return b
}

// until runs what the panel's workers want shown until cond holds.
func (b *bench) until(what string, cond func() bool) {
	b.t.Helper()
	deadline := time.After(10 * time.Second)
	for !cond() {
		select {
		case f := <-b.queue:
			f()
		case <-deadline:
			b.t.Fatalf("never: %s\n%s", what, b.visible())
		}
	}
}

// state publishes a snapshot and shows it.
func (b *bench) state(s state.State) {
	b.t.Helper()
	s.Revision = b.st.Revision + 1
	b.svc.mu.Lock()
	b.svc.newest = s
	b.svc.mu.Unlock()
	b.svc.states <- s
	b.until("the snapshot is shown", func() bool { return b.st.Revision == s.Revision })
}

// pass lets time go by and fires what is due.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	b.clock = b.clock.Add(d)
	for id, t := range b.timer {
		if !t.at.After(b.clock) {
			delete(b.timer, id)
			t.f() // queues
		}
	}
	for {
		select {
		case f := <-b.queue:
			f()
		default:
			return
		}
	}
}

// shows waits until the window shows words.
func (b *bench) shows(words string) {
	b.t.Helper()
	b.until("the window shows "+words, func() bool { return strings.Contains(b.visible(), words) })
}

func (b *bench) showsNot(words string) {
	b.t.Helper()
	b.until("the window does not show "+words, func() bool { return !strings.Contains(b.visible(), words) })
}

// press presses the visible button with a label.
func (b *bench) press(label string) {
	b.t.Helper()
	for _, o := range b.objects() {
		if x, ok := o.(*button); ok && x.Text == label {
			if x.Disabled() {
				b.t.Fatalf("the button %q is disabled", label)
			}
			test.Tap(x)
			return
		}
	}
	b.t.Fatalf("no button %q is visible in\n%s", label, b.visible())
}

// shortcut presses a shortcut of the window's menu.
func (b *bench) shortcut(key fyne.KeyName, mod fyne.KeyModifier) {
	b.t.Helper()
	want := (&desktop.CustomShortcut{KeyName: key, Modifier: mod}).ShortcutName()
	for _, menu := range b.win.MainMenu().Items {
		for _, item := range menu.Items {
			if item.Shortcut != nil && item.Shortcut.ShortcutName() == want {
				item.Action()
				return
			}
		}
	}
	b.t.Fatalf("no menu has %s", want)
}

// objects are all visible objects, from the back to the front; with a dialog
// open only those of the dialog.
func (b *bench) objects() []fyne.CanvasObject {
	root := b.win.Canvas().Content()
	if top := b.win.Canvas().Overlays().Top(); top != nil {
		root = top
	}
	var all []fyne.CanvasObject
	var walk func(fyne.CanvasObject)
	walk = func(o fyne.CanvasObject) {
		if o == nil || !o.Visible() {
			return
		}
		all = append(all, o)
		switch x := o.(type) {
		case *fyne.Container:
			for _, c := range x.Objects {
				walk(c)
			}
		case *widget.Label, *button, *check, *choice:
		case fyne.Widget:
			for _, c := range test.WidgetRenderer(x).Objects() {
				walk(c)
			}
		}
	}
	walk(root)
	return all
}

// visible is the text of the window, a line for each thing that has some.
func (b *bench) visible() string {
	var lines []string
	add := func(s string) {
		if strings.TrimSpace(s) != "" {
			lines = append(lines, s)
		}
	}
	for _, o := range b.objects() {
		switch x := o.(type) {
		case *widget.Label:
			add(x.Text)
		case *button:
			label := x.Text
			if label == "" {
				label = "×"
			}
			if x.Disabled() {
				label = "(" + label + ")"
			}
			add("[" + label + "]")
		case *check:
			mark := "[ ] "
			if x.Checked {
				mark = "[x] "
			}
			add(mark + x.Text)
		case *choice:
			add("<" + x.Selected + ">")
		case *entry:
			if x.Text == "" {
				add("|" + strings.ReplaceAll(x.PlaceHolder, "\n", "⏎") + "|")
			} else {
				add("|" + strings.ReplaceAll(x.Text, "\n", "⏎"))
			}
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// golden compares the window's text with a file.
func (b *bench) golden(name string) {
	b.t.Helper()
	path := filepath.Join("testdata", name+".txt")
	got := b.visible()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if got != string(want) {
		b.t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

const (
	meganID = "0123456789abcdef0123456789abcdef"
	adeleID = "fedcba9876543210fedcba9876543210"
)

func megan() state.Session {
	return state.Session{Status: state.Active, ThisDevice: true, Record: session.Record{
		ID: meganID, Schema: 1, Version: 1, Authenticated: true,
		User: session.User{Name: "Megan Bowen", Email: "megan@contoso.example"}, Email: "megan@contoso.example",
		Account:   session.Account{HomeAccountID: "oid.tid", TenantID: "tid", Environment: "login.microsoftonline.com", ClientID: "client"},
		Device:    session.Device{ID: "d1", Name: "atlas"},
		CreatedAt: start.Add(-48 * time.Hour), LastUsedAt: start.Add(-time.Hour), ExpiresAt: start.Add(89 * 24 * time.Hour), Permanent: true,
		Tokens:    session.Tokens{AccessExpiresAt: start.Add(58*time.Minute + 12*time.Second), RefreshExpiresAt: start.Add(90 * 24 * time.Hour), Scopes: []string{"User.Read", "Chat.Read"}},
		Signature: &session.Signature{KeyID: "k1", MAC: "00"},
	}}
}

func adele() state.Session {
	s := megan()
	s.ID, s.User.Name, s.User.Email, s.Email = adeleID, "Adele Vance", "adele@contoso.example", "adele@contoso.example"
	s.Status = state.NeedsSignIn
	return s
}

func signedIn(sessions ...state.Session) state.State {
	return state.State{Version: "0.1.0", Ready: true, Sessions: sessions, Keyring: vault.Status{State: vault.Ready}}
}

func meetingsOfToday() []state.Meeting {
	at := func(id, subject string, h int, url string) state.Meeting {
		s := time.Date(2026, 11, 23, h, 0, 0, 0, time.UTC)
		return state.Meeting{ID: id, Subject: subject, Start: s, End: s.Add(30 * time.Minute), JoinURL: url}
	}
	cancelled := at("m4", "Budget", 13, "u")
	cancelled.Cancelled = true
	return []state.Meeting{at("m1", "Weekly", 9, "u"), at("m2", "Design review", 11, "u"), at("m3", "Lunch", 12, ""), cancelled, at("m5", "Retrospective", 16, "u")}
}
