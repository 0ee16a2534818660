package platform

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

// rename replaces the target with POSIX semantics (os.Root does), which works
// while another process has it open; a virus scanner's short hold is waited for.
func rename(from, to string) error {
	root, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer root.Close()
	for wait := time.Millisecond; ; wait *= 2 {
		err = root.Rename(filepath.Base(from), filepath.Base(to))
		if err == nil || wait > time.Second ||
			!errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return err
		}
		time.Sleep(wait)
	}
}

// syncDir has no counterpart: NTFS journals the rename.
func syncDir(string) error { return nil }
