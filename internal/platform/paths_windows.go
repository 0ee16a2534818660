package platform

import (
	"fmt"
	"path/filepath"
)

// systemPaths uses the local profile, never the roaming one: sessions belong to
// one computer.
func systemPaths(demo bool, getenv func(string) string) (Paths, error) {
	name := "Debrief"
	if demo {
		name = "debrief-demo"
	}
	local := getenv("LOCALAPPDATA")
	if !filepath.IsAbs(local) {
		return Paths{}, fmt.Errorf("%w: LOCALAPPDATA is %q", ErrNoHome, local)
	}
	return below(filepath.Join(local, name)), nil
}

// withRun has nothing to add: a pipe's name does not depend on the run folder.
func withRun(p Paths, _ func(string) string) (Paths, error) { return p, nil }

// ownDir relies on the profile's inherited access list.
func ownDir(dir string) error { return PrivateDir(dir) }
