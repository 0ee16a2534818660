//go:build linux

package story

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Window is a window of a program on the desktop.
type Window struct {
	desktop *Desktop
	id      string
}

// Window waits for a visible window of a class, and for its having the keyboard.
func (d *Desktop) Window(ctx context.Context, class string) (*Window, error) {
	var w *Window
	err := until(ctx, startup, "a window of "+class, func() error {
		ids, err := d.windows(ctx, class)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return errors.New("there is none")
		}
		w = &Window{desktop: d, id: ids[len(ids)-1]}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w, w.Focus(ctx)
}

// windows lists the visible windows of a class that the window manager knows.
func (d *Desktop) windows(ctx context.Context, class string) ([]string, error) {
	// xdotool exits with 1 and says nothing where there is none.
	out, err := d.tool(ctx, "xdotool", "search", "--onlyvisible", "--class", "^"+regexp.QuoteMeta(class)+"$")
	if err != nil && out == "" && strings.HasSuffix(err.Error(), "exit status 1: ") {
		return nil, nil
	}
	return strings.Fields(out), err
}

// Focus gives the window the keyboard.
func (w *Window) Focus(ctx context.Context) error {
	return until(ctx, soon, "the window to have the keyboard", func() error {
		active, err := w.desktop.tool(ctx, "xdotool", "getactivewindow")
		if err == nil && strings.TrimSpace(active) == w.id {
			return nil
		}
		_, err = w.desktop.tool(ctx, "xdotool", "windowactivate", w.id)
		return errors.Join(errors.New("another window has it"), err)
	})
}

// Title is what the window's title bar says.
func (w *Window) Title(ctx context.Context) (string, error) {
	out, err := w.desktop.tool(ctx, "xdotool", "getwindowname", w.id)
	return strings.TrimSpace(out), err
}

// Key presses a key, such as "Return" or "ctrl+Return", in this window.
func (w *Window) Key(ctx context.Context, keys ...string) error {
	if err := w.Focus(ctx); err != nil {
		return err
	}
	_, err := w.desktop.tool(ctx, append([]string{"xdotool", "key", "--clearmodifiers", "--delay", "40"}, keys...)...)
	return err
}

// KeyUntil presses a key until done is nil, as a person does who sees that a page
// has not taken it yet.
func (w *Window) KeyUntil(ctx context.Context, key, what string, done func() error) error {
	var pressed time.Time
	return until(ctx, startup, what, func() error {
		err := done()
		if err == nil || time.Since(pressed) < scaled(2*time.Second) {
			return err
		}
		pressed = time.Now()
		// The window may just have gone; then the press waits for it in vain.
		ctx, cancel := context.WithTimeout(ctx, scaled(2*time.Second))
		defer cancel()
		_, press := w.desktop.tool(ctx, "xdotool", "windowactivate", "--sync", w.id, "key", key)
		return errors.Join(err, press)
	})
}

// Type types text into this window, a line break as Return. Keep to what a US
// keyboard has: for other characters xdotool changes the keyboard under way, and
// programs that look too late miss them.
func (w *Window) Type(ctx context.Context, text string) error {
	if err := w.Focus(ctx); err != nil {
		return err
	}
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			if err := w.Key(ctx, "Return"); err != nil {
				return err
			}
		}
		if line == "" {
			continue
		}
		if _, err := w.desktop.tool(ctx, "xdotool", "type", "--clearmodifiers", "--delay", "15", "--", line); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the window as its title bar's cross does, and waits until it is gone.
func (w *Window) Close(ctx context.Context) error {
	if _, err := w.desktop.tool(ctx, "xdotool", "windowclose", w.id); err != nil {
		return err
	}
	return w.Gone(ctx)
}

// Gone waits until the window is no longer there.
func (w *Window) Gone(ctx context.Context) error {
	return until(ctx, startup, "the window to be gone", w.gone(ctx))
}

func (w *Window) gone(ctx context.Context) func() error {
	return func() error {
		if _, err := w.desktop.tool(ctx, "xwininfo", "-id", w.id); err != nil {
			return nil // no such window
		}
		return errors.New("it is there")
	}
}

// Press clicks a mouse button at a place of the screen. The pointer stays there.
func (d *Desktop) Press(ctx context.Context, x, y, button int) error {
	_, err := d.tool(ctx, "xdotool", "mousemove", strconv.Itoa(x), strconv.Itoa(y), "click", strconv.Itoa(button))
	return err
}

// Aside moves the pointer to where it calls up no tooltip.
func (d *Desktop) Aside(ctx context.Context) error {
	_, err := d.tool(ctx, "xdotool", "mousemove", strconv.Itoa(d.width-1), strconv.Itoa(d.height-1))
	return err
}

// Keys presses keys wherever the keyboard is, for menus.
func (d *Desktop) Keys(ctx context.Context, keys ...string) error {
	_, err := d.tool(ctx, append([]string{"xdotool", "key"}, keys...)...)
	return err
}
