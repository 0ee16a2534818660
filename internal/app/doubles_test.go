package app

import (
	"sync/atomic"
	"testing"
	"time"

	"debrief/internal/session"
)

// A crash at the end of a sign-in leaves a cache without a record. The record that
// the next run makes of it is younger than a sign-in that this run finished before.
func TestASignInOfThisRunIsNotDroppedForWhatACrashLeft(t *testing.T) {
	w := newWorld(t)
	var late atomic.Int64
	w.now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
	a, _ := w.start()
	s := w.signIn(a)
	cache, err := a.d.Vault.Get(t.Context(), cacheEntry(s.ID))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.d.Vault.Put(t.Context(), cacheEntry(session.NewID()), cache); err != nil {
		t.Fatal(err)
	}
	late.Store(int64(2 * time.Second))
	a.recover(t.Context())
	if list := sessions(t, a); len(list) != 1 || list[0].ID != s.ID {
		t.Errorf("got %+v, want the session %s that was signed in", list, s.ID)
	}
}
