package tray

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"debrief/internal/api"
	"debrief/internal/app/state"
)

// untouched is a service that counts what is chosen.
type untouched struct {
	api.Service
	chosen atomic.Int64
}

func (u *untouched) Show(context.Context, state.Page) error { u.chosen.Add(1); return nil }
func (u *untouched) Quit(context.Context) error             { u.chosen.Add(1); return nil }
func (u *untouched) CancelSignIn(context.Context) error     { u.chosen.Add(1); return nil }
func (u *untouched) SignIn(context.Context, state.SignIn) (state.SignedIn, error) {
	u.chosen.Add(1)
	return state.SignedIn{}, nil
}

// The library closes an entry's channel when it removes the entry, which reads as
// a click.
func TestAMenuThatIsRebuiltIsNotChosenFrom(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	svc := &untouched{}
	tr := &tray{o: Options{Service: svc, Log: slog.New(slog.DiscardHandler)}, ctx: ctx}
	for range 200 {
		tr.rebuild(Menu(state.State{}))
		tr.rebuild(Menu(state.State{SignIn: &state.SignInState{}}))
	}
	cancel()
	tr.working.Wait()
	if n := svc.chosen.Load(); n != 0 {
		t.Errorf("got %d choices of nobody, want none", n)
	}
}
