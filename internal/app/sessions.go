package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/session"
	"debrief/internal/text"
)

// reload reads all records from the store: no keyring call, no request.
func (a *App) reload(ctx context.Context) error {
	for {
		a.mu.Lock()
		before := a.changes
		a.mu.Unlock()
		l, err := a.d.Store.List(ctx)
		if err != nil {
			return err
		}
		a.mu.Lock()
		if a.changes != before { // the listing may be older than what this process did meanwhile
			a.mu.Unlock()
			continue
		}
		a.records = make(map[string]session.Record, len(l.Records))
		for _, r := range l.Records {
			a.records[r.ID] = r
		}
		a.judgeLocked()
		// What was put aside is told of as long as it lies there and nothing took
		// its place.
		for _, u := range a.unreadable {
			_, back := a.records[u.ID]
			again := slices.ContainsFunc(l.Unreadable, func(n session.Unreadable) bool { return n.ID == u.ID })
			if _, err := os.Stat(u.Path); u.Path != "" && err == nil && !back && !again {
				l.Unreadable = append(l.Unreadable, u)
			}
		}
		a.unreadable = l.Unreadable
		a.mu.Unlock()
		return nil
	}
}

// remember keeps the newest form of a record that this process wrote.
func (a *App) remember(r session.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.records[r.ID] = r
	a.trust[r.ID] = a.signer.Check(r)
	a.changes++
}

// judgeLocked checks every record's signature.
func (a *App) judgeLocked() {
	a.trust = make(map[string]session.Trust, len(a.records))
	for id, r := range a.records {
		a.trust[id] = a.signer.Check(r)
	}
}

// drop forgets a record that this process cleared.
func (a *App) drop(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.records, id)
	a.changes++
}

// Sessions lists all records with their status.
func (a *App) Sessions(ctx context.Context) ([]state.Session, error) {
	if err := a.reload(ctx); err != nil {
		return nil, a.problem(err, "")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sessionsLocked(), nil
}

// own lists this device's sessions.
func (a *App) own() []state.Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(a.sessionsLocked(), func(s state.Session) bool { return !s.ThisDevice })
}

func (a *App) sessionsLocked() []state.Session {
	now := a.d.Now()
	list := make([]state.Session, 0, len(a.records))
	for _, r := range a.records {
		list = append(list, a.sessionLocked(r, now))
	}
	for id := range a.clearing {
		if _, ok := a.records[id]; !ok {
			list = append(list, state.Session{Record: session.Record{ID: id, Device: a.d.Device}, Status: state.Pending, ThisDevice: true})
		}
	}
	slices.SortFunc(list, func(x, y state.Session) int {
		return cmp.Or(cmp.Compare(strings.ToLower(x.Email), strings.ToLower(y.Email)),
			cmp.Compare(x.Account.HomeAccountID, y.Account.HomeAccountID), cmp.Compare(x.ID, y.ID))
	})
	return list
}

// sessionLocked is a record as it is published.
func (a *App) sessionLocked(r session.Record, now time.Time) state.Session {
	s := state.Session{Record: r, Status: a.statusLocked(r, now), ThisDevice: r.Device.ID == a.d.Device.ID}
	if s.Status == state.NeedsSignIn && s.ThisDevice {
		s.Why = originCodes[a.d.Auth.Origin(accountOf(r))]
	}
	s.EndsSoon = (s.Status == state.Active || s.Status == state.Unverified) && !now.Before(endOf(s).Add(-soon(s)))
	return s
}

// statusLocked judges a record, in the order of precedence.
func (a *App) statusLocked(r session.Record, now time.Time) state.Status {
	trust := session.Trusted
	if a.d.UseSigner {
		trust = a.trust[r.ID]
	}
	switch {
	case r.Schema > session.Schema:
		return state.Newer
	case trust == session.Changed:
		return state.Changed
	case a.clearing[r.ID]:
		return state.Pending
	case r.Expired(now):
		return state.Expired
	case !r.Authenticated, r.Device.ID == a.d.Device.ID && a.d.Auth.Origin(accountOf(r)) != auth.Ours:
		return state.NeedsSignIn
	case trust == session.Unverified:
		return state.Unverified
	}
	return state.Active
}

// find returns the session that id, or an unambiguous prefix of 6 or more
// digits, names.
func (a *App) find(id string) (state.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.records[id]; ok {
		return a.sessionLocked(r, a.d.Now()), nil
	}
	var found []state.Session
	id = strings.ToLower(strings.TrimSpace(id))
	for _, s := range a.sessionsLocked() {
		if s.ID == id {
			return s, nil
		}
		if len(id) >= 6 && strings.HasPrefix(s.ID, id) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return state.Session{}, a.fail(text.SessionUnknown, "id", id)
	}
	return state.Session{}, a.fail(text.SessionAmbiguous, "id", id)
}

