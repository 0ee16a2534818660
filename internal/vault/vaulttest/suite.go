// Package vaulttest is the suite that a vault over every kind of keyring passes.
// A new rule of the contract is added here first.
package vaulttest

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"debrief/internal/vault"
)

// Keyring is a keyring under test. Its items may be shared by all tests of the
// suite: each uses a home id of its own.
type Keyring struct {
	Items vault.Items
	// Lock locks the keyring until unlock is called, which asks nobody.
	Lock func(t *testing.T) (unlock func())
	// Accounts lists all items; nil where the keyring cannot.
	Accounts func() []string
	// Over gives items over the same keyring that change files through files; nil
	// where it changes none.
	Over func(t *testing.T, files vault.Files) vault.Items
}

type bench struct {
	Keyring
	dir, home string
}

// Run runs the suite.
func Run(t *testing.T, k Keyring) {
	for _, c := range []struct {
		name string
		test func(*testing.T, bench)
	}{
		{"put, get, replace and delete", lifecycle},
		{"an entry survives a new start", restart},
		{"a missing entry is ErrNotFound and deleting it is fine", missing},
		{"sizes from nothing to 1 MiB", sizes},
		{"bytes are copied in and out", copies},
		{"names that no entry can have are refused", invalidNames},
		{"the stored text tells nothing and the folder holds no secret", secrecy},
		{"a locked keyring refuses and loses nothing", locked},
		{"an item that was changed is ErrCorrupt and can be replaced", tampered},
		{"an item moved to another name or home does not open", moved},
		{"an item of a newer format is never overwritten", newer},
		{"another home id is invisible", otherHome},
		{"a lost key is damage, no new one is made, and entries can be deleted", lostKey},
		{"a damaged index is damage and is left alone", damagedIndex},
		{"a newer index is left alone", newerIndex},
		{"start-up drops what is gone or unwanted, and nothing else", reconcile},
		{"a cancelled context ends a call before its effect", cancelled},
		{"concurrent puts of many entries are all kept", concurrent},
		{"growing and shrinking leaves nothing behind", resizes},
		{"a reader that writers pass gets a whole entry", passedReaders},
		{"a full keyring keeps the old entry and is not left full", fullKeyring},
		{"a part that is missing or changed is ErrCorrupt and can be replaced", damagedParts},
		{"a stop at any keyring call or file operation leaves old or new, and the index finds all", crashes},
		{"after the last delete nothing is left but key and empty index", lastGone},
		{"a closed vault refuses, and closing twice is fine", closed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, bench{k, t.TempDir(), newHome()}) })
	}
}

// fresh is the keyring under a home id and in a folder that nobody used.
func (b bench) fresh(t *testing.T) bench { return bench{b.Keyring, t.TempDir(), newHome()} }

func (b bench) open(t *testing.T) *vault.Sealed { return b.over(t, b.Items, Scratch{}) }

// itemsOver are the items where file operations go through files.
func (b bench) itemsOver(t *testing.T, files vault.Files) vault.Items {
	if b.Over == nil {
		return b.Items
	}
	return b.Over(t, files)
}

func (b bench) over(t *testing.T, items vault.Items, files vault.Files) *vault.Sealed {
	t.Helper()
	v, err := vault.Open(vault.Options{Items: stay{items}, Dir: b.dir, HomeID: b.home, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // leave a shared keyring as it was
		if names, err := v.Names(); err == nil {
			for _, n := range names {
				_ = v.Delete(context.Background(), n)
			}
		}
	})
	return v
}

// stay hides an Items' Close, which would end it for the next tests.
type stay struct{ vault.Items }

func newHome() string { return strings.ToLower(crand.Text()) }

const cache = "0123456789abcdef0123456789abcdef/cache"

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func wantState(t *testing.T, what string, err error, state vault.State) {
	t.Helper()
	if e, is := errors.AsType[*vault.StateError](err); !is || e.Status.State != state {
		t.Fatalf("%s: got %v, want the state %s", what, err, state)
	}
}

func holds(t *testing.T, v vault.Vault, name, data string) {
	t.Helper()
	got, err := v.Get(t.Context(), name)
	if err != nil || string(got) != data {
		t.Fatalf("get %s: got %.40q, %v, want %.40q", name, got, err, data)
	}
}

func names(t *testing.T, v vault.Vault, list ...string) {
	t.Helper()
	got, err := v.Names()
	if err != nil || !slices.Equal(got, list) {
		t.Fatalf("got names %v, %v, want %v", got, err, list)
	}
}

