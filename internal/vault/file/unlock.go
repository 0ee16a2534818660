package file

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"debrief/internal/platform"
	"debrief/internal/vault"
)

// Create chooses the passphrase of a vault that has none, and unlocks it. ErrExists,
// ErrNoFile, ErrEmptyPassphrase. The passphrase's bytes are wiped in every case.
func (f *Items) Create(ctx context.Context, passphrase []byte) error {
	defer clear(passphrase)
	f.opening.Lock()
	defer f.opening.Unlock()
	if err := f.usable(ctx); err != nil {
		return err
	}
	switch _, err := f.readKeyFile(); {
	case err == nil:
		return ErrExists
	case !errors.Is(err, ErrNotCreated):
		return err
	case len(passphrase) == 0:
		return ErrEmptyPassphrase
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	sealed, err := wrap(key, passphrase, f.factor)
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // scrypt's, many times what the program needs otherwise
	// Read back before anything depends on it.
	if again, err := unwrap(sealed, passphrase); err != nil || string(again) != string(key) {
		return fmt.Errorf("vault: vault.age does not open again: %w", err)
	}
	debug.FreeOSMemory()
	if err := f.files.WriteFile(f.keyPath(), sealed); err != nil {
		return err
	}
	f.open(key)
	return nil
}

// UnlockWith opens the vault for this run. ErrWrongPassphrase, ErrEmptyPassphrase,
// ErrNotCreated, ErrNoFile, vault.ErrTruncated, vault.ErrNewer, vault.ErrCorrupt. It
// takes about a second, which ctx does not cut short. The passphrase's bytes are
// wiped in every case; copies that age makes go with the next garbage collection.
func (f *Items) UnlockWith(ctx context.Context, passphrase []byte) error {
	defer clear(passphrase)
	f.opening.Lock()
	defer f.opening.Unlock()
	if err := f.usable(ctx); err != nil {
		return err
	}
	sealed, err := f.readKeyFile()
	if err != nil {
		return err
	}
	if len(passphrase) == 0 {
		return ErrEmptyPassphrase
	}
	key, err := unwrap(sealed, passphrase)
	debug.FreeOSMemory()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		clear(key)
		return err
	}
	f.open(key)
	return nil
}

// Reset gives up everything that was kept here, readable or not: all items, then
// vault.age. It is the way out of a forgotten passphrase.
func (f *Items) Reset(ctx context.Context) error {
	f.opening.Lock()
	defer f.opening.Unlock()
	if err := f.usable(ctx); err != nil {
		return err
	}
	f.Lock()
	entries, err := os.ReadDir(f.folder())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := f.files.RemoveFile(filepath.Join(f.folder(), e.Name())); err != nil {
			return err
		}
	}
	return f.files.RemoveFile(f.keyPath())
}

func (f *Items) open(key []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.key)
	f.key = key
}

func (f *Items) usable(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return vault.ErrClosed
	}
	return ctx.Err()
}

// readKeyFile is vault.age, as far as it can be told without the passphrase that it
// is whole and of a known version.
func (f *Items) readKeyFile() ([]byte, error) {
	b, err := os.ReadFile(f.keyPath())
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(f.folder())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if !platform.IsTemporary(e.Name()) {
				return nil, ErrNoFile
			}
		}
		return nil, ErrNotCreated
	}
	if err != nil {
		return nil, err
	}
	return b, inspect(b)
}

func (f *Items) keyPath() string { return filepath.Join(f.dir, keyFile) }
