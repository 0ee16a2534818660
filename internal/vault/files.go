package vault

import (
	"os"
	"path/filepath"
	"strings"

	"debrief/internal/platform"
)

// Files is how a vault changes files; both calls are durable when they return, and
// whole at every instant. Tests stop a writer in it.
type Files interface {
	WriteFile(path string, data []byte) error
	// RemoveFile of a missing file is fine.
	RemoveFile(path string) error
}

// Disk is the Files of every program.
type Disk struct{}

var _ Files = Disk{}

// WriteFile implements Files.
func (Disk) WriteFile(path string, data []byte) error { return platform.WriteFile(path, data) }

// RemoveFile implements Files.
func (Disk) RemoveFile(path string) error { return platform.RemoveFile(path) }

// SweepTemporary removes from dir what a crash left of writes of the files named,
// or of any file where none is: a half-written key is a secret too. Nobody else may
// be writing there.
func SweepTemporary(dir string, names ...string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		ours := len(names) == 0
		for _, n := range names {
			ours = ours || strings.HasPrefix(e.Name(), "."+n+".")
		}
		if !ours || !platform.IsTemporary(e.Name()) {
			continue
		}
		if err := platform.RemoveFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
