package app

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// tokenRequests counts the tenant's requests for tokens.
func (w *world) tokenRequests() (n int) {
	for path, times := range w.emu.Requests() {
		if strings.HasSuffix(path, "/token") {
			n += times
		}
	}
	return n
}

func TestEightCallersOfAnExpiredSessionMakeOneTokenRequest(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	if err := w.emu.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	before := w.tokenRequests()
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			if _, err := a.Meetings(t.Context(), s.ID); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if n := w.tokenRequests() - before; n != 1 {
		t.Errorf("got %d token requests, want 1", n)
	}
}

// fewAllocations is what a token may cost while it is valid; it takes three.
const fewAllocations = 8

func TestATokenWhileItIsValidCostsNextToNothing(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	source := tokens{a, w.signIn(a).ID}
	if _, err := source.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls, requests := w.items.calls.Load(), w.requests.Load()
	allocations := testing.AllocsPerRun(200, func() {
		if _, err := source.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if n := w.items.calls.Load() - calls; n != 0 {
		t.Errorf("got %d calls of the keyring, want none", n)
	}
	if n := w.requests.Load() - requests; n != 0 {
		t.Errorf("got %d requests, want none", n)
	}
	if allocations > fewAllocations {
		t.Errorf("got %.0f allocations, want %d at the most", allocations, fewAllocations)
	}
}

func BenchmarkTokenWhileValid(b *testing.B) {
	w := newWorld(b)
	a, _ := w.start()
	source := tokens{a, w.signIn(a).ID}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := source.Token(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
