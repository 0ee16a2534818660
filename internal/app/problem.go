package app

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"syscall"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/graph"
	"debrief/internal/outbox"
	"debrief/internal/platform"
	"debrief/internal/session"
	"debrief/internal/summary"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// fail makes a problem; pairs are names and values of its args.
func (a *App) fail(code text.Code, pairs ...string) *state.Problem {
	p := &state.Problem{Code: code, At: a.d.Now().UTC()}
	for i := 0; i+1 < len(pairs); i += 2 {
		if p.Args == nil {
			p.Args = map[string]string{}
		}
		p.Args[pairs[i]] = pairs[i+1]
	}
	return p
}

func wrongUsage(detail string) *state.Problem {
	return &state.Problem{Code: text.Wrong, Args: map[string]string{"detail": detail}}
}

// codes of the sign-in's failures.
var authCodes = map[auth.Kind]text.Code{
	auth.Cancelled: text.SignInCancelled, auth.Declined: text.SignInDeclined,
	auth.AdminNeeded: text.AdminNeeded, auth.SignInNeeded: text.SignInNeeded,
	auth.Blocked: text.SignInBlocked, auth.Misconfig: text.Misconfigured,
	auth.Offline: text.Offline, auth.Busy: text.TryLater, auth.TimedOut: text.SignInTimedOut,
	auth.NoWindow: text.NoWindow, auth.BadReply: text.BadReply, auth.Cache: text.CacheDamaged,
}

// codes of the keyring's states.
var vaultCodes = map[vault.State]text.Code{
	vault.Locked: text.KeyringLocked, vault.Declined: text.KeyringDeclined,
	vault.Absent: text.KeyringAbsent, vault.Damaged: text.KeyringDamaged, vault.Slow: text.KeyringSlow,
}

// problem makes of any failure what a person can read. account is the person
// concerned, or empty. Errors keep their texts as details: none of the packages
// below puts a secret into an error.
func (a *App) problem(err error, account string) *state.Problem {
	if p, ok := errors.AsType[*state.Problem](err); ok {
		return p
	}
	if account == "" {
		account = a.anyone()
	}
	if e, ok := errors.AsType[*vault.StateError](err); ok {
		if code, ok := stateCode(e.Status); ok {
			return a.detailed(a.fail(code, "path", e.Status.Detail), err)
		}
	}
	if e, ok := errors.AsType[*auth.Error](err); ok {
		p := a.fail(authCodes[e.Kind], "account", account, "link", a.d.AdminLink)
		if p.Code == "" {
			p.Code = text.Internal
		}
		if why := e.Why(); why != auth.Unknown {
			p.Args["why"] = string(why)
		}
		if e.Kind == auth.NoWindow && e.Err != nil {
			p.Args["missing"] = e.Err.Error()
		}
		if errors.Is(err, platform.ErrNoBrowser) {
			p.Code = text.NoBrowser
		}
		p.Detail = e.Error()
		if e.Number != 0 {
			p.Detail += " AADSTS" + strconv.Itoa(e.Number)
		}
		if e.TraceID != "" {
			p.Detail += " trace " + e.TraceID + " correlation " + e.CorrelationID
		}
		return p
	}
	if e, ok := errors.AsType[*graph.Error](err); ok {
		code := text.Internal
		switch {
		case e.Status == 401:
			code = text.SignInNeeded
		case e.Status == 403 && e.Code == "Authorization_RequestDenied":
			code = text.NotAllowed
		case e.Status == 403, e.Status == 404:
			code = text.NotAMember
		case e.Status == 413:
			code = text.SummaryTooLarge
		case e.Status == 429, e.Status >= 500:
			code = text.TryLater
		}
		return a.detailed(a.fail(code, "account", account), err)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return a.detailed(a.fail(text.Cancelled), err)
	case errors.Is(err, session.ErrNotFound), errors.Is(err, session.ErrCleared):
		return a.detailed(a.fail(text.SignInNeeded, "account", account), err)
	case errors.Is(err, summary.ErrEmpty):
		return a.fail(text.SummaryEmpty)
	case errors.Is(err, summary.ErrNotText):
		return a.fail(text.SummaryNotText)
	case errors.Is(err, outbox.ErrSignInNeeded):
		return a.fail(text.SignInNeeded, "account", account)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		path := a.d.DataDir
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			path = e.Path
		}
		return a.detailed(a.fail(text.DiskFull, "path", path), err)
	}
	if e, ok := errors.AsType[*summary.TooLargeError](err); ok {
		return a.fail(text.SummaryTooLarge, "size", kilobytes(e.Size), "limit", kilobytes(e.Limit))
	}
	if offline(err) {
		return a.detailed(a.fail(text.Offline), err)
	}
	return a.detailed(a.fail(text.Internal), err)
}

func (a *App) detailed(p *state.Problem, err error) *state.Problem {
	p.Detail = err.Error()
	return p
}

func kilobytes(n int) string {
	return strconv.FormatFloat(float64(n)/1024, 'f', 1, 64) + " KB"
}

// show keeps p where tray and panel show it; an older one of the same code and
// account goes. Cancelling is not a failure and is not kept.
func (a *App) show(p *state.Problem) {
	if p == nil || p.Code == text.SignInCancelled || p.Code == text.Cancelled {
		return
	}
	a.mu.Lock()
	a.problems = slices.DeleteFunc(a.problems, func(q state.Problem) bool {
		return q.Code == p.Code && maps.Equal(q.Args, p.Args)
	})
	a.problems = slices.Insert(a.problems, 0, *p)
	if len(a.problems) > maxProblems {
		a.problems = a.problems[:maxProblems]
	}
	a.mu.Unlock()
	a.publish()
}

// maxProblems is how many problems are shown at once.
const maxProblems = 8

// settle removes the problems of these codes: their cause is gone.
func (a *App) settle(codes ...text.Code) {
	a.mu.Lock()
	before := len(a.problems)
	a.problems = slices.DeleteFunc(a.problems, func(p state.Problem) bool { return slices.Contains(codes, p.Code) })
	changed := len(a.problems) != before
	a.mu.Unlock()
	if changed {
		a.publish()
	}
}
