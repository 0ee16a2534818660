package platform

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteNewFile writes data to a file that is not there yet, durably; the file is
// 0600. What is at path already, a broken link included, is fs.ErrExist and stays
// as it is. After a failure nothing is left of the new file.
func WriteNewFile(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, FileMode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(path)
		}
	}()
	if err := f.Chmod(FileMode); err != nil && !errors.Is(err, errors.ErrUnsupported) { // a umask can take the owner's
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
