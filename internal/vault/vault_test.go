package vault_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"debrief/internal/vault"
	"debrief/internal/vault/memory"
	"debrief/internal/vault/vaulttest"
)

const home, name = "0123456789abcdef", "aaaa/cache"

func TestVaultOverMemory(t *testing.T) {
	items := memory.New()
	vaulttest.Run(t, vaulttest.Keyring{Items: items, Lock: func(*testing.T) func() {
		items.SetState(vault.Locked)
		return func() { items.SetState(vault.Ready) }
	}})
	if left := items.All(); len(left) != 0 {
		t.Errorf("the suite left %d items", len(left))
	}
}

// The keyrings of other systems, with what package keyring says of their limits.
func TestVaultOverOtherSystemsKeyrings(t *testing.T) {
	for name, fake := range map[string]*vaulttest.Fake{
		"Windows": vaulttest.NewWindows(2560), "macOS": vaulttest.NewMacOS(2700), "uncapped": vaulttest.NewUncapped(),
	} {
		t.Run(name, func(t *testing.T) {
			vaulttest.Run(t, vaulttest.Keyring{Items: fake, Lock: fake.Lock, Accounts: fake.Accounts})
			if left := fake.Accounts(); len(left) != 0 {
				t.Errorf("the suite left %v", left)
			}
		})
	}
}

func open(t *testing.T, items vault.Items, dir string) *vault.Sealed {
	t.Helper()
	v, err := vault.Open(vault.Options{Items: items, Dir: dir, HomeID: home})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func stateOf(err error) vault.State {
	if e, ok := errors.AsType[*vault.StateError](err); ok {
		return e.Status.State
	}
	return ""
}

func TestAMemoryVaultWritesNoFileAndForgets(t *testing.T) {
	items := memory.New()
	v := open(t, items, "")
	if err := v.Put(t.Context(), name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(t.Context(), name); err != nil || string(got) != "one" {
		t.Fatalf("got %q, %v, want one", got, err)
	}
	if p := v.Places(name); len(p) != 2 || p[0].State != "unknown" || p[1].Where != "memory" || p[1].State != "present" {
		t.Fatalf("got places %+v", p)
	}
	if err := v.Close(); err != nil || len(items.All()) != 0 {
		t.Fatalf("got %v and %d items after Close, want none", err, len(items.All()))
	}
}

func TestUnlockLeadsToWhatThePersonAnswers(t *testing.T) {
	for _, answer := range []vault.State{vault.Ready, vault.Declined} {
		items := memory.New()
		v := open(t, items, t.TempDir())
		items.SetState(vault.Locked)
		items.AnswerUnlock(answer)
		if st := v.Unlock(t.Context()); st.State != answer {
			t.Errorf("got %s, want %s", st.State, answer)
		}
		if err := v.Put(t.Context(), name, nil); (err == nil) != (answer == vault.Ready) || err != nil && stateOf(err) != answer {
			t.Errorf("put while %s: got %v", answer, err)
		}
	}
}

func TestNotFoundInAnotherKeyringIsAbsentNotEmpty(t *testing.T) {
	first := vault.Status{State: vault.Ready, Kind: "keyring", Provider: "gnome-keyring", Collection: "login"}
	second := first
	second.Provider = "keepassxc"
	items, dir := memory.New(), t.TempDir()
	items.Become(first)
	if err := open(t, items, dir).Put(t.Context(), name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	old := items.All()
	_ = items.Close() // the other keyring holds nothing of ours
	items.Become(second)
	v := open(t, items, dir)
	if _, err := v.Get(t.Context(), name); stateOf(err) != vault.Absent {
		t.Errorf("get: got %v, want absent", err)
	}
	if err := v.Put(t.Context(), "bbbb/cache", nil); stateOf(err) != vault.Absent {
		t.Errorf("put: got %v, want absent", err)
	}
	if err := v.Delete(t.Context(), name); stateOf(err) != vault.Absent {
		t.Errorf("delete: got %v, want absent", err)
	}
	if n, err := v.Reconcile(t.Context(), nil); n != 0 || stateOf(err) != vault.Absent {
		t.Errorf("reconcile: got %d, %v, want absent", n, err)
	}
	if st := v.Status(t.Context()); st.State != vault.Absent || st.Detail == "" {
		t.Errorf("status: got %+v, want absent and why", st)
	}
	if list, err := v.Names(); err != nil || len(list) != 1 {
		t.Errorf("names: got %v, %v, want the one", list, err)
	}
	for account, text := range old { // the same items under another program's name
		if err := items.Set(t.Context(), account, text); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := v.Reconcile(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("reconcile with all entries there: got %d, %v", n, err)
	}
	if st := open(t, items, dir).Status(t.Context()); st.State != vault.Ready {
		t.Errorf("status with all entries there: got %+v, want ready", st)
	}
}

// lying is a keyring that loses writes without an error.
type lying struct{ *memory.Items }

func (lying) Set(context.Context, string, string) error { return nil }

func TestAWriteThatIsSilentlyLostIsAnError(t *testing.T) {
	if err := open(t, lying{memory.New()}, t.TempDir()).Put(t.Context(), name, []byte("one")); err == nil {
		t.Fatal("got no error of a write that was lost")
	}
}

// sticky is a keyring that deletes nothing and says it did.
type sticky struct{ *memory.Items }

func (sticky) Delete(context.Context, string) error { return nil }

func TestADeleteThatLeavesTheItemIsAnError(t *testing.T) {
	v := open(t, sticky{memory.New()}, t.TempDir())
	if err := v.Put(t.Context(), name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := v.Delete(t.Context(), name); err == nil {
		t.Error("got no error of a delete that did nothing")
	}
	if list, err := v.Names(); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v, want the name kept", list, err)
	}
}

func TestAnIndexThatCannotBeWrittenStopsThePut(t *testing.T) {
	items, dir := memory.New(), t.TempDir()
	v := open(t, items, dir)
	if err := os.Mkdir(filepath.Join(dir, "vault.index"), 0o700); err != nil { // a rename onto it fails, for root too
		t.Fatal(err)
	}
	if err := v.Put(t.Context(), name, []byte("one")); err == nil || len(items.All()) != 0 {
		t.Fatalf("got %v and %d items, want an error and none", err, len(items.All()))
	}
	if list, err := v.Names(); err != nil || len(list) != 0 {
		t.Fatalf("got %v, %v, want no names", list, err)
	}
}

func TestOpenMakesNoKeyringCall(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, memory.New(), dir).Put(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	v := open(t, struct{ vault.Items }{}, dir) // any call would be a nil call
	if list, err := v.Names(); err != nil || len(list) != 1 {
		t.Fatalf("got %v, %v, want the one name", list, err)
	}
}
