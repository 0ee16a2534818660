// Package api is the local API: what tray, panel and command line can ask of
// Debrief (Service), a server that offers a Service to the other processes of
// the same user, and a client that is one.
//
// Start with Service. server.go and client.go are its two ends on the wire.
package api

import (
	"context"

	"debrief/internal/app/state"
)

// Service is everything that a face can ask of Debrief. The resident's app is
// one, in process; Client is one, over the local API. All methods may be called
// at the same time. A failure that a person should read is a *state.Problem.
type Service interface {
	// State returns the newest snapshot.
	State(ctx context.Context) (state.State, error)
	// Watch calls next with the newest snapshot at once and after each change,
	// from one goroutine, skipping those that came while next ran. It returns nil
	// when ctx ends, and an error when the resident is gone.
	Watch(ctx context.Context, next func(state.State)) error

	// SignIn runs one sign-in to its end. Ending ctx cancels it.
	SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error)
	// CancelSignIn ends the sign-in that is under way, whoever asked for it.
	CancelSignIn(ctx context.Context) error
	// Sessions lists all records with their status: no keyring call, no request.
	Sessions(ctx context.Context) ([]state.Session, error)
	// Session tells everything about one session; id may be a prefix.
	Session(ctx context.Context, id string) (state.SessionDetail, error)
	// Clear removes sessions and checks that they are gone.
	Clear(ctx context.Context, req state.Clear) (state.ClearReport, error)
	// Export writes a session's token cache, its secrets in plain text, to a new
	// file of the service's making: nothing secret passes through here.
	Export(ctx context.Context, req state.Export) error
	// Import makes sessions of the sign-ins in a token cache file.
	Import(ctx context.Context, req state.Import) (state.Imported, error)
	// Unlock asks the person to unlock the keyring.
	Unlock(ctx context.Context) error
	// OpenVault opens a file vault with its passphrase, or makes it.
	OpenVault(ctx context.Context, req state.OpenVault) error
	// MoveVault moves every secret into another kind of vault, verified before
	// anything is deleted.
	MoveVault(ctx context.Context, req state.MoveVault) (state.MovedVault, error)

	// Meetings lists the meetings of the last days and of today and tomorrow.
	Meetings(ctx context.Context, account string) ([]state.Meeting, error)
	// People lists who reads a meeting's chat.
	People(ctx context.Context, target state.Target) ([]state.Person, error)
	// Post queues a summary and waits for its outcome as long as the request says.
	Post(ctx context.Context, req state.PostRequest) (state.PostResult, error)

	// Doctor looks at everything that Debrief needs.
	Doctor(ctx context.Context) (state.Report, error)
	// Show opens the panel at a page, or raises it.
	Show(ctx context.Context, page state.Page) error
	// OpenDemo shows the demo tenant's chats in the system's browser.
	OpenDemo(ctx context.Context) error
	// Quit ends the resident once what it is sending is sent.
	Quit(ctx context.Context) error
}
