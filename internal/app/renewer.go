package app

import (
	"context"
	"math/rand/v2"
	"time"

	"debrief/internal/app/state"
)

// The rules of renewing ahead. MSAL renews a token in its last five minutes; the
// spread within them keeps computers that signed in together apart.
const (
	aheadFrom   = 4*time.Minute + 30*time.Second // before the access token's end
	aheadSpread = 2 * time.Minute
	unusedFor   = 7 * 24 * time.Hour // a session that was not used for so long is left alone
	firstPause  = time.Minute        // after a renewal that failed for now; doubled each time
	mostPause   = 30 * time.Minute
	// mostSoon is how long before its end a session that nothing prolongs is told of;
	// of short lifetimes it is an eighth.
	mostSoon = 7 * 24 * time.Hour
)

// renewer renews sessions in use before their access tokens end. At rest it waits
// for the next deadline, or for a change; it never polls.
type renewer struct {
	sessions func() []state.Session // this device's
	renew    func(ctx context.Context, id string) error
	// passed is called when a deadline that only changes what is shown has come.
	passed func()
	now    func() time.Time
	spread func() time.Duration // default: random, up to aheadSpread

	pause map[string]time.Duration // after failures, by session
	after map[string]time.Time     // no attempt before
	when  map[string]plan          // drawn once for each token
}

type plan struct{ token, at time.Time }

// run works until ctx ends. changed wakes it: something may be due earlier now,
// or the computer woke up.
func (r *renewer) run(ctx context.Context, changed <-chan struct{}) {
	if r.spread == nil {
		r.spread = func() time.Duration { return rand.N(aheadSpread) }
	}
	r.pause, r.after, r.when = map[string]time.Duration{}, map[string]time.Time{}, map[string]plan{}
	for ctx.Err() == nil {
		id, at := r.next()
		if id != "" && !r.now().Before(at) {
			r.attempt(ctx, id)
			continue
		}
		if shown := r.nextShown(); !shown.IsZero() && (at.IsZero() || shown.Before(at)) {
			id, at = "", shown
		}
		var due <-chan time.Time
		var timer *time.Timer
		if !at.IsZero() {
			timer = time.NewTimer(at.Sub(r.now()))
			due = timer.C
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-due:
			if id == "" {
				r.passed()
			}
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

func (r *renewer) attempt(ctx context.Context, id string) {
	if err := r.renew(ctx, id); err != nil && ctx.Err() == nil {
		r.pause[id] = min(max(2*r.pause[id], firstPause), mostPause)
		r.after[id] = r.now().Add(r.pause[id])
		return
	}
	delete(r.pause, id)
	// The record tells the new token's end; until it does, nothing is due again.
	r.after[id] = r.now().Add(firstPause)
}

// next is the session whose renewal is due first, and when. The zero id means
// that none will be.
func (r *renewer) next() (id string, at time.Time) {
	now := r.now()
	for _, s := range r.sessions() {
		end := s.Tokens.AccessExpiresAt
		if s.Status != state.Active && s.Status != state.Unverified || end.IsZero() || now.Sub(s.LastUsedAt) >= unusedFor {
			continue
		}
		p := r.when[s.ID]
		if !p.token.Equal(end) {
			p = plan{token: end, at: end.Add(-aheadFrom + r.spread())}
			r.when[s.ID] = p
		}
		t := p.at
		if after := r.after[s.ID]; after.After(t) {
			t = after
		}
		if id == "" || t.Before(at) {
			id, at = s.ID, t
		}
	}
	return id, at
}

// nextShown is the next time at which a session's words change by themselves:
// it ends, or will soon. Zero: never.
func (r *renewer) nextShown() time.Time {
	var next time.Time
	now := r.now()
	for _, s := range r.sessions() {
		for _, t := range []time.Time{s.ExpiresAt, endOf(s).Add(-soon(s))} {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// soon is how long before its end a session is told of.
func soon(s state.Session) time.Duration {
	return min(mostSoon, s.ExpiresAt.Sub(s.LastUsedAt)/8)
}

// endOf is when a session ends by itself unless somebody uses it: its own
// lifetime, or its refresh token's.
func endOf(s state.Session) time.Time {
	if r := s.Tokens.RefreshExpiresAt; !r.IsZero() && r.Before(s.ExpiresAt) {
		return r
	}
	return s.ExpiresAt
}
