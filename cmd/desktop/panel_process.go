package main

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
)

const (
	// missed is how long before its end a panel may have been asked for a page
	// without showing it any more.
	missed = 1500 * time.Millisecond
	// panelEnd bounds the waiting for the panel's end, once it was asked to end
	// and once more when it was made to.
	panelEnd = 3 * time.Second
)

// panelProcess starts debrief-panel when a window is wanted and none is open. A
// running panel learns from the published state which page to show.
type panelProcess struct {
	paths   platform.Paths
	environ []string
	getenv  func(string) string
	find    func(name string) (string, error) // where a program of ours lies
	demo    bool
	log     *slog.Logger

	mu      sync.Mutex
	running *exec.Cmd
	ended   chan struct{} // closed once running was waited for
	page    state.Page    // asked of the running one last, at asked
	asked   time.Time
	closed  bool
}

// show starts the panel at page; one that runs is left to follow the state, and is
// started again if it was just ending.
func (p *panelProcess) show(page state.Page) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return &state.Problem{Code: text.NotRunning}
	}
	if p.running != nil {
		p.page, p.asked = page, time.Now()
		return nil
	}
	return p.start(page)
}

// start starts the program; the caller holds mu.
func (p *panelProcess) start(page state.Page) error {
	if !platform.HasDisplay(p.getenv) {
		return &state.Problem{Code: text.NoDisplay}
	}
	program, err := p.find("debrief-panel")
	if err != nil {
		return &state.Problem{Code: text.HelperMissing, Args: map[string]string{"program": "debrief-panel"}, Detail: err.Error()}
	}
	args := []string{"--data", p.paths.Data, "--run", p.paths.Run, "--page", string(page)}
	if p.demo {
		args = append(args, "--demo")
	}
	cmd := exec.Command(program, args...)
	cmd.Env = platform.HelperEnv(p.environ)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return &state.Problem{Code: text.HelperMissing, Args: map[string]string{"program": "debrief-panel"}, Detail: err.Error()}
	}
	ended := make(chan struct{})
	p.running, p.ended, p.asked = cmd, ended, time.Time{}
	go func() {
		defer close(ended)
		p.over(cmd.Wait())
	}()
	return nil
}

// over notes that the running panel ended with err.
func (p *panelProcess) over(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = nil
	if p.closed {
		return
	}
	if err != nil {
		p.log.Warn("the panel ended", "program", "debrief-panel", "err", err.Error())
	}
	if time.Since(p.asked) > missed {
		return
	}
	if err := p.start(p.page); err != nil {
		p.log.Warn("the panel was not started again", "program", "debrief-panel", "err", err.Error())
	}
}

// Close ends the panel and waits for it, not for ever. Its text, if any, was the
// panel's to save: it notices that the resident is gone.
func (p *panelProcess) Close() error {
	p.mu.Lock()
	p.closed = true
	cmd, ended := p.running, p.ended
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	var errs []error
	for _, end := range []func(*os.Process) error{terminate, (*os.Process).Kill} {
		errs = append(errs, end(cmd.Process))
		select {
		case <-ended:
			return nil
		case <-time.After(panelEnd):
		}
	}
	return errors.Join(append(errs, errors.New("debrief: the panel does not end"))...)
}
