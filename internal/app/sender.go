package app

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/graph"
	"debrief/internal/outbox"
	"debrief/internal/summary"
	"debrief/internal/text"
)

func (a *App) openOutbox() (*outbox.Outbox, error) {
	return outbox.Open(outbox.Options{
		Dir: filepath.Join(a.d.DataDir, "outbox"), Sender: sender{a}, Now: a.d.Now, Log: a.d.Log,
		Changed: func() {
			if a.outbox != nil {
				a.publish()
			}
		},
	})
}

// sender posts the outbox's parts through the session of their account.
type sender struct{ app *App }

// session finds the session that can send for an account.
func (s sender) session(acc outbox.Account) (state.Session, Graph, error) {
	a := s.app
	a.mu.Lock()
	all := a.sessionsLocked()
	a.mu.Unlock()
	for _, x := range all {
		if x.ThisDevice && x.Account.HomeAccountID == acc.HomeAccountID && x.Account.TenantID == acc.TenantID &&
			x.Account.Environment == acc.Environment && x.Account.ClientID == acc.ClientID && a.usable(x) == nil {
			c, err := a.client(x.ID)
			return x, c, err
		}
	}
	return state.Session{}, nil, outbox.ErrSignInNeeded
}

// Send posts one part and sorts its failure by what the outbox may do next.
func (s sender) Send(ctx context.Context, acc outbox.Account, chatID string, p outbox.Part) (outbox.Sent, error) {
	_, c, err := s.session(acc)
	if err != nil {
		return outbox.Sent{}, err
	}
	out := graph.Outgoing{HTML: p.HTML, Importance: p.Importance}
	for _, m := range p.Mentions {
		out.Mentions = append(out.Mentions, graph.Mention{ID: m.ID, Text: m.Text, User: graph.Person{ID: m.UserID, Name: m.UserName}})
	}
	m, err := c.Post(ctx, chatID, out)
	if err != nil {
		return outbox.Sent{}, s.sort(err)
	}
	return outbox.Sent{MessageID: m.ID, At: m.Created}, nil
}

func (s sender) sort(err error) error {
	if _, ok := errors.AsType[*graph.AmbiguousError](err); ok {
		return &outbox.Ambiguous{Err: err}
	}
	if e, ok := errors.AsType[*auth.Error](err); ok {
		if e.Kind == auth.SignInNeeded {
			return outbox.ErrSignInNeeded
		}
		return &outbox.Later{Reason: string(s.app.problem(err, "").Code)}
	}
	if e, ok := errors.AsType[*graph.Error](err); ok {
		switch {
		case e.Status == 401:
			return outbox.ErrSignInNeeded
		case e.Status == 429:
			return &outbox.Later{After: e.RetryAfter, Reason: string(text.TryLater)}
		}
		return &outbox.Refused{Reason: string(s.app.problem(err, "").Code)}
	}
	if p, ok := errors.AsType[*state.Problem](err); ok && p.Code == text.SignInNeeded {
		return outbox.ErrSignInNeeded
	}
	return &outbox.Later{Reason: string(s.app.problem(err, "").Code)}
}

// Since is the server's clock before the send.
func (s sender) Since(ctx context.Context, acc outbox.Account, _ string) (time.Time, error) {
	_, c, err := s.session(acc)
	if err != nil {
		return time.Time{}, err
	}
	at, err := c.ServerTime(ctx)
	if err != nil {
		return time.Time{}, s.sort(err)
	}
	return at, nil
}

// Find looks for a message of the account's own that says what hash says.
func (s sender) Find(ctx context.Context, acc outbox.Account, chatID, hash string, since time.Time, exclude []string) (string, bool, error) {
	x, c, err := s.session(acc)
	if err != nil {
		return "", false, err
	}
	known := map[string]bool{}
	for _, id := range exclude {
		known[id] = true
	}
	messages, err := c.Messages(ctx, chatID, since)
	if err != nil {
		return "", false, err
	}
	for _, m := range messages {
		if !m.Deleted && !known[m.ID] && isMe(graph.Person{ID: m.FromID}, x) && outbox.Hash(summary.TextOf(m.HTML)) == hash {
			return m.ID, true, nil
		}
	}
	return "", false, nil
}

// offline tells whether err says that nobody could be reached.
func offline(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	_, ok := errors.AsType[*net.DNSError](err)
	return ok || strings.Contains(err.Error(), "no such host")
}