func lifecycle(t *testing.T, b bench) {
	v := b.open(t)
	names(t, v)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	ok(t, v.Put(t.Context(), "device/signing", []byte("key")))
	holds(t, v, cache, "one")
	names(t, v, cache, "device/signing")
	ok(t, v.Put(t.Context(), cache, []byte("two")))
	holds(t, v, cache, "two")
	ok(t, v.Delete(t.Context(), cache))
	_, err := v.Get(t.Context(), cache)
	want(t, "get", err, vault.ErrNotFound)
	holds(t, v, "device/signing", "key")
	names(t, v, "device/signing")
	if st := v.Status(t.Context()); st.State != vault.Ready || st.Kind != b.Items.Kind() {
		t.Fatalf("got %+v, want ready", st)
	}
}

func restart(t *testing.T, b bench) {
	ok(t, b.open(t).Put(t.Context(), cache, []byte("one")))
	v := b.open(t)
	holds(t, v, cache, "one")
	names(t, v, cache)
}

func missing(t *testing.T, b bench) {
	v := b.open(t)
	_, err := v.Get(t.Context(), cache)
	want(t, "get", err, vault.ErrNotFound)
	ok(t, v.Delete(t.Context(), cache))
	names(t, v)
}

func sizes(t *testing.T, b bench) {
	v := b.open(t)
	for _, size := range []int{0, 1, 12 << 10, 1 << 20} {
		data := make([]byte, size)
		random := rand.NewChaCha8([32]byte{byte(size)})
		_, _ = random.Read(data)
		ok(t, v.Put(t.Context(), cache, data))
		got, err := b.open(t).Get(t.Context(), cache)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("size %d: got %d bytes, %v", size, len(got), err)
		}
	}
	want(t, "over the limit", v.Put(t.Context(), cache, make([]byte, vault.MaxSize+1)), vault.ErrTooLarge)
}

func copies(t *testing.T, b bench) {
	v, data := b.open(t), []byte("one")
	ok(t, v.Put(t.Context(), cache, data))
	data[0] = 'X'
	got, err := v.Get(t.Context(), cache)
	ok(t, err)
	got[0] = 'Y'
	holds(t, v, cache, "one")
}

func invalidNames(t *testing.T, b bench) {
	v := b.open(t)
	for _, n := range []string{"", "/", "a/", "/a", "a//b", "..", "A/cache", "a b", "a\x00b", "zoë/cache", "a/cache/b/12", strings.Repeat("a", 201)} {
		want(t, "put "+n, v.Put(t.Context(), n, nil), vault.ErrInvalid)
		_, err := v.Get(t.Context(), n)
		want(t, "get "+n, err, vault.ErrInvalid)
		want(t, "delete "+n, v.Delete(t.Context(), n), vault.ErrInvalid)
	}
}

func secrecy(t *testing.T, b bench) {
	v := b.open(t)
	secret := strings.Repeat("zoe@example.test refresh-token ", 50)
	ok(t, v.Put(t.Context(), cache, []byte(secret)))
	text, err := b.Items.Get(t.Context(), b.home+"/"+cache)
	ok(t, err)
	if strings.Contains(text, "zoe") || len(text) > len(secret) || !strings.HasPrefix(text, "debrief:1:") {
		t.Fatalf("got %.60q of %d bytes, want a short sealed text", text, len(text))
	}
	again := text
	ok(t, v.Put(t.Context(), cache, []byte(secret)))
	if text, err = b.Items.Get(t.Context(), b.home+"/"+cache); err != nil || text == again {
		t.Fatalf("two seals of the same bytes are equal (%v)", err)
	}
	files, err := os.ReadDir(b.dir)
	ok(t, err)
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(b.dir, f.Name()))
		ok(t, err)
		info, err := f.Info()
		ok(t, err)
		if bytes.Contains(content, []byte("zoe")) || info.Mode().Perm() != 0o600 && filepath.Separator == '/' {
			t.Fatalf("%s has mode %v and holds %q", f.Name(), info.Mode(), content)
		}
	}
	key, err := os.ReadFile(filepath.Join(b.dir, "vault.key"))
	if err != nil || len(key) != 32 || strings.Contains(text, hex.EncodeToString(key)) {
		t.Fatalf("got a key of %d bytes, %v, want 32", len(key), err)
	}
}

