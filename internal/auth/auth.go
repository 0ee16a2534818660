// Package auth signs people in to Microsoft 365 and keeps their tokens fresh,
// over Microsoft's MSAL library, which only this package imports.
//
// Start with Client: SignIn runs one sign-in; Token gives an access token of a
// session, silently renewed. Caches are handed in as CacheStore, so that this
// package knows of no vault.
package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Method is a way to show Microsoft's sign-in page.
type Method string

const (
	Embedded Method = "embedded" // Debrief's own window
	System   Method = "system"   // the system's browser
	Device   Method = "device"   // a code, typed in on any device
)

// Account identifies whose tokens a cache holds. TenantID is read from the ID
// token (MSAL's realm may be "organizations").
type Account struct {
	HomeAccountID, TenantID, Environment, ClientID string
	// Session tells sessions of one account apart: what is kept in memory (Token,
	// Renew, Forget) is kept for each. It is the caller's word and goes nowhere.
	Session string
}

// SignedIn is the outcome of a sign-in.
type SignedIn struct {
	Account Account
	Name    string // the person's name
	Email   string // the sign-in name
	Scopes  []string
	// AccessExpiresAt is UTC.
	AccessExpiresAt time.Time
	// Cache is MSAL's serialised token cache: a secret.
	Cache Secret
}

// Token is an access token with its end.
type Token struct {
	Value     Secret
	ExpiresAt time.Time
	Scopes    []string
}

// Secret is a text that never shows itself. Reveal is the one way to its value.
type Secret struct{ value string }

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal gives the value: to MSAL, the vault or a request's header only.
func (s Secret) Reveal() string               { return s.value }
func (s Secret) String() string               { return "[hidden]" }
func (s Secret) GoString() string             { return "[hidden]" }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, "[hidden]") }
func (s Secret) LogValue() slog.Value         { return slog.StringValue("[hidden]") }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"[hidden]"`), nil }

// CacheStore keeps one session's token cache. Load returns nil bytes and nil
// error only when it is certain that there is none; whatever else is wrong (a
// locked keyring, say) is an error, and nothing is overwritten then.
type CacheStore interface {
	Load(ctx context.Context) ([]byte, error)
	Store(ctx context.Context, cache []byte) error
}

// Kind tells what to do about an Error.
type Kind string

const (
	Cancelled    Kind = "cancelled"      // the person closed the window or chose Cancel
	Declined     Kind = "declined"       // the person declined the permissions
	AdminNeeded  Kind = "admin_needed"   // an administrator has to approve Debrief
	SignInNeeded Kind = "sign_in_needed" // a person has to sign in (again)
	Blocked      Kind = "blocked"        // a rule of the organisation forbids it
	Misconfig    Kind = "misconfigured"  // client id, tenant or registration is wrong
	Offline      Kind = "offline"        // Microsoft could not be reached
	Busy         Kind = "busy"           // Microsoft asks to try again later
	TimedOut     Kind = "timed_out"      // nobody finished the sign-in in time
	NoWindow     Kind = "no_window"      // the sign-in window cannot be shown here
	BadReply     Kind = "bad_reply"      // an answer that cannot be trusted (wrong state or nonce …)
	Cache        Kind = "cache"          // the token cache cannot be read or is damaged
	Internal     Kind = "internal"
)

// Error is every failure of this package, made from MSAL's errors without their
// texts, which can hold tokens. Its text names no secret.
type Error struct {
	Kind     Kind
	Code     string // OAuth error, e.g. "invalid_grant"
	SubError string // e.g. "token_expired"
	Number   int    // AADSTS number; 0: none
	// TraceID and CorrelationID are what Microsoft's support asks for.
	TraceID, CorrelationID string
	// Claims is the JSON of what Microsoft wants the next sign-in of the account to
	// satisfy (Request.Claims); empty: nothing.
	Claims string
	Err    error // a cause without secrets, or nil
}

func (e *Error) Error() string {
	s := "auth: " + string(e.Kind)
	if e.Code != "" {
		s += ": " + e.Code
		if e.SubError != "" {
			s += "/" + e.SubError
		}
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }
