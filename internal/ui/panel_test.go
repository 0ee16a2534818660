package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"debrief/internal/app/state"

	"fyne.io/fyne/v2"
)

func TestAGrownShowSeqTurnsToThePageThatWasAskedFor(t *testing.T) {
	b := newBench(t, &service{}, nil)
	s := signedIn(megan())
	s.ShowPage, s.ShowSeq = state.PagePost, 7
	b.state(s)
	if b.page != state.PageSessions {
		t.Errorf("the first snapshot turned to %s", b.page)
	}
	s.ShowSeq = 8
	b.state(s)
	if b.page != state.PagePost {
		t.Errorf("page %s, want post", b.page)
	}
}

func TestAPanelOpenedToClearAllAsksOnceTheSessionsAreKnown(t *testing.T) {
	b := newBench(t, &service{}, func(d *Deps) { d.Page = state.PageClearAll })
	b.state(signedIn(megan()))
	b.shows("Clear all sessions?")
	b.press("Cancel")
	b.state(signedIn(megan()))
	b.showsNot("Clear all sessions?")
}

func TestSnapshotsThatComeWhileOneWaitsReplaceIt(t *testing.T) {
	b := newBench(t, &service{}, nil)
	for i := range 20 {
		s := signedIn(megan())
		s.Revision = uint64(i + 1)
		b.svc.states <- s
	}
	if n := len(b.queue); n != 1 {
		t.Errorf("%d calls wait for the interface, want 1", n)
	}
	b.until("the newest is shown", func() bool { return b.st.Revision >= 19 })
}

func TestAPanelWithoutAResidentSaysSoAndEndsByItself(t *testing.T) {
	b := newBench(t, &service{stateErr: errors.New("no socket")}, nil)
	b.state(signedIn(megan()))
	b.svc.gone <- errors.New("stream ended")
	b.shows("Debrief is no longer running")
	b.golden("lost")
	b.press("Try again")
	b.shows("no socket")
	for range 70 {
		b.pass(time.Second)
	}
	if !b.closed.Load() {
		t.Error("the window is still open")
	}
}

func TestAPanelWhoseResidentIsBackGoesOn(t *testing.T) {
	b := newBench(t, &service{}, nil)
	b.state(signedIn(megan()))
	b.svc.gone <- errors.New("stream ended")
	b.shows("Debrief is no longer running")
	b.press("Try again")
	b.until("the answer is there", func() bool { return !b.lost.busy })
	b.state(signedIn(megan()))
	b.shows("Megan Bowen")
	b.showsNot("Debrief is no longer running")
}

func TestStartAgainKeepsTheTextForTheNewWindow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "drafts", "unsent.md")
	started := false
	b := newBench(t, &service{stateErr: errors.New("gone")}, func(d *Deps) {
		d.Unsent = file
		d.Restart = func(context.Context) error { started = true; return nil }
	})
	b.state(signedIn(megan()))
	b.write("half a summary")
	b.svc.gone <- errors.New("stream ended")
	b.shows("This window stays open until you close it.")
	for range 70 {
		b.pass(time.Second)
	}
	if b.closed.Load() {
		t.Fatal("closed with unsent text")
	}
	b.press("Start again")
	b.until("the window is closed", b.closed.Load)
	if got, err := os.ReadFile(file); !started || err != nil || string(got) != "half a summary" {
		t.Errorf("started %v, kept %q, %v", started, got, err)
	}
	next := newBench(t, &service{}, func(d *Deps) { d.Unsent = file })
	if got := next.post.editor.Text; got != "half a summary" {
		t.Errorf("the next window begins with %q", got)
	}
}

func TestClosingWithUnsentTextAsks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "unsent.md")
	b := newBench(t, &service{}, func(d *Deps) { d.Unsent = file })
	b.state(signedIn(megan()))
	b.write("half a summary")
	b.shortcut(fyne.KeyW, ctrl)
	b.golden("unsent")
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) // Keep writing has the focus
	if b.closed.Load() || b.modal != nil {
		t.Fatal("did not go on")
	}
	b.shortcut(fyne.KeyW, ctrl)
	b.press("Close and discard")
	if !b.closed.Load() {
		t.Error("the window is still open")
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("discarded text was kept")
	}
}

func TestAnEndThatCannotAskKeepsTheText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "unsent.md")
	b := newBench(t, &service{}, func(d *Deps) { d.Unsent = file })
	b.state(signedIn(megan()))
	b.write("half a summary")
	b.end() // a signal
	if got, err := os.ReadFile(file); err != nil || string(got) != "half a summary" {
		t.Errorf("kept %q, %v", got, err)
	}
}

func TestNothingTicksWithoutACountdown(t *testing.T) {
	b := newBench(t, &service{}, nil)
	ticks := func() (n int) {
		for _, x := range b.timer {
			if d := x.at.Sub(b.clock); d <= 10*time.Second {
				n++
			}
		}
		return n
	}
	b.state(signedIn())
	if n := ticks(); n != 0 {
		t.Errorf("%d timers without a session", n)
	}
	b.state(signedIn(megan()))
	if n := ticks(); n != 1 {
		t.Errorf("%d timers with a session, want 1", n)
	}
	b.shortcut(fyne.Key2, ctrl)
	if n := ticks(); n != 0 {
		t.Errorf("%d timers on the page Post, want 0", n)
	}
}

func TestShortcutsAreDistinctAndRestWhileADialogIsOpen(t *testing.T) {
	b := newBench(t, &service{}, nil)
	b.state(signedIn(megan()))
	seen := map[string]string{}
	for _, m := range b.win.MainMenu().Items {
		for _, i := range m.Items {
			if i.Shortcut == nil {
				continue
			}
			if other, twice := seen[i.Shortcut.ShortcutName()]; twice {
				t.Errorf("%s is both %q and %q", i.Shortcut.ShortcutName(), other, i.Label)
			}
			seen[i.Shortcut.ShortcutName()] = i.Label
		}
	}
	b.shortcut(fyne.KeyD, ctrl)
	b.shortcut(fyne.Key2, ctrl)
	if b.page != state.PageSessions {
		t.Error("a page was turned behind a dialog")
	}
}
