package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// Delete implements Vault. It needs neither the key nor a readable entry. A name
// that the index does not have was never written: it is looked for only where the
// keyring is ready.
func (s *Sealed) Delete(ctx context.Context, name string) error {
	if err := validName(name); err != nil {
		return err
	}
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.delete(ctx, name); err != nil {
		return fmt.Errorf("vault: delete %q: %w", name, err)
	}
	return nil
}

func (s *Sealed) delete(ctx context.Context, name string) error {
	s.mu.Lock()
	named, copied, lost, items := s.index.has(name), s.index.copied(name), s.indexErr, s.items
	s.mu.Unlock()
	there := true
	switch {
	case named:
		if _, err := s.reach(ctx); err != nil {
			return err
		}
	case lost == nil:
		if st := items.Probe(ctx); st.State != Ready {
			if err := ctx.Err(); err != nil {
				return err
			}
			there = false
		}
	}
	if there {
		if err := (shelf{items}).remove(ctx, s.account(name)); err != nil {
			return err
		}
	}
	delete(s.proven, name)
	if named { // an index that cannot be read is never written
		if err := s.setIndex(func(x index) index { return x.without(name) }); err != nil {
			return err
		}
	}
	if copied {
		return s.removeCopies(ctx, name)
	}
	return nil
}

// Reconcile brings keyring and index together, at the start: entries that keep
// refuses are deleted (nil keeps all), names whose item is verified gone are
// dropped, and so is what an interrupted write or move left. It goes on after a
// failure and returns the first; removed counts entries and names. No names, no
// keyring call.
func (s *Sealed) Reconcile(ctx context.Context, keep func(name string) bool) (removed int, err error) {
	end, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	s.mu.Lock()
	names, lost := s.index.Names, s.indexErr
	s.mu.Unlock()
	if lost != nil {
		_, err := s.Names()
		return 0, err
	}
	if len(names) > 0 {
		if _, err := s.reach(ctx); err != nil {
			return 0, err
		}
	}
	for _, name := range names {
		gone, e := s.reconcile(ctx, name, keep == nil || keep(name))
		if gone {
			removed++
		}
		if e != nil && err == nil {
			err = fmt.Errorf("vault: reconcile %q: %w", name, e)
		}
	}
	return removed, cmp.Or(err, s.settle(ctx))
}

func (s *Sealed) reconcile(ctx context.Context, name string, keep bool) (gone bool, err error) {
	if keep {
		on, account := shelf{s.at()}, s.account(name)
		top, err := on.items.Get(ctx, account)
		if err == nil {
			err = on.tidy(ctx, account, top)
		}
		if unreadable(err) { // it is there
			return false, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return false, err
		}
	}
	err = s.delete(ctx, name)
	if e, ok := errors.AsType[*StateError](err); ok && e.Status.Reason == UnfinishedMove {
		return true, nil // it is gone here; its copy is for settle
	}
	return err == nil, err
}
