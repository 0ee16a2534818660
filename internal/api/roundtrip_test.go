package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// serve offers svc over a real unix socket until the test ends or stop is called.
func serve(t *testing.T, svc Service) (c *Client, dial func(context.Context) (net.Conn, error), stop func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "api") // t.TempDir would pass a socket path's 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "api.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- NewServer(svc, "1.2.3", discard()).Serve(ctx, ln) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
		_ = os.RemoveAll(dir)
	})
	t.Cleanup(stop)
	dial = func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return NewClient(dial, "1.2.3"), dial, stop
}

// until waits, bounded, for cond.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(10 * time.Second); !cond(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("in 10 s not: %s", what)
		}
	}
}

var (
	noon    = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	chatID  = "19:meeting_x@thread.v2"
	someone = state.Session{
		Record: session.Record{
			ID: "0123456789abcdef0123456789abcdef", Schema: 1, Version: 7, Authenticated: true,
			User: session.User{Name: "Zoë <Z>", Email: "zoe@contoso.example"}, Email: "zoe@contoso.example",
			Account:         session.Account{HomeAccountID: "o.t", TenantID: "t", Environment: "login.example", ClientID: "c"},
			ReturnToSummary: &session.ReturnTo{Type: "draft", ID: "d"},
			Device:          session.Device{ID: "dev", Name: "desk"},
			CreatedAt:       noon, LastUsedAt: noon, ExpiresAt: noon.Add(time.Hour), Permanent: true,
			Tokens:    session.Tokens{AccessExpiresAt: noon, RefreshExpiresAt: noon, Scopes: []string{"User.Read"}},
			Signature: &session.Signature{KeyID: "k", MAC: "m"},
		},
		Status: state.Active, ThisDevice: true,
	}
)

func full() *fake {
	post := state.Post{ID: "p", Account: "zoe@contoso.example", ChatID: chatID, Title: "Weekly", State: state.Posted, Reconciled: true,
		MessageID: "1", Parts: []state.Part{{State: state.Posted, MessageID: "1"}}, Attempts: 2, CreatedAt: noon, NextAttemptAt: &noon, Reason: "offline"}
	problem := state.Problem{Code: text.KeyringLocked, Args: map[string]string{"a": "b"}, Detail: "d", At: noon}
	return &fake{
		st: state.State{Revision: 3, Version: "1.2.3", Demo: true, DemoURL: "http://localhost:1/", Ready: true,
			Keyring: vault.Status{State: vault.Ready, Kind: "keyring", Provider: "gnome-keyring"}, Sessions: []state.Session{someone},
			Unreadable: []state.Unreadable{{ID: "x", Path: "/p", Why: "corrupt"}},
			SignIn:     &state.SignInState{Method: "embedded", Phase: "waiting", Since: noon, Hint: "h"},
			Posts:      []state.Post{post}, Problems: []state.Problem{problem}, ShowPage: state.PagePost, ShowSeq: 4},
		signedIn: state.SignedIn{Session: someone, Other: true},
		sessions: []state.Session{someone},
		detail: state.SessionDetail{Session: someone, Cache: []state.Credential{{Kind: "access_token", Environment: "e", Realm: "r", ClientID: "c",
			Scopes: []string{"s"}, Audience: "a", Username: "u", CachedAt: noon, ExpiresOn: noon, ExtendedExpiresOn: noon, RefreshOn: noon, Size: 9, SHA256: "01234567"}},
			CacheProblem: &problem, Claims: []state.Claim{{Name: "n", Value: "<v>"}}, KeptIn: []state.Place{{What: "record", Where: "/w", State: "present"}}},
		report: state.ClearReport{Lines: []state.ClearLine{{Session: "s", Account: "a", What: "record", Outcome: "failed", Problem: &problem}}, Kept: []string{"/k"}, Clean: true},
		meetings: []state.Meeting{{ID: "m", Subject: "Weekly", Start: noon, End: noon.Add(time.Hour), ChatID: &chatID, JoinURL: "https://j", SeriesID: "s", Cancelled: true},
			{ID: "n", Subject: "without a chat", Start: noon, End: noon}},
		imported: state.Imported{Lines: []state.ImportLine{{Account: "a", Session: "s", Kept: true, Problem: &problem}}},
		people:   []state.Person{{ID: "i", Name: "n", Email: "e", Guest: true, Me: true}},
		posted:   state.PostResult{Post: &post, Rendered: state.Rendered{HTML: "<p>ä</p>", Plain: "ä", Mentions: []state.Person{{ID: "i"}}, Size: 1, Limit: 2}},
		doctor:   state.Report{OK: true, Version: "1.2.3", Checks: []state.Check{{ID: "keyring", State: "ready", Detail: "d", Next: "n"}}},
	}
}

