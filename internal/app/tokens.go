package app

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"debrief/internal/auth"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// signingEntry is the vault's name of the key that signs this device's records.
const signingEntry = "device/signing"

// cacheSuffix follows the session's id in the vault's name of its token cache.
const cacheSuffix = "/cache"

func cacheEntry(id string) string { return id + cacheSuffix }

// cache is the token cache of a session: in the vault, or held in memory while
// the keyring cannot take it.
func (a *App) cache(id string) auth.CacheStore { return cacheStore{a, id} }

type cacheStore struct {
	app *App
	id  string
}

func (c cacheStore) Load(ctx context.Context) ([]byte, error) {
	c.app.mu.Lock()
	held, ok := c.app.held[c.id]
	c.app.mu.Unlock()
	if ok {
		return slices.Clone(held), nil
	}
	b, err := c.app.d.Vault.Get(ctx, cacheEntry(c.id))
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

// Store keeps the cache. A cleared session's cache is refused. What the keyring
// cannot take stays in memory, is shown, and moves in later: a sign-in or a
// renewal that succeeded never fails here because of the keyring.
func (c cacheStore) Store(ctx context.Context, cache []byte) error {
	a := c.app
	if _, err := a.d.Store.Load(ctx, c.id); errors.Is(err, session.ErrCleared) {
		return err
	}
	a.mu.Lock()
	refused := a.clearing[c.id]
	a.mu.Unlock()
	if refused {
		return session.ErrCleared
	}
	err := a.d.Vault.Put(ctx, cacheEntry(c.id), cache)
	a.mu.Lock()
	if err == nil {
		delete(a.held, c.id)
	} else {
		a.held[c.id] = slices.Clone(cache)
	}
	a.mu.Unlock()
	if err != nil {
		a.d.Log.Warn("a token cache is held in memory", "session", c.id, "err", err.Error())
		a.noteVault(err)
	}
	return nil
}

// noteVault shows a refusal of the keyring and keeps its state.
func (a *App) noteVault(err error) {
	if e, ok := errors.AsType[*vault.StateError](err); ok {
		a.mu.Lock()
		a.keyring = e.Status
		a.mu.Unlock()
	}
	a.show(a.problem(err, ""))
}

// loadSigner gets the signing key from the vault, once; make tells whether a
// new one may be made where there certainly is none. Without a keyring records
// stay unsigned and are told as unverified.
func (a *App) loadSigner(ctx context.Context, make bool) {
	if !a.d.UseSigner {
		return
	}
	unlock := a.locks.lock(signingEntry)
	defer unlock()
	a.mu.Lock()
	have := a.signer != nil
	a.mu.Unlock()
	if have {
		return
	}
	key, err := a.d.Vault.Get(ctx, signingEntry)
	if errors.Is(err, vault.ErrNotFound) && make {
		key = rand32()
		err = a.d.Vault.Put(ctx, signingEntry, key)
	}
	if err != nil {
		if !errors.Is(err, vault.ErrNotFound) {
			a.noteVault(err)
		}
		return
	}
	a.mu.Lock()
	a.signer = session.NewSigner(key)
	a.judgeLocked()
	a.mu.Unlock()
}

func rand32() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// tokens gives Graph the access tokens of one session.
type tokens struct {
	app *App
	id  string
}

func (t tokens) Token(ctx context.Context) (string, error) {
	r, err := t.record(ctx)
	if err != nil {
		return "", err
	}
	tok, renewed, err := t.app.d.Auth.Token(ctx, accountOf(r), t.app.lockedCache(t.id))
	if err != nil {
		return "", t.failed(ctx, err)
	}
	if renewed {
		t.noteRenewal(ctx, tok)
	}
	return tok.Value.Reveal(), nil
}

func (t tokens) Renew(ctx context.Context, rejected, claims string) (string, error) {
	r, err := t.record(ctx)
	if err != nil {
		return "", err
	}
	tok, err := t.app.d.Auth.Renew(ctx, accountOf(r), t.app.lockedCache(t.id), auth.NewSecret(rejected), claims)
	if err != nil {
		return "", t.failed(ctx, err)
	}
	t.noteRenewal(ctx, tok)
	return tok.Value.Reveal(), nil
}

// record returns the session's record if it may be used.
func (t tokens) record(ctx context.Context) (session.Record, error) {
	a := t.app
	a.loadSigner(ctx, false) // judges the record; at most once a run
	a.heal()
	s, err := a.find(t.id)
	if err != nil {
		return session.Record{}, err
	}
	return s.Record, a.usable(s)
}

func (t tokens) noteRenewal(ctx context.Context, tok auth.Token) {
	_, err := t.app.update(ctx, t.id, func(r *session.Record) {
		r.Authenticated = true
		r.Tokens.AccessExpiresAt = tok.ExpiresAt.UTC().Truncate(time.Second)
		r.Tokens.RefreshExpiresAt = t.app.d.Now().UTC().Truncate(time.Second).Add(refreshLife)
		if len(tok.Scopes) > 0 {
			r.Tokens.Scopes = tok.Scopes
		}
	})
	if err != nil {
		t.app.d.Log.Warn("a renewal was not noted", "session", t.id, "err", err.Error())
	}
}

// failed notes in the record that a person has to sign in, where that is so.
func (t tokens) failed(ctx context.Context, err error) error {
	e, ok := errors.AsType[*auth.Error](err)
	if !ok {
		return err
	}
	t.app.demand(t.id, e.Claims)
	if e.Kind != auth.SignInNeeded {
		return err
	}
	r, uerr := t.app.update(ctx, t.id, func(r *session.Record) { r.Authenticated = false })
	if uerr == nil {
		t.app.show(t.app.problem(err, r.Email))
	}
	return err
}

// lockedCache is the cache whose writes are kept apart from a clear of the same
// session, so that a late write never comes after it.
func (a *App) lockedCache(id string) auth.CacheStore { return guardedCache{cacheStore{a, id}} }

type guardedCache struct{ cacheStore }

func (c guardedCache) Store(ctx context.Context, cache []byte) error {
	unlock := c.app.locks.lock(c.id)
	defer unlock()
	return c.cacheStore.Store(ctx, cache)
}

// used notes a person's or script's use of a session, at most hourly.
func (a *App) used(ctx context.Context, id string) {
	a.loadSigner(ctx, false)
	now := a.d.Now()
	a.mu.Lock()
	r, ok := a.records[id]
	a.mu.Unlock()
	if !ok || now.Sub(r.LastUsedAt) < session.TouchEvery {
		return
	}
	if _, err := a.update(ctx, id, func(r *session.Record) { *r = r.Touched(now, a.d.Lifetime) }); err != nil {
		a.d.Log.Warn("a use was not noted", "session", id, "err", err.Error())
	}
}

// heal looks, in the background, whether a keyring that was not ready is by now
// (the person's login may have unlocked it), and then moves in what waits.
func (a *App) heal() {
	a.mu.Lock()
	ready := a.keyring.State == "" || a.keyring.State == vault.Ready
	a.mu.Unlock()
	if ready || !a.d.Resident || !a.healing.CompareAndSwap(false, true) {
		return
	}
	a.work.Go(func() {
		defer a.healing.Store(false)
		if a.d.Vault.Status(a.ctx).State == vault.Ready {
			a.recover(a.ctx)
		}
	})
}

// vaultCodesShown are the keyring's problems, gone once it is ready.
var vaultCodesShown = []text.Code{
	text.KeyringLocked, text.KeyringDeclined, text.KeyringAbsent, text.KeyringDamaged, text.KeyringSlow,
	text.VaultNotCreated, text.VaultNeedsPassphrase, text.VaultFileMissing, text.VaultTruncated, text.VaultNewer,
	text.VaultElsewhere, text.VaultUnfinished,
}

// Unlock asks the person to unlock the keyring, and moves in what waits.
func (a *App) Unlock(ctx context.Context) error {
	st := a.d.Vault.Unlock(ctx)
	a.mu.Lock()
	a.keyring = st
	a.mu.Unlock()
	if st.State != vault.Ready {
		p := a.problem(&vault.StateError{Status: st}, "")
		a.show(p)
		return p
	}
	a.recover(ctx)
	return nil
}

// moveIn writes the caches held in memory to the keyring.
func (a *App) moveIn(ctx context.Context) {
	a.mu.Lock()
	ids := make([]string, 0, len(a.held))
	for id := range a.held {
		ids = append(ids, id)
	}
	a.mu.Unlock()
	for _, id := range ids {
		unlock := a.locks.lock(id)
		a.mu.Lock()
		cache, ok := a.held[id]
		a.mu.Unlock()
		if ok {
			_ = a.cache(id).Store(ctx, cache)
		}
		unlock()
	}
}
