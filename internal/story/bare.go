//go:build linux

package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// bare starts Debrief where there is no display, no bus and no keyring, as over
// SSH on a server.
func (t *teller) bare(ctx context.Context) error {
	home := filepath.Join(t.d.Root, "bare")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home}
	p, err := t.d.start("bare", env, "", t.program(), "--demo", "--hidden")
	if err != nil {
		return err
	}
	defer p.end()
	// A verb that came before the resident would hold the folder itself.
	err = until(ctx, startup, "it to say what is missing", func() error {
		if t.d.captured("bare") == "" {
			return errors.Join(errors.New("it says nothing"), p.alive())
		}
		return nil
	})
	if err != nil {
		return err
	}
	ask := func(into any, args ...string) error {
		r, err := t.d.run(ctx, env, "", append([]string{t.program(), "--demo"}, args...)...)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(r.stdout), into)
	}
	var r report
	if err := ask(&r, "doctor", "--json"); err != nil {
		return err
	}
	for id, want := range map[string]string{"keyring": "absent", "display": "warning", "bus": "warning", "tray": "warning"} {
		if state, detail := r.check(id); state != want || r.OK {
			return fmt.Errorf("the check %q is %q (%s), want %q, in %+v", id, state, detail, want, r)
		}
	}
	var sessions []sessionRecord
	if err := ask(&sessions, "sessions", "--json"); err != nil {
		return err
	}
	if sessions == nil || len(sessions) != 0 {
		return fmt.Errorf("sessions --json printed %v, want []", sessions)
	}
	if err := p.alive(); err != nil {
		return err
	}
	q, err := t.d.run(ctx, env, "", t.program(), "--demo", "quit")
	if err != nil || q.code != 0 {
		return fmt.Errorf("%s, %w", q, err)
	}
	if err := p.ended(ctx, soon); err != nil {
		return err
	}
	if p.err != nil {
		return fmt.Errorf("it ended with %w: %s", p.err, tail(p.log))
	}
	// Without a bus a library may start one, with a keyring of its own.
	for _, other := range t.d.processes() {
		if strings.Contains(other.Environ, "HOME="+home) {
			return fmt.Errorf("it left %s running", other.Argv)
		}
	}
	return nil
}
