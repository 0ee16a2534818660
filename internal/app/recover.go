package app

import (
	"context"
	"errors"
	"slices"
	"strings"

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
	if a.d.Resident {
		a.endLeftover(ctx)
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
	if err := a.reload(ctx); err != nil {
		a.d.Log.Warn("the session store cannot be read", "err", err.Error())
		return
	}
	a.signLate(ctx)
	a.finishClears(ctx)
	left := a.rebuild(ctx)
	a.dropDoubles(ctx)
	if n, err := a.d.Vault.Reconcile(ctx, a.wanted(ctx, left)); err != nil {
		a.d.Log.Warn("the vault was not reconciled", "err", err.Error())
	} else if n > 0 {
		a.d.Log.Info("vault entries without a session were removed", "count", n)
	}
	if len(left) == 0 { // what could not be judged may need it
		a.clearSigningKey(ctx)
	}
	a.missingCaches(ctx)
	a.publish()
}

// endLeftover clears the non-permanent sessions that an earlier run left: they
// should have ended with it.
func (a *App) endLeftover(ctx context.Context) {
	a.mu.Lock()
	var ended []session.Record
	for id := range a.leftover {
		ended = append(ended, a.records[id])
	}
	a.mu.Unlock()
	for _, r := range ended {
		if r.ID != "" {
			a.clearOne(ctx, r.ID, r.Email, false)
		}
	}
	if len(ended) > 0 {
		a.clearSigningKey(ctx)
	}
}

// signLate signs the records that this run made while no key was at hand.
func (a *App) signLate(ctx context.Context) {
	a.mu.Lock()
	var ids []string
	for id := range a.unsigned {
		ids = append(ids, id)
	}
	a.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	a.loadSigner(ctx, true)
	for _, id := range ids {
		r, err := a.update(ctx, id, func(*session.Record) {})
		if err == nil && r.Signature != nil {
			a.mu.Lock()
			delete(a.unsigned, id)
			a.mu.Unlock()
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
// crash between a sign-in's last two steps leaves them. A sign-in of this run is the
// younger one whatever the records say: their times are whole seconds, and those of
// a record that was made anew are of its making.
func (a *App) dropDoubles(ctx context.Context) {
	a.mu.Lock()
	newest := map[session.Account]session.Record{}
	var old []session.Record
	younger := func(r, than session.Record) bool {
		if latest := a.latest[r.Account]; latest == r.ID || latest == than.ID {
			return latest == r.ID
		}
		return r.CreatedAt.After(than.CreatedAt)
	}
	for _, r := range a.records {
		if r.Device.ID != a.d.Device.ID {
			continue
		}
		if n, ok := newest[r.Account]; !ok {
			newest[r.Account] = r
		} else if younger(r, n) {
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
	a.mu.Lock()
	var own []session.Record
	for id, r := range a.records {
		if r.Device.ID == a.d.Device.ID && r.Authenticated && a.held[id] == nil && !a.making[id] {
			own = append(own, r)
		}
	}
	a.mu.Unlock()
	names, err := a.d.Vault.Names() // after the records: a cache comes before its record
	if err != nil {
		return
	}
	for _, r := range own {
		if slices.Contains(names, cacheEntry(r.ID)) {
			continue
		}
		if _, err := a.update(ctx, r.ID, func(r *session.Record) { r.Authenticated = false }); err == nil {
			a.show(a.problem(&auth.Error{Kind: auth.SignInNeeded}, r.Email))
		}
	}
}

// lostRecords reports whether a record that could not be read was put aside.
func (a *App) lostRecords() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.unreadable, func(u session.Unreadable) bool { return errors.Is(u.Err, session.ErrCorrupt) })
}

// rebuild makes the records anew of caches whose records are gone without a
// tombstone: a sign-in that was not finished, or a record that could not be read.
// It returns the ids whose caches it could not judge or use now: they are left.
func (a *App) rebuild(ctx context.Context) (left map[string]bool) {
	left = map[string]bool{}
	names, err := a.d.Vault.Names()
	if err != nil {
		return left
	}
	for _, name := range names {
		id, ok := strings.CutSuffix(name, cacheSuffix)
		if !ok || session.ValidID(id) != nil {
			continue
		}
		if err := a.rebuildOne(ctx, id); err != nil {
			a.d.Log.Warn("a token cache without a record is left as it is", "session", id, "err", err.Error())
			left[id] = true
		}
	}
	return left
}

func (a *App) rebuildOne(ctx context.Context, id string) error {
	a.mu.Lock()
	making := a.making[id]
	a.mu.Unlock()
	if _, err := a.d.Store.Load(ctx, id); making || !errors.Is(err, session.ErrNotFound) {
		return nil
	}
	raw, err := a.d.Vault.Get(ctx, cacheEntry(id))
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	in, err := auth.Recover(raw)
	if err != nil {
		return err
	}
	a.loadSigner(ctx, true)
	rec := a.record(in)
	rec.ID = id
	if rec, err = a.d.Store.Create(ctx, a.sign(rec)); err != nil {
		return err
	}
	a.d.Log.Info("a record was made anew from its token cache", "session", id)
	a.remember(rec)
	return nil
}

// wanted tells which entries of the vault still belong to something. What cannot
// be judged now (left by rebuild, or hidden by an input/output error) is wanted.
func (a *App) wanted(ctx context.Context, left map[string]bool) func(name string) bool {
	return func(name string) bool {
		id, isCache := strings.CutSuffix(name, cacheSuffix)
		a.mu.Lock()
		making := a.making[id]
		a.mu.Unlock()
		switch {
		case name == signingEntry:
			return true // clearSigningKey decides: the key is in memory too
		case !isCache || session.ValidID(id) != nil || making || left[id]:
			return true
		}
		_, err := a.d.Store.Load(ctx, id)
		return !errors.Is(err, session.ErrCleared) && !errors.Is(err, session.ErrNotFound)
	}
}
