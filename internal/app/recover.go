package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/session"
	"debrief/internal/vault"
)

// recover opens the vault and finishes what an earlier run left: caches held in
// memory, unfinished clears, sessions that should have ended, entries without a
// session, sessions without a cache.
func (a *App) recover(ctx context.Context) {
	if l := a.sweepLine(); l.Problem != nil {
		a.d.Log.Warn("a web profile was left behind", "err", l.Problem.Detail)
	}
	names, nerr := a.d.Vault.Names()
	a.mu.Lock()
	idle := nerr == nil && len(names) == 0 && len(a.records) == 0 && len(a.clearing) == 0 && len(a.held) == 0
	a.mu.Unlock()
	st := a.d.Vault.Status(ctx)
	a.mu.Lock()
	a.keyring = st
	a.mu.Unlock()
	a.publish()
	if st.State != vault.Ready {
		if !idle || st.State == vault.Absent || st.State == vault.Damaged {
			a.show(a.problem(&vault.StateError{Status: st}, ""))
		}
		return
	}
	a.settle(vaultCodesShown...)
	if idle {
		return
	}
	a.moveIn(ctx)
	a.loadSigner(ctx, false)
	if a.d.Resident {
		a.endCrashed(ctx)
	}
	a.finishClears(ctx)
	a.dropDoubles(ctx)
	a.rebuild(ctx)
	if n, err := a.d.Vault.Reconcile(ctx, a.wanted(ctx)); err != nil {
		a.d.Log.Warn("the vault was not reconciled", "err", err.Error())
	} else if n > 0 {
		a.d.Log.Info("vault entries without a session were removed", "count", n)
	}
	a.missingCaches(ctx)
	a.publish()
}

// endCrashed clears the non-permanent sessions that a crash left.
func (a *App) endCrashed(ctx context.Context) {
	a.mu.Lock()
	all := a.sessionsLocked()
	a.mu.Unlock()
	for _, s := range all {
		if s.ThisDevice && !s.Permanent && s.Status != state.Newer && s.Status != state.Pending {
			a.clearOne(ctx, s.ID, s.Email, false)
		}
	}
}

func (a *App) finishClears(ctx context.Context) {
	a.mu.Lock()
	ids := make([]string, 0, len(a.clearing))
	for id := range a.clearing {
		ids = append(ids, id)
	}
	a.mu.Unlock()
	for _, id := range ids {
		a.clearOne(ctx, id, "", true)
	}
	if len(ids) > 0 {
		a.clearSigningKey(ctx)
	}
}

// dropDoubles clears the older of two sessions of one account on this device: a
// crash between a sign-in's last two steps leaves them.
func (a *App) dropDoubles(ctx context.Context) {
	a.mu.Lock()
	newest := map[session.Account]session.Record{}
	var old []session.Record
	for _, r := range a.records {
		if r.Device.ID != a.d.Device.ID {
			continue
		}
		if n, ok := newest[r.Account]; !ok {
			newest[r.Account] = r
		} else if r.CreatedAt.After(n.CreatedAt) {
			old, newest[r.Account] = append(old, n), r
		} else {
			old = append(old, r)
		}
	}
	a.mu.Unlock()
	for _, r := range old {
		a.clearOne(ctx, r.ID, r.Email, false)
	}
}

// missingCaches notes which sessions of this device certainly have no cache any
// more, so that the person hears of it before a post fails.
func (a *App) missingCaches(ctx context.Context) {
	names, err := a.d.Vault.Names()
	if err != nil {
		return
	}
	a.mu.Lock()
	var without []session.Record
	for id, r := range a.records {
		if r.Device.ID == a.d.Device.ID && r.Authenticated && !slices.Contains(names, cacheEntry(id)) && a.held[id] == nil {
			without = append(without, r)
		}
	}
	a.mu.Unlock()
	for _, r := range without {
		if _, err := a.update(ctx, r.ID, func(r *session.Record) { r.Authenticated = false }); err == nil {
			a.show(a.problem(&auth.Error{Kind: auth.SignInNeeded}, r.Email))
		}
	}
}

// rebuild makes the records anew of caches whose records are gone without a
// tombstone: a sign-in that was not finished, or a record that could not be read.
func (a *App) rebuild(ctx context.Context) {
	names, err := a.d.Vault.Names()
	if err != nil {
		return
	}
	for _, name := range names {
		id, ok := strings.CutSuffix(name, "/cache")
		if !ok || session.ValidID(id) != nil {
			continue
		}
		if _, err := a.d.Store.Load(ctx, id); !errors.Is(err, session.ErrNotFound) {
			continue
		}
		raw, err := a.d.Vault.Get(ctx, name)
		if err != nil {
			continue
		}
		in, err := auth.Recover(raw)
		if err != nil {
			a.d.Log.Warn("a token cache without a record cannot be read", "session", id, "err", err.Error())
			continue
		}
		a.loadSigner(ctx, true)
		rec := a.record(in)
		rec.ID = id
		if rec, err = a.d.Store.Create(ctx, a.sign(rec)); err != nil {
			a.d.Log.Warn("a record was not made anew", "session", id, "err", err.Error())
			continue
		}
		a.d.Log.Info("a record was made anew from its token cache", "session", id)
		a.remember(rec)
	}
}

// wanted tells which entries of the vault still belong to something. What cannot
// be judged now (a record that an input/output error hides) is wanted.
func (a *App) wanted(ctx context.Context) func(name string) bool {
	return func(name string) bool {
		if name == signingEntry {
			a.mu.Lock()
			defer a.mu.Unlock()
			return len(a.records) > 0
		}
		id, ok := strings.CutSuffix(name, "/cache")
		if !ok || session.ValidID(id) != nil {
			return true
		}
		_, err := a.d.Store.Load(ctx, id)
		return !errors.Is(err, session.ErrCleared) && !errors.Is(err, session.ErrNotFound)
	}
}
