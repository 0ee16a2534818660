package auth

import "context"

// Window shows a sign-in page in a window of Debrief's own.
type Window interface {
	// Open returns when the window stands; NoWindow (*Error) when it cannot be
	// shown here. ctx bounds the window's whole life.
	Open(ctx context.Context, page Page) (WindowRun, error)
}

// Page is what a window shows. URL holds a sign-in's state: it is never logged
// and never put on a command line.
type Page struct {
	URL, Title string
	// Allow lists what the window may load: "https" and exact origins.
	Allow []string
}

// WindowRun is an open window.
type WindowRun interface {
	// Closed is closed when the window is gone, whatever ended it.
	Closed() <-chan struct{}
	// Err is nil when the person or Close closed the window, and tells why it ended
	// otherwise. Call it after Closed.
	Err() error
	// Close ends the window and deletes its web profile; it returns when both are
	// done. Closing twice is fine.
	Close() error
}

// browserTab stands for a page in the system's browser, which nobody here can see
// or close.
type browserTab struct{}

func (browserTab) Closed() <-chan struct{} { return nil }
func (browserTab) Err() error              { return nil }
func (browserTab) Close() error            { return nil }
