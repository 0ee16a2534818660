package main

import "syscall"

// ownSession lets a started program live on when this one's console goes away.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
