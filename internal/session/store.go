package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The outcomes that callers act on. Anything else is an input/output failure.
var (
	ErrNotFound = errors.New("session: not found")           // no record and no tombstone
	ErrExists   = errors.New("session: exists already")      // Create of a known id
	ErrConflict = errors.New("session: changed by another")  // Save of an older version
	ErrCleared  = errors.New("session: cleared")             // a tombstone lies there
	ErrNewer    = errors.New("session: of a newer version")  // written by a newer Debrief; left alone
	ErrCorrupt  = errors.New("session: cannot be read")      // read whole and unparsable; quarantined
	ErrInvalid  = errors.New("session: not a valid record")  // refused before anything was written
	ErrClosed   = errors.New("session: the store is closed") // use after Close
)

// Store keeps session records. All methods may be called at the same time, also
// from several processes on one store. Records are copied in and out. A
// cancelled context ends the call before its effect or not at all.
type Store interface {
	// Create writes a new record and returns it with Version 1. The id must be
	// unused: ErrExists, or ErrCleared where a tombstone lies.
	Create(ctx context.Context, r Record) (Record, error)
	// Load returns the record as stored: expired and changed records too, whose
	// judging is the caller's. ErrNotFound, ErrCleared, ErrNewer, ErrCorrupt.
	Load(ctx context.Context, id string) (Record, error)
	// Save replaces the record if its stored version still is r.Version, and
	// returns it with the next one. ErrConflict, ErrNotFound, ErrCleared. When it
	// returns nil the record survives a power cut.
	Save(ctx context.Context, r Record) (Record, error)
	// Clear removes the record and leaves a tombstone, which stops every later
	// Create and Save of the id. Idempotent; works on unreadable records and on
	// ids without a record.
	Clear(ctx context.Context, t Tombstone) error
	// List returns all records, ordered by id, and what could not be read. It
	// reads records only and never fails for one bad record.
	List(ctx context.Context) (Listing, error)
	// Watch calls changed, from one goroutine, after another process or this one
	// changed the store; calls are hints and may be merged. It blocks until ctx
	// ends and returns nil then.
	Watch(ctx context.Context, changed func()) error
	// Close gives everything back. Closing twice is fine.
	Close() error
}

// Tombstone is all that remains of a cleared session. It is never listed, and is
// swept at Until.
type Tombstone struct {
	ID        string    `json:"id"`
	ClearedAt time.Time `json:"cleared_at"`
	ByDevice  string    `json:"by_device"`
	Until     time.Time `json:"until"` // cleared_at + twice the lifetime
}

// Listing is what List found.
type Listing struct {
	Records    []Record
	Unreadable []Unreadable
}

// Unreadable is a record that List could not give: Err is ErrNewer or ErrCorrupt
// (then Path names where it was put aside), or an input/output failure.
type Unreadable struct {
	ID   string
	Path string
	Err  error
}

// ValidID refuses whatever is not 32 lower-case hex digits, so that an id that
// comes from outside can never name a path.
func ValidID(id string) error {
	if len(id) != 32 {
		return fmt.Errorf("%w: id %q has not 32 hex digits", ErrInvalid, id)
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("%w: id %q has other than hex digits", ErrInvalid, id)
		}
	}
	return nil
}