// forAccount returns the usable session that account (an e-mail, a session id
// or empty for the only one) names. Sessions that need a sign-in are given only
// when there is no better one; the caller finds that out by its token.
func (a *App) forAccount(account string) (state.Session, error) {
	a.mu.Lock()
	all := a.sessionsLocked()
	a.mu.Unlock()
	var own, foreign []state.Session
	for _, s := range all {
		switch {
		case !s.ThisDevice || s.Status == state.Pending || s.Status == state.Newer || s.Status == state.Changed:
		case s.Why != "":
			foreign = append(foreign, s)
		default:
			own = append(own, s)
		}
	}
	if len(own) == 0 { // then one that can never be used says why
		own = foreign
	}
	account = strings.ToLower(strings.TrimSpace(account))
	if account == "" {
		switch len(own) {
		case 0:
			return state.Session{}, a.fail(text.SignInNeeded, "account", a.anyone())
		case 1:
			return own[0], nil
		}
		var names []string
		for _, s := range own {
			names = append(names, s.Email)
		}
		return state.Session{}, a.fail(text.AccountAmbiguous, "accounts", strings.Join(names, ", "))
	}
	var found []state.Session
	for _, s := range own {
		if strings.ToLower(s.Email) == account || len(account) >= 6 && strings.HasPrefix(s.ID, account) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return state.Session{}, a.fail(text.AccountUnknown, "account", account)
	case 1:
		return found[0], nil
	}
	return state.Session{}, a.fail(text.AccountAmbiguous, "accounts", account)
}

func (a *App) anyone() string { return text.S(text.YourAccount) }

// update changes the newest record of a session and saves it, signed. It tries
// again when another process saved in between. A cleared session is
// session.ErrCleared and stays cleared.
func (a *App) update(ctx context.Context, id string, change func(*session.Record)) (session.Record, error) {
	unlock := a.locks.lock(id)
	defer unlock()
	for {
		r, err := a.d.Store.Load(ctx, id)
		if err != nil {
			return session.Record{}, err
		}
		a.mu.Lock()
		signer := a.signer
		a.mu.Unlock()
		switch {
		case a.d.UseSigner && signer.Check(r) == session.Changed:
			return session.Record{}, a.fail(text.SessionChanged, "account", r.Email)
		case a.d.UseSigner && signer == nil && r.Signature != nil:
			// Saved now it would lose its signature; this run knows better meanwhile.
			change(&r)
			r.Signature = nil
			a.remember(r)
			a.publish()
			return r, nil
		}
		change(&r)
		saved, err := a.d.Store.Save(ctx, a.sign(r))
		if errors.Is(err, session.ErrConflict) {
			continue
		}
		if err != nil {
			return session.Record{}, err
		}
		a.remember(saved)
		a.publish()
		return saved, nil
	}
}

// sign signs r when a key is at hand; without one it is unsigned, and told as
// unverified.
func (a *App) sign(r session.Record) session.Record {
	if !a.d.UseSigner {
		r.Signature = nil
		return r
	}
	a.mu.Lock()
	signer := a.signer
	a.mu.Unlock()
	if signer == nil {
		r.Signature = nil
		return r
	}
	return signer.Sign(r)
}

func accountOf(r session.Record) auth.Account {
	return auth.Account{
		HomeAccountID: r.Account.HomeAccountID, TenantID: r.Account.TenantID,
		Environment: r.Account.Environment, ClientID: r.Account.ClientID, Session: r.ID,
	}
}

// publish makes a new snapshot of everything and hands it to who watches.
func (a *App) publish() {
	a.publishing.Lock() // so that an older snapshot never comes after a newer one
	defer a.publishing.Unlock()
	posts := a.posts()
	a.mu.Lock()
	s := state.State{
		Version: a.d.Version, Demo: a.d.Demo, DemoURL: a.d.DemoURL, Ready: a.ready,
		Keyring: a.keyring, Sessions: a.sessionsLocked(), Posts: posts,
		Problems: slices.Clone(a.problems), ShowPage: a.showPage, ShowSeq: a.showSeq,
	}
	for _, u := range a.unreadable {
		why := u.Err.Error()
		switch {
		case errors.Is(u.Err, session.ErrNewer):
			why = "newer"
		case errors.Is(u.Err, session.ErrCorrupt):
			why = "corrupt"
		}
		s.Unreadable = append(s.Unreadable, state.Unreadable{ID: u.ID, Path: u.Path, Why: why})
	}
	if a.signIn != nil {
		p := a.signIn.progress
		s.SignIn = &p
	}
	a.mu.Unlock()
	a.hub.set(s)
}

// usable refuses a session that must not be used, with the next step. One that
// needs a sign-in is tried all the same: its refusal comes from Microsoft, and
// may have passed.
func (a *App) usable(s state.Session) error {
	switch s.Status {
	case state.Changed:
		return a.fail(text.SessionChanged, "account", s.Email)
	case state.Pending, state.Expired:
		return a.fail(text.SignInNeeded, "account", s.Email)
	case state.Newer:
		return a.fail(text.VersionMismatch)
	}
	if s.Why != "" {
		return a.fail(s.Why, "account", s.Email, "service", s.Account.Environment)
	}
	if strings.TrimSpace(s.Account.HomeAccountID) == "" {
		return a.fail(text.SignInNeeded, "account", s.Email)
	}
	return nil
}
