package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/cli"
	"debrief/internal/platform"
	"debrief/internal/text"
)

// asDebrief makes this test's program be Debrief when it is run again.
const asDebrief = "RUN_AS_DEBRIEF"

func TestMain(m *testing.M) {
	if os.Getenv(asDebrief) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// scratch is a Debrief of its own folder: no tray, no display, no keyring.
func scratch(t *testing.T) (*program, setup) {
	t.Helper()
	p := &program{version: "1", getenv: func(string) string { return "" }}
	p.environ = []string{"DEBRIEF_HOME=" + t.TempDir(), "DEBRIEF_VAULT=memory"}
	s, err := p.prepare(cli.Options{Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

// resident stands in for one that runs: it holds the lock and answers.
type resident struct {
	api.Service
	quit  func() // of Quit
	state error
	show  error
}

func (r *resident) State(context.Context) (state.State, error)    { return state.State{}, r.state }
func (r *resident) Show(_ context.Context, page state.Page) error { return r.show }
func (r *resident) Quit(context.Context) error                    { r.quit(); return nil }

// runs lets r, of a version, hold the lock of s and answer until end, or until the
// test ends.
func (r *resident) runs(t *testing.T, s setup, version, holder string) (end func()) {
	t.Helper()
	lock, err := platform.Lock(s.paths.LockFile(), holder)
	if err != nil {
		t.Fatal(err)
	}
	l, err := platform.Listen(s.paths)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- api.NewServer(r, version, slog.New(slog.DiscardHandler)).Serve(ctx, l) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, lock.Unlock()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return end
}

func TestALaunchMeetsTheOneThatRuns(t *testing.T) {
	gone := &state.Problem{Code: text.NotRunning}
	const never = time.Hour
	cases := []struct {
		name     string
		resident resident
		version  string
		holder   string
		ends     time.Duration // after the launch, when the other gives the lock back
		hidden   bool
		wantLock bool
		wantCode text.Code
		wantBusy string
		wantQuit int
		from, to time.Duration // how long the launch takes
	}{
		{name: "a resident is shown", version: "1", holder: asResident, ends: never, to: time.Second},
		{name: "a resident is left alone by a hidden launch", version: "1", holder: asResident, ends: never, hidden: true, to: time.Second},
		{name: "what a resident cannot show is told", resident: resident{show: &state.Problem{Code: text.NoDisplay}},
			version: "1", holder: asResident, ends: never, wantCode: text.NoDisplay, to: time.Second},
		{name: "a resident that quits is waited for", resident: resident{state: gone, show: gone},
			version: "1", holder: asResident, ends: 18 * time.Second, wantLock: true, from: 18 * time.Second, to: 19 * time.Second},
		{name: "a resident that quits is waited for by a hidden launch", resident: resident{state: gone, show: gone},
			version: "1", holder: asResident, ends: 18 * time.Second, hidden: true, wantLock: true, from: 18 * time.Second, to: 19 * time.Second},
		{name: "a resident that is asked to quit just now is waited for", resident: resident{show: gone},
			version: "1", holder: asResident, ends: 18 * time.Second, wantLock: true, from: 18 * time.Second, to: 19 * time.Second},
		{name: "a resident that never ends is told", resident: resident{state: gone, show: gone}, version: "1", holder: asResident,
			ends: never, wantCode: text.Busy, wantBusy: "quit", from: forEnd, to: forEnd + time.Second},
		{name: "an older resident is asked to quit once and waited for",
			version: "0", holder: asResident, ends: 18 * time.Second, wantLock: true, wantQuit: 1, from: 18 * time.Second, to: 19 * time.Second},
		{name: "a verb at work is waited for", version: "1", holder: "post", ends: 5 * time.Second, wantLock: true,
			from: 5 * time.Second, to: 6 * time.Second},
		{name: "a verb that goes on working is named", version: "1", holder: "post", ends: never, wantCode: text.Busy,
			wantBusy: "post", from: forVerb, to: forVerb + time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, s := scratch(t)
			quits := 0
			c.resident.quit = func() { quits++ }
			end := c.resident.runs(t, s, c.version, c.holder)
			// The server is outside of the bubble: only the launch's waiting is on its clock.
			synctest.Test(t, func(t *testing.T) {
				defer time.AfterFunc(c.ends, end).Stop()
				began := time.Now()
				lock, err := p.takeOver(t.Context(), s, !c.hidden)
				took := time.Since(began)
				if (lock != nil) != c.wantLock {
					t.Errorf("lock: got %v, want %t", lock, c.wantLock)
				}
				if lock != nil {
					if err := lock.Unlock(); err != nil {
						t.Error(err)
					}
				}
				got, _ := errors.AsType[*state.Problem](err)
				if got == nil {
					got = &state.Problem{}
				}
				if got.Code != c.wantCode || got.Args["verb"] != c.wantBusy || (err != nil) != (c.wantCode != "") {
					t.Errorf("error: got %v, want %q, busy with %q", err, c.wantCode, c.wantBusy)
				}
				if took < c.from || took > c.to {
					t.Errorf("took %v, want %v to %v", took, c.from, c.to)
				}
			})
			if quits != c.wantQuit {
				t.Errorf("asked to quit %d times, want %d", quits, c.wantQuit)
			}
		})
	}
}

func TestAVerbWaitsForAResidentThatQuits(t *testing.T) {
	p, s := scratch(t)
	r := &resident{state: &state.Problem{Code: text.NotRunning}}
	end := r.runs(t, s, "1", asResident)
	synctest.Test(t, func(t *testing.T) {
		time.AfterFunc(18*time.Second, end)
		lock, client, err := p.lock(t.Context(), s, "post")
		if err != nil || lock == nil || client != nil {
			t.Fatalf("got %v, %v, %v, want the lock", lock, client, err)
		}
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnInterruptedWaitIsACancelling(t *testing.T) {
	p, s := scratch(t)
	new(resident).runs(t, s, "1", "post")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if lock, err := p.takeOver(ctx, s, true); lock != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v, want %v", lock, err, context.Canceled)
	}
}

func TestAResidentThatWasAskedToQuitSaysThatItDoesNotRun(t *testing.T) {
	p, s := scratch(t)
	i, err := p.wire(t.Context(), s, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (served{i.app}).State(t.Context()); err != nil {
		t.Errorf("before: %v", err)
	}
	if err := i.app.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := (served{i.app}).State(t.Context()); !notRunning(err) {
		t.Errorf("after: got %v, want %s", err, text.NotRunning)
	}
	if err := errors.Join(i.end(t.Context(), func() {}), i.endLog()); err != nil {
		t.Error(err)
	}
}

func TestAFileInTheWayIsNamed(t *testing.T) {
	for _, name := range []string{"sessions", "outbox", "tenant", "log"} {
		t.Run(name, func(t *testing.T) {
			p, s := scratch(t)
			path := filepath.Join(s.paths.Data, name)
			if err := os.WriteFile(path, nil, platform.FileMode); err != nil {
				t.Fatal(err)
			}
			_, err := p.wire(t.Context(), s, true)
			got, ok := errors.AsType[*state.Problem](err)
			if !ok || got.Code != text.FileUnreadable || !strings.HasPrefix(got.Args["path"], path) {
				t.Errorf("got %v, want %s of %s", err, text.FileUnreadable, path)
			}
		})
	}
}

func TestProblemsOfFiles(t *testing.T) {
	of := func(path string, err error) error { return &fs.PathError{Op: "open", Path: path, Err: err} }
	cases := []struct {
		name string
		err  error
		code text.Code
		path string
	}{
		{"the file below is named", of("/d/x.json", fs.ErrPermission), text.FileUnreadable, "/d/x.json"},
		{"a temporary file is not", of("/d/.x.json.123.tmp", syscall.ENOSPC), text.DiskFull, "/d"},
		{"a read-only disk", of("/d/lock", syscall.EROFS), text.DiskFull, "/d/lock"},
		{"no path", errors.New("no id in it"), text.FileUnreadable, "/d"},
		{"cancelled", context.Canceled, "", ""},
		{"none", nil, "", ""},
	}
	for _, c := range cases {
		got := problemOfFile("/d", c.err)
		p, ok := errors.AsType[*state.Problem](got)
		if c.code == "" {
			if got != c.err {
				t.Errorf("%s: got %v, want %v", c.name, got, c.err)
			}
			continue
		}
		if !ok || p.Code != c.code || p.Args["path"] != c.path {
			t.Errorf("%s: got %+v, want %s of %s", c.name, got, c.code, c.path)
		}
	}
}
