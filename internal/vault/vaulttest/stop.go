package vaulttest

import (
	"context"
	"errors"
	"os"

	"debrief/internal/vault"
)

var errKilled = errors.New("killed here")

// stopper ends a program at its n-th keyring call or file operation, before or
// after that had its effect: everything after it fails.
type stopper struct {
	left  int
	after bool
}

func (s *stopper) step(effect func() error) error {
	s.left--
	if s.left < 0 || s.left == 0 && !s.after {
		return errKilled
	}
	err := effect()
	if s.left == 0 {
		return errKilled
	}
	return err
}

// stoppedItems are items of a program that is ended.
type stoppedItems struct {
	vault.Items
	*stopper
	// writes is asked at every call that writes.
	writes func(account string)
}

func (s stoppedItems) Get(ctx context.Context, account string) (text string, err error) {
	err = s.step(func() error { text, err = s.Items.Get(ctx, account); return err })
	return text, err
}

func (s stoppedItems) Set(ctx context.Context, account, text string) error {
	s.writes(account)
	return s.step(func() error { return s.Items.Set(ctx, account, text) })
}

func (s stoppedItems) Delete(ctx context.Context, account string) error {
	return s.step(func() error { return s.Items.Delete(ctx, account) })
}

// stoppedFiles are files of a program that is ended.
type stoppedFiles struct{ *stopper }

func (s stoppedFiles) WriteFile(path string, data []byte) error {
	return s.step(func() error { return Scratch{}.WriteFile(path, data) })
}

func (s stoppedFiles) RemoveFile(path string) error {
	return s.step(func() error { return Scratch{}.RemoveFile(path) })
}

// Scratch are files that need not outlive the machine: no fsync.
type Scratch struct{}

func (Scratch) WriteFile(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (Scratch) RemoveFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
