package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/outbox"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// Outcomes of a line of the clear report.
const (
	removed = "removed"
	nothing = "nothing"
	pending = "pending"
	failed  = "failed"
)

// Clear removes sessions and checks that they are gone, in this order: web
// profiles, token cache, record. A cache that a locked keyring keeps back is
// cleared later; its session is shown as pending until then.
func (a *App) Clear(ctx context.Context, req state.Clear) (state.ClearReport, error) {
	targets, err := a.clearTargets(ctx, req)
	if err != nil {
		return state.ClearReport{}, err
	}
	rep := state.ClearReport{Clean: true, Lines: []state.ClearLine{}}
	if len(targets) > 0 {
		rep.Lines = append(rep.Lines, a.sweepLine())
	}
	for _, s := range targets {
		rep.Lines = append(rep.Lines, a.clearOne(ctx, s.ID, s.Email, true)...)
	}
	if len(targets) > 0 {
		if l, done := a.clearSigningKey(ctx); done {
			rep.Lines = append(rep.Lines, l)
		}
	}
	if req.All && a.cachesLeft() {
		rep.Clean = false
	}
	for _, l := range rep.Lines {
		if l.Outcome == pending || l.Outcome == failed {
			rep.Clean = false
		}
	}
	rep.Kept = a.keptFiles()
	a.settle(signInCodes...)
	a.publish()
	a.d.Log.Info("cleared sessions", "count", len(targets), "result", rep.Clean)
	return rep, nil
}

func (a *App) clearTargets(ctx context.Context, req state.Clear) ([]state.Session, error) {
	if n := boolInt(len(req.IDs) > 0) + boolInt(req.All) + boolInt(req.Expired); n != 1 {
		return nil, wrongUsage(text.S(text.ClearOneOf))
	}
	all, err := a.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	if len(req.IDs) > 0 {
		var targets []state.Session
		for _, id := range req.IDs {
			s, err := a.find(id)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(targets, func(t state.Session) bool { return t.ID == s.ID }) {
				targets = append(targets, s)
			}
		}
		return targets, nil
	}
	if req.All {
		all = append(all, a.strays(all)...)
	}
	return slices.DeleteFunc(all, func(s state.Session) bool {
		return req.Expired && s.Status != state.Expired || req.ThisDevice && !s.ThisDevice
	}), nil
}

// strays are this device's sessions without a readable record: caches in the
// vault or in memory, and records that were put aside.
func (a *App) strays(listed []state.Session) []state.Session {
	names, _ := a.d.Vault.Names() // what cannot be told is told by the report
	a.mu.Lock()
	ids := make([]string, 0, len(names))
	for _, name := range names {
		if id, ok := strings.CutSuffix(name, cacheSuffix); ok {
			ids = append(ids, id)
		}
	}
	for id := range a.held {
		ids = append(ids, id)
	}
	for _, u := range a.unreadable {
		if errors.Is(u.Err, session.ErrCorrupt) {
			ids = append(ids, u.ID)
		}
	}
	a.mu.Unlock()
	slices.Sort(ids)
	var strays []state.Session
	for _, id := range slices.Compact(ids) {
		known := slices.ContainsFunc(listed, func(s state.Session) bool { return s.ID == id })
		if !known && session.ValidID(id) == nil {
			strays = append(strays, state.Session{Record: session.Record{ID: id, Device: a.d.Device}, ThisDevice: true})
		}
	}
	return strays
}

// cachesLeft reports whether the vault may still hold a token cache.
func (a *App) cachesLeft() bool {
	names, err := a.d.Vault.Names()
	return err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, cacheSuffix) })
}

// sweepLine removes what sign-in windows left behind.
func (a *App) sweepLine() state.ClearLine {
	l := state.ClearLine{What: "web_profile", Outcome: nothing}
	// The profile of a sign-in under way is in use, and goes when that ends.
	if a.d.SweepProfiles == nil || !a.profiles.TryLock() {
		return l
	}
	defer a.profiles.Unlock()
	switch n, err := a.d.SweepProfiles(); {
	case err != nil:
		l.Outcome, l.Problem = failed, a.problem(err, "")
	case n > 0:
		l.Outcome = removed
	}
	return l
}

