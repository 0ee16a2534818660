//go:build linux

package story

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Measure starts Debrief on a virtual desktop and says how long the tray icon and
// the panel take, and what the resident costs at rest.
func Measure(ctx context.Context, c Config) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	d, err := NewDesktop(ctx, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	t := &teller{Config: c, d: d, held: newMemories()}
	if err := t.install(ctx); err != nil {
		return err
	}
	// The first start makes the tenant; the second is every day's.
	for _, name := range []string{"first launch", "launch"} {
		since := time.Now()
		if err := t.launch("--hidden"); err != nil {
			return err
		}
		if _, err := t.tray(ctx); err != nil {
			return err
		}
		c.Say("%s to tray icon: %d ms", name, time.Since(since).Milliseconds())
		if name == "first launch" {
			if err := t.quit(ctx); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"first panel", "panel"} {
		since := time.Now()
		if err := t.choose(ctx, "Open Debrief"); err != nil {
			return err
		}
		w, err := d.Window(ctx, panelClass)
		if err != nil {
			return err
		}
		err = until(ctx, startup, "the panel's first frame", func() error {
			img, err := w.Picture(ctx)
			if err == nil && blank(img) {
				err = errors.New("it is blank")
			}
			return err
		})
		if err != nil {
			return err
		}
		c.Say("%s, click to first frame: %d ms", name, time.Since(since).Milliseconds())
		if err := t.closePanel(ctx, w); err != nil {
			return err
		}
	}
	return t.atRest(ctx)
}

// resting is how long the resident is watched.
const resting = 30 * time.Second

func (t *teller) atRest(ctx context.Context) error {
	before, err := ticks(t.resident.pid())
	if err != nil {
		return err
	}
	select {
	case <-time.After(resting):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := ticks(t.resident.pid())
	if err != nil {
		return err
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(t.resident.pid()), "status"))
	if err != nil {
		return err
	}
	var memory []string
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "RssAnon") {
			memory = append(memory, strings.Join(strings.Fields(line), " "))
		}
	}
	t.Say("resident at rest: %s; %d clock ticks in %v", strings.Join(memory, ", "), after-before, resting)
	return t.quit(ctx)
}

// ticks is the processor time that a process has used, in clock ticks (proc(5)).
func ticks(pid int) (int, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ") // after the name, which may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is too short", pid)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}
