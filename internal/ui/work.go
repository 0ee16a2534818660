package ui

import (
	"context"
	"sync"
	"time"

	"debrief/internal/app/state"
)

// ui runs f on the goroutine that owns the widgets. It is the one place that
// crosses to it. After the window is closed nothing runs any more.
func (p *Panel) ui(f func()) {
	if p.closed.Load() {
		return
	}
	p.d.Dispatch(func() {
		if !p.closed.Load() {
			f()
		}
	})
}

// call runs work off the interface's goroutine and done on it, with what work
// returned. within bounds it; 0 leaves that to the person. The returned function
// cancels; done is called then too.
func call[T any](p *Panel, within time.Duration, work func(context.Context) (T, error), done func(T, error)) context.CancelFunc {
	ctx, cancel := context.WithCancel(p.ctx)
	if within > 0 {
		ctx, cancel = context.WithTimeout(p.ctx, within)
	}
	p.workers.Go(func() {
		defer cancel()
		v, err := work(ctx)
		p.ui(func() { done(v, err) })
	})
	return cancel
}

// act is call for work that returns nothing.
func act(p *Panel, within time.Duration, work func(context.Context) error, done func(error)) context.CancelFunc {
	return call(p, within, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) },
		func(_ struct{}, err error) { done(err) })
}

// watch shows each new snapshot until the resident is gone. Snapshots that come
// while one waits to be shown replace it.
func (p *Panel) watch() {
	p.workers.Go(func() {
		var mu sync.Mutex
		var newest *state.State
		err := p.d.Service.Watch(p.ctx, func(s state.State) {
			mu.Lock()
			waits := newest != nil
			newest = &s
			mu.Unlock()
			if waits {
				return
			}
			p.ui(func() {
				mu.Lock()
				s := *newest
				newest = nil
				mu.Unlock()
				p.apply(s)
			})
		})
		if p.ctx.Err() == nil {
			p.ui(func() { p.lose(err) })
		}
	})
}

// timer is one pending call on the interface's goroutine; starting it again
// replaces it.
type timer struct{ stop func() }

func (t *timer) start(p *Panel, after time.Duration, f func()) {
	t.cancel()
	t.stop = p.d.After(after, func() { p.ui(f) })
}

func (t *timer) cancel() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
	}
}
