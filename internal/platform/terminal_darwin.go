package platform

import (
	"os"

	"golang.org/x/sys/unix"
)

// IsTerminal reports whether somebody may type into f.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TIOCGETA)
	return err == nil
}
