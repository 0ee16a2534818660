package tray

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"fyne.io/systray"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

// Options of Run; all are needed.
type Options struct {
	Service api.Service
	// Ready and Attention are the icon's two looks: PNG (ICO on Windows).
	Ready, Attention []byte
	Log              *slog.Logger
}

// Run shows the tray until ctx ends, and returns then. It must be called from
// the main goroutine, and once in a process. Where no tray host listens the icon
// waits for one.
//
// At its end the library closes the message bus connection that it shares with
// go-keyring: who writes to the keyring has to be done before ctx ends.
func Run(ctx context.Context, o Options) {
	t := &tray{o: o, ctx: ctx}
	name := text.S(text.AppName)
	if s, err := o.Service.State(ctx); err == nil {
		t.last = s
		if s.Demo {
			name = text.S(text.AppNameDemo)
		}
	}
	systray.SetTitle(name) // before the start: hosts remember the item by it
	systray.SetOnTapped(func() { t.do(Item{Action: Open}) })
	stop := context.AfterFunc(ctx, systray.Quit)
	defer stop()
	var watching sync.WaitGroup
	systray.Run(func() {
		t.show(t.last)
		watching.Go(func() {
			if err := o.Service.Watch(ctx, t.show); err != nil {
				o.Log.Error("the tray is not told of changes", "err", err.Error())
			}
		})
	}, nil)
	watching.Wait()
	t.working.Wait()
}

type tray struct {
	o    Options
	ctx  context.Context // of Run: ends what the menu started
	last state.State

	shown []Item
	items []*systray.MenuItem // nil for separators
	stop  context.CancelFunc  // of the goroutines that wait for clicks
	// working counts those goroutines and the choices that they carry out.
	working sync.WaitGroup
	look    Look
}

// show brings the tray to s. The menu is rebuilt only when its structure
// changes, for a rebuilt menu closes under the person's pointer; labels are
// changed in place.
func (t *tray) show(s state.State) {
	if look := Icon(s); look != t.look {
		if look.Attention != t.look.Attention || t.look.Tooltip == "" {
			icon := t.o.Ready
			if look.Attention {
				icon = t.o.Attention
			}
			systray.SetIcon(icon)
		}
		systray.SetTooltip(look.Tooltip)
		t.look = look
	}
	menu := Menu(s)
	if sameStructure(menu, t.shown) {
		for i, item := range menu {
			if item.Label != t.shown[i].Label {
				t.items[i].SetTitle(item.Label)
			}
		}
		t.shown = menu
		return
	}
	t.rebuild(menu)
}

func (t *tray) rebuild(menu []Item) {
	if t.stop != nil {
		t.stop()
	}
	ctx, stop := context.WithCancel(t.ctx)
	t.stop, t.shown, t.items = stop, menu, make([]*systray.MenuItem, len(menu))
	systray.ResetMenu()
	for i, item := range menu {
		if item.Separator() {
			systray.AddSeparator()
			continue
		}
		m := systray.AddMenuItem(item.Label, "")
		t.items[i] = m
		if item.Action == "" {
			m.Disable()
			continue
		}
		t.working.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case _, clicked := <-m.ClickedCh:
					if !clicked { // closed: the library has removed the entry
						return
					}
					t.do(item)
				}
			}
		})
	}
}

// sameStructure reports whether only labels differ.
func sameStructure(x, y []Item) bool {
	return slices.EqualFunc(x, y, func(a, b Item) bool {
		return a.Separator() == b.Separator() && a.Action == b.Action && a.Arg == b.Arg
	})
}

// do carries out a choice, off the tray's path.
func (t *tray) do(item Item) {
	t.working.Go(func() {
		if err := Do(t.ctx, t.o.Service, item); err != nil && t.ctx.Err() == nil {
			t.o.Log.Info("a choice in the tray failed", "op", string(item.Action), "err", err.Error())
		}
	})
}

// Do carries out the choice of an item. Failures that a person should see come
// with the state.
func Do(ctx context.Context, svc api.Service, item Item) error {
	switch item.Action {
	case Post:
		return svc.Show(ctx, state.PagePost)
	case Open, Inspect, Account:
		return svc.Show(ctx, state.PageSessions)
	case ClearAll:
		return svc.Show(ctx, state.PageClearAll)
	case SignIn:
		_, err := svc.SignIn(ctx, state.SignIn{})
		return err
	case Cancel:
		return svc.CancelSignIn(ctx)
	case Unlock:
		err := svc.Unlock(ctx)
		if p, ok := errors.AsType[*state.Problem](err); ok && (p.Code == text.VaultNeedsPassphrase || p.Code == text.VaultNotCreated) {
			return svc.Show(ctx, state.PageSessions) // its passphrase is typed there
		}
		return err
	case Demo:
		return svc.OpenDemo(ctx)
	case Quit:
		return svc.Quit(ctx)
	}
	return nil
}