// clearOne clears one session. drafts tells whether its account is signed out
// with it, so that its queued posts become drafts again; it is false when a
// newer session of the account takes its place.
func (a *App) clearOne(ctx context.Context, id, email string, drafts bool) []state.ClearLine {
	unlock := a.locks.lock(id)
	defer unlock()
	line := func(what, outcome string, err error) state.ClearLine {
		l := state.ClearLine{Session: id, Account: email, What: what, Outcome: outcome}
		if err != nil {
			l.Problem = a.problem(err, email)
		}
		return l
	}
	// The mark comes first: whatever happens from here on, the session is not
	// used again and the clear is finished later.
	if err := a.markClearing(id, true); err != nil {
		return []state.ClearLine{line("record", failed, err)}
	}
	a.mu.Lock()
	rec, known := a.records[id]
	_, held := a.held[id]
	delete(a.held, id)
	delete(a.clients, id)
	delete(a.meetings, id)
	delete(a.unsigned, id)
	delete(a.leftover, id)
	clear(a.people) // names and e-mails that the session's chats brought
	a.mu.Unlock()
	if known {
		a.d.Auth.Forget(accountOf(rec))
	}

	var lines []state.ClearLine
	cacheGone := true
	names, err := a.d.Vault.Names()
	inVault := err != nil || slices.Contains(names, cacheEntry(id))
	switch err := a.d.Vault.Delete(ctx, cacheEntry(id)); {
	case err == nil && (inVault || held):
		lines = append(lines, line("token_cache", removed, nil))
	case err == nil:
		lines = append(lines, line("token_cache", nothing, nil))
	default:
		cacheGone = false
		lines = append(lines, line("token_cache", refusal(err), err))
	}

	now := a.d.Now().UTC().Truncate(time.Second)
	err = a.d.Store.Clear(ctx, session.Tombstone{ID: id, ClearedAt: now, ByDevice: a.d.Device.ID, Until: now.Add(2 * a.d.Lifetime)})
	if err == nil {
		if _, lerr := a.d.Store.Load(ctx, id); !errors.Is(lerr, session.ErrCleared) {
			err = lerr
			if err == nil {
				err = session.ErrExists
			}
		}
	}
	recordGone := err == nil
	lines = append(lines, line("record", pick(recordGone, removed, failed), err))
	if recordGone {
		a.drop(id)
	}
	if cacheGone && recordGone {
		if err := a.markClearing(id, false); err != nil {
			a.d.Log.Warn("a finished clear is still marked", "session", id, "err", err.Error())
		}
	}
	if drafts && known {
		if l, ok := a.draftsOf(ctx, rec); ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// refusal is the outcome of a deletion that failed: pending where the keyring's
// state held it up, for it is tried again.
func refusal(err error) string {
	if _, ok := errors.AsType[*vault.StateError](err); ok {
		return pending
	}
	return failed
}

// draftsOf turns the queued posts of a signed-out account into drafts.
func (a *App) draftsOf(ctx context.Context, rec session.Record) (state.ClearLine, bool) {
	n, err := a.outbox.ToDrafts(ctx, outboxAccount(rec))
	l := state.ClearLine{Session: rec.ID, Account: rec.Email, What: "posts", Outcome: removed}
	if err != nil {
		l.Outcome, l.Problem = failed, a.problem(err, rec.Email)
	}
	return l, n > 0 || err != nil
}

func outboxAccount(r session.Record) outbox.Account {
	return outbox.Account{
		HomeAccountID: r.Account.HomeAccountID, TenantID: r.Account.TenantID,
		Environment: r.Account.Environment, ClientID: r.Account.ClientID, Email: r.Email,
	}
}

// clearSigningKey removes the signing key after the last session of this device.
func (a *App) clearSigningKey(ctx context.Context) (state.ClearLine, bool) {
	unlock := a.locks.lock(signingEntry)
	defer unlock()
	a.mu.Lock()
	left := len(a.clearing) + len(a.making)
	for _, r := range a.records {
		if r.Device.ID == a.d.Device.ID {
			left++
		}
	}
	a.mu.Unlock()
	names, err := a.d.Vault.Names()
	if left > 0 || err == nil && !slices.Contains(names, signingEntry) {
		return state.ClearLine{}, false
	}
	l := state.ClearLine{What: "signing_key", Outcome: removed}
	if err := a.d.Vault.Delete(ctx, signingEntry); err != nil {
		l.Outcome, l.Problem = refusal(err), a.problem(err, "")
		return l, true
	}
	a.mu.Lock()
	a.signer = nil
	a.judgeLocked()
	a.mu.Unlock()
	return l, true
}

// keptFiles names what a clear leaves on purpose.
func (a *App) keptFiles() []string {
	kept := []string{}
	for _, p := range []string{
		filepath.Join(a.d.DataDir, "vault.key"), filepath.Join(a.d.DataDir, "device.json"),
		filepath.Join(a.d.DataDir, "outbox"), filepath.Join(a.d.ConfigDir, "settings.env"),
	} {
		if _, err := os.Stat(p); err == nil {
			kept = append(kept, p)
		}
	}
	return kept
}

// endNonPermanent clears this device's sessions that do not outlive the program.
func (a *App) endNonPermanent(ctx context.Context) {
	all, err := a.Sessions(ctx)
	if err != nil {
		a.d.Log.Warn("non-permanent sessions were not cleared", "err", err.Error())
		return
	}
	for _, s := range all {
		if s.ThisDevice && !s.Permanent && s.Status != state.Newer {
			a.clearOne(ctx, s.ID, s.Email, false)
		}
	}
	a.clearSigningKey(ctx)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func pick(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
