package platform

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// HelperError says that one of Debrief's own programs is not where it belongs.
type HelperError struct {
	Name   string
	Looked []string // the paths, in order
}

func (e *HelperError) Error() string {
	return fmt.Sprintf("platform: program %s not found: looked at %s", e.Name, strings.Join(e.Looked, " and "))
}

// FindHelper finds one of Debrief's own programs ("debrief-panel") beside the
// running one, then in ../lib/debrief. PATH is not searched: what is started has
// to be of the same version. *HelperError when it is in neither place.
func FindHelper(name string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("platform: where am I: %w", err)
	}
	return findHelper(exe, name)
}

func findHelper(exe, name string) (string, error) {
	if real, err := filepath.EvalSymlinks(exe); err == nil {
		exe = real
	}
	file := name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	dir := filepath.Dir(exe)
	missing := &HelperError{Name: name}
	for _, path := range []string{filepath.Join(dir, file), filepath.Join(dir, "..", "lib", "debrief", file)} {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode().Perm()&0o111 != 0) {
			return path, nil
		}
		missing.Looked = append(missing.Looked, path)
	}
	return "", missing
}
