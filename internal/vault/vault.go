// Package vault keeps small secrets (the sealed token cache of each session, the
// signing key of the records) where the operating system keeps passwords.
//
// Start with Vault, the contract, and Open, which seals entries and keeps the
// index of their names over any Items: the OS keyring (package keyring), sealed
// files (package file) or memory (package memory). Sealed.Move goes from one to another.
package vault

import (
	"context"
	"errors"
)

// State is what a keyring can be in. Only a clean "not found" while Ready means
// that an entry is empty.
type State string

const (
	Ready    State = "ready"
	Locked   State = "locked"   // it has to be unlocked; Unlock may ask the person
	Declined State = "declined" // the person closed the unlock prompt
	Absent   State = "absent"   // no keyring answers here, or another one than recorded
	Damaged  State = "damaged"  // vault.key or the index is missing or unreadable
	Slow     State = "slow"     // no answer in time
)

// Status is a state with a detail that a person may read: no secret in it.
type Status struct {
	State    State  `json:"state"`
	Kind     string `json:"kind"`     // "keyring", "file" or "memory"
	Provider string `json:"provider"` // e.g. "gnome-keyring"; empty when unknown
	Detail   string `json:"detail"`
	// Reason tells states of one kind apart where a person has to do something
	// else; empty when there is nothing more to say.
	Reason Reason `json:"reason,omitempty"`
	// Collection is where in the provider items lie; empty when unknown.
	Collection string `json:"collection,omitempty"`
}

// Reason is what a state comes from.
type Reason string

const (
	NoKey          Reason = "no_key"          // vault.key is missing while entries exist
	NoFile         Reason = "no_file"         // vault.age is missing while entries exist
	NotCreated     Reason = "not_created"     // a file vault has no passphrase yet
	NeedsPhrase    Reason = "passphrase"      // a file vault waits for its passphrase
	Truncated      Reason = "truncated"       // a file was cut
	Newer          Reason = "newer"           // a newer Debrief wrote it
	OtherKeyring   Reason = "other_keyring"   // entries lie in another place than the one that answers
	UnfinishedMove Reason = "unfinished_move" // a copy lies in a place that does not answer
)

// ReasonOf is the reason that an error stands for; empty when it has none.
func ReasonOf(err error) Reason {
	switch {
	case errors.Is(err, ErrNoKey):
		return NoKey
	case errors.Is(err, ErrTruncated):
		return Truncated
	case errors.Is(err, ErrNewer):
		return Newer
	}
	return ""
}

// ErrNotFound is a clean absence: the keyring was ready and holds no such entry.
var ErrNotFound = errors.New("vault: not found")

// ErrCorrupt is an entry that is there and whose seal does not open.
var ErrCorrupt = errors.New("vault: entry cannot be opened")

// ErrNewer is an entry, or an index, that a newer Debrief wrote. It is left alone.
var ErrNewer = errors.New("vault: written by a newer version")

// ErrTooLarge is a secret that this keyring cannot take. Nothing was changed.
var ErrTooLarge = errors.New("vault: too large for this keyring")

// ErrNoKey is a missing vault.key while entries exist. A new one is never made
// then: what was sealed with the lost one opens never again, and can be deleted.
var ErrNoKey = errors.New("vault: vault.key is missing while entries exist")

// ErrTruncated is a file of the vault that was cut.
var ErrTruncated = errors.New("vault: file is truncated")

// ErrUnfinished is a move that put every entry into its new place and left copies
// in the old one.
var ErrUnfinished = errors.New("vault: copies are left where the entries were")

// ErrInvalid is a name that no entry can have.
var ErrInvalid = errors.New("vault: not a valid name")

// ErrClosed is use after Close.
var ErrClosed = errors.New("vault: closed")

// StateError is every refusal because of the keyring's state.
type StateError struct {
	Status Status
	Err    error // what was tried; may be nil
}

func (e *StateError) Error() string {
	s := "vault: keyring is " + string(e.Status.State)
	if e.Status.Detail != "" {
		s += ": " + e.Status.Detail
	}
	if e.Err != nil && e.Err.Error() != e.Status.Detail {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *StateError) Unwrap() error { return e.Err }

// Vault keeps named secrets. Names have the form "<session id>/cache" or
// "device/signing": no person's or tenant's name, for labels can be read while
// the keyring is locked. Methods may be called at the same time; each call is
// bounded in time whatever the keyring does, and none asks the person, save Unlock.
type Vault interface {
	// Status probes the keyring without side effects. It is bounded and may still
	// take a second: never call it on an interface's path.
	Status(ctx context.Context) Status
	// Unlock asks the person to unlock the keyring where that is needed, and
	// returns the status then. It waits as long as ctx allows.
	Unlock(ctx context.Context) Status
	// Get returns the entry's bytes, which belong to the caller. ErrNotFound,
	// ErrCorrupt, *StateError.
	Get(ctx context.Context, name string) ([]byte, error)
	// Put writes the entry durably; the old or the new bytes are whole at every
	// instant. data stays the caller's. *StateError where the keyring cannot.
	Put(ctx context.Context, name string, data []byte) error
	// Delete removes the entry and checks that it is gone. A missing entry is fine.
	Delete(ctx context.Context, name string) error
	// Names lists the entries from the index: no keyring call. It holds every
	// entry that may exist, also half-written ones.
	Names() ([]string, error)
	// Close gives everything back; entries of a memory vault are gone.
	Close() error
}
