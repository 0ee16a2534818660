package filestore

import (
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
)

// HoldLock holds the folder's lock as another process' write would.
func HoldLock(t *testing.T, dir string) (release func()) {
	t.Helper()
	f := flock.New(filepath.Join(dir, lockName))
	if err := f.Lock(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return func() { _ = f.Close() }
}