func locked(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	unlock := b.Lock(t)
	_, err := v.Get(t.Context(), cache)
	wantState(t, "get", err, vault.Locked)
	_, err = v.Get(t.Context(), "unknown/cache")
	wantState(t, "get of an unknown name", err, vault.Locked)
	wantState(t, "put", v.Put(t.Context(), cache, []byte("two")), vault.Locked)
	wantState(t, "put of a new name", v.Put(t.Context(), "other/cache", []byte("two")), vault.Locked)
	wantState(t, "delete", v.Delete(t.Context(), cache), vault.Locked)
	ok(t, v.Delete(t.Context(), "unknown/cache")) // it was never written
	if st := v.Status(t.Context()); st.State != vault.Locked {
		t.Fatalf("got %+v, want locked", st)
	}
	_, err = b.open(t).Reconcile(t.Context(), func(string) bool { return false })
	wantState(t, "reconcile", err, vault.Locked)
	names(t, v, cache)
	unlock()
	holds(t, v, cache, "one")
	holds(t, b.open(t), cache, "one")
}

func tampered(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	account := b.home + "/" + cache
	text, err := b.Items.Get(t.Context(), account)
	ok(t, err)
	flipped := []byte(text)
	if flipped[20]++; flipped[20] > 'z' || flipped[20] == ':' {
		flipped[20] = 'A'
	}
	for name, bad := range map[string]string{
		"a changed byte": string(flipped), "cut": text[:len(text)-8], "longer": text + "AAAA", "not ours": "hello",
		"no payload": "debrief:1:", "no version": "debrief::" + text, "version 0": "debrief:0:AAAA", "empty": "",
	} {
		ok(t, b.Items.Set(t.Context(), account, bad))
		_, err := v.Get(t.Context(), cache)
		want(t, name, err, vault.ErrCorrupt)
		if strings.Contains(err.Error(), text[10:]) {
			t.Fatalf("the error holds the sealed text: %v", err)
		}
		names(t, v, cache)
	}
	ok(t, b.open(t).Put(t.Context(), cache, []byte("two")))
	holds(t, v, cache, "two")
	ok(t, b.Items.Set(t.Context(), account, "hello"))
	ok(t, v.Delete(t.Context(), cache))
}

func moved(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	ok(t, v.Put(t.Context(), "other/cache", []byte("two")))
	text, err := b.Items.Get(t.Context(), b.home+"/"+cache)
	ok(t, err)
	ok(t, b.Items.Set(t.Context(), b.home+"/other/cache", text))
	_, err = v.Get(t.Context(), "other/cache")
	want(t, "under another name", err, vault.ErrCorrupt)
	twin := b
	twin.home = newHome() // the same key: the folder was copied
	w := twin.open(t)
	ok(t, w.Put(t.Context(), cache, []byte("x")))
	ok(t, b.Items.Set(t.Context(), twin.home+"/"+cache, text))
	_, err = w.Get(t.Context(), cache)
	want(t, "under another home", err, vault.ErrCorrupt)
	ok(t, w.Delete(t.Context(), cache)) // of the twin; the shared index forgets it, b's item is deleted here
	ok(t, b.Items.Delete(t.Context(), b.home+"/"+cache))
}

func newer(t *testing.T, b bench) {
	v, account, text := b.open(t), b.home+"/"+cache, "debrief:2:from-the-future"
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	ok(t, b.Items.Set(t.Context(), account, text))
	w := b.open(t)
	_, err := w.Get(t.Context(), cache)
	want(t, "get", err, vault.ErrNewer)
	want(t, "put", w.Put(t.Context(), cache, []byte("two")), vault.ErrNewer)
	if got, err := b.Items.Get(t.Context(), account); got != text {
		t.Fatalf("got %q, %v, want it left alone", got, err)
	}
	ok(t, w.Delete(t.Context(), cache)) // asked for, so done
}

func otherHome(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	other := b.fresh(t)
	w := other.open(t)
	_, err := w.Get(t.Context(), cache)
	want(t, "get", err, vault.ErrNotFound)
	names(t, w)
	ok(t, w.Delete(t.Context(), cache))
	ok(t, w.Put(t.Context(), cache, []byte("two")))
	if _, err := w.Reconcile(t.Context(), func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	holds(t, v, cache, "one")
	for _, home := range []string{"", "a/b", "../x", "A"} {
		_, err := vault.Open(vault.Options{Items: b.Items, Dir: t.TempDir(), HomeID: home})
		want(t, "home id "+home, err, vault.ErrInvalid)
	}
}

func concurrent(t *testing.T, b bench) {
	v := b.open(t)
	var wg sync.WaitGroup
	var all []string
	for i := range 16 {
		name := fmt.Sprintf("s%02d/cache", i)
		all = append(all, name)
		wg.Go(func() {
			for n := range 3 {
				if err := v.Put(t.Context(), name, fmt.Appendf(nil, "%d of %s", n, name)); err != nil {
					t.Error(err)
				}
				if _, err := v.Get(t.Context(), name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	v = b.open(t)
	names(t, v, all...)
	for _, name := range all {
		holds(t, v, name, "2 of "+name)
	}
}
