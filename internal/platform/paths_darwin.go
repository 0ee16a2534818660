package platform

import (
	"fmt"
	"path/filepath"
)

func systemPaths(demo bool, getenv func(string) string) (Paths, error) {
	name := "Debrief"
	if demo {
		name = "debrief-demo"
	}
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return Paths{}, fmt.Errorf("%w: HOME is %q", ErrNoHome, home)
	}
	return below(filepath.Join(home, "Library", "Application Support", name)), nil
}
