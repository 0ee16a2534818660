package outbox

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// State of an item, or of one of its parts.
type State string

const (
	Draft     State = "draft"     // waits for a person: to sign in, or to say so
	Queued    State = "queued"    // will be sent, at NextAttemptAt or now
	Sending   State = "sending"   // a request may be under way, or its outcome is being looked for
	Posted    State = "posted"    // in the chat
	Failed    State = "failed"    // refused; not in the chat
	Unknown   State = "unknown"   // may be in the chat; looked for again when NextAttemptAt is set
	Cancelled State = "cancelled" // a person does not want it any more
)

// The reasons that this package gives; a Sender's errors bring others.
const (
	ReasonSignIn  = "sign_in_needed" // the account has to be signed in (again)
	ReasonDisk    = "disk_full"      // the outbox could not be written
	ReasonUnknown = "post_unknown"   // nobody could tell whether the post arrived
)

// Account names whose post it is: never a session, which may be replaced. Email
// is for people and not part of the identity.
type Account struct {
	HomeAccountID string `json:"home_account_id"`
	TenantID      string `json:"tenant_id"`
	Environment   string `json:"environment"`
	ClientID      string `json:"client_id"`
	Email         string `json:"email"`
}

// Same reports whether both name one account.
func (a Account) Same(b Account) bool {
	a.Email, b.Email = "", ""
	return a == b
}

// Mention names a person in a part; Text equals its marker's text.
type Mention struct {
	ID       int    `json:"id"`
	Text     string `json:"text"`
	UserID   string `json:"user_id"`
	UserName string `json:"user_name"`
}

// Part is one message of an item. HTML, Plain and Mentions are dropped once the
// item is posted; Hash stays.
type Part struct {
	State      State     `json:"state"`
	MessageID  string    `json:"message_id"`
	HTML       string    `json:"html,omitempty"`
	Plain      string    `json:"plain,omitempty"`
	Importance string    `json:"importance,omitempty"`
	Mentions   []Mention `json:"mentions,omitempty"`
	// Hash is Hash of the text that the chat will show.
	Hash string `json:"hash"`
	// SendingSince is set while an attempt may have had an effect that is not
	// known: what it posted is no older than this, by the server's clock.
	SendingSince time.Time `json:"sending_since,omitzero"`
	// Insist is a person's word to send again even if the chat cannot be read.
	Insist bool      `json:"insist,omitempty"`
	Sent   time.Time `json:"sent,omitzero"`
}

// Item is a post: a summary on its way to one chat.
type Item struct {
	ID      string  `json:"id"` // 32 hex digits
	Account Account `json:"account"`
	ChatID  string  `json:"chat_id"`
	Title   string  `json:"title"` // the meeting's subject, for people
	State   State   `json:"state"`
	// Reconciled: the outcome of a part was found by reading the chat.
	Reconciled bool      `json:"reconciled"`
	MessageID  string    `json:"message_id"` // of the first part
	Parts      []Part    `json:"parts"`
	Attempts   int       `json:"attempts"` // how often sending was tried
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	// NextAttemptAt is when the outbox will send or look again; nil: at once, or
	// not by itself.
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	Reason        string     `json:"reason"` // a short code, empty when all is well
}

// Settled reports whether the outbox has nothing more to do for the item now.
func (i Item) Settled() bool { return i.State != Queued && i.State != Sending }

func (i Item) clone() Item {
	i.Parts = slices.Clone(i.Parts)
	for p := range i.Parts {
		i.Parts[p].Mentions = slices.Clone(i.Parts[p].Mentions)
	}
	if i.NextAttemptAt != nil {
		at := *i.NextAttemptAt
		i.NextAttemptAt = &at
	}
	return i
}

// next is the part to send or to look for; -1 when all are posted.
func (i Item) next() int {
	return slices.IndexFunc(i.Parts, func(p Part) bool { return p.State != Posted })
}

// check refuses what no outbox writes.
func (i Item) check() error {
	switch {
	case !validID(i.ID):
		return errors.New("outbox: an item's id is not 32 hex digits")
	case i.ChatID == "" && i.State != Draft: // a draft may wait for a sign-in to find its chat
		return errors.New("outbox: an item has no chat")
	case i.Account.HomeAccountID == "" && i.State != Draft:
		return errors.New("outbox: an item has no account")
	case len(i.Parts) == 0:
		return errors.New("outbox: an item has no parts")
	case !i.State.valid():
		return errors.New("outbox: an item's state is unknown")
	}
	for _, p := range i.Parts {
		if !p.State.valid() {
			return errors.New("outbox: a part's state is unknown")
		}
		if p.State != Posted && i.State != Posted && p.HTML == "" {
			return errors.New("outbox: a part has no text")
		}
	}
	return nil
}

func (s State) valid() bool {
	return slices.Contains([]State{Draft, Queued, Sending, Posted, Failed, Unknown, Cancelled}, s)
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its contract
	return hex.EncodeToString(b[:])
}

func validID(id string) bool {
	b, err := hex.DecodeString(id)
	return err == nil && len(b) == 16 && hex.EncodeToString(b) == id
}
