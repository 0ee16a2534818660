//go:build linux

package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/story"
	"debrief/internal/text"
)

// patience bounds every wait for Debrief: it is far more than anything takes.
const patience = 60 * time.Second

// service is where Debrief keeps its secrets in the keyring.
const service = "Debrief"

// world is a bus with a keyring, a tenant, and a resident that can be killed.
type world struct {
	desk    *story.Desktop
	tenant  *tenant
	program string
	env     []string // of the resident and of verbs
	paths   platform.Paths
	client  *api.Client

	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has ended
	kills atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	program, err := filepath.Abs(cmp.Or(os.Getenv("TORTURE_BIN"), "../../build/bin/debrief"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v; `make build-resident` builds it", err)
	}
	desk, err := story.NewDesktop(t.Context(), story.Options{Headless: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := desk.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{desk: desk, program: program, tenant: startTenant(t, program, filepath.Join(desk.Root, "tenant"))}
	home := filepath.Join(desk.Home, "debrief")
	w.env = append(desk.Env(), w.tenant.settings()...)
	w.env = append(w.env, "DEBRIEF_HOME="+home, "BROWSER="+writeBrowser(t, desk.Root, w.tenant.CAFile))
	if w.paths, err = platform.FindPaths(home, false, func(name string) string {
		return map[string]string{"XDG_RUNTIME_DIR": desk.Runtime, "HOME": desk.Home}[name]
	}); err != nil {
		t.Fatal(err)
	}
	w.client = api.NewClient(func(ctx context.Context) (net.Conn, error) { return platform.Dial(ctx, w.paths) }, "torture")
	t.Cleanup(w.kill)
	return w
}

// log is what the residents have printed.
func (w *world) log() string { return filepath.Join(w.desk.Root, "resident.log") }

// start starts the resident; it does not wait for it.
func (w *world) start() error {
	out, err := os.OpenFile(w.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(w.program, "--hidden")
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = w.env, w.desk.Home, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cmd, w.ended = cmd, make(chan struct{})
	go func() { // ends with the resident
		_ = cmd.Wait()
		close(w.ended)
	}()
	return nil
}

// kill ends the resident, alone, as a crash would.
func (w *world) kill() {
	if w.cmd == nil {
		return
	}
	w.kills.Add(1)
	_ = w.cmd.Process.Kill() // it may have ended by itself, which alive tells
	<-w.ended
}

// alive is an error when the resident has ended by itself.
func (w *world) alive() error {
	select {
	case <-w.ended:
		return fmt.Errorf("the resident ended by itself (%v)", w.cmd.ProcessState)
	default:
		return nil
	}
}

// ready waits until the resident has finished what an earlier one left.
func (w *world) ready(ctx context.Context) error {
	return until(ctx, "the resident to be ready", func() error {
		if err := w.alive(); err != nil {
			return final{err}
		}
		s, err := w.client.State(ctx)
		if err == nil && !s.Ready {
			err = errors.New("it still starts")
		}
		return err
	})
}

// final is an error that no waiting changes.
type final struct{ error }

// until polls ok, which is nil when what is waited for is there.
func until(ctx context.Context, what string, ok func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		if f, is := errors.AsType[final](err); is {
			return fmt.Errorf("waiting for %s: %w", what, f.error)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited for %s: %w", what, err)
		case <-tick.C:
		}
	}
}

// wait lets d pass, or ctx end.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// interrupted reports whether a failure is that the resident went away, or is not
// there yet, or that the load was ended. A verb that is Debrief itself for a
// moment, and ends, cancels what others asked it; nobody else here cancels.
func interrupted(ctx context.Context, err error) bool {
	p, ok := errors.AsType[*state.Problem](err)
	return ctx.Err() != nil || ok && (p.Code == text.NotRunning || p.Code == text.SignInCancelled ||
		strings.Contains(p.Detail, context.Canceled.Error()))
}

// tail is the end of a file, for failures.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}
