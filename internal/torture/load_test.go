//go:build linux

package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// tally counts what was reported done, and what a kill cut off.
type tally struct {
	signIns, clears, uses, renewals, looks, cut atomic.Int64
}

// load is everything that works at the same time on one resident.
type load struct {
	w     *world
	l     *ledger
	count *tally

	clock sync.RWMutex // read-held by what a move of the tenant's clock would break
	verb  sync.Mutex   // held by the one verb at a time

	mu     sync.Mutex
	wrongs []string
	story  []string // what was asked and answered, for failures
}

// note keeps what happened.
func (o *load) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.story = append(o.story, time.Now().UTC().Format("05.000000 ")+fmt.Sprintf(format, args...))
}

func (o *load) wrong(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrongs = append(o.wrongs, fmt.Sprintf(format, args...))
}

// failed takes the outcome of a call that nothing but a kill may break.
func (o *load) failed(ctx context.Context, what string, err error) bool {
	o.note("%s: %v", what, err)
	switch {
	case err == nil:
		return false
	case interrupted(ctx, err):
		o.absent(ctx)
	default:
		o.wrong("%s: %v", what, err)
	}
	return true
}

// absent counts a call that a kill cut off, or that came when nobody was there.
func (o *load) absent(ctx context.Context) {
	o.count.cut.Add(1)
	wait(ctx, 5*time.Millisecond)
}

// run lets one writer for each account, and readers, work until ctx ends.
func (o *load) run(ctx context.Context, seed uint64, accounts []string) {
	var wg sync.WaitGroup
	worker := func(n int, do func(context.Context, *rand.Rand)) {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		wg.Go(func() {
			for ctx.Err() == nil {
				do(ctx, r)
			}
		})
	}
	for n, account := range accounts {
		worker(n, func(ctx context.Context, r *rand.Rand) { o.write(ctx, r, account) })
	}
	for n := range 2 {
		worker(100+n, o.read)
	}
	wg.Wait()
}

// write changes the sessions of one account, as nobody else does but who clears
// everything.
func (o *load) write(ctx context.Context, r *rand.Rand, account string) {
	switch n := r.IntN(100); {
	case n < 25:
		o.signIn(ctx, account)
	case n < 35:
		o.clear(ctx, account)
	case n < 37:
		o.clearAll(ctx)
	default:
		o.use(ctx, r)
	}
}

// read looks at everything, and lets time pass.
func (o *load) read(ctx context.Context, r *rand.Rand) {
	switch n := r.IntN(100); {
	case n < 40:
		o.use(ctx, r)
	case n < 50:
		o.anHourOn(ctx, r)
	case n < 80:
		o.list(ctx)
	case n < 85:
		o.listByVerb(ctx)
	default:
		o.inspect(ctx, r)
	}
	wait(ctx, time.Duration(r.IntN(20))*time.Millisecond)
}

// anHourOn moves the tenant's clock past every access token's end, now and then by
// days, so that the tenant forgets what is long over. A code that is under way
// would end, so nobody signs in meanwhile.
func (o *load) anHourOn(ctx context.Context, r *rand.Rand) {
	d := 61*time.Minute + time.Duration(r.IntN(120))*time.Minute
	if r.IntN(8) == 0 {
		d += time.Duration(1+r.IntN(5)) * 24 * time.Hour
	}
	o.clock.Lock()
	defer o.clock.Unlock()
	if ctx.Err() != nil {
		return
	}
	o.l.clockMoved()
	if err := o.w.tenant.advance(d); err != nil {
		o.wrong("the tenant's clock: %v", err)
	}
}

func (o *load) signIn(ctx context.Context, account string) {
	o.clock.RLock()
	defer o.clock.RUnlock()
	o.note("sign in %s?", account)
	reported, swept := o.l.signInAsked(account)
	in, err := o.w.client.SignIn(ctx, state.SignIn{Hint: account, Browser: "system"})
	if problem(err) == text.SessionUnknown && swept() { // somebody cleared everything in the same moment
		return
	}
	if o.failed(ctx, "sign in "+account, err) {
		return
	}
	o.count.signIns.Add(1)
	o.note("signed in %s as %s", in.Session.ID, in.Session.Email)
	reported(in.Session.ID, in.Session.Email)
}

