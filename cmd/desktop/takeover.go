package main

import (
	"context"
	"errors"
	"time"

	"debrief/internal/api"
	"debrief/internal/app"
	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
)

// The bounds of waiting for another Debrief of the same folder.
const (
	forVerb = 10 * time.Second // that is at work
	// forEnd is what an ending Debrief may take: what is being sent, the clearing
	// of sessions that end with it, its local API and its panel.
	forEnd = lastPost + 20*time.Second
	lookUp = 100 * time.Millisecond
)

// asResident is what a resident writes as the lock's holder; verbs write theirs.
const asResident = "resident"

// served is the app as other processes reach it: once it was asked to quit they
// learn so from its state, and wait for its end instead of asking more of it.
type served struct{ *app.App }

// State implements api.Service.
func (s served) State(ctx context.Context) (state.State, error) {
	select {
	case <-s.Done():
		return state.State{}, &state.Problem{Code: text.NotRunning}
	default:
		return s.App.State(ctx)
	}
}

// other is the Debrief that answers at the folder's local API: a resident or a
// verb at work.
type other struct {
	client  *api.Client
	version string
	ending  bool // nothing more can be asked of it
}

// running returns who answers; nil where nobody does.
func (p *program) running(ctx context.Context, s setup) *other {
	c := api.NewClient(s.dial, p.version)
	version, err := c.Version(ctx)
	if err != nil {
		return nil
	}
	_, err = c.State(ctx)
	return &other{client: c, version: version, ending: notRunning(err)}
}

func notRunning(err error) bool {
	p, ok := errors.AsType[*state.Problem](err)
	return ok && p.Code == text.NotRunning
}

// lock takes the folder's lock for a verb. Where another process holds it and
// serves the local API meanwhile, that one's client comes back instead.
func (p *program) lock(ctx context.Context, s setup, verb string) (*platform.FileLock, *api.Client, error) {
	var client *api.Client
	lock, err := p.acquire(ctx, s, verb, func(_ context.Context, o *other, _ string) (bool, error) {
		client = o.client
		return true, nil
	})
	return lock, client, err
}

// takeOver takes the folder's lock for a resident. It is nil without an error
// where a resident of this version runs already and was shown. A resident of
// another version is asked to finish and quit; a verb at work is waited for.
func (p *program) takeOver(ctx context.Context, s setup, show bool) (*platform.FileLock, error) {
	asked := false
	return p.acquire(ctx, s, asResident, func(ctx context.Context, o *other, holder string) (met bool, err error) {
		// A holder who could not write its name down (a full disk) is taken for a resident.
		if holder != asResident && holder != "" {
			return false, nil
		}
		switch {
		case o.version != p.version:
			o.ending = true
			if !asked {
				asked = true
				err = o.client.Quit(ctx)
			}
		case show:
			err = o.client.Show(ctx, state.PageSessions)
			met = true
		default:
			met = true
		}
		if notRunning(err) { // it was asked to quit just now
			o.ending = true
			return false, nil
		}
		return met, err
	})
}

// acquire takes the folder's lock as who. While another process holds it, meet
// deals with whoever answers there and is not ending; met ends the waiting, without
// a lock. meet may find that the other is ending, and says so in it.
func (p *program) acquire(
	ctx context.Context, s setup, who string, meet func(ctx context.Context, o *other, holder string) (met bool, err error),
) (*platform.FileLock, error) {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	bound := time.AfterFunc(forVerb, cancel)
	defer bound.Stop()
	for ending := false; ; {
		lock, err := platform.Lock(s.paths.LockFile(), who)
		if err == nil || !errors.Is(err, platform.ErrLocked) {
			return lock, problemOfFile(s.paths.LockFile(), err)
		}
		holder := platform.Holder(s.paths.LockFile())
		if o := p.running(wait, s); o != nil && wait.Err() == nil {
			if !o.ending {
				if met, err := meet(wait, o, holder); met && err == nil || err != nil && wait.Err() == nil {
					return nil, err
				}
			}
			if o.ending && !ending {
				ending = true
				bound.Reset(forEnd)
			}
		}
		select {
		case <-wait.Done():
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if ending && holder == asResident {
				holder = "quit"
			}
			return nil, &state.Problem{Code: text.Busy, Args: map[string]string{"verb": holder}}
		case <-time.After(lookUp):
		}
	}
}
