package file_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief/internal/vault"
	"debrief/internal/vault/file"
	"debrief/internal/vault/vaulttest"
)

const phrase = "correct horse battery staple"

func newItems(t *testing.T, dir string, files vault.Files) *file.Items {
	t.Helper()
	f, err := file.New(file.Options{Dir: dir, WorkFactor: 1, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func unlocked(t *testing.T, dir string, files vault.Files) *file.Items {
	t.Helper()
	f := newItems(t, dir, files)
	err := f.UnlockWith(t.Context(), []byte(phrase))
	if errors.Is(err, file.ErrNotCreated) {
		err = f.Create(t.Context(), []byte(phrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// keyring is a file vault in a folder of its own.
func keyring(t *testing.T) (k vaulttest.Keyring, left func() []string) {
	dir := t.TempDir()
	f := unlocked(t, dir, vaulttest.Scratch{})
	return vaulttest.Keyring{
		Items: f,
		Lock: func(t *testing.T) func() {
			f.Lock()
			return func() {
				if err := f.UnlockWith(t.Context(), []byte(phrase)); err != nil {
					t.Error(err)
				}
			}
		},
		Over: func(t *testing.T, files vault.Files) vault.Items { return unlocked(t, dir, files) },
	}, func() []string { return list(t, filepath.Join(dir, "vault")) }
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestVaultOverFiles(t *testing.T) {
	k, left := keyring(t)
	vaulttest.Run(t, k)
	if l := left(); len(l) != 0 {
		t.Errorf("the suite left %v", l)
	}
}

func TestMovesBetweenFilesAndKeyrings(t *testing.T) {
	files, left := keyring(t)
	fake := vaulttest.NewWindows(2560)
	other := vaulttest.Keyring{Items: fake, Lock: fake.Lock, Accounts: fake.Accounts}
	t.Run("into a keyring", func(t *testing.T) { vaulttest.RunMove(t, files, other) })
	t.Run("out of a keyring", func(t *testing.T) { vaulttest.RunMove(t, other, files) })
	if l := fake.Accounts(); len(l) != 0 {
		t.Errorf("the suite left %v in the keyring", l)
	}
	if l := left(); len(l) != 0 {
		t.Errorf("the suite left %v", l)
	}
}

func wantStatus(t *testing.T, f *file.Items, state vault.State, reason vault.Reason) {
	t.Helper()
	if st := f.Probe(t.Context()); st.State != state || st.Reason != reason || st.Kind != "file" || (st.Detail == "") != (state == vault.Ready) {
		t.Fatalf("got %+v, want %s because of %q", st, state, reason)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func TestAPassphraseOpensTheVaultOncePerStart(t *testing.T) {
	dir := t.TempDir()
	f := newItems(t, dir, nil)
	wantStatus(t, f, vault.Locked, vault.NotCreated)
	wantErr(t, "unlock before create", f.UnlockWith(t.Context(), []byte(phrase)), file.ErrNotCreated)
	wantErr(t, "create without a passphrase", f.Create(t.Context(), nil), file.ErrEmptyPassphrase)
	if err := f.Create(t.Context(), []byte(phrase)); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, f, vault.Ready, "")
	wantErr(t, "create again", f.Create(t.Context(), []byte("another")), file.ErrExists)
	if err := f.Set(t.Context(), "home/a", "secret"); err != nil {
		t.Fatal(err)
	}
	f = newItems(t, dir, nil)
	wantStatus(t, f, vault.Locked, vault.NeedsPhrase)
	if st := f.Unlock(t.Context()); st.State != vault.Locked {
		t.Fatalf("got %+v, want it to ask nobody", st)
	}
	if _, err := f.Get(t.Context(), "home/a"); err == nil {
		t.Fatal("a locked item is read")
	}
	wantErr(t, "wrong passphrase", f.UnlockWith(t.Context(), []byte("Correct horse battery staple")), file.ErrWrongPassphrase)
	wantErr(t, "no passphrase", f.UnlockWith(t.Context(), nil), file.ErrEmptyPassphrase)
	wantStatus(t, f, vault.Locked, vault.NeedsPhrase)
	if err := f.UnlockWith(t.Context(), []byte(phrase)); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a wrong one later", f.UnlockWith(t.Context(), []byte("x")), file.ErrWrongPassphrase)
	wantStatus(t, f, vault.Ready, "") // it stays open
	if got, err := f.Get(t.Context(), "home/a"); got != "secret" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "unlock after close", f.UnlockWith(t.Context(), []byte(phrase)), vault.ErrClosed)
}

func TestThePassphraseIsWipedWhateverComesOfIt(t *testing.T) {
	dir := t.TempDir()
	f := newItems(t, dir, nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, use := range map[string]func([]byte) error{
		"cancelled": func(p []byte) error { return f.UnlockWith(cancelled, p) },
		"create":    func(p []byte) error { return f.Create(t.Context(), p) },
		"again":     func(p []byte) error { return f.Create(t.Context(), p) },
		"unlock":    func(p []byte) error { return f.UnlockWith(t.Context(), p) },
	} {
		p := []byte(phrase)
		_ = use(p)
		if !bytes.Equal(p, make([]byte, len(phrase))) {
			t.Errorf("%s: the passphrase is still there", name)
		}
	}
	for _, err := range []error{f.UnlockWith(t.Context(), []byte("wrong "+phrase))} {
		if err == nil || strings.Contains(err.Error(), phrase) {
			t.Errorf("got %v, want an error without the passphrase", err)
		}
	}
}

func TestADamagedKeyFileIsToldApartAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := unlocked(t, dir, nil).Set(t.Context(), "home/a", "secret"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "vault.age")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(content []byte, reason vault.Reason, want error) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		f := newItems(t, dir, nil)
		wantStatus(t, f, vault.Damaged, reason)
		wantErr(t, "unlock", f.UnlockWith(t.Context(), []byte(phrase)), want)
		wantErr(t, "create", f.Create(t.Context(), []byte(phrase)), want)
		if got, err := os.ReadFile(path); !bytes.Equal(got, content) {
			t.Fatalf("got %d bytes, %v, want the file left alone", len(got), err)
		}
	}
	for n := range len(whole) - 1 { // the last byte is a line's end
		check(whole[:n], vault.Truncated, vault.ErrTruncated)
	}
	check([]byte("hello"), "", vault.ErrCorrupt)
	check([]byte("age-encryption.org/v1\n"), "", vault.ErrCorrupt)
	newer := "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YyCnh4eA==\n-----END AGE ENCRYPTED FILE-----\n"
	check([]byte(newer), vault.Newer, vault.ErrNewer)

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f := newItems(t, dir, nil)
	wantStatus(t, f, vault.Damaged, vault.NoFile)
	wantErr(t, "unlock without the file", f.UnlockWith(t.Context(), []byte(phrase)), file.ErrNoFile)
	wantErr(t, "create without the file", f.Create(t.Context(), []byte(phrase)), file.ErrNoFile)

	if err := os.WriteFile(path, whole, 0o600); err != nil { // it came back from a backup
		t.Fatal(err)
	}
	if got, err := unlocked(t, dir, nil).Get(t.Context(), "home/a"); got != "secret" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestAKeyFileThatVanishesWhileOpenStopsWrites(t *testing.T) {
	dir := t.TempDir()
	f := unlocked(t, dir, nil)
	if err := f.Set(t.Context(), "home/a", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "vault.age")); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, f, vault.Damaged, vault.NoFile)
	if err := f.Set(t.Context(), "home/b", "more"); err == nil {
		t.Fatal("an item is written that no start could open")
	}
}

func TestAMissingSealingKeyHasAStatusOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	open := func() *vault.Sealed {
		v, err := vault.Open(vault.Options{Items: unlocked(t, dir, nil), Dir: dir, HomeID: "home"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if err := open().Put(t.Context(), "a/cache", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "vault.key")); err != nil {
		t.Fatal(err)
	}
	v := open()
	if st := v.Status(t.Context()); st.State != vault.Damaged || st.Reason != vault.NoKey {
		t.Fatalf("got %+v, want damaged without a key", st)
	}
	_, err := v.Get(t.Context(), "a/cache")
	wantErr(t, "get", err, vault.ErrNoKey)
}

func TestNothingLiesOnDiskThatOpensWithoutThePassphrase(t *testing.T) {
	dir := t.TempDir()
	f := unlocked(t, dir, nil)
	const account, secret = "0123456789abcdef/session/cache", "a secret text that is long enough to be found"
	for range 2 {
		if err := f.Set(t.Context(), account, secret); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 && filepath.Separator == '/' && path != dir {
			t.Errorf("%s has mode %o", path, mode)
		}
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		for _, word := range []string{secret, phrase, account, "session"} {
			if bytes.Contains(b, []byte(word)) || strings.Contains(path[len(dir):], word) {
				t.Errorf("%s holds %q", path, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(f.Where(account), filepath.Join(dir, "vault")) {
		t.Errorf("got %s, want a path below the folder", f.Where(account))
	}
}

func TestAnItemsFileThatWasChangedIsCorrupt(t *testing.T) {
	f := unlocked(t, t.TempDir(), nil)
	for _, account := range []string{"home/a", "home/b"} {
		if err := f.Set(t.Context(), account, "secret of "+account); err != nil {
			t.Fatal(err)
		}
	}
	path := f.Where("home/a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string][]byte{"empty": {}, "no version": []byte("debrief-file::x")}
	for n := range whole {
		bad["cut at "+string(rune('0'+n))] = whole[:n]
		changed := bytes.Clone(whole)
		changed[n] ^= 0x80
		bad["changed at "+string(rune('0'+n))] = changed
	}
	if bad["another's"], err = os.ReadFile(f.Where("home/b")); err != nil {
		t.Fatal(err)
	}
	for name, content := range bad {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := f.Get(t.Context(), "home/a")
		wantErr(t, name, err, vault.ErrCorrupt)
	}
	if err := os.WriteFile(path, []byte("debrief-file:2:x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = f.Get(t.Context(), "home/a")
	wantErr(t, "newer", err, vault.ErrNewer)
	if err := f.Delete(t.Context(), "home/a"); err != nil {
		t.Fatal(err)
	}
}

func TestResetIsTheWayOutOfAForgottenPassphrase(t *testing.T) {
	dir := t.TempDir()
	if err := unlocked(t, dir, nil).Set(t.Context(), "home/a", "secret"); err != nil {
		t.Fatal(err)
	}
	f := newItems(t, dir, nil)
	if err := f.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, f, vault.Locked, vault.NotCreated)
	if err := f.Create(t.Context(), []byte("new")); err != nil {
		t.Fatal(err)
	}
	_, err := f.Get(t.Context(), "home/a")
	wantErr(t, "get", err, vault.ErrNotFound)
}

func TestWhatAnInterruptedWriteLeftIsRemovedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	unlocked(t, dir, nil)
	for _, left := range []string{".vault.age.123.tmp", "vault/.abc.123.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, left), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	newItems(t, dir, nil)
	if l := append(list(t, dir), list(t, filepath.Join(dir, "vault"))...); len(l) != 2 {
		t.Errorf("got %v, want vault.age and the folder", l)
	}
}

// broken are files that cannot be written, or whose writer ends right after.
type broken struct{ effect bool }

func (b broken) WriteFile(path string, data []byte) error {
	if b.effect {
		_ = vault.Disk{}.WriteFile(path, data)
	}
	return errors.New("stopped here")
}

func (b broken) RemoveFile(string) error { return errors.New("stopped here") }

func TestACreateThatIsStoppedLeavesNoneOrAWholeOne(t *testing.T) {
	for _, effect := range []bool{false, true} {
		dir := t.TempDir()
		f := newItems(t, dir, broken{effect})
		if err := f.Create(t.Context(), []byte(phrase)); err == nil {
			t.Fatal("got no error")
		}
		if st := f.Probe(t.Context()); st.State != vault.Locked {
			t.Fatalf("got %+v, want locked", st)
		}
		unlocked(t, dir, nil) // by the passphrase, or anew
	}
}
