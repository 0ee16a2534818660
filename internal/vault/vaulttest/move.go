package vaulttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"debrief/internal/vault"
)

// RunMove runs the suite of moving all entries from one keyring to another of
// another kind.
func RunMove(t *testing.T, from, to Keyring) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, from, to bench)
	}{
		{"all entries are moved, and the index says where they are", movesAll},
		{"nothing is moved while either place is locked", movesLocked},
		{"an entry that does not open stops the move, and nothing is lost", movesCorrupt},
		{"a copy that does not hold stops the move, and nothing is lost", movesRotten},
		{"readers meet every entry while it is moved", movesUnderReaders},
		{"a stop at any keyring call or file operation loses nothing and leaves nothing", movesStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bench{from, t.TempDir(), newHome()}
			c.test(t, b, bench{to, b.dir, b.home})
		})
	}
}

// what every move begins with
var moving = map[string]string{cache: large, "device/signing": small, "other/cache": "other"}

func fill(t *testing.T, b bench) {
	t.Helper()
	v := b.open(t)
	for name, data := range moving {
		ok(t, v.Put(t.Context(), name, []byte(data)))
	}
	ok(t, v.Put(t.Context(), "ghost/cache", nil)) // named and not there: a write was stopped
	ok(t, b.Items.Delete(t.Context(), b.home+"/ghost/cache"))
}

func holdsAll(t *testing.T, v vault.Vault, all map[string]string) {
	t.Helper()
	for name, data := range all {
		holds(t, v, name, data)
	}
}

// empty wants nothing of the own home in a place.
func (b bench) empty(t *testing.T, what string) {
	t.Helper()
	if left := b.left(); len(left) > 0 {
		t.Fatalf("%s: got %v left in the %s, want nothing", what, left, b.Items.Kind())
	}
	for _, name := range slices.Sorted(maps.Keys(moving)) {
		if _, err := b.Items.Get(t.Context(), b.home+"/"+name); !errors.Is(err, vault.ErrNotFound) {
			t.Fatalf("%s: got %s left in the %s (%v), want nothing", what, name, b.Items.Kind(), err)
		}
	}
}

func recorded(t *testing.T, b bench, kind, also string) {
	t.Helper()
	if r, err := vault.ReadRecorded(b.dir); err != nil || r.Kind != kind || r.Also != also {
		t.Fatalf("got %+v, %v, want entries in the %s and copies in %q", r, err, kind, also)
	}
}

func movesAll(t *testing.T, from, to bench) {
	v := from.open(t)
	if n, err := v.Move(t.Context(), stay{to.Items}); n != 0 || err != nil {
		t.Fatalf("a move of nothing: got %d, %v", n, err)
	}
	recorded(t, from, "", "")
	fill(t, from)
	v = from.open(t)
	recorded(t, from, from.Items.Kind(), "")
	if n, err := v.Move(t.Context(), stay{to.Items}); n != len(moving) || err != nil {
		t.Fatalf("got %d moved, %v, want %d", n, err, len(moving))
	}
	recorded(t, from, to.Items.Kind(), "")
	from.empty(t, "after the move")
	for _, v := range []*vault.Sealed{v, to.open(t)} {
		holdsAll(t, v, moving)
		if st := v.Status(t.Context()); st.State != vault.Ready || st.Kind != to.Items.Kind() {
			t.Fatalf("got %+v, want the new place", st)
		}
	}
	to.noOrphans(t, "after the move")
	w := from.open(t) // the settings still name the old place
	if st := w.Status(t.Context()); st.State != vault.Absent || st.Reason != vault.OtherKeyring {
		t.Fatalf("got %+v, want absent", st)
	}
	_, err := w.Get(t.Context(), cache)
	wantState(t, "get in the old place", err, vault.Absent)
	ok(t, v.Put(t.Context(), cache, []byte("changed")))
	if n, err := v.Move(t.Context(), stay{from.Items}); n != len(moving) || err != nil {
		t.Fatalf("back: got %d moved, %v, want %d", n, err, len(moving))
	}
	holds(t, from.open(t), cache, "changed")
	to.empty(t, "after the move back")
	if _, err := v.Move(t.Context(), stay{from.Items}); err != nil {
		t.Fatalf("a move to where everything is: %v", err)
	}
}