// methods are all of Service's but Watch: how each is called, the request that
// has to arrive and the answer that has to come back.
func methods(f *fake) []method {
	signIn := state.SignIn{Hint: "zoe@contoso.example", Browser: "system"}
	clear := state.Clear{IDs: []string{"0123456"}, All: true, Expired: true, ThisDevice: true}
	export, imported := state.Export{ID: "0123456", Path: "/ä b"}, state.Import{Path: "/ä b"}
	open := state.OpenVault{Passphrase: state.Passphrase("p\x00ä \n"), New: true}
	move := state.MoveVault{To: "file", Passphrase: state.Passphrase("x")}
	target := state.Target{Account: "a", Meeting: "m", Chat: "c"}
	post := state.PostRequest{Target: target, Markdown: "# \"ä\" <&>\n\x01", Mention: []string{"all", "Zoë"}, DryRun: true, Wait: time.Minute}
	return []method{
		{"State", func(ctx context.Context, s Service) (any, error) { return two(s.State(ctx)) }, "state", f.st},
		{"SignIn", func(ctx context.Context, s Service) (any, error) { return two(s.SignIn(ctx, signIn)) }, signIn, f.signedIn},
		{"CancelSignIn", func(ctx context.Context, s Service) (any, error) { return nil, s.CancelSignIn(ctx) }, "cancel", nil},
		{"Sessions", func(ctx context.Context, s Service) (any, error) { return two(s.Sessions(ctx)) }, "sessions", f.sessions},
		{"Session", func(ctx context.Context, s Service) (any, error) { return two(s.Session(ctx, "../a b?ü")) }, "session ../a b?ü", f.detail},
		{"Clear", func(ctx context.Context, s Service) (any, error) { return two(s.Clear(ctx, clear)) }, clear, f.report},
		{"Export", func(ctx context.Context, s Service) (any, error) { return nil, s.Export(ctx, export) }, export, nil},
		{"Import", func(ctx context.Context, s Service) (any, error) { return two(s.Import(ctx, imported)) }, imported, f.imported},
		{"Unlock", func(ctx context.Context, s Service) (any, error) { return nil, s.Unlock(ctx) }, "unlock", nil},
		{"OpenVault", func(ctx context.Context, s Service) (any, error) { return nil, s.OpenVault(ctx, open) }, open, nil},
		{"MoveVault", func(ctx context.Context, s Service) (any, error) { return two(s.MoveVault(ctx, move)) }, move, state.MovedVault{Entries: 2, To: "file"}},
		{"Meetings", func(ctx context.Context, s Service) (any, error) { return two(s.Meetings(ctx, "a&b=c")) }, "meetings a&b=c", f.meetings},
		{"People", func(ctx context.Context, s Service) (any, error) { return two(s.People(ctx, target)) }, target, f.people},
		{"Post", func(ctx context.Context, s Service) (any, error) { return two(s.Post(ctx, post)) }, post, f.posted},
		{"Doctor", func(ctx context.Context, s Service) (any, error) { return two(s.Doctor(ctx)) }, "doctor", f.doctor},
		{"Show", func(ctx context.Context, s Service) (any, error) { return nil, s.Show(ctx, state.PagePost) }, state.PagePost, nil},
		{"OpenDemo", func(ctx context.Context, s Service) (any, error) { return nil, s.OpenDemo(ctx) }, "demo", nil},
		{"Quit", func(ctx context.Context, s Service) (any, error) { return nil, s.Quit(ctx) }, "quit", nil},
	}
}

type method struct {
	name string
	call func(context.Context, Service) (any, error)
	req  any
	want any
}

func two[A any](a A, err error) (any, error) { return a, err }

func TestTheTableNamesEveryMethodOfService(t *testing.T) {
	named := map[string]bool{"Watch": true}
	for _, m := range methods(full()) {
		named[m.name] = true
	}
	for i, of := 0, reflect.TypeFor[Service](); i < of.NumMethod(); i++ {
		if name := of.Method(i).Name; !named[name] {
			t.Errorf("%s is not tried", name)
		}
	}
}

func TestEveryMethodCarriesItsRequestAndItsAnswer(t *testing.T) {
	f := full()
	c, _, _ := serve(t, f)
	for _, m := range methods(f) {
		t.Run(m.name, func(t *testing.T) {
			got, err := m.call(t.Context(), c)
			if err != nil || !reflect.DeepEqual(got, m.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, m.want)
			}
			if !reflect.DeepEqual(f.last(), m.req) {
				t.Errorf("asked for %+v, want %+v", f.last(), m.req)
			}
		})
	}
}

