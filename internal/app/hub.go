package app

import (
	"context"
	"sync"

	"debrief/internal/app/state"
)

// hub keeps the newest snapshot and wakes whoever watches. A watcher that is
// busy skips the snapshots in between.
type hub struct {
	mu      sync.Mutex
	newest  state.State
	changed chan struct{} // closed and replaced at each change
}

func newHub() *hub { return &hub{changed: make(chan struct{})} }

func (h *hub) set(s state.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Revision = h.newest.Revision + 1
	h.newest = s
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *hub) snapshot() state.State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.newest
}

func (h *hub) watch(ctx context.Context, next func(state.State)) error {
	for {
		h.mu.Lock()
		s, changed := h.newest, h.changed
		h.mu.Unlock()
		next(s)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// keyed is a set of mutexes, one for each key in use.
type keyed struct {
	mu   *sync.Mutex
	held map[string]*keyLock
}

type keyLock struct {
	sync.Mutex
	users int
}

func newKeyed() keyed { return keyed{mu: new(sync.Mutex), held: map[string]*keyLock{}} }

// lock waits for key and returns what gives it back.
func (k keyed) lock(key string) (unlock func()) {
	k.mu.Lock()
	l := k.held[key]
	if l == nil {
		l = &keyLock{}
		k.held[key] = l
	}
	l.users++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		if l.users--; l.users == 0 {
			delete(k.held, key)
		}
		k.mu.Unlock()
	}
}