func movesLocked(t *testing.T, from, to bench) {
	fill(t, from)
	for _, b := range []bench{from, to} {
		v := from.open(t)
		unlock := b.Lock(t)
		_, err := v.Move(t.Context(), stay{to.Items})
		wantState(t, b.Items.Kind()+" locked", err, vault.Locked)
		unlock()
		recorded(t, from, from.Items.Kind(), "")
		holdsAll(t, v, moving)
		to.empty(t, b.Items.Kind()+" locked")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := from.open(t).Move(ctx, stay{to.Items})
	want(t, "cancelled", err, context.Canceled)
}

func movesCorrupt(t *testing.T, from, to bench) {
	fill(t, from)
	text, err := from.Items.Get(t.Context(), from.home+"/device/signing")
	ok(t, err)
	ok(t, from.Items.Set(t.Context(), from.home+"/device/signing", text[:len(text)-8]))
	v := from.open(t)
	_, err = v.Move(t.Context(), stay{to.Items})
	want(t, "move", err, vault.ErrCorrupt)
	if !strings.Contains(err.Error(), "device/signing") {
		t.Fatalf("got %v, want the entry named", err)
	}
	recorded(t, from, from.Items.Kind(), "")
	to.empty(t, "after the move that stopped")
	holds(t, v, cache, large)
	ok(t, v.Delete(t.Context(), "device/signing"))
	if n, err := v.Move(t.Context(), stay{to.Items}); n != len(moving)-1 || err != nil {
		t.Fatalf("got %d moved, %v, want all others", n, err)
	}
	holds(t, v, cache, large)
}

// rotten is a keyring that gives back what was written, the first times.
type rotten struct {
	vault.Items
	account string
	gets    *int
}

func (r rotten) Get(ctx context.Context, account string) (string, error) {
	text, err := r.Items.Get(ctx, account)
	if err != nil || account != r.account {
		return text, err
	}
	if *r.gets++; *r.gets > 1 {
		text = strings.ToLower(text)
	}
	return text, nil
}

func movesRotten(t *testing.T, from, to bench) {
	fill(t, from)
	v := from.open(t)
	_, err := v.Move(t.Context(), rotten{to.Items, to.home + "/device/signing", new(int)})
	if err == nil || !strings.Contains(err.Error(), "device/signing") {
		t.Fatalf("got %v, want an error that names the entry", err)
	}
	recorded(t, from, from.Items.Kind(), "")
	for _, v := range []*vault.Sealed{v, from.open(t)} {
		holdsAll(t, v, moving)
	}
	to.empty(t, "after the move that stopped")
}

func movesUnderReaders(t *testing.T, from, to bench) {
	for n, happened := 1, true; happened; n++ {
		from := from.fresh(t)
		left := -1
		var v *vault.Sealed
		v = from.over(t, passing{from.Items, new(sync.Mutex), &left, func() {
			if _, err := v.Move(t.Context(), stay{to.Items}); err != nil {
				t.Errorf("move before the reader's call %d: %v", n, err)
			}
		}}, Scratch{})
		ok(t, v.Put(t.Context(), cache, []byte(large)))
		left = n
		holds(t, v, cache, large)
		happened = left <= 0
		left = -1
		holds(t, v, cache, large)
		ok(t, v.Delete(t.Context(), cache))
	}
	fill(t, from)
	v := from.open(t)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for name, data := range moving {
		wg.Go(func() {
			for ctx.Err() == nil {
				if got, err := v.Get(t.Context(), name); err != nil || string(got) != data {
					t.Errorf("get %s: got %d bytes, %v", name, len(got), err)
					return
				}
			}
		})
	}
	for _, items := range []vault.Items{to.Items, from.Items} {
		if _, err := v.Move(t.Context(), stay{items}); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
}

func movesStopped(t *testing.T, from, to bench) {
	next := map[string]func(t *testing.T, what string, from, to bench, at func() *vault.Sealed, bare func() *vault.Sealed){
		"move again": moveAgain, "reconcile": moveReconciled, "delete all": moveDeleted,
	}
	for how, then := range next {
		for n := 1; ; n++ {
			if n > 300 {
				t.Fatal("the move does not end")
			}
			what := fmt.Sprintf("stopped after step %d, then %s", n, how)
			from := from.fresh(t)
			to := bench{to.Keyring, from.dir, from.home}
			fill(t, from)
			stop := &stopper{left: n, after: true} // before it is after the one before
			files := stoppedFiles{stop}
			v := from.over(t, stoppedItems{from.itemsOver(t, files), stop, func(string) {}}, files)
			_, err := v.Move(t.Context(), stay{stoppedItems{to.itemsOver(t, files), stop, func(string) {}}})
			over := stop.left > 0
			if over && err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			places := map[string]vault.Items{from.Items.Kind(): stay{from.Items}, to.Items.Kind(): stay{to.Items}, "": nil}
			open := func(also bool) *vault.Sealed {
				r, err := vault.ReadRecorded(from.dir)
				ok(t, err)
				o := vault.Options{Items: places[r.Kind], Dir: from.dir, HomeID: from.home, Files: Scratch{}}
				if r.Kind == "" {
					o.Items = places[to.Items.Kind()]
				}
				if also {
					o.Also = places[r.Also]
				}
				v, err := vault.Open(o)
				ok(t, err)
				return v
			}
			holdsAll(t, open(false), moving)
			then(t, what, from, to, func() *vault.Sealed { return open(true) }, func() *vault.Sealed { return open(false) })
			if over {
				break
			}
		}
	}
}

func moveAgain(t *testing.T, what string, from, to bench, at, _ func() *vault.Sealed) {
	v := at()
	ok(t, v.Put(t.Context(), "device/signing", []byte("changed"))) // its copy is old then
	ok(t, v.Delete(t.Context(), "other/cache"))
	if _, err := v.Move(t.Context(), stay{to.Items}); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	recorded(t, from, to.Items.Kind(), "")
	holdsAll(t, v, map[string]string{cache: large, "device/signing": "changed"})
	holdsAll(t, to.open(t), map[string]string{cache: large, "device/signing": "changed"})
	from.empty(t, what)
	to.noOrphans(t, what)
	_, err := v.Get(t.Context(), "other/cache")
	want(t, what, err, vault.ErrNotFound)
	deleteAll(t, to.open(t))
	to.empty(t, what)
}

func moveReconciled(t *testing.T, what string, from, to bench, at, bare func() *vault.Sealed) {
	if _, err := bare().Reconcile(t.Context(), nil); err != nil { // the other place does not answer yet
		t.Fatalf("%s: %v", what, err)
	}
	if _, err := at().Reconcile(t.Context(), nil); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	r, err := vault.ReadRecorded(from.dir)
	if err != nil || r.Also != "" {
		t.Fatalf("%s: got %+v, %v, want nothing unfinished", what, r, err)
	}
	here, there := from, to
	if r.Kind == to.Items.Kind() {
		here, there = to, from
	}
	there.empty(t, what)
	here.noOrphans(t, what)
	holdsAll(t, at(), moving)
	deleteAll(t, at())
	here.empty(t, what)
}

func moveDeleted(t *testing.T, what string, from, to bench, at, bare func() *vault.Sealed) {
	r, err := vault.ReadRecorded(from.dir)
	ok(t, err)
	if r.Also != "" { // a copy that cannot be reached is not told as gone
		v := bare()
		wantState(t, what, v.Delete(t.Context(), cache), vault.Absent)
		if list, err := v.Names(); err != nil || !slices.Contains(list, cache) {
			t.Fatalf("%s: got %v, %v, want the name kept for its copy", what, list, err)
		}
		_, err := v.Get(t.Context(), cache)
		want(t, what, err, vault.ErrNotFound)
	}
	deleteAll(t, at())
	from.empty(t, what)
	to.empty(t, what)
	recorded(t, from, "", "")
}

func deleteAll(t *testing.T, v *vault.Sealed) {
	t.Helper()
	list, err := v.Names()
	ok(t, err)
	for _, name := range list {
		ok(t, v.Delete(t.Context(), name))
	}
	names(t, v)
}