func (o *load) clear(ctx context.Context, account string) {
	o.note("clear %s?", account)
	cleared := o.l.clearAsked(account)
	all, err := o.w.client.Sessions(ctx)
	if o.failed(ctx, "list before a clear", err) {
		return
	}
	var ids []string
	for _, s := range all {
		if s.Email == account {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	rep, err := o.w.client.Clear(ctx, state.Clear{IDs: ids})
	if problem(err) == text.SessionUnknown { // somebody cleared everything meanwhile
		return
	}
	if o.failed(ctx, "clear "+account, err) {
		return
	}
	o.reported(rep, ids, cleared)
}

func (o *load) clearAll(ctx context.Context) {
	o.note("clear everything?")
	ended := o.l.sweepAsked()
	rep, err := o.w.client.Clear(ctx, state.Clear{All: true})
	if o.failed(ctx, "clear everything", err) {
		ended()
		return
	}
	var ids []string
	for _, line := range rep.Lines {
		if line.Session != "" && !slices.Contains(ids, line.Session) {
			ids = append(ids, line.Session)
		}
	}
	o.reported(rep, ids, ended)
}

// reported notes a clear's report, which nothing here may keep from being clean.
func (o *load) reported(rep state.ClearReport, ids []string, cleared func(ids ...string)) {
	for _, line := range rep.Lines {
		if line.Problem != nil && line.Problem.Code == text.Cancelled {
			o.count.cut.Add(1) // a verb was Debrief itself for a moment, and ended
			cleared()
			return
		}
		if line.Outcome == "pending" || line.Outcome == "failed" {
			o.wrong("a clear left something: %+v (%v)", line, line.Problem)
			cleared()
			return
		}
	}
	o.count.clears.Add(1)
	o.note("cleared %q", ids)
	cleared(ids...)
}

// use asks Graph for the meetings of a session that is certainly there.
func (o *load) use(ctx context.Context, r *rand.Rand) {
	id := o.pick(r)
	if id == "" {
		return
	}
	o.clock.RLock()
	defer o.clock.RUnlock()
	fresh, epoch := o.l.isFresh(id), o.l.now()
	_, err := o.w.client.Meetings(ctx, id)
	if err != nil && !o.l.is(id, live) {
		return // it was cleared or replaced meanwhile
	}
	if o.failed(ctx, "meetings of "+id, err) {
		return
	}
	o.count.uses.Add(1)
	if !fresh {
		o.count.renewals.Add(1)
	}
	o.l.used(id, epoch)
}

func (o *load) inspect(ctx context.Context, r *rand.Rand) {
	id := o.pick(r)
	if id == "" {
		return
	}
	d, err := o.w.client.Session(ctx, id)
	if err == nil && d.CacheProblem != nil {
		err = d.CacheProblem
	}
	if err != nil && !o.l.is(id, live) {
		return
	}
	if !o.failed(ctx, "show "+id, err) {
		o.count.looks.Add(1)
	}
}

func (o *load) pick(r *rand.Rand) string {
	ids := o.l.of(live)
	if len(ids) == 0 {
		return ""
	}
	return ids[r.IntN(len(ids))]
}

func (o *load) list(ctx context.Context) {
	alive, dead := o.l.of(live), o.l.of(gone)
	all, err := o.w.client.Sessions(ctx)
	if !o.failed(ctx, "list", err) {
		o.listed(alive, dead, all)
	}
}

// listByVerb lists from the command line, which is Debrief itself while no
// resident runs. It is not ended with the load, but waited for.
func (o *load) listByVerb(ctx context.Context) {
	alive, dead := o.l.of(live), o.l.of(gone)
	o.verb.Lock()
	defer o.verb.Unlock()
	kills := o.w.kills.Load()
	cmd := exec.Command(o.w.program, "sessions", "--json")
	cmd.Env, cmd.Dir = o.w.env, o.w.desk.Home
	out, err := cmd.Output()
	var all []state.Session
	if err == nil {
		err = json.Unmarshal(out, &all)
	}
	switch {
	case err != nil && o.w.kills.Load() != kills:
		o.count.cut.Add(1)
		return
	case err != nil:
		said := ""
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			said = string(exit.Stderr)
		}
		o.wrong("debrief sessions: %v: %s%s", err, out, said)
		return
	}
	o.listed(alive, dead, all)
}

func (o *load) listed(alive, dead []string, all []state.Session) {
	o.count.looks.Add(1)
	// While a clear is repeated, by a sign-in of the same account say, its session
	// is told as pending: there is nothing of it but the id.
	all = slices.DeleteFunc(all, func(s state.Session) bool { return s.Status == state.Pending && s.Email == "" })
	for _, w := range o.l.judge(alive, dead, byID(all)) {
		o.wrong("under load: %s", w)
	}
}

// byID are the accounts of sessions.
func byID(all []state.Session) map[string]string {
	accounts := map[string]string{}
	for _, s := range all {
		accounts[s.ID] = s.Email
	}
	return accounts
}

func problem(err error) text.Code {
	if p, ok := errors.AsType[*state.Problem](err); ok {
		return p.Code
	}
	return ""
}
