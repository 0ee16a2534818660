package emulator

import (
	"net/http"
	"regexp"
	"time"
)

// Fault makes requests fail on purpose. A request that several faults match meets
// the oldest.
type Fault struct {
	Method string         // "": any
	Path   *regexp.Regexp // matched against the escaped path; nil: any
	Count  int            // how many requests it meets; 0: one

	Status      int           // the answer's status; 0: the real answer is left (with Delay or Truncate)
	Code        string        // error.code of the answer's body
	Body        string        // the answer's whole body in place of an error: a captive portal's page, say
	RetryAfter  string        // value of Retry-After; "": none is sent
	Delay       time.Duration // waits, by the machine's clock, before the request is worked on
	AfterCommit bool          // the request has its effect first
	Reset       bool          // the connection breaks in place of an answer
	Truncate    bool          // the answer's body ends in the middle
	EmptyPage   bool          // a list's page is empty and names the next one, which is not
}

// AddFault arms f.
func (e *Emulator) AddFault(f Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.Count = max(f.Count, 1)
	e.faults = append(e.faults, &f)
}

// SetFaults arms list in place of all that are armed.
func (e *Emulator) SetFaults(list ...Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = nil
	for _, f := range list {
		f.Count = max(f.Count, 1)
		e.faults = append(e.faults, &f)
	}
}

// takeFault uses up one count of the fault that meets r, if any.
func (e *Emulator) takeFault(r *http.Request) *Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, f := range e.faults {
		if f.Method != "" && f.Method != r.Method || f.Path != nil && !f.Path.MatchString(r.URL.EscapedPath()) {
			continue
		}
		met := *f
		if f.Count--; f.Count == 0 {
			e.faults = append(e.faults[:i:i], e.faults[i+1:]...)
		}
		return &met
	}
	return nil
}
