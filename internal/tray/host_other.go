//go:build !linux

package tray

import "context"

// HostPresent reports true: this system's tray is always there.
func HostPresent(context.Context, string) (bool, error) { return true, nil }
