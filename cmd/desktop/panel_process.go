package main

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"sync"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
)

// panelProcess starts debrief-panel when a window is wanted and none is open. A
// running panel learns from the published state which page to show.
type panelProcess struct {
	paths   platform.Paths
	environ []string
	getenv  func(string) string
	demo    bool
	log     *slog.Logger

	mu      sync.Mutex
	running *exec.Cmd
	closed  bool
	ended   sync.WaitGroup
}

func (p *panelProcess) show(page state.Page) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("debrief: quitting")
	}
	if p.running != nil {
		return nil
	}
	if !platform.HasDisplay(p.getenv) {
		return &state.Problem{Code: text.NoDisplay}
	}
	program, err := platform.FindHelper("debrief-panel")
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
	p.running = cmd
	p.ended.Go(func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.running = nil
		closed := p.closed
		p.mu.Unlock()
		if err != nil && !closed {
			p.log.Warn("the panel ended", "program", "debrief-panel", "err", err.Error())
		}
	})
	return nil
}

// Close ends the panel and waits for it. Its text, if any, was the panel's to
// save: it notices that the resident is gone.
func (p *panelProcess) Close() error {
	p.mu.Lock()
	p.closed = true
	cmd := p.running
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	err := terminate(cmd.Process)
	p.ended.Wait()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
