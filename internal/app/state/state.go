// Package state holds what Debrief publishes to its faces: the State that tray,
// panel and command line show, and the requests and answers of the use cases.
// Everything here travels over the local API as JSON and holds no secret.
package state

import (
	"time"

	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// State is a snapshot of everything that a face shows at rest. A new one is
// published after each change; Revision grows by one each time. Snapshots are
// shared: nobody changes one.
type State struct {
	Revision uint64 `json:"revision"`
	Version  string `json:"version"`
	Demo     bool   `json:"demo"`
	// DemoURL is the page that shows the demo tenant's chats; empty unless Demo.
	DemoURL string `json:"demo_url,omitempty"`
	// Ready is false while the resident still starts.
	Ready    bool         `json:"ready"`
	Keyring  vault.Status `json:"keyring"`
	Sessions []Session    `json:"sessions"` // ordered by e-mail, then id
	// Unreadable counts records that were put aside or left alone.
	Unreadable []Unreadable `json:"unreadable,omitempty"`
	SignIn     *SignInState `json:"sign_in,omitempty"` // nil: no sign-in is under way
	Posts      []Post       `json:"posts"`             // newest first
	// Problems are what a person should know now, newest first.
	Problems []Problem `json:"problems,omitempty"`
	// ShowPage is the page that the panel was last asked to show, and ShowSeq
	// counts the askings: a running panel raises itself when it grows.
	ShowPage Page   `json:"show_page,omitempty"`
	ShowSeq  uint64 `json:"show_seq"`
}

// Page is a page of the panel.
type Page string

const (
	PageSessions Page = "sessions"
	PagePost     Page = "post"
	// PageClearAll is the sessions page, asking whether to clear all of them.
	PageClearAll Page = "clear-all"
)

// Status of a session, in the order of precedence.
type Status string

const (
	Newer       Status = "newer"
	Changed     Status = "changed"
	Pending     Status = "pending" // a clear that is not finished
	Expired     Status = "expired"
	NeedsSignIn Status = "needs_sign_in"
	Unverified  Status = "unverified"
	Active      Status = "active"
)

// Session is a record as stored, with its status.
type Session struct {
	session.Record
	Status Status `json:"status"`
	// ThisDevice tells whether the session belongs to this computer and folder.
	ThisDevice bool `json:"this_device"`
	// Why tells why a sign-in is needed that no renewal can replace: the code of a
	// problem, text.OtherClient or text.OtherService; else empty.
	Why text.Code `json:"why,omitempty"`
	// EndsSoon tells that the session ends within days unless somebody uses it.
	EndsSoon bool `json:"ends_soon,omitempty"`
}

// Unreadable is a session record that could not be read.
type Unreadable struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	Why  string `json:"why"` // "corrupt" or "newer" or an input/output error
}

// SignInState is a sign-in under way.
type SignInState struct {
	Method string    `json:"method"` // "embedded", "system" or "device"
	Phase  string    `json:"phase"`  // "opening", "waiting", "redeeming", "storing"
	Since  time.Time `json:"since"`
	Hint   string    `json:"hint,omitempty"`
	// InsteadOf is the method that could not be used here, so that Method took over.
	InsteadOf string `json:"instead_of,omitempty"`
	// UserCode is to be typed at VerificationURL, on any device, until CodeExpiresAt;
	// set while a sign-in by device waits.
	UserCode        string    `json:"user_code,omitempty"`
	VerificationURL string    `json:"verification_url,omitempty"`
	CodeExpiresAt   time.Time `json:"code_expires_at,omitzero"`
}

// Problem is a failure on its way to a person. The faces make words of it with
// text.Problem; Detail is for copying to whoever helps: ids, codes, no secret.
type Problem struct {
	Code   text.Code         `json:"code"`
	Args   map[string]string `json:"args,omitempty"`
	Detail string            `json:"detail,omitempty"`
	At     time.Time         `json:"at"`
}

// Error makes Problem an error, so that it passes through calls as one.
func (p *Problem) Error() string {
	s := string(p.Code)
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	return s
}

// SignIn asks for a sign-in.
type SignIn struct {
	Hint    string `json:"hint,omitempty"`    // e-mail of the account to sign in
	Browser string `json:"browser,omitempty"` // "embedded", "system", "device"; empty: what the account chose last, else the setting
}

// SignedIn is a finished sign-in. Other is true when another account than the
// hinted one signed in.
type SignedIn struct {
	Session Session `json:"session"`
	Other   bool    `json:"other,omitempty"`
}

// SessionDetail is everything about one session, secrets as sizes and
// fingerprints only.
type SessionDetail struct {
	Session
	Cache []Credential `json:"cache"` // the token cache's entries; null when it could not be read
	// CacheProblem says why Cache could not be read; nil when it could.
	CacheProblem *Problem `json:"cache_problem,omitempty"`
	Claims       []Claim  `json:"claims,omitempty"` // of the ID token
	KeptIn       []Place  `json:"kept_in"`
}

// Credential is an entry of MSAL's cache.
type Credential struct {
	Kind              string    `json:"kind"` // "access_token", "refresh_token", "id_token", "account", "app_metadata"
	Environment       string    `json:"environment"`
	Realm             string    `json:"realm,omitempty"`
	ClientID          string    `json:"client_id,omitempty"`
	Scopes            []string  `json:"scopes,omitempty"`
	Audience          string    `json:"audience,omitempty"`
	Username          string    `json:"username,omitempty"`
	CachedAt          time.Time `json:"cached_at,omitzero"`
	ExpiresOn         time.Time `json:"expires_on,omitzero"`
	ExtendedExpiresOn time.Time `json:"extended_expires_on,omitzero"`
	RefreshOn         time.Time `json:"refresh_on,omitzero"`
	Size              int       `json:"size,omitempty"`   // of the secret, in bytes
	SHA256            string    `json:"sha256,omitempty"` // first 8 hex digits
}

