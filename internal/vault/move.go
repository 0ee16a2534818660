package vault

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Recorded tells where the entries of a data folder lie: what Items and Also have
// to be, whatever the settings say.
type Recorded struct {
	Kind, Provider, Collection string // all empty: there are no entries
	// Also is the kind of the place where an unfinished move left copies.
	Also string
}

// ReadRecorded reads vault.index in dir. A missing one records nothing.
func ReadRecorded(dir string) (Recorded, error) {
	x, err := readIndex(filepath.Join(dir, indexFile))
	if err != nil {
		return Recorded{}, err
	}
	r := Recorded{Kind: x.Kind, Provider: x.Provider, Collection: x.Collection}
	if x.Also != nil {
		r.Also = x.Also.Kind
	}
	return r, nil
}

// Move puts every entry into another keyring, which the vault owns from the call on:
// all are copied, then all are read back and compared, then the index is switched,
// and only then is anything removed from where they were. Entries that do not open
// stop it before it begins to matter. moved counts the entries.
//
// After an interruption at any point every entry is whole in the place that
// ReadRecorded names; a Move again goes on, and Reconcile with Options.Also undoes or
// finishes it. ErrUnfinished: all is moved, and something is left in the old place.
func (s *Sealed) Move(ctx context.Context, to Items) (moved int, err error) {
	end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	if moved, err = s.move(ctx, to); err != nil {
		return moved, fmt.Errorf("vault: move: %w", err)
	}
	return moved, nil
}

func (s *Sealed) move(ctx context.Context, to Items) (moved int, err error) {
	from := s.at()
	switch {
	case s.dir == "" || to.Kind() == "memory":
		return 0, errors.New("what is kept in memory only cannot be moved")
	case to.Kind() == from.Kind():
		return 0, s.finish(ctx)
	}
	there := to.Probe(ctx)
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if there.Kind == "" {
		there.Kind = to.Kind()
	}
	if there.State != Ready {
		return 0, &StateError{Status: there}
	}
	s.mu.Lock()
	names, all, also, lost := s.index.Names, s.index.all(), s.index.Also, s.indexErr
	s.mu.Unlock()
	switch {
	case lost != nil:
		_, err := s.Names()
		return 0, err
	case also != nil && also.other(placeOf(there)):
		return 0, fmt.Errorf("%w: %s", ErrUnfinished, also.place)
	}
	if len(names) > 0 {
		if _, err := s.reach(ctx); err != nil {
			return 0, err
		}
	}
	if len(all) > 0 {
		if moved, err = s.copyAll(ctx, to, placeOf(there), names, all); err != nil {
			return 0, err
		}
	}
	if err := s.switchTo(to, placeOf(there)); err != nil {
		return 0, err
	}
	clear(s.proven)
	if err := s.finish(ctx); err != nil {
		return moved, fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	s.mu.Lock()
	s.also = nil
	s.mu.Unlock()
	return moved, closeItems(from)
}

// copyAll copies every entry, and then compares every one: here are the names of
// entries, all those of what may lie in either place.
func (s *Sealed) copyAll(ctx context.Context, to Items, there place, here, all []string) (moved int, err error) {
	s.mu.Lock()
	s.also = to
	s.mu.Unlock()
	if err := s.setIndex(func(x index) index { return x.withCopies(there, all) }); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = s.settle(ctx) // what cannot be undone now is recorded
		}
	}()
	for _, name := range all {
		if err := s.copyTo(ctx, shelf{to}, name, slices.Contains(here, name)); err != nil {
			return 0, fmt.Errorf("copy %q: %w", name, err)
		}
	}
	for _, name := range all {
		there, err := s.verify(ctx, shelf{to}, name)
		if err != nil {
			return 0, fmt.Errorf("verify %q: %w", name, err)
		}
		if there {
			moved++
		}
	}
	return moved, nil
}

