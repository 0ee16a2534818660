package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	return slices.DeleteFunc(all, func(s state.Session) bool {
		return req.Expired && s.Status != state.Expired || req.ThisDevice && !s.ThisDevice
	}), nil
}

// sweepLine removes what sign-in windows left behind.
func (a *App) sweepLine() state.ClearLine {
	l := state.ClearLine{What: "web_profile", Outcome: nothing}
	a.mu.Lock()
	busy := a.signIn != nil // its profile is in use, and goes when it ends
	a.mu.Unlock()
	if a.d.SweepProfiles == nil || busy {
		return l
	}
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
		outcome := failed
		if _, ok := errors.AsType[*vault.StateError](err); ok {
			outcome = pending
		}
		lines = append(lines, line("token_cache", outcome, err))
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
	a.mu.Lock()
	left := len(a.clearing)
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
	unlock := a.locks.lock(signingEntry)
	defer unlock()
	l := state.ClearLine{What: "signing_key", Outcome: removed}
	if err := a.d.Vault.Delete(ctx, signingEntry); err != nil {
		l.Outcome, l.Problem = failed, a.problem(err, "")
		return l, true
	}
	a.mu.Lock()
	a.signer = nil
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
