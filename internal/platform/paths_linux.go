package platform

import (
	"fmt"
	"os"
	"path/filepath"
)

// systemPaths follows the XDG Base Directory specification, which says to ignore
// relative values. Run stays empty where no usable XDG_RUNTIME_DIR exists.
func systemPaths(demo bool, getenv func(string) string) (Paths, error) {
	name := "debrief"
	if demo {
		name = "debrief-demo"
	}
	base := func(variable, fallback string) (string, error) {
		if dir := getenv(variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, name), nil
		}
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			return "", fmt.Errorf("%w: HOME is %q and %s is not set", ErrNoHome, home, variable)
		}
		return filepath.Join(home, fallback, name), nil
	}
	config, err := base("XDG_CONFIG_HOME", ".config")
	if err != nil {
		return Paths{}, err
	}
	data, err := base("XDG_DATA_HOME", ".local/share")
	if err != nil {
		return Paths{}, err
	}
	p := Paths{Config: config, Data: data}
	// A runtime folder that is gone, or that su carried over from somebody else,
	// is as good as none.
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && ownedByUs(info) {
			p.Run = filepath.Join(dir, name)
		}
	}
	return p, nil
}
