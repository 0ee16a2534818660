package app

import (
	"context"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/text"
)

// Session tells everything about one session. It reads the token cache by
// parsing it; nothing is renewed.
func (a *App) Session(ctx context.Context, id string) (state.SessionDetail, error) {
	if err := a.reload(ctx); err != nil {
		return state.SessionDetail{}, a.problem(err, "")
	}
	s, err := a.find(id)
	if err != nil {
		return state.SessionDetail{}, err
	}
	d := state.SessionDetail{Session: s, KeptIn: []state.Place{}}
	for _, p := range a.d.Vault.Places(cacheEntry(s.ID)) {
		d.KeptIn = append(d.KeptIn, state.Place{What: p.What, Where: p.Where, State: p.State})
	}
	if !s.ThisDevice {
		return d, nil
	}
	raw, err := a.cache(s.ID).Load(ctx)
	if err != nil {
		d.CacheProblem = a.problem(err, s.Email)
		return d, nil
	}
	if raw == nil {
		d.CacheProblem = a.fail(text.SignInNeeded, "account", s.Email)
		return d, nil
	}
	entries, claims, err := auth.ParseCache(raw)
	if err != nil {
		d.CacheProblem = a.problem(err, s.Email)
		return d, nil
	}
	d.Cache = make([]state.Credential, 0, len(entries))
	for _, e := range entries {
		d.Cache = append(d.Cache, state.Credential{
			Kind: e.Kind, Environment: e.Environment, Realm: e.Realm, ClientID: e.ClientID, Scopes: e.Scopes,
			Audience: e.Audience, Username: e.Username, CachedAt: e.CachedAt, ExpiresOn: e.ExpiresOn,
			ExtendedExpiresOn: e.ExtendedExpiresOn, RefreshOn: e.RefreshOn, Size: e.Size, SHA256: e.SHA256,
		})
	}
	for _, c := range claims {
		d.Claims = append(d.Claims, state.Claim{Name: c.Name, Value: c.Value})
	}
	return d, nil
}