func TestEveryMethodCarriesItsProblem(t *testing.T) {
	f := full()
	f.err = &state.Problem{Code: text.SignInNeeded, Args: map[string]string{"account": "zoe@contoso.example"}, Detail: "d", At: noon}
	c, _, _ := serve(t, f)
	for _, m := range append(methods(f), method{name: "Watch", call: func(ctx context.Context, s Service) (any, error) {
		return nil, s.Watch(ctx, func(state.State) {})
	}}) {
		t.Run(m.name, func(t *testing.T) {
			_, err := m.call(t.Context(), c)
			if p, ok := errors.AsType[*state.Problem](err); !ok || !reflect.DeepEqual(p, f.err) {
				t.Errorf("got %v, want %v", err, f.err)
			}
		})
	}
}

func TestAnyOtherErrorIsAnInternalProblemWithItsText(t *testing.T) {
	f := full()
	f.err = errors.New("disk on fire")
	c, _, _ := serve(t, f)
	_, err := c.Doctor(t.Context())
	if p, ok := errors.AsType[*state.Problem](err); !ok || p.Code != text.Internal || p.Detail != "disk on fire" {
		t.Errorf("got %#v, want internal with the text", err)
	}
}

func TestWithoutAResidentEveryMethodSaysNotRunning(t *testing.T) {
	dir := t.TempDir()
	dials := map[string]func(context.Context) (net.Conn, error){
		"no socket": func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "none"))
		},
		"nobody listens": func(ctx context.Context) (net.Conn, error) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, err
			}
			_ = ln.Close()
			return (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String())
		},
		"the platform says so": func(context.Context) (net.Conn, error) {
			return nil, fmt.Errorf("%w: no socket", platform.ErrNotServed)
		},
		"gone before the answer": func(context.Context) (net.Conn, error) {
			here, there := net.Pipe()
			_ = there.Close()
			return here, nil
		},
	}
	for name, dial := range dials {
		t.Run(name, func(t *testing.T) {
			c := NewClient(dial, "1")
			for _, m := range methods(full()) {
				_, err := m.call(t.Context(), c)
				if p, ok := errors.AsType[*state.Problem](err); !ok || p.Code != text.NotRunning {
					t.Errorf("%s: got %v, want not_running", m.name, err)
				}
			}
			err := c.Watch(t.Context(), func(state.State) {})
			if p, ok := errors.AsType[*state.Problem](err); !ok || p.Code != text.NotRunning {
				t.Errorf("Watch: got %v, want not_running", err)
			}
		})
	}
}

func TestTheVersionIsTheServers(t *testing.T) {
	c, _, _ := serve(t, full())
	if v, err := c.Version(t.Context()); v != "1.2.3" || err != nil {
		t.Errorf("got %q, %v, want 1.2.3", v, err)
	}
}

func TestCallsAtTheSameTimeDoNotMix(t *testing.T) {
	f := full()
	c, _, _ := serve(t, f)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := c.Session(t.Context(), strconv.Itoa(i)); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
			if got, err := c.Meetings(t.Context(), "x"); err != nil || !reflect.DeepEqual(got, f.meetings) {
				t.Errorf("call %d: %v, %v", i, got, err)
			}
		})
	}
	wg.Wait()
	seen := map[any]bool{}
	for _, a := range f.asked {
		seen[a] = true
	}
	for i := range 40 {
		if !seen["session "+strconv.Itoa(i)] {
			t.Errorf("call %d did not arrive", i)
		}
	}
}

func TestSummariesUpToTheLimitTravelAndOthersAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, markdown string
		want           text.Code
	}{
		{"as large as allowed", strings.Repeat("ä", maxSummary/2), ""},
		{"all quotes and line ends", strings.Repeat("\"\n", maxSummary/2), ""},
		{"all HTML", strings.Repeat("<&>\n", maxSummary/4), ""},
		{"one byte too many", strings.Repeat("a", maxSummary+1), text.SummaryTooLarge},
		{"not UTF-8", "caf\xe9", text.SummaryNotText},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := full()
			client, _, _ := serve(t, f)
			_, err := client.Post(t.Context(), state.PostRequest{Markdown: c.markdown})
			p, _ := errors.AsType[*state.Problem](err)
			switch {
			case c.want != "" && (p == nil || p.Code != c.want):
				t.Errorf("got %v, want %s", err, c.want)
			case c.want == "" && err != nil:
				t.Errorf("got %v, want none", err)
			case c.want == "" && f.last().(state.PostRequest).Markdown != c.markdown:
				t.Error("the summary changed on its way")
			}
		})
	}
}
