//go:build linux

package story

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tailLen is how much of a secret's end is known to the search.
const tailLen = 32

// Leak is a secret that lies where none may be.
type Leak struct {
	Kind   string
	Path   string
	Offset int
}

func (l Leak) String() string { return fmt.Sprintf("%s in %s, byte %d", l.Kind, l.Path, l.Offset) }

// FindSecrets searches every file below the folders for a secret of which the
// SHA-256 of the last 32 bytes is known. Secrets are printable and hold no
// separator, as tokens, codes and verifiers do.
func FindSecrets(tails map[[32]byte]string, folders ...string) (leaks []Leak, bytes int64, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone since its folder was read
			}
			if err != nil {
				return err
			}
			if !e.Type().IsRegular() {
				return nil
			}
			data, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			bytes += int64(len(data))
			for _, l := range findTails(tails, data) {
				l.Path = path
				leaks = append(leaks, l)
			}
			return nil
		})
		if err != nil {
			return leaks, bytes, err
		}
	}
	return leaks, bytes, nil
}

// findTails slides a window over data and returns where tails start.
func findTails(tails map[[32]byte]string, data []byte) (leaks []Leak) {
	run := 0 // of bytes that a secret may have
	for i, c := range data {
		if !secretByte[c] {
			run = 0
			continue
		}
		if run++; run < tailLen {
			continue
		}
		start := i + 1 - tailLen
		if kind, known := tails[sha256.Sum256(data[start:i+1])]; known {
			leaks = append(leaks, Leak{Kind: kind, Offset: start})
		}
	}
	return leaks
}

// secretByte holds the characters that tokens, codes and verifiers are made of.
var secretByte = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=") {
		is[c] = true
	}
	return is
}()
