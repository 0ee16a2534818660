package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"debrief/internal/platform"
	"debrief/internal/session"
)

// List implements session.Store. It takes the lock only where something has to
// be put aside or swept.
func (s *Store) List(ctx context.Context) (session.Listing, error) {
	if err := s.usable(ctx); err != nil {
		return session.Listing{}, err
	}
	entries, err := os.ReadDir(s.dir) // ordered by name
	if err != nil {
		return session.Listing{}, fmt.Errorf("session: list: %w", err)
	}
	var l session.Listing
	for _, e := range entries {
		if err := s.usable(ctx); err != nil {
			return session.Listing{}, err
		}
		id, isRecord := recordID(e.Name())
		if !isRecord {
			continue
		}
		r, path, err := s.load(ctx, id)
		switch {
		case err == nil:
			l.Records = append(l.Records, r)
		case errors.Is(err, session.ErrNotFound), errors.Is(err, session.ErrCleared): // gone in the meantime
		case ctx.Err() != nil:
			return session.Listing{}, ctx.Err()
		default:
			l.Unreadable = append(l.Unreadable, session.Unreadable{ID: id, Path: path, Err: err})
		}
	}
	s.sweep(ctx, entries)
	return l, nil
}

// load reads a record under the rules of Load and puts aside what is corrupt;
// path is where the unreadable record lies then.
func (s *Store) load(ctx context.Context, id string) (r session.Record, path string, err error) {
	if err := s.checkCleared(id); err != nil {
		return r, "", err
	}
	r, err = s.read(id)
	switch {
	case errors.Is(err, session.ErrNotFound):
		if cleared := s.checkCleared(id); cleared != nil { // between the two looks
			err = cleared
		}
		return r, "", err
	case !errors.Is(err, session.ErrCorrupt):
		return r, s.record(id), err
	}
	unlock, lockErr := s.lock(ctx)
	if lockErr != nil {
		return r, s.record(id), err
	}
	defer unlock()
	if cleared := s.checkCleared(id); cleared != nil {
		return r, "", cleared
	}
	r, err = s.read(id) // another process may have replaced it
	if !errors.Is(err, session.ErrCorrupt) {
		return r, s.record(id), err
	}
	path, err = s.setAside(id, err)
	return r, path, err
}

// read reads the file of id and nothing else. Only bytes that were read whole
// are judged; an input/output failure comes back as it is.
func (s *Store) read(id string) (session.Record, error) {
	b, err := os.ReadFile(s.record(id))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return session.Record{}, fmt.Errorf("%w: %s", session.ErrNotFound, id)
	case err != nil:
		return session.Record{}, fmt.Errorf("session: load: %w", err)
	}
	return session.Decode(id, b)
}

// setAside moves an unparsable record to quarantine/, never over another one.
// The lock is held. cause is what comes back, with the new place.
func (s *Store) setAside(id string, cause error) (string, error) {
	dir := filepath.Join(s.dir, quarantineDir)
	if err := platform.PrivateDir(dir); err != nil {
		return s.record(id), fmt.Errorf("%w (left in place: %v)", cause, err)
	}
	base := id + "." + s.now().UTC().Format("20060102T150405Z")
	to := filepath.Join(dir, base+recordExt)
	for n := 2; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = filepath.Join(dir, fmt.Sprintf("%s-%d%s", base, n, recordExt))
	}
	if err := os.Rename(s.record(id), to); err != nil {
		return s.record(id), fmt.Errorf("%w (left in place: %v)", cause, err)
	}
	s.log.Warn("a session record was put aside", "session", id, "path", to, "error", cause.Error())
	return to, fmt.Errorf("%w (kept as %s)", cause, to)
}

// checkCleared is ErrCleared where a tombstone lies, also one that cannot be
// read, until it is swept.
func (s *Store) checkCleared(id string) error {
	switch _, err := os.Lstat(s.tomb(id)); {
	case err == nil:
		return fmt.Errorf("%w: %s", session.ErrCleared, id)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("session: look for a tombstone: %w", err)
	}
	return nil
}

func (s *Store) tombstone(id string) (session.Tombstone, error) {
	b, err := os.ReadFile(s.tomb(id))
	if err != nil {
		return session.Tombstone{}, err
	}
	return session.DecodeTombstone(id, b)
}

// sweep removes the tombstones whose time is over. A failure waits for the next
// listing.
func (s *Store) sweep(ctx context.Context, entries []fs.DirEntry) {
	var over []string
	for _, e := range entries {
		if id, ok := tombstoneID(e.Name()); ok {
			if t, err := s.tombstone(id); err == nil && !s.now().Before(t.Until) {
				over = append(over, id)
			}
		}
	}
	if len(over) == 0 {
		return
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return
	}
	defer unlock()
	for _, id := range over {
		if t, err := s.tombstone(id); err == nil && !s.now().Before(t.Until) {
			err := s.removeRest(id)
			if err == nil {
				err = platform.RemoveFile(s.tomb(id))
			}
			if err != nil {
				s.log.Warn("an old tombstone was not removed", "session", id, "error", err.Error())
			}
		}
	}
}

// tidy does the start's work: temporary files of a crash go, clears that a crash
// cut short are finished, old tombstones are swept.
func (s *Store) tidy() error {
	ctx := context.Background()
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		unlock()
		return err
	}
	for _, e := range entries {
		var err error
		if platform.IsTemporary(e.Name()) {
			err = platform.RemoveFile(filepath.Join(s.dir, e.Name()))
		} else if id, ok := tombstoneID(e.Name()); ok {
			err = s.removeRest(id)
		}
		if err != nil {
			s.log.Warn("a left-over was not removed", "name", e.Name(), "error", err.Error())
		}
	}
	unlock()
	s.sweep(ctx, entries)
	return nil
}

func recordID(name string) (string, bool) {
	id, ok := strings.CutSuffix(name, recordExt)
	return id, ok && session.ValidID(id) == nil
}

func tombstoneID(name string) (string, bool) {
	id, ok := strings.CutSuffix(name, tombstoneExt)
	return id, ok && session.ValidID(id) == nil
}
