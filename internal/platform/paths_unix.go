//go:build !windows

package platform

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSocketPath keeps below sun_path of every system: 108 bytes on Linux, 104 on
// macOS (unix(7), unix(4)).
const maxSocketPath = 100

// withRun gives a run folder where p has none, or one too long for a socket: a
// folder of the user's in the system's temp folder, one per data folder.
func withRun(p Paths, getenv func(string) string) (Paths, error) {
	if p.Run != "" && len(p.Socket()) <= maxSocketPath {
		return p, nil
	}
	name := "debrief-" + strconv.Itoa(os.Geteuid()) + "-" + dataHash(p.Data)
	for _, tmp := range []string{getenv("TMPDIR"), "/tmp"} {
		if !filepath.IsAbs(tmp) {
			continue
		}
		p.Run = filepath.Join(tmp, name)
		if len(p.Socket()) <= maxSocketPath {
			return p, nil
		}
	}
	return Paths{}, fmt.Errorf("platform: no folder with a path short enough for a socket: %s", p.Run)
}

// ownDir makes dir (0700) and refuses it where it is a link or somebody else's:
// in a temp folder, anyone may have been there first.
func ownDir(dir string) error {
	if err := os.MkdirAll(dir, DirMode); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !ownedByUs(info) {
		return fmt.Errorf("%s belongs to another user", dir)
	}
	return PrivateDir(dir) // which refuses a link
}

func ownedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
