// Package file keeps a vault's items as files below the data folder, for people
// who have no keyring and ask for it: DEBRIEF_VAULT=file.
//
// Start with New. A passphrase opens, once per start, vault.age, an age file that
// holds a random key; each item is a file below vault/, sealed with that key. Until
// Create or UnlockWith the items are locked, like a keyring. Nothing is ever written
// that opens without the passphrase.
package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"debrief/internal/platform"
	"debrief/internal/vault"
)

var (
	// ErrWrongPassphrase is a passphrase that does not open vault.age. A change of
	// some bytes of that file looks the same.
	ErrWrongPassphrase = errors.New("vault: wrong passphrase")
	// ErrEmptyPassphrase is no passphrase at all.
	ErrEmptyPassphrase = errors.New("vault: empty passphrase")
	// ErrNotCreated is an unlock where there is no vault.age and no item: Create.
	ErrNotCreated = errors.New("vault: no passphrase has been chosen yet")
	// ErrExists is a Create where a vault.age is.
	ErrExists = errors.New("vault: vault.age is there already")
	// ErrNoFile is a missing vault.age while items exist: without it they open never
	// again. It comes back from a backup, or Reset gives everything up.
	ErrNoFile = errors.New("vault: vault.age is missing while entries exist")
)

const (
	keyFile = "vault.age"
	folder  = "vault"
	keySize = 32
)

// Options of New.
type Options struct {
	Dir string // the data folder; needed
	// WorkFactor is the logarithm of scrypt's cost for a new vault.age; default 18,
	// a second and 256 MB.
	WorkFactor int
	Files      vault.Files // default vault.Disk
}

// Items is a vault's items as files. One process at a time may use a folder.
type Items struct {
	dir    string
	factor int
	files  vault.Files

	opening sync.Mutex // Create, UnlockWith and Reset take turns: scrypt is dear

	mu     sync.Mutex
	key    []byte // nil: locked
	closed bool
}

var _ vault.Items = (*Items)(nil)

// New opens nothing yet. What an interrupted write left is removed.
func New(o Options) (*Items, error) {
	if o.Dir == "" {
		return nil, errors.New("vault: no folder given")
	}
	if o.WorkFactor == 0 {
		o.WorkFactor = 18
	}
	if o.Files == nil {
		o.Files = vault.Disk{}
	}
	f := &Items{dir: o.Dir, factor: o.WorkFactor, files: o.Files}
	for _, dir := range []string{f.dir, f.folder()} {
		if err := platform.PrivateDir(dir); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(vault.SweepTemporary(f.dir, keyFile), vault.SweepTemporary(f.folder())); err != nil {
		return nil, err
	}
	return f, nil
}

// Kind implements vault.Items.
func (f *Items) Kind() string { return "file" }

// Limit implements vault.Items.
func (f *Items) Limit() int { return 0 }

// Where implements vault.Items.
func (f *Items) Where(account string) string { return f.path(account) }

// Probe implements vault.Items.
func (f *Items) Probe(context.Context) vault.Status {
	st := vault.Status{State: vault.Ready, Kind: f.Kind()}
	_, err := f.readKeyFile()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		st.State, st.Detail = vault.Absent, vault.ErrClosed.Error()
	case errors.Is(err, ErrNotCreated):
		st.State, st.Reason, st.Detail = vault.Locked, vault.NotCreated, err.Error()
	case errors.Is(err, ErrNoFile):
		st.State, st.Reason, st.Detail = vault.Damaged, vault.NoFile, err.Error()
	case err != nil:
		st.State, st.Reason, st.Detail = vault.Damaged, vault.ReasonOf(err), err.Error()
	case f.key == nil:
		st.State, st.Reason, st.Detail = vault.Locked, vault.NeedsPhrase, "its passphrase has not been given since the start"
	}
	return st
}

// Unlock implements vault.Items. It asks nobody: whoever has the passphrase gives
// it to UnlockWith.
func (f *Items) Unlock(ctx context.Context) vault.Status { return f.Probe(ctx) }

// Lock forgets the key.
func (f *Items) Lock() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.key)
	f.key = nil
}

// Close locks for ever.
func (f *Items) Close() error {
	f.Lock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// Get implements vault.Items. vault.ErrCorrupt and vault.ErrNewer of a file that is
// there and does not open.
func (f *Items) Get(ctx context.Context, account string) (string, error) {
	key, err := f.ready(ctx)
	if err != nil {
		return "", err
	}
	defer clear(key)
	b, err := os.ReadFile(f.path(account))
	if errors.Is(err, fs.ErrNotExist) {
		return "", vault.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return openItem(key, account, b)
}

// Set implements vault.Items.
func (f *Items) Set(ctx context.Context, account, secret string) error {
	key, err := f.ready(ctx)
	if err != nil {
		return err
	}
	defer clear(key)
	b, err := sealItem(key, account, secret)
	if err != nil {
		return err
	}
	return f.files.WriteFile(f.path(account), b)
}

// Delete implements vault.Items.
func (f *Items) Delete(ctx context.Context, account string) error {
	key, err := f.ready(ctx)
	if err != nil {
		return err
	}
	clear(key)
	if _, err := os.Lstat(f.path(account)); errors.Is(err, fs.ErrNotExist) {
		return vault.ErrNotFound
	}
	return f.files.RemoveFile(f.path(account))
}

// ready returns a copy of the key.
func (f *Items) ready(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if st := f.Probe(ctx); st.State != vault.Ready {
		return nil, &vault.StateError{Status: st}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.key == nil {
		return nil, &vault.StateError{Status: vault.Status{State: vault.Locked, Kind: f.Kind(), Reason: vault.NeedsPhrase}}
	}
	return slices.Clone(f.key), nil
}

func (f *Items) folder() string { return filepath.Join(f.dir, folder) }

// path is an item's file. Its name tells nothing of the account.
func (f *Items) path(account string) string {
	sum := sha256.Sum256([]byte(account))
	return filepath.Join(f.folder(), hex.EncodeToString(sum[:]))
}
