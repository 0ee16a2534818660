// Package filestore keeps session records as files: one <id>.json per record,
// one <id>.cleared.json per tombstone, and quarantine/ for what cannot be read.
//
// Start with Open. Several processes may use one folder: a write holds the lock
// file .lock from its read to its end; reads need no lock, for files are replaced
// as a whole. Watch calls its function once at its start, so that nothing falls
// between a listing and the watch.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"debrief/internal/platform"
	"debrief/internal/session"

	"github.com/gofrs/flock"
)

// Options of Open.
type Options struct {
	Dir string           // the folder, made when missing; needed
	Now func() time.Time // default time.Now
	Log *slog.Logger     // default: nothing is logged
	// LockWait bounds the wait for another process' write when the context has no
	// deadline; default 10 s.
	LockWait time.Duration
}

// Store is a folder of records.
type Store struct {
	dir      string
	now      func() time.Time
	log      *slog.Logger
	lockWait time.Duration

	turn   chan struct{} // holds one token: whoever has it writes
	file   *flock.Flock
	closed chan struct{}
	once   sync.Once
}

var _ session.Store = (*Store)(nil)

const (
	recordExt     = ".json"
	tombstoneExt  = ".cleared.json"
	quarantineDir = "quarantine"
	lockName      = ".lock"
	lockPoll      = 5 * time.Millisecond
)

// Open opens the folder, removes what a crash left behind and sweeps old
// tombstones.
func Open(o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("filestore: no folder given")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.LockWait <= 0 {
		o.LockWait = 10 * time.Second
	}
	if err := platform.PrivateDir(o.Dir); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	s := &Store{
		dir: o.Dir, now: o.Now, log: o.Log, lockWait: o.LockWait,
		turn:   make(chan struct{}, 1),
		file:   flock.New(filepath.Join(o.Dir, lockName), flock.SetPermissions(platform.FileMode)),
		closed: make(chan struct{}),
	}
	if err := s.tidy(); err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return s, nil
}

// Close ends the store. Writes under way are finished by their callers.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// Create implements session.Store.
func (s *Store) Create(ctx context.Context, r session.Record) (session.Record, error) {
	r = r.Normal()
	r.Version = 1
	b, err := session.Encode(r)
	if err != nil {
		return session.Record{}, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return session.Record{}, err
	}
	defer unlock()
	if err := s.checkCleared(r.ID); err != nil {
		return session.Record{}, err
	}
	switch _, err := os.Lstat(s.record(r.ID)); {
	case err == nil:
		return session.Record{}, fmt.Errorf("%w: %s", session.ErrExists, r.ID)
	case !errors.Is(err, fs.ErrNotExist):
		return session.Record{}, fmt.Errorf("session: create: %w", err)
	}
	if err := platform.WriteFile(s.record(r.ID), b); err != nil {
		return session.Record{}, fmt.Errorf("session: create: %w", err)
	}
	return r, nil
}

// Load implements session.Store. What cannot be read is put aside.
func (s *Store) Load(ctx context.Context, id string) (session.Record, error) {
	if err := s.usable(ctx); err != nil {
		return session.Record{}, err
	}
	if err := session.ValidID(id); err != nil {
		return session.Record{}, err
	}
	r, _, err := s.load(ctx, id)
	return r, err
}

// Save implements session.Store.
func (s *Store) Save(ctx context.Context, r session.Record) (session.Record, error) {
	r = r.Normal()
	next := r
	next.Version++
	b, err := session.Encode(next)
	if err != nil {
		return session.Record{}, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return session.Record{}, err
	}
	defer unlock()
	if err := s.checkCleared(r.ID); err != nil {
		return session.Record{}, err
	}
	stored, err := s.read(r.ID)
	if errors.Is(err, session.ErrCorrupt) {
		_, err = s.setAside(r.ID, err)
	}
	if err != nil {
		return session.Record{}, err
	}
	if stored.Version != r.Version {
		return session.Record{}, fmt.Errorf("%w: version %d is stored, not %d", session.ErrConflict, stored.Version, r.Version)
	}
	if err := platform.WriteFile(s.record(r.ID), b); err != nil {
		return session.Record{}, fmt.Errorf("session: save: %w", err)
	}
	return next, nil
}

// Clear implements session.Store: first the tombstone, durably, then the record
// and what was put aside of it. A crash between the two leaves a cleared session,
// and the next Open removes the rest.
func (s *Store) Clear(ctx context.Context, t session.Tombstone) error {
	b, err := session.EncodeTombstone(t)
	if err != nil {
		return err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if old, err := s.tombstone(t.ID); err != nil || old.Until.Before(t.Until) {
		if err := platform.WriteFile(s.tomb(t.ID), b); err != nil {
			return fmt.Errorf("session: clear: %w", err)
		}
	}
	return s.removeRest(t.ID)
}

// removeRest removes everything of a cleared id but its tombstone.
func (s *Store) removeRest(id string) error {
	if err := platform.RemoveFile(s.record(id)); err != nil {
		return fmt.Errorf("session: clear: %w", err)
	}
	aside, err := os.ReadDir(filepath.Join(s.dir, quarantineDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("session: clear: %w", err)
	}
	for _, e := range aside {
		if strings.HasPrefix(e.Name(), id+".") {
			if err := platform.RemoveFile(filepath.Join(s.dir, quarantineDir, e.Name())); err != nil {
				return fmt.Errorf("session: clear: %w", err)
			}
		}
	}
	return nil
}

func (s *Store) record(id string) string { return filepath.Join(s.dir, id+recordExt) }
func (s *Store) tomb(id string) string   { return filepath.Join(s.dir, id+tombstoneExt) }

func (s *Store) usable(ctx context.Context) error {
	select {
	case <-s.closed:
		return session.ErrClosed
	default:
		return ctx.Err()
	}
}

// lock waits for the right to write, in this process and then among processes.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, s.lockWait)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
	case <-wait.Done():
		return nil, fmt.Errorf("session: wait for another write: %w", wait.Err())
	}
	ok, err := s.file.TryLockContext(wait, lockPoll)
	if err == nil && ok {
		err = s.usable(ctx)
	}
	if err != nil || !ok {
		_ = s.file.Unlock()
		<-s.turn
		return nil, fmt.Errorf("session: wait for another process' write: %w", err)
	}
	return func() {
		if err := s.file.Unlock(); err != nil {
			s.log.Warn("the session lock was not given back", "error", err.Error())
		}
		<-s.turn
	}, nil
}
