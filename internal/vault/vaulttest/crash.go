package vaulttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"debrief/internal/vault"
)

// sized is data that does not become smaller when it is compressed.
func sized(size int) string {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)}).Read(b)
	return string(b)
}

// Entries of one item, of a few parts and of more of them under every cap.
var small, large, larger = "small", sized(5000), sized(9000)

func sizeName(data string) string { return fmt.Sprintf("%d bytes", len(data)) }

func crashes(t *testing.T, b bench) {
	for _, before := range []string{"", small, large, larger} {
		for _, then := range []string{"", small + "!", large + "!", larger + "!"} { // nothing: a delete
			for _, after := range []bool{false, true} {
				for n := 1; ; n++ {
					if n > 200 {
						t.Fatalf("%s over %s does not end", sizeName(then), sizeName(before))
					}
					what := fmt.Sprintf("%s over %s, stopped at step %d (after it: %v)", sizeName(then), sizeName(before), n, after)
					if crash(t, b.fresh(t), what, before, then, &stopper{left: n, after: after}) {
						break
					}
				}
			}
		}
	}
}

// crash stops a write or a delete and looks at what is left. It reports whether
// the action was over before.
func crash(t *testing.T, b bench, what, before, then string, stop *stopper) (over bool) {
	t.Helper()
	if before != "" {
		ok(t, b.open(t).Put(t.Context(), cache, []byte(before)))
	}
	indexed := func(account string) {
		if list, err := b.open(t).Names(); err != nil || !slices.Contains(list, cache) {
			t.Fatalf("%s: %s is written before the index: %v, %v", what, account, list, err)
		}
	}
	v := b.over(t, stoppedItems{b.itemsOver(t, stoppedFiles{stop}), stop, indexed}, stoppedFiles{stop})
	var err error
	if then == "" {
		err = v.Delete(t.Context(), cache)
	} else {
		err = v.Put(t.Context(), cache, []byte(then))
	}
	over = stop.left > 0
	if over && err != nil {
		t.Fatalf("%s: %v", what, err)
	}

	w := b.open(t)
	got := whole(t, what, w, cache)
	if got != then && (err == nil || got != before) {
		t.Fatalf("%s (%v): got %s, want the new, or the old after an error", what, err, sizeName(got))
	}
	list, nameErr := w.Names()
	ok(t, nameErr)
	if left := b.left(); len(left) > 0 && !slices.Contains(list, cache) {
		t.Fatalf("%s: %v lie in the keyring and the index does not name them", what, left)
	}
	if _, err := w.Reconcile(t.Context(), nil); err != nil {
		t.Fatalf("%s: reconcile: %v", what, err)
	}
	if again := whole(t, what, w, cache); again != got {
		t.Fatalf("%s: reconcile changed the entry from %s to %s", what, sizeName(got), sizeName(again))
	}
	if list, _ := w.Names(); (len(list) == 1) != (got != "") {
		t.Fatalf("%s: got %v named after the start, entry: %s", what, list, sizeName(got))
	}
	b.noOrphans(t, what)
	ok(t, b.open(t).Delete(t.Context(), cache))
	if left := b.left(); len(left) > 0 {
		t.Fatalf("%s: got %v left after the delete, want nothing", what, left)
	}
	return over
}

// whole is an entry's data, empty when it is not there.
func whole(t *testing.T, what string, v vault.Vault, name string) string {
	t.Helper()
	got, err := v.Get(t.Context(), name)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		t.Fatalf("%s: get: %v", what, err)
	}
	return string(got)
}

// left are the items under the own home id; nothing where the keyring cannot list.
func (b bench) left() []string {
	if b.Accounts == nil {
		return nil
	}
	return slices.DeleteFunc(b.Accounts(), func(a string) bool { return !strings.HasPrefix(a, b.home+"/") })
}

// noOrphans wants each entry to be one item, or a head and the parts of one slot.
func (b bench) noOrphans(t *testing.T, what string) {
	t.Helper()
	slots := map[string]string{}
	for _, account := range b.left() {
		if _, part := neighbour(account, +1); !part {
			continue
		}
		entry, slot := account[:strings.LastIndexByte(account, '/')-2], account[strings.LastIndexByte(account, '/')-1:][:1]
		if s, ok := slots[entry]; ok && s != slot {
			t.Fatalf("%s: %s has parts in both slots: %v", what, entry, b.left())
		}
		slots[entry] = slot
	}
	for entry, slot := range slots {
		top, err := b.Items.Get(t.Context(), entry)
		ok(t, err)
		parts := 0
		for _, account := range b.left() {
			if strings.HasPrefix(account, entry+"/"+slot+"/") {
				parts++
			}
		}
		if !strings.HasPrefix(top, fmt.Sprintf("debrief-parts:1:%s:%d:", slot, parts)) {
			t.Fatalf("%s: %s has %d parts in slot %s, and its item is %.40q", what, entry, parts, slot, top)
		}
	}
}
