package ui

import (
	"context"
	"errors"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// Tone says how serious something is. It chooses a colour; the words say it too.
type Tone int

const (
	Calm Tone = iota
	Good
	Warn
	Bad
)

// Notice is something that a person is told: what happened, what to do next,
// and what to copy for whoever helps.
type Notice struct {
	Tone   Tone
	What   string
	Next   string
	Detail string
}

// Text is the whole notice, for copying.
func (n Notice) Text() string {
	s := n.What
	if n.Next != "" {
		s += "\n" + n.Next
	}
	if n.Detail != "" {
		s += "\n" + n.Detail
	}
	return s
}

// ErrorNotice words a failure of a call. Cancelling is not a failure: ok is
// false then, and nothing needs to be said.
func ErrorNotice(err error) (n Notice, ok bool) {
	if err == nil || errors.Is(err, context.Canceled) {
		return Notice{}, false
	}
	if p, isProblem := errors.AsType[*state.Problem](err); isProblem {
		return ProblemNotice(*p), p.Code != text.SignInCancelled && p.Code != text.Cancelled
	}
	code := text.Internal
	if errors.Is(err, context.DeadlineExceeded) {
		code = text.TryLater
	}
	what, next := text.Problem(code, nil)
	return Notice{Tone: Bad, What: what, Next: next, Detail: err.Error()}, true
}

// ProblemNotice words a problem.
func ProblemNotice(p state.Problem) Notice {
	what, next := text.Problem(p.Code, p.Args)
	return Notice{Tone: toneOf(p.Code), What: what, Next: next, Detail: p.Detail}
}

func toneOf(code text.Code) Tone {
	switch code {
	case text.SignInNeeded, text.SignInOther, text.Offline, text.TryLater, text.PostQueued,
		text.KeyringLocked, text.KeyringDeclined, text.KeyringAbsent, text.KeyringSlow, text.Busy,
		text.VaultNeedsPassphrase, text.VaultNotCreated, text.VaultElsewhere, text.VaultUnfinished:
		return Warn
	case text.SignInCancelled, text.Cancelled:
		return Calm
	}
	return Bad
}

// KeyringNotice tells of a keyring that is not ready; ok is false when it is.
// canUnlock says whether asking the person may help.
func KeyringNotice(s vault.Status) (n Notice, canUnlock, ok bool) {
	codes := map[vault.State]text.Code{
		vault.Locked: text.KeyringLocked, vault.Declined: text.KeyringDeclined, vault.Absent: text.KeyringAbsent,
		vault.Damaged: text.KeyringDamaged, vault.Slow: text.KeyringSlow,
	}
	code, bad := codes[s.State]
	if !bad {
		return Notice{}, false, false
	}
	switch s.Reason {
	case vault.NeedsPhrase:
		code = text.VaultNeedsPassphrase
	case vault.NotCreated:
		code = text.VaultNotCreated
	case vault.NoFile:
		code = text.VaultFileMissing
	case vault.Truncated:
		code = text.VaultTruncated
	case vault.Newer:
		code = text.VaultNewer
	case vault.OtherKeyring:
		code = text.VaultElsewhere
	case vault.UnfinishedMove:
		code = text.VaultUnfinished
	}
	n = ProblemNotice(state.Problem{Code: code, Args: map[string]string{"path": s.Detail}, Detail: s.Detail})
	return n, s.State == vault.Locked || s.State == vault.Declined, true
}
