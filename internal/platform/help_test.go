package platform

import (
	"testing"
	"time"
)

// eventually polls a condition that another process or goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-late:
			t.Fatalf("did not happen within 10 s: %s", what)
		case <-tick.C:
		}
	}
}

// environment makes a getenv of pairs.
func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}
