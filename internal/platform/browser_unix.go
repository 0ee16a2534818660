//go:build !windows

package platform

import (
	"os/exec"
	"syscall"
)

// detach gives the browser a session of its own, so that Ctrl-C in the terminal
// that Debrief runs in does not reach it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