// Claim is a claim of the ID token.
type Claim struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Place tells where a part of the session is kept.
type Place struct {
	What  string `json:"what"`  // "record", "token_cache", "sealing_key", "index"
	Where string `json:"where"` // a path, or keyring service and item
	State string `json:"state"` // "present", "missing", "unknown"
}

// Export asks for a session's token cache to be written to a new file.
type Export struct {
	ID   string `json:"id"`   // or an unambiguous prefix
	Path string `json:"path"` // absolute
}

// Import asks for the sign-ins in a token cache that another program wrote.
type Import struct {
	Path string `json:"path"` // absolute
}

// Imported tells what an import did, sign-in by sign-in.
type Imported struct {
	Lines []ImportLine `json:"lines"`
}

// ImportLine is one sign-in of an imported file. Problem is nil where it was
// renewed and is in use; else it says why it was not.
type ImportLine struct {
	Account string `json:"account"`
	// Session is the id of its session: a new one, or, with a Problem, the one that
	// the account had before. Empty: there is none.
	Session string   `json:"session,omitempty"`
	Kept    bool     `json:"kept,omitempty"` // Session is as it was before
	Problem *Problem `json:"problem,omitempty"`
}

// Clear asks for sessions to be cleared. Exactly one of IDs, All, Expired.
type Clear struct {
	IDs        []string `json:"ids,omitempty"` // ids or unambiguous prefixes
	All        bool     `json:"all,omitempty"`
	Expired    bool     `json:"expired,omitempty"`
	ThisDevice bool     `json:"this_device,omitempty"` // with All or Expired: only this device's
}

// ClearReport tells what a clear did, line by line.
type ClearReport struct {
	Lines []ClearLine `json:"lines"`
	Kept  []string    `json:"kept"`  // paths that stay on purpose
	Clean bool        `json:"clean"` // everything asked for is verified gone
}

// ClearLine is one part of one session.
type ClearLine struct {
	Session string   `json:"session"` // id
	Account string   `json:"account"` // e-mail, empty when unknown
	What    string   `json:"what"`    // "web_profile", "token_cache", "record", "signing_key", "posts"
	Outcome string   `json:"outcome"` // "removed", "nothing", "pending", "failed"
	Problem *Problem `json:"problem,omitempty"`
}

// Meeting is an entry of the calendar. ChatID is nil unless the chat is known
// without a further call, and postable.
type Meeting struct {
	ID        string    `json:"id"`
	Subject   string    `json:"subject"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	ChatID    *string   `json:"chat_id"`
	JoinURL   string    `json:"join_url"`
	SeriesID  string    `json:"series_id"`
	Cancelled bool      `json:"cancelled"`
}

// Person is a member of a meeting's chat.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Guest bool   `json:"guest"`
	Me    bool   `json:"me"`
}

// Target says where a summary goes: a meeting (its id or an unambiguous part of
// its subject) or a chat.
type Target struct {
	Account string `json:"account,omitempty"` // e-mail or session id; empty: the only one
	Meeting string `json:"meeting,omitempty"`
	Chat    string `json:"chat,omitempty"`
}

// PostRequest asks for a summary to be posted, or rendered when DryRun.
type PostRequest struct {
	Target
	Markdown string `json:"markdown"`
	// Mention is "all", "none" (default) or names or e-mails of members.
	Mention []string `json:"mention,omitempty"`
	DryRun  bool     `json:"dry_run,omitempty"`
	// Wait is how long the call waits for an outcome; the post goes on after it.
	Wait time.Duration `json:"wait,omitempty"`
}

// Rendered is a summary as it would be posted.
type Rendered struct {
	HTML     string   `json:"html"`
	Plain    string   `json:"plain"` // the text of the HTML, for the preview
	Mentions []Person `json:"mentions,omitempty"`
	Size     int      `json:"size"`  // bytes as Teams counts them
	Limit    int      `json:"limit"` // the most that one message may have
}

// PostState is the state of a post.
type PostState string

const (
	Draft     PostState = "draft"
	Queued    PostState = "queued"
	Sending   PostState = "sending"
	Posted    PostState = "posted"
	Failed    PostState = "failed"
	Unknown   PostState = "unknown"
	Cancelled PostState = "cancelled"
)

// Post is an item of the outbox, without its text.
type Post struct {
	ID            string     `json:"id"`
	Account       string     `json:"account"` // e-mail
	ChatID        string     `json:"chat_id"`
	Title         string     `json:"title,omitempty"` // the meeting's subject
	State         PostState  `json:"state"`
	Reconciled    bool       `json:"reconciled"` // the outcome was found by reading the chat
	MessageID     string     `json:"message_id"`
	Parts         []Part     `json:"parts"`
	Attempts      int        `json:"attempts"`
	CreatedAt     time.Time  `json:"created_at"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	Reason        string     `json:"reason"` // a text.Code, or empty
}

// Part is one message of a post.
type Part struct {
	State     PostState `json:"state"`
	MessageID string    `json:"message_id"`
}

// PostResult is the answer to a PostRequest: Post, or Rendered alone for a dry run.
type PostResult struct {
	Post     *Post    `json:"post,omitempty"`
	Rendered Rendered `json:"rendered"`
}

// Report is the doctor's.
type Report struct {
	OK      bool    `json:"ok"`
	Version string  `json:"version"`
	Checks  []Check `json:"checks"`
}

// Check is one thing that the doctor looked at. State is "ok", "warning",
// "failed" or, for the check "keyring", one of vault's states.
type Check struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	Next   string `json:"next"`
}
