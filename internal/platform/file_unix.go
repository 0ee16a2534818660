//go:build !windows

package platform

import (
	"errors"
	"io/fs"
	"os"
)

func rename(from, to string) error { return os.Rename(from, to) }

// syncDir makes a rename or removal in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
