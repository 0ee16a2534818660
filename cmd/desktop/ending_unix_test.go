//go:build !windows

package main

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
)

// waitFor polls until done, within what a busy computer needs.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.After(20 * time.Second); !done(); {
		select {
		case <-end:
			t.Fatal("in vain waited for", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestAResidentWithoutADesktopSaysWhatIsMissingAndEndsCalmly(t *testing.T) {
	p, s := scratch(t)
	var stderr bytes.Buffer
	cmd := exec.Command(os.Args[0], "--demo")
	cmd.Env = append([]string{asDebrief + "=1"}, p.environ...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	logged := func(line string) func() bool {
		return func() bool {
			b, _ := os.ReadFile(filepath.Join(s.paths.Log(), "debrief.log"))
			return strings.Contains(string(b), line)
		}
	}
	waitFor(t, "the resident to be without a tray", logged(`"no message bus: no tray icon"`))
	if p.running(t.Context(), s) == nil {
		t.Error("the local API does not answer")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	display, next := text.Problem(text.NoDisplay, nil)
	want := "debrief: " + display + "\n  " + next + "\n" +
		"debrief: " + text.S(text.NoTray) + "\n  " + text.S(text.DoctorBusNext) + "\n"
	if got := stderr.String(); got != want {
		t.Errorf("standard error: got\n%swant\n%s", got, want)
	}
	if !logged(`"msg":"quit"`)() {
		t.Error("the log does not tell the end")
	}
	lock, err := platform.Lock(s.paths.LockFile(), "post")
	if err != nil {
		t.Fatalf("the lock is not free: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

// pretend is a panel that notes the pages it is started at and then does what
// script says. It ends with the test.
func pretend(t *testing.T, script string) (p *panelProcess, pages func() string) {
	t.Helper()
	dir := t.TempDir()
	program, notes := filepath.Join(dir, "debrief-panel"), filepath.Join(dir, "pages")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\necho \"$6\" >> '"+notes+"'\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p = &panelProcess{
		paths: platform.Paths{Data: dir, Run: dir}, environ: os.Environ(), log: slog.New(slog.DiscardHandler),
		getenv: func(string) string { return ":0" }, find: func(string) (string, error) { return program, nil },
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, func() string {
		b, _ := os.ReadFile(notes)
		return strings.Join(strings.Fields(string(b)), " ")
	}
}

// ends ends the running panel as its person would.
func (p *panelProcess) ends(t *testing.T) (ended chan struct{}) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.running.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	return p.ended
}

func TestAPanelThatWasEndingWhenAskedForAPageIsStartedAgain(t *testing.T) {
	p, pages := pretend(t, "")
	if err := p.show(state.PageSessions); err != nil {
		t.Fatal(err)
	}
	first := string(state.PageSessions)
	waitFor(t, "the first panel", func() bool { return pages() == first })
	if err := p.show(state.PagePost); err != nil {
		t.Fatal(err)
	}
	<-p.ends(t)
	both := first + " " + string(state.PagePost)
	waitFor(t, "the second panel", func() bool { return pages() == both })

	// One that showed its page for a while was closed on purpose.
	if err := p.show(state.PageSessions); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.asked = p.asked.Add(-2 * missed)
	p.mu.Unlock()
	<-p.ends(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		t.Error("a panel that was closed is started again")
	}
}

func TestAPanelThatDoesNotEndIsMadeTo(t *testing.T) {
	t.Parallel()
	p, pages := pretend(t, "trap '' TERM")
	if err := p.show(state.PagePost); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the panel", func() bool { return pages() != "" })
	if err := p.show(state.PagePost); err != nil { // after Close it counts no more
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		t.Error("the panel runs")
	}
}
