package emulator

import (
	"fmt"
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
}

// AddFault arms f.
func (e *Emulator) AddFault(f Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.Count < 1 {
		f.Count = 1
	}
	e.faults = append(e.faults, &f)
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

// Scenario is a rule of the organisation that sign-in and renewal meet.
type Scenario string

// The scenarios.
const (
	Normal              Scenario = ""
	NeedsAdmin          Scenario = "needs_admin"       // only an administrator may consent
	NeedsMFA            Scenario = "mfa"               // renewal wants a second factor
	Blocked             Scenario = "blocked"           // conditional access forbids sign-in and renewal
	SignInFrequency     Scenario = "sign_in_frequency" // renewal wants a new sign-in
	SignInUnavailable   Scenario = "unavailable"       // the token endpoint answers 503
	publicClientRefused Scenario = "no_public_client"  // "allow public client flows" is off
)

// SetScenario switches to the named scenario.
func (e *Emulator) SetScenario(name string) error {
	switch s := Scenario(name); s {
	case Normal, NeedsAdmin, NeedsMFA, Blocked, SignInFrequency, SignInUnavailable, publicClientRefused:
		e.mu.Lock()
		defer e.mu.Unlock()
		e.scenario = s
		return nil
	}
	return fmt.Errorf("emulator: no scenario %q", name)
}

func (e *Emulator) currentScenario() Scenario {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.scenario
}
