// Package window is what Debrief and its sign-in window (cmd/desktop/signin) say
// to each other, and the rule of what that window may load. The window's process
// knows nothing else of Debrief.
//
// Start with Order, the one line that the window reads from standard input, and
// Event, the lines that it writes to standard output. The window ends when its
// standard input is closed.
package window

import (
	"net/url"
	"strings"
)

// Order tells the window what to show.
type Order struct {
	URL   string `json:"url"`
	Title string `json:"title"`
	// Allow lists what may be loaded: "https" for every https page, and origins
	// such as "http://localhost:34329" for exactly these.
	Allow []string `json:"allow"`
}

// MaxOrder bounds the order's line, in bytes.
const MaxOrder = 1 << 18

// Event is something that happened to the window.
type Event struct {
	Event  string `json:"event"`            // one of the constants below
	Host   string `json:"host,omitempty"`   // Host only: the host shown, with its port
	Reason string `json:"reason,omitempty"` // Failed only: one of the reasons below
}

// The events.
const (
	Ready   = "ready"   // the window stands
	AtHost  = "host"    // another host is shown
	Closed  = "closed"  // the window is gone
	Failed  = "error"   // it could not be shown; the program ends
	Refused = "refused" // something that the order does not allow was not loaded
)

// The reasons of Failed.
const (
	NoDisplay = "no display can be opened"
	BadOrder  = "the order cannot be read"
	NoWebView = "the web view cannot be made"
)

// Allowed reports whether the window may load uri. Pages without an origin of
// their own (about:blank, about:srcdoc) are what frames of an allowed page start
// as, and hold nothing that the page did not write.
func (o Order) Allowed(uri string) bool {
	if uri == "about:blank" || uri == "about:srcdoc" {
		return true
	}
	origin := Origin(uri)
	if origin == "" {
		return false
	}
	for _, allowed := range o.Allow {
		if allowed == origin || allowed == "https" && strings.HasPrefix(origin, "https://") {
			return true
		}
	}
	return false
}

// Origin returns scheme, host and port of an http or https URI in lower case,
// and "" of anything else, also of one that names a user before its host.
func Origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.User != nil || u.Hostname() == "" {
		return ""
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "https" && scheme != "http" {
		return ""
	}
	return scheme + "://" + strings.ToLower(u.Host)
}

// Host returns what the title shows of uri: the host, with a port where it is
// written, and "" of pages without one.
func Host(uri string) string {
	_, host, _ := strings.Cut(Origin(uri), "://")
	return host
}
