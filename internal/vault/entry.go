package vault

import (
	"context"
	"errors"
	"fmt"
)

// Get implements Vault.
func (s *Sealed) Get(ctx context.Context, name string) ([]byte, error) {
	if err := validName(name); err != nil {
		return nil, err
	}
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	text, err := s.fetch(ctx, name)
	if errors.Is(err, ErrNotFound) {
		if err := s.elsewhere(ctx, name); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("vault: get %q: %w", name, err)
	}
	if _, err := parse(text); err != nil {
		return nil, fmt.Errorf("vault: get %q: %w", name, err)
	}
	key, err := s.sealingKey(false)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	plain, err := open(key, s.home, name, text)
	if err != nil {
		return nil, fmt.Errorf("vault: get %q: %w", name, err)
	}
	return plain, nil
}

// fetch is the sealed text of an entry. It waits for no writer; when one went past
// it, it reads once more while nobody writes.
func (s *Sealed) fetch(ctx context.Context, name string) (string, error) {
	s.mu.Lock()
	from, moves := shelf{s.items}, s.moves
	s.mu.Unlock()
	account := s.account(name)
	top, err := from.items.Get(ctx, account)
	var text string
	if err == nil {
		text, err = from.whole(ctx, account, top)
	}
	if err == nil {
		return text, nil
	}
	s.mu.Lock()
	moved := s.moves != moves
	s.mu.Unlock()
	if !moved && (top == "" || !errors.Is(err, ErrCorrupt)) {
		return "", err
	}
	end, busy := s.begin(ctx)
	if busy != nil {
		return "", busy
	}
	defer end()
	from = shelf{s.at()}
	again, gone := from.items.Get(ctx, account)
	switch {
	case gone != nil:
		return "", gone
	case again == top && !moved:
		return "", err
	}
	return from.whole(ctx, account, again)
}

// elsewhere is the error of an item that was not found: it may lie in another
// keyring than the one that answers, or be named by an index that cannot be read.
// nil when the absence is clean.
func (s *Sealed) elsewhere(ctx context.Context, name string) error {
	s.mu.Lock()
	named, lost := s.index.has(name), s.indexErr
	if lost != nil {
		defer s.mu.Unlock()
		return s.damagedLocked(lost)
	}
	s.mu.Unlock()
	if !named {
		return nil
	}
	_, err := s.reach(ctx)
	return err
}

// Put implements Vault. The name is in the index, durably, before the keyring is
// written. The first write of an entry by this Sealed is read back and compared:
// keyrings have been seen to lose writes without an error.
func (s *Sealed) Put(ctx context.Context, name string, data []byte) error {
	if err := validName(name); err != nil {
		return err
	}
	if len(data) > MaxSize {
		return fmt.Errorf("vault: put %q: %w: %d bytes, at most %d", name, ErrTooLarge, len(data), MaxSize)
	}
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.put(ctx, name, data); err != nil {
		return fmt.Errorf("vault: put %q: %w", name, err)
	}
	return nil
}

func (s *Sealed) put(ctx context.Context, name string, data []byte) error {
	key, err := s.sealingKey(true)
	if err != nil {
		return err
	}
	defer clear(key)
	there, err := s.reach(ctx)
	if err != nil {
		return err
	}
	on, account, sure := shelf{s.at()}, s.account(name), s.proven[name]
	top := ""
	if !sure || on.items.Limit() > 0 {
		if top, err = on.items.Get(ctx, account); err == nil {
			err = notNewer(top)
		}
		if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrCorrupt) {
			return err
		}
	}
	text, err := seal(key, s.home, name, data)
	if err != nil {
		return err
	}
	s.mu.Lock()
	named := s.index.has(name)
	s.mu.Unlock()
	if !named {
		err := s.setIndex(func(x index) index {
			if len(x.Names) == 0 {
				x.place = there
			}
			return x.with(name)
		})
		if err != nil {
			return err
		}
	}
	delete(s.proven, name)
	if err := on.put(ctx, account, text, top, sure); err != nil {
		on.undo(ctx, account, err)
		return err
	}
	if err := s.tidy(ctx, on, account); err != nil { // the entry is stored all the same
		s.log.Warn("parts of an older entry are left until the next write or start", "entry", name, "error", err.Error())
		return nil
	}
	s.proven[name] = true
	return nil
}

func (s *Sealed) tidy(ctx context.Context, on shelf, account string) error {
	if on.items.Limit() <= 0 {
		return nil
	}
	top, err := on.items.Get(ctx, account)
	if err != nil {
		return err
	}
	return on.tidy(ctx, account, top)
}

// notNewer refuses an item that a newer program wrote.
func notNewer(item string) error {
	if _, split, err := parseHead(item); split || err != nil {
		return err
	}
	_, err := parse(item)
	return err
}

// reach is the place that answers; an error unless it is ready and the one where
// the other entries lie.
func (s *Sealed) reach(ctx context.Context) (place, error) {
	items := s.at()
	st := items.Probe(ctx)
	if err := ctx.Err(); err != nil {
		return place{}, err
	}
	if st.Kind == "" {
		st.Kind = items.Kind()
	}
	if st.State != Ready {
		return place{}, &StateError{Status: st}
	}
	if s.strange(&st) && !s.adopt(ctx, st) {
		return place{}, &StateError{Status: st}
	}
	return placeOf(st), nil
}

// strange reports whether another keyring answers than the one that holds the
// entries, and says so in st.
func (s *Sealed) strange(st *Status) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := placeOf(*st)
	if st.State != Ready || len(s.index.Names) == 0 || !s.index.other(there) {
		return false
	}
	st.State, st.Reason, st.Detail = Absent, OtherKeyring, fmt.Sprintf("entries lie in %s, and %s answers", s.index.place, there)
	return true
}

// adopt takes note of a keyring that has another name than the recorded one and
// still holds every entry: a renamed program, or a person who moved them.
func (s *Sealed) adopt(ctx context.Context, st Status) bool {
	s.mu.Lock()
	names, kind, items := s.index.Names, s.index.Kind, s.items
	s.mu.Unlock()
	if kind != "" && kind != st.Kind {
		return false
	}
	for _, name := range names {
		if _, err := items.Get(ctx, s.account(name)); err != nil {
			return false
		}
	}
	s.log.Info("the keyring has another name and all entries", "provider", st.Provider)
	return s.setIndex(func(x index) index { x.place = placeOf(st); return x }) == nil
}
