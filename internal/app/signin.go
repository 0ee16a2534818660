package app

import (
	"cmp"
	"context"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/session"
	"debrief/internal/text"
)

// signIn is a sign-in under way. Who asks for one meanwhile waits for its result.
type signIn struct {
	progress state.SignInState
	asked    auth.Method
	cancel   context.CancelFunc
	stopped  bool          // somebody cancelled it; guarded by App.mu
	done     chan struct{} // closed when result and err are set
	result   state.SignedIn
	err      error
}

// stop cancels the sign-in. App.mu is held.
func (s *signIn) stop() {
	s.stopped = true
	s.cancel()
}

// of is the result as one caller asked for it.
func (s *signIn) of(req state.SignIn) (state.SignedIn, error) {
	r := s.result
	r.Other = s.err == nil && req.Hint != "" && !strings.EqualFold(req.Hint, r.Session.Email)
	return r, s.err
}

// signInCodes are the problems that a new sign-in starts without.
var signInCodes = []text.Code{
	text.SignInNeeded, text.SignInDeclined, text.AdminNeeded, text.SignInBlocked, text.SignInTimedOut,
	text.SignInOther, text.Misconfigured, text.NoWindow, text.BadReply, text.CacheDamaged, text.Offline, text.TryLater,
}

// SignIn runs one sign-in to its end, or joins the one under way. Ending the ctx
// of the call that started it cancels it.
func (a *App) SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
	chosen := cmp.Or(req.Browser, a.chosenBrowser(req.Hint))
	method := auth.Method(cmp.Or(chosen, string(a.d.Browser)))
	switch method {
	case auth.Embedded, auth.System, auth.Device:
	default:
		return state.SignedIn{}, wrongUsage(text.S(text.UnknownBrowser, req.Browser))
	}
	a.mu.Lock()
	for a.signIn != nil {
		s := a.signIn
		join := !s.stopped
		busy := join && req.Browser != "" && method != s.asked && string(method) != s.progress.Method
		a.mu.Unlock()
		if busy {
			return state.SignedIn{}, a.fail(text.Busy, "verb", "sign-in")
		}
		select {
		case <-ctx.Done():
			return state.SignedIn{}, a.problem(ctx.Err(), "")
		case <-s.done:
		}
		if join {
			return s.of(req)
		}
		a.mu.Lock() // the one that was cancelled is over
	}
	if a.closing {
		a.mu.Unlock()
		return state.SignedIn{}, a.fail(text.NotRunning)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &signIn{cancel: cancel, done: make(chan struct{}), asked: method, progress: state.SignInState{
		Method: string(method), Phase: "opening", Since: a.d.Now().UTC(), Hint: req.Hint,
	}}
	a.signIn = s
	a.mu.Unlock()
	a.settle(signInCodes...)
	a.publish()

	result, err := a.runSignIn(ctx, s, req, chosen)
	a.mu.Lock()
	s.result = result
	if err != nil {
		p := a.problem(err, req.Hint)
		s.err = p
		a.d.Log.Info("sign-in failed", "code", string(p.Code), "err", p.Detail)
	}
	a.signIn = nil
	a.mu.Unlock()
	close(s.done)
	if s.err != nil {
		a.show(s.err.(*state.Problem))
	}
	a.publish()
	return s.of(req)
}

// CancelSignIn ends the sign-in that is under way, whoever asked for it.
func (a *App) CancelSignIn(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signIn != nil {
		a.signIn.stop()
	}
	return nil
}

// chosenBrowser is the way to sign in that the person chose last for the account
// that hint names; empty where there is none.
func (a *App) chosenBrowser(hint string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var newest session.Record
	for _, r := range a.records {
		if a.mine(r, hint) && r.CreatedAt.After(newest.CreatedAt) {
			newest = r
		}
	}
	return newest.Browser
}

// mine tells whether r is a session of this device and of the account that hint
// names. a.mu is held.
func (a *App) mine(r session.Record, hint string) bool {
	return hint != "" && r.Device.ID == a.d.Device.ID && strings.EqualFold(r.Email, hint)
}

// demand keeps what Microsoft wants the next sign-in of a session's account to
// satisfy, for this run: after another start the next refusal says it again.
func (a *App) demand(id, claims string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.records[id]; ok && claims != "" {
		a.demands[r.Account] = claims
	}
}

// demanded is what a sign-in with this hint has to satisfy. Without a hint it is
// that of the one account that this device holds.
func (a *App) demanded(hint string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	own := map[session.Account]bool{}
	for _, r := range a.records {
		if a.mine(r, cmp.Or(hint, r.Email)) {
			own[r.Account] = true
		}
	}
	for account := range own {
		if len(own) == 1 {
			return a.demands[account]
		}
	}
	return ""
}

