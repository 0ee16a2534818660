package vault

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"debrief/internal/platform"
)

// Options of Open.
type Options struct {
	Items Items // the keyring; needed
	// Also is the place where an unfinished move left copies (see Recorded); they
	// are removed there with Reconcile and Delete. Default: none, they stay.
	Also Items
	// Dir is the folder of vault.key and vault.index. Empty: both are kept in
	// memory, as a vault whose items are in memory needs it.
	Dir    string
	HomeID string       // the random id of this data folder; needed
	Files  Files        // how key and index are written; default Disk
	Log    *slog.Logger // default: nothing is logged
}

// Sealed is a Vault over Items. Every entry is an item "<home id>/<name>", sealed
// with the key in vault.key, and split where the keyring takes no more; vault.index
// holds the names. Items outside the own
// home id are neither read nor deleted.
//
// One process at a time may have a Sealed open on a folder: the resident's lock
// is what guards key and index.
type Sealed struct {
	dir   string
	home  string
	files Files
	log   *slog.Logger

	write  chan struct{}   // one token: Put, Delete and Reconcile take turns
	proven map[string]bool // entries whose first write was read back; whoever has the turn

	mu       sync.Mutex // guards what follows; never held during a keyring call
	items    Items
	also     Items // where copies of an unfinished move lie; may be nil
	moves    int   // how often items changed
	closed   bool
	index    index
	indexErr error  // why the index cannot be used
	key      []byte // nil: none yet
	keyErr   error  // why the key cannot be used
}

var _ Vault = (*Sealed)(nil)

// Open reads key and index and makes no keyring call. Damage of either is not an
// error here: it is the vault's state, so that entries can still be deleted.
func Open(o Options) (*Sealed, error) {
	if o.Items == nil {
		return nil, errors.New("vault: no items given")
	}
	if err := validName(o.HomeID); err != nil || strings.Contains(o.HomeID, "/") {
		return nil, fmt.Errorf("vault: home id %q: %w", o.HomeID, ErrInvalid)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Files == nil {
		o.Files = Disk{}
	}
	s := &Sealed{
		items: o.Items, also: o.Also, dir: o.Dir, home: o.HomeID, files: o.Files, log: o.Log,
		write: make(chan struct{}, 1), proven: map[string]bool{},
	}
	if o.Dir == "" {
		return s, nil
	}
	if err := platform.PrivateDir(o.Dir); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if err := SweepTemporary(o.Dir, keyFile, indexFile); err != nil {
		s.log.Warn("what an interrupted write left was not removed", "error", err.Error())
	}
	s.index, s.indexErr = readIndex(s.indexPath())
	s.key, s.keyErr = readKey(s.keyPath())
	if s.key == nil && s.keyErr == nil && len(s.index.all()) > 0 {
		s.keyErr = ErrNoKey
	}
	for _, err := range []error{s.indexErr, s.keyErr} {
		if err != nil {
			s.log.Error("the vault is damaged", "error", err.Error())
		}
	}
	return s, nil
}

// readKey gives nil and no error where there is no file.
func readKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("vault: key: %w", err)
	case len(b) != keySize:
		return nil, fmt.Errorf("%w: vault.key has %d bytes, not %d", ErrTruncated, len(b), keySize)
	}
	return b, nil
}

// Status implements Vault.
func (s *Sealed) Status(ctx context.Context) Status { return s.judge(s.at().Probe(ctx)) }

// Unlock implements Vault.
func (s *Sealed) Unlock(ctx context.Context) Status { return s.judge(s.at().Unlock(ctx)) }

// at is the keyring that holds the entries.
func (s *Sealed) at() Items {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items
}

// judge adds to the keyring's own status what key and index say.
func (s *Sealed) judge(st Status) Status {
	if st.Kind == "" {
		st.Kind = s.at().Kind()
	}
	s.strange(&st)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(s.indexErr, s.keyErr); err != nil {
		st = damaged(st, err)
	}
	return st
}

func placeOf(st Status) place { return place{st.Kind, st.Provider, st.Collection} }

// Names implements Vault.
func (s *Sealed) Names() ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.indexErr != nil {
		return nil, s.damagedLocked(s.indexErr)
	}
	return s.index.all(), nil
}

func (s *Sealed) damagedLocked(err error) error {
	return &StateError{Status: damaged(Status{Kind: s.items.Kind()}, err), Err: err}
}

func damaged(st Status, err error) Status {
	st.State, st.Detail, st.Reason = Damaged, err.Error(), ReasonOf(err)
	return st
}

// Close implements Vault. It waits for a write under way; the key is wiped, and
// items that can be closed are.
func (s *Sealed) Close() error {
	s.write <- struct{}{}
	defer func() { <-s.write }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	clear(s.key)
	s.key = nil
	return errors.Join(closeItems(s.items), closeItems(s.also))
}

func closeItems(items Items) error {
	if c, ok := items.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Place tells where a part of an entry is kept.
type Place struct {
	What  string // "token_cache", "sealing_key" or "index"
	Where string // a path, or keyring service and item
	State string // "present", "missing" or "unknown"
}

// Places tells where the parts of an entry lie. It makes no keyring call: an item
// that the index names is "unknown" until someone gets it.
func (s *Sealed) Places(name string) []Place {
	s.mu.Lock()
	has, lost, inMemory, items := s.index.has(name), s.indexErr != nil, s.key != nil, s.items
	s.mu.Unlock()
	item := "missing"
	if has || lost {
		item = "unknown"
	}
	places := []Place{{What: "token_cache", Where: items.Where(s.account(name)), State: item}}
	if s.dir == "" {
		state := "missing"
		if inMemory {
			state = "present"
		}
		return append(places, Place{What: "sealing_key", Where: "memory", State: state})
	}
	for _, f := range []struct{ what, path string }{{"sealing_key", s.keyPath()}, {"index", s.indexPath()}} {
		state := "present"
		switch _, err := os.Lstat(f.path); {
		case errors.Is(err, fs.ErrNotExist):
			state = "missing"
		case err != nil:
			state = "unknown"
		}
		places = append(places, Place{What: f.what, Where: f.path, State: state})
	}
	return places
}

func (s *Sealed) keyPath() string            { return filepath.Join(s.dir, keyFile) }
func (s *Sealed) indexPath() string          { return filepath.Join(s.dir, indexFile) }
func (s *Sealed) account(name string) string { return s.home + "/" + name }

// begin opens a call that writes: it waits for its turn.
func (s *Sealed) begin(ctx context.Context) (end func(), err error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	select {
	case s.write <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := s.usable(ctx); err != nil {
		<-s.write
		return nil, err
	}
	return func() { <-s.write }, nil
}

func (s *Sealed) usable(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// sealingKey returns a copy of the key. With create, a first one is made where
// none is and nothing was ever sealed.
func (s *Sealed) sealingKey(create bool) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.indexErr != nil:
		return nil, s.damagedLocked(s.indexErr)
	case s.keyErr != nil && !(errors.Is(s.keyErr, ErrNoKey) && len(s.index.all()) == 0):
		return nil, s.damagedLocked(s.keyErr)
	case s.key == nil && !create:
		// Nothing of ours can lie there: an item was sealed with a key that is lost.
		return nil, s.damagedLocked(ErrNoKey)
	case s.key == nil:
		key := make([]byte, keySize)
		_, _ = rand.Read(key) // never fails (crypto/rand)
		if s.dir != "" {
			if err := s.files.WriteFile(s.keyPath(), key); err != nil {
				return nil, fmt.Errorf("vault: key: %w", err)
			}
		}
		s.key, s.keyErr = key, nil
	}
	return slices.Clone(s.key), nil
}

// setIndex makes the index durable before it counts. The caller has the turn.
func (s *Sealed) setIndex(change func(index) index) error {
	s.mu.Lock()
	next := change(s.index)
	s.mu.Unlock()
	if s.dir != "" {
		if err := next.write(s.files, s.indexPath()); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.index = next
	if errors.Is(s.keyErr, ErrNoKey) && len(next.all()) == 0 {
		s.keyErr = nil
	}
	s.mu.Unlock()
	return nil
}
