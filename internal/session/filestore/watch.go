package filestore

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"debrief/internal/session"

	"github.com/fsnotify/fsnotify"
)

// settle is how long changes are gathered before they are told.
const settle = 50 * time.Millisecond

// Watch implements session.Store. The folder is watched, not its files, which
// are replaced at every write. changed is called once when the watch stands.
func (s *Store) Watch(ctx context.Context, changed func()) error {
	if err := s.usable(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("session: watch: %w", err)
	}
	defer w.Close()
	if err := w.Add(s.dir); err != nil {
		return fmt.Errorf("session: watch: %w", err)
	}
	changed()
	var pending <-chan time.Time // nil at rest: nothing ticks
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.closed:
			return session.ErrClosed
		case e, ok := <-w.Events:
			if !ok {
				return fmt.Errorf("session: watch: %w", fsnotify.ErrClosed)
			}
			if e.Name == s.dir && e.Has(fsnotify.Remove|fsnotify.Rename) {
				return fmt.Errorf("session: watch: the folder %s is gone", s.dir)
			}
			_, isRecord := recordID(filepath.Base(e.Name))
			_, isTombstone := tombstoneID(filepath.Base(e.Name))
			if (isRecord || isTombstone) && e.Op != fsnotify.Chmod && pending == nil {
				pending = time.After(settle)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return fmt.Errorf("session: watch: %w", fsnotify.ErrClosed)
			}
			s.log.Warn("a change of the session folder may have been missed", "error", err.Error())
			if pending == nil {
				pending = time.After(settle)
			}
		case <-pending:
			pending = nil
			changed()
		}
	}
}
