package auth

import "os/exec"

// ownGroup has nothing to do: WebView2's processes end with the window's.
func ownGroup(*exec.Cmd) {}

func endGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
