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
	x, c, err := s.session(acc)
	if err != nil {
		return outbox.Sent{}, err
	}
	out := graph.Outgoing{HTML: p.HTML, Importance: p.Importance}
	for _, m := range p.Mentions {
		out.Mentions = append(out.Mentions, graph.Mention{ID: m.ID, Text: m.Text, User: graph.Person{ID: m.UserID, Name: m.UserName}})
	}
	m, err := c.Post(ctx, chatID, out)
	if err != nil {
		return outbox.Sent{}, s.sort(acc, x.ID, err)
	}
	return outbox.Sent{MessageID: m.ID, At: m.Created}, nil
}

// sort tells the outbox what an error of Graph or of the sign-in allows it to do
// next. used is the session that met the error.
func (s sender) sort(acc outbox.Account, used string, err error) error {
	if _, ok := errors.AsType[*graph.AmbiguousError](err); ok {
		return &outbox.Ambiguous{Err: err}
	}
	if s.needsSignIn(err) {
		// The person may have signed in again meanwhile, as another session.
		if x, _, serr := s.session(acc); serr == nil && x.ID != used {
			return &outbox.Later{After: time.Second, Err: err}
		}
		return outbox.ErrSignInNeeded
	}
	if e, ok := errors.AsType[*auth.Error](err); ok && e.Kind == auth.Cancelled {
		return &outbox.Later{Err: err} // Debrief is quitting
	}
	reason := string(s.app.problem(err, acc.Email).Code)
	if e, ok := errors.AsType[*graph.Error](err); ok {
		if e.Status < 400 || e.Status == 408 || e.Status == 429 || e.Status >= 500 {
			return &outbox.Later{After: e.RetryAfter, Reason: reason, Err: err}
		}
		return &outbox.Refused{Reason: reason, Err: err}
	}
	return &outbox.Later{Reason: reason, Err: err}
}

func (sender) needsSignIn(err error) bool {
	if e, ok := errors.AsType[*auth.Error](err); ok {
		return e.Kind == auth.SignInNeeded
	}
	if e, ok := errors.AsType[*graph.Error](err); ok {
		return e.Status == 401
	}
	p, ok := errors.AsType[*state.Problem](err)
	return ok && p.Code == text.SignInNeeded
}

// Since is the server's clock before the send.
func (s sender) Since(ctx context.Context, acc outbox.Account, _ string) (time.Time, error) {
	x, c, err := s.session(acc)
	if err != nil {
		return time.Time{}, err
	}
	at, err := c.ServerTime(ctx)
	if err != nil {
		return time.Time{}, s.sort(acc, x.ID, err)
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
		return "", false, s.sort(acc, x.ID, err)
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
