package app

import (
	"slices"
	"testing"

	"debrief/internal/app/state"
)

// A crash between the last session's clear and the clear of the signing key leaves
// the key: it goes at the next start, and a sign-in then makes another.
func TestASigningKeyThatACrashLeftIsNotUsedOnceItIsRemoved(t *testing.T) {
	w := newWorld(t)
	_, sealed := w.parts()
	if err := sealed.Put(t.Context(), signingEntry, rand32()); err != nil {
		t.Fatal(err)
	}
	if err := sealed.Close(); err != nil {
		t.Fatal(err)
	}
	a, kill := w.start()
	if names, err := a.d.Vault.Names(); err != nil || len(names) != 0 {
		t.Fatalf("after the start the vault names %q, %v; want nothing", names, err)
	}
	w.signIn(a)
	if names, err := a.d.Vault.Names(); err != nil || !slices.Contains(names, signingEntry) {
		t.Errorf("after the sign-in the vault names %q, %v; want the signing key", names, err)
	}
	kill()
	a, _ = w.start()
	if list := sessions(t, a); len(list) != 1 || list[0].Status != state.Active {
		t.Errorf("got %+v, want one active session", list)
	}
}
