//go:build !windows

package main

import "syscall"

// ownSession lets a started program live on when this one's terminal or window
// goes away.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
