package outbox

import (
	"context"
	"errors"
	"time"
)

// Sender posts to a chat and reads it back. Calls for different chats overlap;
// those for one chat do not. A call whose ctx ends returns soon.
type Sender interface {
	// Since returns a lower bound of the time that the server will give to a
	// message posted from now on, by the server's clock. It has no effect.
	Since(ctx context.Context, a Account, chatID string) (time.Time, error)

	// Send posts p once. Only *Refused, *Later and ErrSignInNeeded promise that
	// nothing was posted; every other error leaves it open.
	Send(ctx context.Context, a Account, chatID string, p Part) (Sent, error)

	// Find looks for a message of the account's own in the chat, created at or
	// after since, whose text has this Hash and whose id is not in exclude. found
	// is false only when the chat was read back to since.
	Find(ctx context.Context, a Account, chatID, hash string, since time.Time, exclude []string) (messageID string, found bool, err error)
}

// Sent is what the server said of a message.
type Sent struct {
	MessageID string
	At        time.Time
}

// Refused is a permanent no: nothing was posted, and trying again is pointless
// until a person changed something. From Find it means that this account may not
// read the chat.
type Refused struct {
	Reason string // a short code
	Err    error
}

func (e *Refused) Error() string { return "outbox: refused: " + e.Reason + cause(e.Err) }
func (e *Refused) Unwrap() error { return e.Err }

// Later is a no for now: nothing was posted. After is the server's wish for a
// pause, 0 when it has none.
type Later struct {
	After  time.Duration
	Reason string // a short code
	Err    error
}

func (e *Later) Error() string { return "outbox: not now: " + e.Reason + cause(e.Err) }
func (e *Later) Unwrap() error { return e.Err }

// Ambiguous is a send whose effect is not known. An error of Send that is none
// of this package's counts as one.
type Ambiguous struct{ Err error }

func (e *Ambiguous) Error() string { return "outbox: outcome unknown" + cause(e.Err) }
func (e *Ambiguous) Unwrap() error { return e.Err }

func cause(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// Errors of a Sender and of the outbox's methods.
var (
	// ErrSignInNeeded: no one is signed in for the account; nothing was posted.
	ErrSignInNeeded = errors.New("outbox: sign-in needed")
	ErrNotFound     = errors.New("outbox: no such post")
	ErrAmbiguous    = errors.New("outbox: more than one post starts with this id")
	// ErrBusy: the post is being sent, and its outcome has to be awaited.
	ErrBusy = errors.New("outbox: the post is being sent")
	// ErrIncomplete: the draft names no chat or no account yet.
	ErrIncomplete = errors.New("outbox: the draft has no chat or no account")
	// ErrPosted: the post is in the chat already.
	ErrPosted = errors.New("outbox: the post is in the chat already")
)
