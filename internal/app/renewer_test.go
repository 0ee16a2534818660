package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/session"
)

// renewals runs a renewer over one session in a bubble's time.
type renewals struct {
	sync.Mutex
	s       state.Session
	fail    error
	at      []time.Duration // since the start
	shown   int
	changed chan struct{}
}

func (r *renewals) start(t *testing.T) {
	begin := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); synctest.Wait() })
	r.changed = make(chan struct{})
	w := &renewer{
		sessions: func() []state.Session {
			r.Lock()
			defer r.Unlock()
			return []state.Session{r.s}
		},
		renew: func(context.Context, string) error {
			r.Lock()
			defer r.Unlock()
			r.at = append(r.at, time.Since(begin))
			if r.fail == nil {
				r.s.Tokens.AccessExpiresAt = time.Now().Add(time.Hour)
			}
			return r.fail
		},
		passed: func() {
			r.Lock()
			defer r.Unlock()
			r.shown++
		},
		now: time.Now, spread: func() time.Duration { return time.Minute },
	}
	go w.run(ctx, r.changed)
	synctest.Wait()
}

func inUse() state.Session {
	now := time.Now()
	return state.Session{
		Record: session.Record{
			ID: strings.Repeat("a", 32), LastUsedAt: now, ExpiresAt: now.Add(90 * 24 * time.Hour),
			Tokens: session.Tokens{AccessExpiresAt: now.Add(time.Hour), RefreshExpiresAt: now.Add(90 * 24 * time.Hour)},
		},
		Status: state.Active, ThisDevice: true,
	}
}

func TestASessionInUseIsRenewedAheadOnceForEachToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &renewals{s: inUse()}
		r.start(t)
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		r.Lock()
		defer r.Unlock()
		first := time.Hour - aheadFrom + time.Minute
		if len(r.at) != 3 || r.at[0] != first || r.at[1] != 2*first {
			t.Errorf("renewed after %v, want %v and then each time as long", r.at, first)
		}
	})
}

func TestAnUnusedSessionIsLeftAloneAndToldOfBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &renewals{s: inUse()}
		r.s.LastUsedAt = time.Now().Add(-unusedFor)
		r.start(t)
		time.Sleep(82 * 24 * time.Hour)
		synctest.Wait()
		r.Lock()
		if len(r.at) != 0 || r.shown != 0 {
			t.Errorf("renewed %d times, shown %d times; want neither", len(r.at), r.shown)
		}
		r.Unlock()
		time.Sleep(2 * 24 * time.Hour)
		synctest.Wait()
		r.Lock()
		defer r.Unlock()
		if r.shown != 1 {
			t.Errorf("shown %d times a week before the end, want once", r.shown)
		}
	})
}

func TestOfflineTheAttemptsThinOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &renewals{s: inUse(), fail: errors.New("offline")}
		r.start(t)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		r.Lock()
		defer r.Unlock()
		if n := len(r.at); n < 10 || n > 60 {
			t.Errorf("%d attempts in a day offline", n)
		}
		for i := 1; i < len(r.at); i++ {
			if pause := r.at[i] - r.at[i-1]; pause < firstPause || pause > mostPause {
				t.Errorf("a pause of %v", pause)
			}
		}
	})
}

func TestWhatNeedsAPersonIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &renewals{s: inUse()}
		r.s.Status = state.NeedsSignIn
		r.start(t)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		r.Lock()
		defer r.Unlock()
		if len(r.at) != 0 {
			t.Errorf("%d attempts", len(r.at))
		}
	})
}

func TestAfterSleepOrAClockThatJumpedTheNextChangeRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &renewals{s: inUse()}
		r.start(t)
		r.Lock()
		r.s.Tokens.AccessExpiresAt = time.Now().Add(-time.Hour) // the clock says that it is over
		r.Unlock()
		r.changed <- struct{}{}
		synctest.Wait()
		r.Lock()
		defer r.Unlock()
		if len(r.at) != 1 {
			t.Errorf("renewed %d times, want once", len(r.at))
		}
	})
}
