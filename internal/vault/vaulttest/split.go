package vaulttest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"debrief/internal/vault"
)

func resizes(t *testing.T, b bench) {
	v := b.open(t)
	for round := range 2 { // a vault that has just been opened, and one that knows its entries
		for _, data := range []string{small, large, larger, large, small, larger, "", large} {
			if round == 0 {
				v = b.open(t)
			}
			ok(t, v.Put(t.Context(), cache, []byte(data)))
			holds(t, v, cache, data)
			holds(t, b.open(t), cache, data)
			b.noOrphans(t, "put of "+sizeName(data))
			if n := len(b.left()); b.Accounts != nil && (n > 1) != (b.Items.Limit() > 0 && len(data) > 4000) {
				t.Fatalf("%s lie in %d items, the limit is %d", sizeName(data), n, b.Items.Limit())
			}
		}
	}
	ok(t, v.Delete(t.Context(), cache))
	if left := b.left(); len(left) > 0 {
		t.Fatalf("got %v left, want nothing", left)
	}
}

// passing is a keyring where something happens just before the n-th Get.
type passing struct {
	vault.Items
	mu    *sync.Mutex
	left  *int
	event func()
}

func (p passing) Get(ctx context.Context, account string) (string, error) {
	p.mu.Lock()
	*p.left--
	now := *p.left == 0
	p.mu.Unlock()
	if now {
		p.event()
	}
	return p.Items.Get(ctx, account)
}

func passedReaders(t *testing.T, b bench) {
	for _, writes := range [][]string{{large + "!"}, {small}, {large + "!", larger}, {small, larger + "!"}, {larger, larger + "!", large}} {
		for n := 1; ; n++ {
			b := b.fresh(t)
			left := -1
			var v *vault.Sealed
			p := passing{b.Items, new(sync.Mutex), &left, func() {
				for _, data := range writes {
					ok(t, v.Put(t.Context(), cache, []byte(data)))
				}
			}}
			v = b.over(t, p, Scratch{})
			ok(t, v.Put(t.Context(), cache, []byte(larger)))
			left = n
			got, err := v.Get(t.Context(), cache)
			ok(t, err)
			happened := left <= 0
			left = -1
			if last := writes[len(writes)-1]; string(got) != larger && string(got) != last || !happened && string(got) != larger {
				t.Fatalf("%d writes before the reader's call %d: got %s, want the old or the newest", len(writes), n, sizeName(string(got)))
			}
			ok(t, v.Delete(t.Context(), cache))
			if !happened {
				break
			}
		}
	}
}

// full is a keyring that takes so many writes and no more.
type full struct {
	vault.Items
	left *int
}

var errFull = errors.New("no room")

func (f full) Set(ctx context.Context, account, secret string) error {
	if *f.left--; *f.left < 0 {
		return errFull
	}
	return f.Items.Set(ctx, account, secret)
}

func fullKeyring(t *testing.T, b bench) {
	ok(t, b.open(t).Put(t.Context(), cache, []byte(large)))
	before := b.left()
	for n := range 10 {
		v := b.over(t, full{b.Items, &n}, Scratch{})
		err := v.Put(t.Context(), cache, []byte(larger))
		if err == nil {
			holds(t, v, cache, larger)
			return
		}
		want(t, "put", err, errFull)
		holds(t, v, cache, large)
		if left := b.left(); !slices.Equal(left, before) {
			t.Fatalf("full at write %d: got %v left, want %v", n+1, left, before)
		}
	}
	t.Fatal("the write never fits")
}

func damagedParts(t *testing.T, b bench) {
	if b.Items.Limit() == 0 {
		return // one item: there are no parts
	}
	account := b.home + "/" + cache
	for name, damage := range map[string]func(part, top string){
		"the last part is missing": func(part, _ string) { ok(t, b.Items.Delete(t.Context(), part)) },
		"a part of another text": func(part, _ string) {
			text, err := b.Items.Get(t.Context(), part)
			ok(t, err)
			ok(t, b.Items.Set(t.Context(), part, strings.Repeat("A", len(text))))
		},
		"a longer part":     func(part, _ string) { ok(t, b.Items.Set(t.Context(), part, strings.Repeat("A", 2000))) },
		"a cut head":        func(_, top string) { ok(t, b.Items.Set(t.Context(), account, top[:len(top)-1])) },
		"a head of nothing": func(string, string) { ok(t, b.Items.Set(t.Context(), account, "debrief-parts:1:a:0:0:")) },
	} {
		v := b.open(t)
		ok(t, v.Put(t.Context(), cache, []byte(large)))
		top, err := b.Items.Get(t.Context(), account)
		ok(t, err)
		var last string
		for _, a := range b.left() {
			if _, part := neighbour(a, +1); part {
				last = a
			}
		}
		damage(last, top)
		_, err = v.Get(t.Context(), cache)
		want(t, name, err, vault.ErrCorrupt)
		names(t, v, cache)
		if n, err := b.open(t).Reconcile(t.Context(), nil); n != 0 || err != nil {
			t.Fatalf("%s: reconcile: got %d, %v, want the entry kept", name, n, err)
		}
		ok(t, b.open(t).Put(t.Context(), cache, []byte(larger)))
		holds(t, v, cache, larger)
		b.noOrphans(t, name)
		ok(t, b.Items.Set(t.Context(), account, "hello")) // nobody knows its parts any more
		ok(t, b.open(t).Delete(t.Context(), cache))
		if left := b.left(); len(left) > 0 {
			t.Fatalf("%s: got %v left, want nothing", name, left)
		}
	}
	ok(t, b.open(t).Put(t.Context(), cache, []byte(large)))
	ok(t, b.Items.Set(t.Context(), account, "debrief-parts:2:from-the-future"))
	_, err := b.open(t).Get(t.Context(), cache)
	want(t, "newer parts", err, vault.ErrNewer)
	want(t, "put over newer parts", b.open(t).Put(t.Context(), cache, nil), vault.ErrNewer)
	ok(t, b.open(t).Delete(t.Context(), cache))
	if left := b.left(); len(left) > 0 {
		t.Fatalf("got %v left, want nothing", left)
	}
}
