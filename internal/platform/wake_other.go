//go:build !linux

package platform

import "context"

// OnWake waits until ctx ends: timers of this system go on through a sleep.
func OnWake(ctx context.Context, _ string, _ func()) error {
	<-ctx.Done()
	return nil
}
