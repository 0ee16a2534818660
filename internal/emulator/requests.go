package emulator

import (
	"maps"
	"net/http"
)

// maxPaths bounds what strange paths can fill.
const maxPaths = 10_000

// Requests tells how often each path was asked for since the start, refused and
// failed requests included: "POST /organizations/oauth2/v2.0/token" → 3. The
// paths are as they came, escaped and without their queries.
func (e *Emulator) Requests() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.requests)
}

func (e *Emulator) count(r *http.Request) {
	key := r.Method + " " + r.URL.EscapedPath()
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, seen := e.requests[key]; seen || len(e.requests) < maxPaths {
		e.requests[key]++
	}
}
