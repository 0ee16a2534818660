package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
)

// Paths are the folders of one Debrief: of the person, or of the demo, or of a
// DEBRIEF_HOME. Everything that Debrief writes lies below them.
type Paths struct {
	Config string // settings.env
	Data   string // sessions, outbox, drafts, vault.key, log
	Run    string // the local API's socket; empties when the person logs out
}

// FindPaths says where the folders are; it makes none (see Ensure). home is the
// value of DEBRIEF_HOME, or empty for the operating system's places. Of the
// environment it reads HOME, XDG_*, TMPDIR and LOCALAPPDATA through getenv.
func FindPaths(home string, demo bool, getenv func(string) string) (Paths, error) {
	var p Paths
	if home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return Paths{}, fmt.Errorf("platform: DEBRIEF_HOME %q: %w", home, err)
		}
		if demo {
			abs = filepath.Join(abs, "demo")
		}
		p = below(abs)
	} else {
		var err error
		if p, err = systemPaths(demo, getenv); err != nil {
			return Paths{}, err
		}
	}
	return withRun(p, getenv)
}

// Socket is the path of the local API's socket (Linux and macOS).
func (p Paths) Socket() string { return filepath.Join(p.Run, "api.sock") }

// LockFile is the path of the lock that makes Debrief single: it lies in the data
// folder, because that is what must not be shared.
func (p Paths) LockFile() string { return filepath.Join(p.Data, "debrief.lock") }

// Log is the folder of the log files.
func (p Paths) Log() string { return filepath.Join(p.Data, "log") }

// Settings is the path of settings.env.
func (p Paths) Settings() string { return filepath.Join(p.Config, "settings.env") }

// Ensure makes the folders, private to the person. A run folder that is a
// symbolic link or belongs to somebody else is refused.
func (p Paths) Ensure() error {
	for _, dir := range []string{p.Config, p.Data} {
		// A person may keep these behind a symbolic link; what counts is its target.
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		if err := PrivateDir(dir); err != nil {
			return fmt.Errorf("platform: make folder: %w", err)
		}
	}
	return p.ensureRun()
}

func (p Paths) ensureRun() error {
	if err := ownDir(p.Run); err != nil {
		return fmt.Errorf("platform: run folder: %w", err)
	}
	return nil
}

// ErrNoHome means that the environment does not say where the person's folder is.
var ErrNoHome = errors.New("platform: the person's home folder is not known")

func below(root string) Paths {
	return Paths{
		Config: filepath.Join(root, "config"),
		Data:   filepath.Join(root, "data"),
		Run:    filepath.Join(root, "run"),
	}
}

// dataHash tells the data folders of one person apart where a name has to be short.
func dataHash(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:8])
}
