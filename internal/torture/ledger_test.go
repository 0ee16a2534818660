//go:build linux

package torture

import (
	"fmt"
	"slices"
	"sync"
)

// fate is what is known of a session, whose id is never used twice.
type fate int

const (
	// unsure: a sign-in or a clear that would decide it was asked for and has not
	// been reported done. The session may be there or not.
	unsure fate = iota
	live        // its sign-in was reported done: it has to be there
	gone        // its clear was reported done: it never comes back
)

func (f fate) String() string { return [...]string{"unsure", "live", "gone"}[f] }

// ledger keeps what was asked of Debrief and what Debrief reported, and says what
// therefore has to hold. Whoever asks tells it before the asking and after the
// report, so that a kill in between leaves the sessions concerned unsure.
type ledger struct {
	mu       sync.Mutex
	fates    map[string]fate
	accounts map[string]string // by session id
	holds    map[string]bool   // by account: signed in, and no clear was asked for since
	fresh    map[string]int    // by session id: the epoch of its last reported access token
	epoch    int               // counts the moves of the tenant's clock
	sweeps   int               // counts the clears of everything that were asked for
	sweeping int               // of these are under way
}

func newLedger() *ledger {
	return &ledger{fates: map[string]fate{}, accounts: map[string]string{}, holds: map[string]bool{}, fresh: map[string]int{}}
}

// signInAsked opens the account's sessions: a sign-in takes their place. reported
// is told of the session that a report names; swept tells whether a clear of
// everything went on at the same time.
func (l *ledger) signInAsked(account string) (reported func(id, account string), swept func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, during := l.sweeps, l.sweeping > 0
	old := l.open(account)
	crossed := func() bool { return during || l.sweeps != before }
	reported = func(id, as string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, known := l.fates[id]; known {
			return // two callers share a sign-in; the first of them told already
		}
		l.accounts[id] = as
		if crossed() { // it may have been swept away since
			l.fates[id] = unsure
			return
		}
		l.fates[id], l.holds[as], l.fresh[id] = live, true, l.epoch
		if as != account {
			return
		}
		for _, other := range old {
			l.fates[other] = gone
		}
	}
	swept = func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return crossed()
	}
	return reported, swept
}

// open makes the live sessions of an account unsure, and returns them.
func (l *ledger) open(account string) (ids []string) {
	for id, f := range l.fates {
		if f == live && l.accounts[id] == account {
			l.fates[id] = unsure
			ids = append(ids, id)
		}
	}
	return ids
}

// clearAsked opens the account's sessions; the account may be without one from
// now on. cleared is told once a clear of these ids was reported.
func (l *ledger) clearAsked(account string) (cleared func(ids ...string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open(account)
	l.holds[account] = false
	return l.cleared
}

// sweepAsked is clearAsked for every session that there is. ended is told in any
// case: of the ids that were reported cleared, of none after a failure.
func (l *ledger) sweepAsked() (ended func(ids ...string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweeps++
	l.sweeping++
	for id, f := range l.fates {
		if f == live {
			l.fates[id] = unsure
		}
	}
	clear(l.holds)
	return func(ids ...string) {
		l.cleared(ids...)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sweeping--
	}
}

func (l *ledger) cleared(ids ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.fates[id] = gone
	}
}

// clockMoved makes every access token stale for the tenant.
func (l *ledger) clockMoved() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
}

// now is the epoch that a use of a session begins in.
func (l *ledger) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch
}

// used notes that a use of the session, begun at an epoch, was reported done: its
// token is fresh, so if there was a renewal, that is done.
func (l *ledger) used(id string, epoch int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch == epoch {
		l.fresh[id] = epoch
	}
}

// isFresh reports whether a use of the session needs no renewal.
func (l *ledger) isFresh(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	epoch, ok := l.fresh[id]
	return ok && epoch == l.epoch
}

// is reports whether the session's fate is f.
func (l *ledger) is(id string, f fate) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	got, ok := l.fates[id]
	return ok && got == f
}

// of lists the sessions of a fate.
func (l *ledger) of(f fate) (ids []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, got := range l.fates {
		if got == f {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// judge compares a listing, made while clears and sign-ins went on, with what is
// certain: alive were live before it began, dead gone. Ids whose fate changed
// since are not judged.
func (l *ledger) judge(alive, dead []string, listed map[string]string) (wrong []string) {
	for _, id := range alive {
		if _, ok := listed[id]; !ok && l.is(id, live) {
			wrong = append(wrong, fmt.Sprintf("session %s was reported signed in and is lost", id))
		}
	}
	for _, id := range dead {
		if _, ok := listed[id]; ok {
			wrong = append(wrong, fmt.Sprintf("session %s was reported cleared and is back", id))
		}
	}
	return wrong
}

// settle judges a listing (accounts by id) made at rest, when everything that was
// begun is finished or undone, and takes it as what is certain from now on.
func (l *ledger) settle(listed map[string]string) (wrong []string) {
	wrong = l.judge(l.of(live), l.of(gone), listed)
	l.mu.Lock()
	defer l.mu.Unlock()
	count := map[string]int{}
	for id, account := range listed {
		count[account]++
		l.fates[id], l.accounts[id] = live, account
	}
	for account, n := range count {
		if n > 1 {
			wrong = append(wrong, fmt.Sprintf("%s has %d sessions", account, n))
		}
	}
	for account, holds := range l.holds {
		if holds && count[account] == 0 {
			wrong = append(wrong, fmt.Sprintf("%s was signed in and has no session", account))
		}
	}
	for id := range l.fates {
		if _, ok := listed[id]; !ok {
			l.fates[id] = gone
		}
	}
	clear(l.holds)
	for account := range count {
		l.holds[account] = true
	}
	slices.Sort(wrong)
	return wrong
}
