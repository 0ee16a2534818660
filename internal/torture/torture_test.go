//go:build linux

package torture

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator"
)

// accounts sign in and out, each without regard to the other.
var accounts = []string{emulator.Adele, emulator.Alex}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv(name), strconv.FormatUint(otherwise, 10)), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TORTURE_KILLS says how often; TORTURE_SEED plays the choices of a failing run
// again (what happens between them, the processors decide).
func TestNothingIsLostWhenTheResidentIsKilled(t *testing.T) {
	kills := int(number(t, "TORTURE_KILLS", 25))
	seed := number(t, "TORTURE_SEED", uint64(time.Now().UnixNano()))
	w, l, ctx := newWorld(t), newLedger(), t.Context()
	r := rand.New(rand.NewPCG(seed, 0))
	var count tally
	var looked tested
	began := time.Now()
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	for round := uint64(1); done < kills; round++ {
		if err := w.ready(ctx); err != nil {
			t.Fatalf("seed %d, after %d kills: %v\n%s", seed, done, err, tail(w.log()))
		}
		n := min(1+r.IntN(4), kills-done)
		o := &load{w: w, l: l, count: &count}
		wrong, err := w.round(ctx, r, o, seed+round, n)
		done += n
		if err == nil {
			wrong = append(wrong, w.check(ctx, l, &looked)...)
		}
		if err != nil || len(wrong) > 0 {
			t.Fatalf("seed %d, after %d kills: %v\n%s\n\nthe round:\n%s\n\nresidents said:\n%s\n\nlog:\n%s\n\nbrowsers said:\n%s",
				seed, done, err, strings.Join(wrong, "\n"), strings.Join(o.story, "\n"), tail(w.log()),
				tail(filepath.Join(w.paths.Log(), "debrief.log")), tail(filepath.Join(w.desk.Root, "browser.log")))
		}
	}
	t.Logf("%d kills in %v (seed %d): %d sign-ins, %d clears, %d uses and %d looks were reported done and %d calls cut off; "+
		"%d times a session was found whole, %d times without a new token; nothing lost, nothing back, nothing left over",
		done, time.Since(began).Round(time.Second), seed, count.signIns.Load(), count.clears.Load(), count.uses.Load(),
		count.looks.Load(), count.cut.Load(), looked.sessions, looked.fresh)
}

// round puts the resident under load, kills it n times and starts it again at
// once. After the last kill the load ends first, so that all that was begun is
// over, and the restarted resident has time to finish.
func (w *world) round(ctx context.Context, r *rand.Rand, o *load, seed uint64, n int) (wrong []string, err error) {
	loaded, end := context.WithCancel(ctx)
	defer end()
	over := make(chan struct{})
	go func() { // ends with the load's context
		o.run(loaded, seed, accounts)
		close(over)
	}()
	defer func() { end(); <-over }()
	for i := range n {
		wait(ctx, moment(r))
		if err := w.alive(); err != nil {
			return o.wrongs, err
		}
		w.kill()
		o.note("killed")
		if i == n-1 {
			end()
			<-over
		}
		if r.IntN(3) > 0 { // nothing is under way that a clock could break
			o.l.clockMoved()
			if err := w.tenant.advance(later(r)); err != nil {
				return nil, err
			}
		}
		if err := w.start(); err != nil {
			return nil, err
		}
	}
	return o.wrongs, w.ready(ctx)
}

// moment is how long a resident is left alone: mostly long enough for some work,
// at times not even to finish its start.
func moment(r *rand.Rand) time.Duration {
	if r.IntN(4) == 0 {
		return time.Duration(r.IntN(40_000)) * time.Microsecond
	}
	return time.Duration(40_000+r.IntN(260_000)) * time.Microsecond
}

// later is past every access token's end; now and then by days, so that the
// tenant forgets what is long over.
func later(r *rand.Rand) time.Duration {
	if r.IntN(4) == 0 {
		return time.Duration(1+r.IntN(5)) * 24 * time.Hour
	}
	return 61*time.Minute + time.Duration(r.IntN(120))*time.Minute
}
