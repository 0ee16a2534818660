// Package platform is what differs from one operating system to the next: the
// folders, durable files, the lock, the local socket, other programs.
//
// Start with Paths and WriteFile.
package platform
