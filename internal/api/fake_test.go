package api

import (
	"context"
	"sync"

	"debrief/internal/app/state"
)

// fake is a Service that remembers what it was asked and answers what it was
// told to. Answers are set before the server starts.
type fake struct {
	mu    sync.Mutex
	asked []any // the request of each call, in order

	err      error // every method's failure
	st       state.State
	signedIn state.SignedIn
	sessions []state.Session
	detail   state.SessionDetail
	report   state.ClearReport
	meetings []state.Meeting
	people   []state.Person
	posted   state.PostResult
	imported state.Imported
	doctor   state.Report

	watch  func(ctx context.Context, next func(state.State)) error
	signIn func(ctx context.Context) error
}

func (f *fake) note(req any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, req)
	return f.err
}

func (f *fake) last() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return nil
	}
	return f.asked[len(f.asked)-1]
}

func (f *fake) State(context.Context) (state.State, error) { return f.st, f.note("state") }

func (f *fake) Watch(ctx context.Context, next func(state.State)) error {
	if err := f.note("watch"); err != nil {
		return err
	}
	return f.watch(ctx, next)
}

func (f *fake) SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
	if err := f.note(req); err != nil {
		return state.SignedIn{}, err
	}
	if f.signIn != nil {
		return state.SignedIn{}, f.signIn(ctx)
	}
	return f.signedIn, nil
}

func (f *fake) CancelSignIn(context.Context) error { return f.note("cancel") }

func (f *fake) Sessions(context.Context) ([]state.Session, error) {
	return f.sessions, f.note("sessions")
}

func (f *fake) Session(_ context.Context, id string) (state.SessionDetail, error) {
	return f.detail, f.note("session " + id)
}

func (f *fake) Clear(_ context.Context, req state.Clear) (state.ClearReport, error) {
	return f.report, f.note(req)
}

func (f *fake) Export(_ context.Context, req state.Export) error { return f.note(req) }

func (f *fake) Import(_ context.Context, req state.Import) (state.Imported, error) {
	return f.imported, f.note(req)
}

func (f *fake) Unlock(context.Context) error { return f.note("unlock") }

func (f *fake) OpenVault(_ context.Context, req state.OpenVault) error { return f.note(req) }

func (f *fake) MoveVault(_ context.Context, req state.MoveVault) (state.MovedVault, error) {
	return state.MovedVault{Entries: 2, To: req.To}, f.note(req)
}

func (f *fake) Meetings(_ context.Context, account string) ([]state.Meeting, error) {
	return f.meetings, f.note("meetings " + account)
}

func (f *fake) People(_ context.Context, target state.Target) ([]state.Person, error) {
	return f.people, f.note(target)
}

func (f *fake) Post(_ context.Context, req state.PostRequest) (state.PostResult, error) {
	return f.posted, f.note(req)
}

func (f *fake) Doctor(context.Context) (state.Report, error) { return f.doctor, f.note("doctor") }

func (f *fake) Show(_ context.Context, page state.Page) error { return f.note(page) }

func (f *fake) OpenDemo(context.Context) error { return f.note("demo") }

func (f *fake) Quit(context.Context) error { return f.note("quit") }

var _ Service = (*fake)(nil)
