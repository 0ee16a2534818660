//go:build !windows

package platform

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// DisableCoreDumps sets the core-dump limit of this process and its children to
// 0: an image of the memory would hold tokens.
func DisableCoreDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("platform: core-dump limit: %w", err)
	}
	return nil
}
