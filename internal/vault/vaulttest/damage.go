package vaulttest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"debrief/internal/vault"
)

func lostKey(t *testing.T, b bench) {
	ok(t, b.open(t).Put(t.Context(), cache, []byte("one")))
	keyPath := filepath.Join(b.dir, "vault.key")
	key, err := os.ReadFile(keyPath)
	ok(t, err)
	for name, damage := range map[string]func(){
		"missing": func() { ok(t, os.Remove(keyPath)) },
		"short":   func() { ok(t, os.WriteFile(keyPath, key[:31], 0o600)) },
		"unreadable": func() {
			ok(t, os.Remove(keyPath))
			ok(t, os.Mkdir(keyPath, 0o700))
		},
	} {
		damage()
		v := b.open(t)
		if st := v.Status(t.Context()); st.State != vault.Damaged || st.Detail == "" {
			t.Fatalf("%s: got %+v, want damaged and why", name, st)
		}
		_, err := v.Get(t.Context(), cache)
		wantState(t, name+": get", err, vault.Damaged)
		wantState(t, name+": put", v.Put(t.Context(), cache, []byte("two")), vault.Damaged)
		wantState(t, name+": put of a new name", v.Put(t.Context(), "other/cache", nil), vault.Damaged)
		names(t, v, cache)
		if b, err := os.ReadFile(keyPath); len(b) == 32 {
			t.Fatalf("%s: a new key was made (%v)", name, err)
		}
		_ = os.Remove(keyPath)
		ok(t, os.WriteFile(keyPath, key, 0o600))
		holds(t, b.open(t), cache, "one") // the key came back, nothing was lost
	}
	ok(t, os.Remove(keyPath))
	v := b.open(t)
	ok(t, v.Delete(t.Context(), cache))
	ok(t, v.Put(t.Context(), cache, []byte("fresh"))) // nothing sealed is left: a first key again
	holds(t, b.open(t), cache, "fresh")
}

func damagedIndex(t *testing.T, b bench) {
	ok(t, b.open(t).Put(t.Context(), cache, []byte("one")))
	path := filepath.Join(b.dir, "vault.index")
	whole, err := os.ReadFile(path)
	ok(t, err)
	for name, bytes := range map[string]string{
		"empty": "", "cut": string(whole[:len(whole)/2]), "null": "null", "an array": "[]", "no names": `{"version":1}`,
		"a path as name": `{"version":1,"names":["../x"]}`, "two": string(whole) + string(whole),
	} {
		ok(t, os.WriteFile(path, []byte(bytes), 0o600))
		v := b.open(t)
		if st := v.Status(t.Context()); st.State != vault.Damaged {
			t.Fatalf("%s: got %+v, want damaged", name, st)
		}
		_, err := v.Names()
		wantState(t, name+": names", err, vault.Damaged)
		_, err = v.Get(t.Context(), cache)
		wantState(t, name+": get", err, vault.Damaged)
		_, err = v.Get(t.Context(), "unknown/cache")
		wantState(t, name+": get of an unknown name", err, vault.Damaged)
		wantState(t, name+": put", v.Put(t.Context(), cache, []byte("two")), vault.Damaged)
		_, err = v.Reconcile(t.Context(), nil)
		wantState(t, name+": reconcile", err, vault.Damaged)
		if got, err := os.ReadFile(path); string(got) != bytes {
			t.Fatalf("%s: got %q, %v, want the index left alone", name, got, err)
		}
	}
	ok(t, b.open(t).Delete(t.Context(), cache)) // a name from elsewhere can still be cleared
	_, err = b.Items.Get(t.Context(), b.home+"/"+cache)
	want(t, "the item", err, vault.ErrNotFound)
}

func newerIndex(t *testing.T, b bench) {
	path, text := filepath.Join(b.dir, "vault.index"), `{"version":2,"names":{"a":1}}`
	ok(t, os.WriteFile(path, []byte(text), 0o600))
	v := b.open(t)
	wantState(t, "put", v.Put(t.Context(), cache, nil), vault.Damaged)
	want(t, "put", v.Put(t.Context(), cache, nil), vault.ErrNewer)
	if got, err := os.ReadFile(path); string(got) != text {
		t.Fatalf("got %q, %v, want it left alone", got, err)
	}
}

func reconcile(t *testing.T, b bench) {
	v := b.open(t)
	for _, n := range []string{"gone/cache", "unwanted/cache", "wanted/cache"} {
		ok(t, v.Put(t.Context(), n, []byte(n)))
	}
	ok(t, b.Items.Delete(t.Context(), b.home+"/gone/cache"))
	v = b.open(t)
	n, err := v.Reconcile(t.Context(), func(name string) bool { return name != "unwanted/cache" })
	if n != 2 || err != nil {
		t.Fatalf("got %d removed, %v, want 2", n, err)
	}
	names(t, b.open(t), "wanted/cache")
	holds(t, v, "wanted/cache", "wanted/cache")
	_, err = b.Items.Get(t.Context(), b.home+"/unwanted/cache")
	want(t, "the unwanted item", err, vault.ErrNotFound)
	if n, err := v.Reconcile(t.Context(), nil); n != 0 || err != nil {
		t.Fatalf("got %d removed the second time, %v, want none", n, err)
	}
}

func cancelled(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Get(ctx, cache)
	want(t, "get", err, context.Canceled)
	want(t, "put", v.Put(ctx, cache, []byte("two")), context.Canceled)
	want(t, "put of a new name", v.Put(ctx, "other/cache", nil), context.Canceled)
	want(t, "delete", v.Delete(ctx, cache), context.Canceled)
	_, err = v.Reconcile(ctx, func(string) bool { return false })
	want(t, "reconcile", err, context.Canceled)
	names(t, v, cache)
	holds(t, v, cache, "one")
}

func lastGone(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	ok(t, v.Put(t.Context(), "device/signing", []byte("key")))
	ok(t, v.Delete(t.Context(), "device/signing"))
	ok(t, v.Delete(t.Context(), cache))
	names(t, b.open(t))
	files, err := os.ReadDir(b.dir)
	ok(t, err)
	var left []string
	for _, f := range files {
		left = append(left, f.Name())
	}
	if !slices.Equal(left, []string{"vault.index", "vault.key"}) {
		t.Fatalf("got %v left, want key and index", left)
	}
	for _, p := range v.Places(cache) {
		if want := map[string]string{"token_cache": "missing", "sealing_key": "present", "index": "present"}[p.What]; p.State != want {
			t.Fatalf("got %+v, want it %s", p, want)
		}
	}
}

func closed(t *testing.T, b bench) {
	v := b.open(t)
	ok(t, v.Put(t.Context(), cache, []byte("one")))
	ok(t, v.Close())
	ok(t, v.Close())
	_, err := v.Get(t.Context(), cache)
	want(t, "get", err, vault.ErrClosed)
	want(t, "put", v.Put(t.Context(), cache, nil), vault.ErrClosed)
	want(t, "delete", v.Delete(t.Context(), cache), vault.ErrClosed)
	holds(t, b.open(t), cache, "one")
}
