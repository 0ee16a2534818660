//go:build linux

package story

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config says what is played and where.
type Config struct {
	Tree  string // the source tree: its Makefile installs the programs
	Bin   string // folder of the built programs
	Shots string // folder for the screenshots; empty: none are kept
	// Say is told each step as it ends.
	Say func(format string, args ...any)
}

// teller plays the story.
type teller struct {
	Config
	d        *Desktop
	resident *process
	summary  string  // what was posted through the panel
	meeting  meeting // that it was posted for

	at   string // the step that is told
	held *memories
}

// step is a part of the story with a name that says what must hold.
type step struct {
	name string
	do   func(context.Context) error
}

// Play tells the main job from the first start to the last quit, and ends with
// the search for secrets. An error names the step that failed.
func Play(ctx context.Context, c Config) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	if c.Shots != "" {
		if err := clearShots(c.Shots); err != nil {
			return err
		}
	}
	d, err := NewDesktop(ctx, Options{Shots: c.Shots})
	if err != nil {
		return err
	}
	t := &teller{Config: c, d: d, held: newMemories()}
	defer func() { err = errors.Join(err, d.Close()) }()
	for _, s := range t.story() {
		since := time.Now()
		t.at = s.name
		err := errors.Join(s.do(ctx), t.note(s.name))
		if err != nil {
			return fmt.Errorf("story: %s: %w%s", s.name, err, t.failed(ctx))
		}
		c.Say("%5.1f s  %s", time.Since(since).Seconds(), s.name)
	}
	return nil
}

// check finds the programs before anything is started.
func (c Config) check() error {
	for _, name := range []string{"debrief", "debrief-panel", "debrief-signin"} {
		if _, err := os.Stat(filepath.Join(c.Bin, name)); err != nil {
			return fmt.Errorf("story: %w; `make test` builds the programs", err)
		}
	}
	return needed("make", "surf", "desktop-file-validate")
}

// clearShots removes the pictures of an earlier run.
func clearShots(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "[0-9][0-9]-*.png"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return nil
}

// note keeps what every process of the desktop shows to others, its command line
// and environment, for the search for secrets.
func (t *teller) note(step string) error {
	var b strings.Builder
	for _, r := range t.d.processes() {
		fmt.Fprintf(&b, "%s: %s\n%s\n%s\n", step, r.Name, r.Argv, r.Environ)
	}
	return t.d.capture("processes", b.String())
}

// look reads what the helpers that run now hold, for the search at the end.
func (t *teller) look() error {
	if t.held.key == nil {
		key, err := os.ReadFile(filepath.Join(t.data(), "vault.key"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		t.held.key = key
	}
	for _, r := range t.d.processes() {
		if slices.Contains(helpers, r.Name) {
			if err := t.held.look(r, t.at); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed gathers what helps to understand a failure.
func (t *teller) failed(ctx context.Context) string {
	var b strings.Builder
	if shot, err := t.d.Shot(ctx, "failed"); err == nil && t.Shots != "" {
		fmt.Fprintf(&b, "\nthe screen: %s", shot)
	}
	if t.resident != nil {
		fmt.Fprintf(&b, "\nDebrief said: %s", tail(t.resident.log))
	}
	logs, _ := filepath.Glob(filepath.Join(t.data(), "log", "*"))
	for _, l := range logs {
		fmt.Fprintf(&b, "\n%s:\n%s", filepath.Base(l), tail(l))
	}
	return b.String()
}

// data is the demo's data folder.
func (t *teller) data() string { return filepath.Join(t.d.Home, ".local/share/debrief-demo") }

// shot keeps a picture of the screen once it is still.
func (t *teller) shot(ctx context.Context, name string) error {
	if _, err := t.d.Still(ctx); err != nil {
		return err
	}
	_, err := t.d.Shot(ctx, name)
	return err
}
