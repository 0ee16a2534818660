// Package session holds the session record, the contract of the stores that keep
// records, and the rules of their lifetimes and signatures.
//
// Start with Record and Store. A record holds no secret: the token cache of a
// session lies in the vault, under the session's id.
package session

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Schema is the version of the record's form that this program writes.
const Schema = 1

// Record is one sign-in of one account on one device, as it is stored and as
// `debrief sessions --json` prints it. Times are UTC, whole seconds.
type Record struct {
	ID      string `json:"id"`      // 32 hex digits
	Schema  int    `json:"schema"`  // see Schema
	Version int64  `json:"version"` // counts saves; compare-and-set

	// Authenticated is false once the sign-in can no longer renew itself and a
	// person has to sign in again.
	Authenticated bool    `json:"authenticated"`
	User          User    `json:"user"`
	Email         string  `json:"email"`
	Account       Account `json:"account"`

	ReturnToSummary *ReturnTo `json:"return_to_summary"` // null: nothing waits for this sign-in
	Device          Device    `json:"device"`

	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Permanent  bool      `json:"permanent"`

	// Browser is the way to sign in that the person chose for this account, "system"
	// say; empty: none in particular.
	Browser string `json:"browser,omitempty"`

	Tokens    Tokens     `json:"tokens"`
	Signature *Signature `json:"signature,omitempty"` // absent: never signed
}

// User is the person, as Microsoft names them.
type User struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Account identifies whose tokens a session holds: one session exists per
// account and device.
type Account struct {
	HomeAccountID string `json:"home_account_id"`
	TenantID      string `json:"tenant_id"`
	Environment   string `json:"environment"`
	ClientID      string `json:"client_id"`
}

// Device is the computer and person's folder that a session belongs to.
type Device struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ReturnTo names the draft or meeting that waited for this sign-in.
type ReturnTo struct {
	Type string `json:"type"` // "draft" or "meeting"
	ID   string `json:"id"`
}

// Tokens tells of the session's tokens without holding them. RefreshExpiresAt
// is an estimate: last redeemed + 90 days.
type Tokens struct {
	AccessExpiresAt  time.Time `json:"access_expires_at"`
	RefreshExpiresAt time.Time `json:"refresh_expires_at"`
	Scopes           []string  `json:"scopes"`
}

// Signature is an HMAC-SHA-256 over the record without its signature.
type Signature struct {
	KeyID string `json:"key_id"`
	MAC   string `json:"mac"` // lower-case hex
}

// NewID draws a session id: 128 random bits as 32 hex digits.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// Expired reports whether the record's time is over at now. A record expires at
// ExpiresAt itself, not after it.
func (r Record) Expired(now time.Time) bool { return !now.Before(r.ExpiresAt) }

// Touched returns the record as used at now: last use and, for a sliding
// lifetime, the expiry move. Callers write it at most hourly (TouchEvery).
func (r Record) Touched(now time.Time, lifetime time.Duration) Record {
	r.LastUsedAt = now.UTC().Truncate(time.Second)
	r.ExpiresAt = r.LastUsedAt.Add(lifetime)
	return r
}

// TouchEvery is the shortest time between two writes of LastUsedAt.
const TouchEvery = time.Hour
