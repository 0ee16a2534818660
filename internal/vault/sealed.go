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
	// Dir is the folder of vault.key and vault.index. Empty: both are kept in
	// memory, as a vault whose items are in memory needs it.
	Dir    string
	HomeID string       // the random id of this data folder; needed
	Log    *slog.Logger // default: nothing is logged
}

// Sealed is a Vault over Items. Every entry is one item "<home id>/<name>", sealed
// with the key in vault.key; vault.index holds the names. Items outside the own
// home id are neither read nor deleted.
//
// One process at a time may have a Sealed open on a folder: the resident's lock
// is what guards key and index.
type Sealed struct {
	items Items
	dir   string
	home  string
	log   *slog.Logger

	write  chan struct{}   // one token: Put, Delete and Reconcile take turns
	proven map[string]bool // entries whose first write was read back; whoever has the turn

	mu       sync.Mutex // guards what follows; never held during a keyring call
	closed   bool
	index    index
	indexErr error  // why the index cannot be used
	key      []byte // nil: none yet
	keyErr   error  // why the key cannot be used
}

var _ Vault = (*Sealed)(nil)

var errNoKey = errors.New("vault.key is missing while entries exist")

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
	s := &Sealed{
		items: o.Items, dir: o.Dir, home: o.HomeID, log: o.Log,
		write: make(chan struct{}, 1), proven: map[string]bool{},
	}
	if o.Dir == "" {
		return s, nil
	}
	if err := platform.PrivateDir(o.Dir); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	s.index, s.indexErr = readIndex(s.indexPath())
	s.key, s.keyErr = readKey(s.keyPath())
	if s.key == nil && s.keyErr == nil && len(s.index.Names) > 0 {
		s.keyErr = errNoKey
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
		return nil, fmt.Errorf("vault: key: %s has %d bytes, not %d", path, len(b), keySize)
	}
	return b, nil
}

// Status implements Vault.
func (s *Sealed) Status(ctx context.Context) Status { return s.judge(s.items.Probe(ctx)) }

// Unlock implements Vault.
func (s *Sealed) Unlock(ctx context.Context) Status { return s.judge(s.items.Unlock(ctx)) }

// judge adds to the keyring's own status what key and index say.
func (s *Sealed) judge(st Status) Status {
	if st.Kind == "" {
		st.Kind = s.items.Kind()
	}
	s.strange(&st)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(s.indexErr, s.keyErr); err != nil {
		st.State, st.Detail = Damaged, err.Error()
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
	return slices.Clone(s.index.Names), nil
}

func (s *Sealed) damagedLocked(err error) error {
	return &StateError{Status: Status{State: Damaged, Kind: s.items.Kind(), Detail: err.Error()}, Err: err}
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
	if c, ok := s.items.(io.Closer); ok {
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
	has, lost, inMemory := s.index.has(name), s.indexErr != nil, s.key != nil
	s.mu.Unlock()
	item := "missing"
	if has || lost {
		item = "unknown"
	}
	places := []Place{{What: "token_cache", Where: s.items.Where(s.account(name)), State: item}}
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

func (s *Sealed) keyPath() string            { return filepath.Join(s.dir, "vault.key") }
func (s *Sealed) indexPath() string          { return filepath.Join(s.dir, "vault.index") }
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
	case s.keyErr != nil && !(errors.Is(s.keyErr, errNoKey) && len(s.index.Names) == 0):
		return nil, s.damagedLocked(s.keyErr)
	case s.key == nil && !create:
		// Nothing of ours can lie there: an item was sealed with a key that is lost.
		return nil, s.damagedLocked(errNoKey)
	case s.key == nil:
		key := make([]byte, keySize)
		_, _ = rand.Read(key) // never fails (crypto/rand)
		if s.dir != "" {
			if err := platform.WriteFile(s.keyPath(), key); err != nil {
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
		if err := next.write(s.indexPath()); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.index = next
	if errors.Is(s.keyErr, errNoKey) && len(next.Names) == 0 {
		s.keyErr = nil
	}
	s.mu.Unlock()
	return nil
}
