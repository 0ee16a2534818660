package platform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// ErrLocked means that another process (or another lock of this one) holds the lock.
var ErrLocked = errors.New("platform: another Debrief is at work here")

// FileLock is a held lock. It ends with Unlock, or with the process, however
// that ends.
type FileLock struct {
	flock *flock.Flock
	path  string
}

// Lock takes the lock at path, or returns ErrLocked at once. verb says to others
// what its holder is doing (see Holder); it is a word of the command line, no secret.
func Lock(path, verb string) (*FileLock, error) {
	f, err := newLock(path)
	if err != nil {
		return nil, err
	}
	ok, err := f.TryLock()
	return hold(f, ok, err, path, verb)
}

// Unlock gives the lock back. The file stays: removing it would let two processes
// hold "the" lock on two files. Close what the lock guards before.
func (l *FileLock) Unlock() error {
	_ = os.Remove(holderFile(l.path))
	if err := l.flock.Close(); err != nil {
		return fmt.Errorf("platform: unlock: %w", err)
	}
	return nil
}

// Holder names the verb that holds the lock at path, as its holder wrote it down;
// empty when nobody did. Ask it after ErrLocked: after a crash the name may be of
// an earlier holder.
func Holder(path string) string {
	data, err := os.ReadFile(holderFile(path))
	if err != nil {
		return ""
	}
	_, verb, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	return verb
}

func newLock(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), DirMode); err != nil {
		return nil, fmt.Errorf("platform: lock: %w", err)
	}
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(FileMode)), nil
}

func hold(f *flock.Flock, ok bool, err error, path, verb string) (*FileLock, error) {
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("platform: lock %s: %w", path, err)
	}
	if !ok {
		_ = f.Close()
		return nil, ErrLocked
	}
	// The name is a courtesy: a full disk is no reason not to start.
	_ = WriteFile(holderFile(path), []byte(strconv.Itoa(os.Getpid())+" "+verb+"\n"))
	return &FileLock{flock: f, path: path}, nil
}

func holderFile(path string) string { return path + ".holder" }
