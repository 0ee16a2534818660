//go:build linux

package story

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// A wait is a poll on a condition, bounded by one of these, times STORY_WAIT_SCALE
// (default 1; a slow machine sets more). Nothing here sleeps for luck.
const (
	soon    = 10 * time.Second // an answer of something that runs already
	startup = 40 * time.Second // a program's first window, cold
	every   = 50 * time.Millisecond
)

// scaled is d as long as this machine needs.
func scaled(d time.Duration) time.Duration {
	f, err := strconv.ParseFloat(os.Getenv("STORY_WAIT_SCALE"), 64)
	if err != nil || f <= 0 {
		f = 1
	}
	return time.Duration(float64(d) * f)
}

// until polls ok, at most for d (scaled), and says what was waited for when it
// does not come. ok returns nil when the condition holds, and otherwise why not.
func until(ctx context.Context, d time.Duration, what string, ok func() error) error {
	ctx, cancel := context.WithTimeout(ctx, scaled(d))
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		if final, is := errors.AsType[hopeless](err); is {
			return fmt.Errorf("waiting for %s: %w", what, final.error)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v for %s: %w", scaled(d), what, err)
		case <-tick.C:
		}
	}
}

// hopeless is an error that no waiting changes.
type hopeless struct{ error }
