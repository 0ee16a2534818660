package app

import (
	"context"
	"path/filepath"
	"strings"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// States of a check; the check "keyring" has the keyring's own.
const (
	checkOK      = "ok"
	checkWarning = "warning"
	checkFailed  = "failed"
)

// Doctor looks at everything that Debrief needs: no request, no prompt. It is OK
// when nothing failed and the keyring is ready; what merely lacks here (a tray,
// say) is a warning.
func (a *App) Doctor(ctx context.Context) (state.Report, error) {
	r := state.Report{OK: true, Version: a.d.Version, Checks: []state.Check{}}
	for _, check := range a.d.Checks {
		r.Checks = append(r.Checks, check(ctx))
	}
	r.Checks = append(r.Checks, a.checkKeyring(ctx), a.checkStore(ctx), a.checkOutbox())
	if a.d.DemoURL != "" {
		r.Checks = append(r.Checks, state.Check{ID: "demo", State: checkOK, Detail: a.d.DemoURL})
	}
	for _, c := range r.Checks {
		if c.State == checkFailed || c.ID == "keyring" && c.State != string(vault.Ready) {
			r.OK = false
		}
	}
	return r, nil
}

func (a *App) checkKeyring(ctx context.Context) state.Check {
	st := a.d.Vault.Status(ctx)
	a.mu.Lock()
	a.keyring = st
	a.mu.Unlock()
	a.publish()
	c := state.Check{ID: "keyring", State: string(st.State), Detail: strings.TrimSpace(text.S(text.DoctorKeyring, st.Provider, st.Detail))}
	if code, ok := stateCode(st); ok {
		_, c.Next = text.Problem(code, map[string]string{"path": st.Detail})
	}
	return c
}

func (a *App) checkStore(ctx context.Context) state.Check {
	dir := filepath.Join(a.d.DataDir, "sessions")
	l, err := a.d.Store.List(ctx)
	if err != nil {
		p := a.problem(err, "")
		c := state.Check{ID: "store", State: checkFailed, Detail: p.Detail}
		_, c.Next = text.Problem(p.Code, p.Args)
		return c
	}
	if len(l.Unreadable) > 0 {
		return state.Check{
			ID: "store", State: checkWarning, Next: text.S(text.DoctorStoreNext),
			Detail: text.S(text.DoctorStoreBad, len(l.Records), len(l.Unreadable), dir),
		}
	}
	return state.Check{ID: "store", State: checkOK, Detail: text.S(text.DoctorStoreOK, len(l.Records), dir)}
}

func (a *App) checkOutbox() state.Check {
	waiting := 0
	for _, p := range a.posts() {
		switch p.State {
		case state.Queued, state.Sending, state.Failed, state.Unknown, state.Draft:
			waiting++
		}
	}
	if waiting > 0 {
		return state.Check{
			ID: "outbox", State: checkWarning,
			Detail: text.S(text.DoctorOutboxWaits, waiting), Next: text.S(text.DoctorOutboxNext),
		}
	}
	return state.Check{ID: "outbox", State: checkOK, Detail: text.S(text.DoctorOutboxOK)}
}