// copyTo makes the other place hold of an entry what this one holds, nothing too.
func (s *Sealed) copyTo(ctx context.Context, to shelf, name string, named bool) error {
	account, text := s.account(name), ""
	err := ErrNotFound
	if named {
		text, err = (shelf{s.at()}).get(ctx, account)
	}
	if errors.Is(err, ErrNotFound) { // half written, or half deleted
		return to.remove(ctx, account)
	}
	if err != nil {
		return err
	}
	key, err := s.sealingKey(false)
	if err != nil {
		return err
	}
	defer clear(key)
	plain, err := open(key, s.home, name, text)
	if err != nil {
		return err
	}
	clear(plain)
	top, err := to.items.Get(ctx, account)
	if err == nil {
		err = notNewer(top)
	}
	if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrCorrupt) {
		return err
	}
	if err := to.put(ctx, account, text, top, false); err != nil {
		return err
	}
	return s.tidy(ctx, to, account)
}

// verify compares both places; there tells whether they hold the entry.
func (s *Sealed) verify(ctx context.Context, to shelf, name string) (there bool, err error) {
	account := s.account(name)
	want, wantErr := (shelf{s.at()}).get(ctx, account)
	got, gotErr := to.get(ctx, account)
	for _, err := range []error{wantErr, gotErr} {
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
	}
	if (wantErr == nil) != (gotErr == nil) || got != want {
		return false, errors.New("the copy is not what was copied")
	}
	return gotErr == nil, nil
}

// switchTo makes the other place the one that counts, and this one the place of
// copies. When the write fails, the file tells whether it had its effect.
func (s *Sealed) switchTo(to Items, there place) error {
	var next index
	err := s.setIndex(func(x index) index {
		names := x.Names
		next = x.withCopies(x.place, names)
		if next.place = there; len(names) == 0 {
			next.place = place{}
		}
		return next
	})
	if err != nil {
		disk, readErr := readIndex(s.indexPath())
		if readErr != nil || len(next.Names) == 0 || disk.place != next.place {
			return err
		}
	}
	s.mu.Lock()
	s.index = next
	s.also, s.items = s.items, to
	s.moves++
	s.mu.Unlock()
	return err
}

// finish removes all copies that a move left.
func (s *Sealed) finish(ctx context.Context) error {
	s.mu.Lock()
	also := s.index.Also
	s.mu.Unlock()
	if also == nil {
		return nil
	}
	return s.removeCopies(ctx, also.Names...)
}

// settle is finish at the start: a place that does not answer now is left for
// later.
func (s *Sealed) settle(ctx context.Context) error {
	err := s.finish(ctx)
	if e, ok := errors.AsType[*StateError](err); ok {
		s.log.Info("copies of an unfinished move are left for later", "state", string(e.Status.State), "detail", e.Status.Detail)
		return nil
	}
	return err
}

// removeCopies removes entries from the place that does not count. *StateError
// where that does not answer; the names stay in the index then.
func (s *Sealed) removeCopies(ctx context.Context, names ...string) error {
	s.mu.Lock()
	also, items := s.index.Also, s.also
	here := s.index.place
	s.mu.Unlock()
	st := Status{State: Absent, Kind: also.Kind, Provider: also.Provider, Collection: also.Collection}
	if items != nil {
		if st = items.Probe(ctx); st.Kind == "" {
			st.Kind = items.Kind()
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if st.State == Ready && also.other(placeOf(st)) {
		st.State = Absent
	}
	if st.State != Ready {
		st.Reason, st.Detail = UnfinishedMove, fmt.Sprintf("a copy that a move left lies in %s", also.place)
		return &StateError{Status: st}
	}
	same := here != place{} && !here.other(also.place)
	for _, name := range names {
		s.mu.Lock()
		counts := s.index.has(name) && same
		s.mu.Unlock()
		if counts { // no copy any more: the entry was written where its copy was
			continue
		}
		if err := (shelf{items}).remove(ctx, s.account(name)); err != nil {
			return err
		}
	}
	return s.setIndex(func(x index) index {
		for _, name := range names {
			x = x.uncopied(name)
		}
		return x
	})
}
