// Package graph is the Microsoft Graph client: the signed-in person, their
// meetings, a chat's members and messages.
//
// Start with New and Client. Its pipeline is azcore's with policies of our own,
// each in a file policy_*.go.
package graph

import (
	"context"
	"fmt"
	"time"
)

// TokenSource gives the access token of one session. A client uses a token for
// the one Graph host of its Options only.
type TokenSource interface {
	// Token returns a valid access token.
	Token(ctx context.Context) (string, error)
	// Renew drops the rejected token and returns a new one. claims is the decoded
	// claims challenge of a 401, empty where there was none.
	Renew(ctx context.Context, rejected, claims string) (string, error)
}

// Person is a member of a chat or the signed-in user.
type Person struct {
	ID       string `json:"id"` // the user's object id
	Name     string `json:"name"`
	Email    string `json:"email"`
	TenantID string `json:"tenant_id"`
	Guest    bool   `json:"guest"`
}

// Meeting is an entry of the calendar. Start and End are UTC.
type Meeting struct {
	ID        string    `json:"id"`
	Subject   string    `json:"subject"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	ChatID    string    `json:"chat_id"` // empty unless known without a further call, and postable
	JoinURL   string    `json:"join_url"`
	SeriesID  string    `json:"series_id"`
	Cancelled bool      `json:"cancelled"`
	Organizer string    `json:"organizer"`
}

// Outgoing is a message to post: HTML of the subset that Teams shows, with one
// `<at id="N">` marker for each mention.
type Outgoing struct {
	HTML       string
	Importance string // "normal" (default), "high", "urgent"
	Mentions   []Mention
}

// Mention names a person in a message; Text equals its marker's text.
type Mention struct {
	ID   int
	Text string
	User Person
}

// Message is a message that a chat holds.
type Message struct {
	ID       string
	ChatID   string
	FromID   string // the author's object id; empty for system messages
	FromName string
	Created  time.Time
	HTML     string
	Deleted  bool
}

// Error is every answer of Graph that is not a success. Its text holds Graph's
// code and ids, never a token.
type Error struct {
	Status          int
	Code, Inner     string // error.code, error.innerError.code
	Message         string // Graph's message, for the detail line; never branched on
	RequestID       string
	ClientRequestID string
	RetryAfter      time.Duration // 0: none was given
}

func (e *Error) Error() string {
	return fmt.Sprintf("graph: %d %s (request %s)", e.Status, e.Code, e.RequestID)
}

// AmbiguousError is a post whose effect is not known: the request left and no
// trustworthy answer came back. Every other error of Post had no effect.
// ServerDate is the server's Date before the send, zero where none was seen.
type AmbiguousError struct {
	Err        error
	ServerDate time.Time
}

func (e *AmbiguousError) Error() string { return "graph: outcome unknown: " + e.Err.Error() }
func (e *AmbiguousError) Unwrap() error { return e.Err }