// runSignIn signs in and keeps the session. chosen is the way to do it that the
// person chose, now or for this account before, or empty.
func (a *App) runSignIn(ctx context.Context, s *signIn, req state.SignIn, chosen string) (state.SignedIn, error) {
	tell := func(p auth.Progress) {
		a.mu.Lock()
		s.progress.Phase, s.progress.Method = p.Phase, string(p.Method)
		if p.Method != s.asked {
			s.progress.InsteadOf = string(s.asked)
		}
		s.progress.UserCode, s.progress.VerificationURL, s.progress.CodeExpiresAt = "", "", time.Time{}
		if c := p.Code; c != nil {
			s.progress.UserCode, s.progress.VerificationURL, s.progress.CodeExpiresAt = c.Code, c.URL, c.ExpiresAt
		}
		a.mu.Unlock()
		a.publish()
	}
	a.profiles.RLock()
	in, err := a.d.Auth.SignIn(ctx, auth.Request{
		Method: s.asked, LoginHint: req.Hint, Claims: a.demanded(req.Hint), Progress: tell,
	})
	a.profiles.RUnlock()
	if err != nil {
		return state.SignedIn{}, err
	}
	a.mu.Lock()
	method, insteadOf := s.progress.Method, s.progress.InsteadOf
	a.mu.Unlock()
	if insteadOf != "" {
		chosen = "" // this computer's choice, and perhaps for today only
	}
	tell(auth.Progress{Phase: "storing", Method: auth.Method(method)})
	// From here on the person has done their part: a caller that goes away does
	// not undo it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	rec, err := a.keep(ctx, in, chosen)
	if err != nil {
		return state.SignedIn{}, err
	}
	if req.Hint != "" && !strings.EqualFold(req.Hint, in.Email) {
		a.show(a.fail(text.SignInOther, "asked", req.Hint, "got", in.Email))
	}
	var out state.SignedIn
	out.Session, err = a.find(rec.ID)
	a.d.Log.Info("signed in", "session", rec.ID, "method", method)
	return out, err
}

// record makes the record of a sign-in, with a new id.
func (a *App) record(in auth.SignedIn) session.Record {
	now := a.d.Now().UTC().Truncate(time.Second)
	return session.Record{
		ID: session.NewID(), Schema: session.Schema, Authenticated: true,
		User: session.User{Name: in.Name, Email: in.Email}, Email: in.Email,
		Account: session.Account{
			HomeAccountID: in.Account.HomeAccountID, TenantID: in.Account.TenantID,
			Environment: in.Account.Environment, ClientID: in.Account.ClientID,
		},
		Device: a.d.Device, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(a.d.Lifetime), Permanent: !a.d.EndsAtQuit,
		Tokens: session.Tokens{
			AccessExpiresAt: in.AccessExpiresAt.UTC().Truncate(time.Second), RefreshExpiresAt: now.Add(refreshLife), Scopes: in.Scopes,
		},
	}
}

// keep makes a session of a sign-in: first the cache, then the record, then the
// older sessions of the same account on this device go.
func (a *App) keep(ctx context.Context, in auth.SignedIn, browser string) (session.Record, error) {
	rec := a.record(in)
	rec.Browser = browser
	rec, err := a.keepRecord(ctx, rec, in.Cache)
	if err != nil {
		return rec, err
	}
	a.mu.Lock()
	delete(a.demands, rec.Account)
	a.mu.Unlock()
	if err := a.outbox.SignedIn(ctx, outboxAccount(rec)); err != nil {
		a.d.Log.Warn("posts in doubt are not looked for", "err", err.Error())
	}
	return rec, nil
}

// keepRecord stores the cache and the record of a new session.
func (a *App) keepRecord(ctx context.Context, rec session.Record, cache auth.Secret) (session.Record, error) {
	unlock := a.locks.lock(rec.ID)
	defer unlock()
	a.mu.Lock()
	a.making[rec.ID] = true // start-up's reconciliation leaves it alone
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.making, rec.ID)
		a.mu.Unlock()
	}()
	a.loadSigner(ctx, true)
	if err := a.cache(rec.ID).Store(ctx, []byte(cache.Reveal())); err != nil {
		return rec, err
	}
	made, err := a.d.Store.Create(ctx, a.sign(rec))
	if err != nil {
		// A sign-in that failed leaves nothing that could come back.
		a.mu.Lock()
		delete(a.held, rec.ID)
		a.mu.Unlock()
		if derr := a.d.Vault.Delete(ctx, cacheEntry(rec.ID)); derr != nil {
			a.d.Log.Warn("the cache of a failed sign-in is left", "session", rec.ID, "err", derr.Error())
		}
		return rec, err
	}
	rec = made
	a.mu.Lock()
	a.latest[rec.Account] = rec.ID
	if a.d.UseSigner && rec.Signature == nil {
		a.unsigned[rec.ID] = true
	}
	var old []session.Record
	for _, r := range a.records {
		if r.Account == rec.Account && r.Device.ID == rec.Device.ID {
			old = append(old, r)
		}
	}
	a.mu.Unlock()
	a.remember(rec)
	for _, r := range old {
		for _, l := range a.clearOne(ctx, r.ID, r.Email, false) {
			if l.Outcome == "failed" {
				a.d.Log.Warn("an older session was not cleared", "session", r.ID, "op", l.What)
			}
		}
	}
	return rec, nil
}

// refreshLife is Microsoft's life of a refresh token, rolling from each use
// (learn.microsoft.com, identity platform, refresh tokens).
const refreshLife = 90 * 24 * time.Hour
