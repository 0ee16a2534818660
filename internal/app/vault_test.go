package app

import (
	"testing"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
	"debrief/internal/vault/file"
)

// useFile gives the world a file vault, cheap to open.
func (w *world) useFile() *file.Items {
	w.t.Helper()
	items, err := file.New(file.Options{Dir: w.dir, WorkFactor: 10})
	if err != nil {
		w.t.Fatal(err)
	}
	return items
}

func TestAFileVaultIsOpenedWithItsPassphraseOncePerStart(t *testing.T) {
	w := newWorld(t)
	w.file = true
	a, kill := w.start()
	if err := a.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("a few words")}); codeOf(err) != text.VaultNotCreated {
		t.Errorf("before it is made: got %v", err)
	}
	if err := a.OpenVault(t.Context(), state.OpenVault{New: true}); codeOf(err) != text.VaultNoPassphrase {
		t.Errorf("an empty passphrase: got %v", err)
	}
	if err := a.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("a few words"), New: true}); err != nil {
		t.Fatal(err)
	}
	s := w.signIn(a)
	kill()

	b, _ := w.start()
	now, err := b.State(t.Context())
	if err != nil || now.Keyring.State != vault.Locked || len(now.Problems) == 0 || now.Problems[0].Code != text.VaultNeedsPassphrase {
		t.Errorf("after a start: %+v, %+v, %v; want it locked and told", now.Keyring, now.Problems, err)
	}
	if err := b.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("other words")}); codeOf(err) != text.VaultWrongPassphrase {
		t.Errorf("a wrong passphrase: got %v", err)
	}
	if err := b.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("a few words"), New: true}); codeOf(err) != text.VaultExists {
		t.Errorf("choosing it again: got %v", err)
	}
	if err := b.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("a few words")}); err != nil {
		t.Fatal(err)
	}
	if list := sessions(t, b); len(list) != 1 || list[0].ID != s.ID || list[0].Status != state.Active {
		t.Errorf("got %+v, want the session, active", list)
	}
	if p := post(t, b, meeting(t, b), "From the file"); p.State != state.Posted {
		t.Errorf("got %s, want posted", p.State)
	}
}

func TestMovingTheVaultKeepsEverySessionUsable(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	if _, err := a.MoveVault(t.Context(), state.MoveVault{To: "cloud"}); codeOf(err) != text.VaultKind {
		t.Errorf("an unknown kind: got %v", err)
	}
	if _, err := a.MoveVault(t.Context(), state.MoveVault{To: "file"}); codeOf(err) != text.VaultNoPassphrase {
		t.Errorf("without a passphrase: got %v", err)
	}
	done, err := a.MoveVault(t.Context(), state.MoveVault{To: "file", Passphrase: state.Passphrase("a few words"), New: true})
	if err != nil || done.Entries != 2 {
		t.Fatalf("got %+v, %v; want the cache and the signing key moved", done, err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("the keyring still holds %d items", n)
	}
	if p := post(t, a, meeting(t, a), "After the move"); p.State != state.Posted {
		t.Errorf("got %s, want posted", p.State)
	}
	kill()

	// The setting still says keyring: nothing is taken for empty.
	b, kill := w.start()
	if list := sessions(t, b); len(list) != 1 || list[0].Status == state.NeedsSignIn {
		t.Errorf("got %+v, want the session untouched", list)
	}
	if now, err := b.State(t.Context()); err != nil || len(now.Problems) == 0 || now.Problems[0].Code != text.VaultElsewhere {
		t.Errorf("got %+v, %v; want it told where the secrets are", now.Problems, err)
	}
	kill()

	w.file = true
	c, _ := w.start()
	if err := c.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("a few words")}); err != nil {
		t.Fatal(err)
	}
	if list := sessions(t, c); len(list) != 1 || list[0].ID != s.ID || list[0].Status != state.Active {
		t.Errorf("got %+v, want the session, active", list)
	}
}

func TestAKeyringHasNoPassphrase(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	if err := a.OpenVault(t.Context(), state.OpenVault{Passphrase: state.Passphrase("x")}); codeOf(err) != text.VaultNotFile {
		t.Errorf("got %v, want %s", err, text.VaultNotFile)
	}
}
