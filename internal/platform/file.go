package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Permissions of everything that Debrief keeps below its folders.
const (
	FileMode fs.FileMode = 0o600
	DirMode  fs.FileMode = 0o700
)

// WriteFile replaces the file at path with data, durably and at once: a
// temporary file in the same folder, fsync, rename, fsync of the folder. After a
// crash at any point the file holds the old or the new bytes, whole. The file is
// 0600; missing parent folders are made 0700. A temporary file that a crash left
// behind is named ".<name>.<random>.tmp" (see IsTemporary).
func WriteFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, DirMode); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	if err := tmp.Chmod(FileMode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if _, err := tmp.Write(data); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// RemoveFile removes the file at path durably. A file that is not there is not
// an error.
func RemoveFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// IsTemporary reports whether name is one that WriteFile gives to its temporary
// files; such a file found at start is a crash's left-over.
func IsTemporary(name string) bool {
	return len(name) > 5 && name[0] == '.' && filepath.Ext(name) == ".tmp"
}

// PrivateDir makes dir (0700) and checks that it is a folder that only its owner
// can enter; a wider mode is narrowed.
func PrivateDir(dir string) error {
	if err := os.MkdirAll(dir, DirMode); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("platform: %s is not a folder", dir)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(dir, DirMode)
	}
	return nil
}
