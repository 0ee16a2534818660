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
	kills := int(number(t, "TORTURE_KILLS", 30))
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
	t.Logf("%d kills in %v (seed %d): %d sign-ins, %d renewals, %d other uses, %d clears and %d looks were reported done, %d calls were cut off or found nobody; "+
		"after them %d sessions were whole, %d of them with the token that they had got last; nothing lost, nothing back, nothing left over",
		done, time.Since(began).Round(time.Second), seed, count.signIns.Load(), count.renewals.Load(),
		count.uses.Load()-count.renewals.Load(), count.clears.Load(), count.looks.Load(), count.cut.Load(), looked.sessions, looked.fresh)
	if count.signIns.Load() == 0 || count.clears.Load() == 0 || count.uses.Load() == 0 || looked.sessions == 0 {
		t.Error("the load did nothing")
	}
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
