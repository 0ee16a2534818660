// Package app owns Debrief's state and carries out its use cases: sign in, list,
// inspect and clear sessions, list meetings, post summaries, look after itself.
//
// Start with New and App, which is the api.Service of this process; what it
// publishes is in package state. Each use case has a file.
package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/graph"
	"debrief/internal/outbox"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// SignIns is what the app uses of package auth.
type SignIns interface {
	SignIn(context.Context, auth.Request) (auth.SignedIn, error)
	Token(context.Context, auth.Account, auth.CacheStore) (auth.Token, bool, error)
	Renew(context.Context, auth.Account, auth.CacheStore, auth.Secret, string) (auth.Token, error)
	Forget(auth.Account)
	Import(file []byte) ([]auth.SignedIn, error)
	Redeem(context.Context, auth.SignedIn) (auth.SignedIn, error)
	Origin(auth.Account) auth.Origin
}

// Graph is what the app uses of package graph, for one session.
type Graph interface {
	Meetings(ctx context.Context, from, to time.Time) ([]graph.Meeting, error)
	ChatForMeeting(ctx context.Context, m graph.Meeting) (string, error)
	Members(ctx context.Context, chatID string) ([]graph.Person, error)
	Post(ctx context.Context, chatID string, out graph.Outgoing) (graph.Message, error)
	ServerTime(ctx context.Context) (time.Time, error)
	Messages(ctx context.Context, chatID string, until time.Time) ([]graph.Message, error)
}

// Vault is the vault with its start-up reconciliation.
type Vault interface {
	vault.Vault
	// Reconcile drops from the keyring and the index every entry that keep
	// refuses, and from the index what is verified gone.
	Reconcile(ctx context.Context, keep func(name string) bool) (removed int, err error)
	// Move puts every entry into another keyring, verified before it is removed
	// from where it was.
	Move(ctx context.Context, to vault.Items) (moved int, err error)
	// Places tells where the parts of an entry lie.
	Places(name string) []vault.Place
}

// Deps is everything that an App works with. All of it is needed, save where a
// field says otherwise.
type Deps struct {
	Version string
	Demo    bool
	DemoURL string // the demo tenant's page; empty unless Demo

	// Resident is false in a verb that works without a resident: the vault is then
	// opened and the outbox sends only once something was asked for that needs it.
	Resident bool

	Device   session.Device
	Lifetime time.Duration // of a session, from its last use
	// EndsAtQuit makes new sessions non-permanent.
	EndsAtQuit bool
	UseSigner  bool
	Browser    auth.Method // how to sign in unless a request says

	DataDir   string // where vault.key, device.json and the outbox lie
	ConfigDir string
	// AdminLink is the page where an administrator approves Debrief.
	AdminLink string

	Store session.Store
	Vault Vault
	// Passphrases opens the file vault; nil where the vault is no file.
	Passphrases Passphrases
	// PassphraseCode is the problem that an error of Passphrases stands for; empty
	// when it is none of its own.
	PassphraseCode func(error) text.Code
	// MoveTo makes the keyring of another kind, and what opens it where it needs a
	// passphrase. Nil items: there is no such kind. Nil: nothing can be moved.
	MoveTo func(kind string) (vault.Items, Passphrases, error)
	// Auth is nil until the organisation's application is known; a sign-in then
	// says what to do.
	Auth SignIns
	// Graph makes the Graph client of a session.
	Graph func(graph.TokenSource) (Graph, error)
	// Panel starts the panel at a page if it does not run.
	Panel func(page state.Page) error
	// OpenURL shows a page in the system's browser.
	OpenURL func(ctx context.Context, url string) error
	// SweepProfiles removes what sign-in windows left behind and reports how much.
	SweepProfiles func() (removed int, err error)
	// OnWake calls woke each time the computer has woken from sleep, until ctx
	// ends; may be nil.
	OnWake func(ctx context.Context, woke func()) error
	// Checks are the doctor's looks at the machine; may be empty.
	Checks []func(context.Context) state.Check

	Now func() time.Time // default time.Now
	Log *slog.Logger     // default: discarded
}

// App is Debrief in this process. It is safe for concurrent use.
type App struct {
	d      Deps
	hub    *hub
	outbox *outbox.Outbox
	locks  keyed // one holder per session for whatever writes its cache or record

	publishing sync.Mutex   // held over making and handing out a snapshot
	marking    sync.Mutex   // held over writing the list of unfinished clears
	profiles   sync.RWMutex // read-held while a sign-in window may be open
	healing    atomic.Bool  // one look at a keyring that was not ready, at a time

	mu         sync.Mutex
	records    map[string]session.Record
	trust      map[string]session.Trust // of records, judged when they or the key change
	changes    uint64                   // of records by this process, so that an older listing does not undo one
	unreadable []session.Unreadable
	signer     *session.Signer
	keyring    vault.Status
	problems   []state.Problem
	signIn     *signIn
	demands    map[session.Account]string // what Microsoft wants an account's next sign-in to satisfy
	showPage   state.Page
	showSeq    uint64
	held       map[string][]byte // caches that the keyring could not take, by session id
	clearing   map[string]bool   // sessions whose clear is not finished
	making     map[string]bool   // sessions whose sign-in is being stored
	unsigned   map[string]bool   // sessions made while no signing key was at hand
	leftover   map[string]bool   // non-permanent sessions that an earlier run left
	closing    bool              // no sign-in begins any more

	passphrases Passphrases // of the vault in use; nil: it is no file
	meetings    map[string]map[string]graph.Meeting
	people      map[string][]graph.Person // by chat id, as last read
	clients     map[string]Graph
	ready       bool

	latest map[session.Account]string // the session of this run's last sign-in of an account; guarded by mu

	quit     chan struct{}
	quitOnce sync.Once
	ctx      context.Context // of background work; ended by Close
	cancel   context.CancelFunc
	work     sync.WaitGroup
	sending  sync.Once
}

// New reads the records and the outbox and returns an App that serves. It makes
// no keyring call and no request. Call Start to let it work by itself.
func New(ctx context.Context, d Deps) (*App, error) {
	if d.Store == nil || d.Vault == nil || d.Graph == nil || d.DataDir == "" {
		return nil, errors.New("app: a dependency is missing")
	}
	if d.Auth == nil {
		d.Auth = notSetUp{}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{
		d: d, hub: newHub(), locks: newKeyed(),
		records: map[string]session.Record{}, trust: map[string]session.Trust{}, held: map[string][]byte{}, clearing: map[string]bool{},
		making: map[string]bool{}, unsigned: map[string]bool{}, leftover: map[string]bool{},
		meetings: map[string]map[string]graph.Meeting{}, people: map[string][]graph.Person{},
		clients: map[string]Graph{}, demands: map[session.Account]string{}, quit: make(chan struct{}), passphrases: d.Passphrases,
	}
	a.latest = map[session.Account]string{}
	a.ctx, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := a.loadClearing(); err != nil {
		return nil, err
	}
	box, err := a.openOutbox()
	if err != nil {
		return nil, err
	}
	a.outbox = box
	if err := a.reload(ctx); err != nil {
		return nil, err
	}
	for id, r := range a.records {
		if !r.Permanent && r.Device.ID == d.Device.ID && r.Schema <= session.Schema {
			a.leftover[id] = true
		}
	}
	a.publish()
	return a, nil
}

// Start lets the app work by itself: it watches the store, opens the vault,
// finishes what an earlier run left, and sends what is queued.
func (a *App) Start() {
	a.work.Go(func() {
		if err := a.d.Store.Watch(a.ctx, func() {
			if err := a.reload(a.ctx); err != nil {
				return
			}
			if a.lostRecords() {
				a.rebuild(a.ctx)
			}
			a.publish()
		}); err != nil {
			a.d.Log.Warn("the session store is not watched", "err", err.Error())
		}
	})
	a.work.Go(func() {
		a.recover(a.ctx)
		a.mu.Lock()
		a.ready = true
		a.mu.Unlock()
		a.publish()
		a.startSending()
		a.renewAhead()
	})
}

// renewAhead keeps the sessions in use fresh until Close.
func (a *App) renewAhead() {
	changed := make(chan struct{}, 1)
	wake := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	a.work.Go(func() { _ = a.hub.watch(a.ctx, func(state.State) { wake() }) })
	if a.d.OnWake != nil {
		a.work.Go(func() {
			if err := a.d.OnWake(a.ctx, wake); err != nil && a.ctx.Err() == nil {
				a.d.Log.Info("waking from sleep is not told here", "err", err.Error())
			}
		})
	}
	r := renewer{
		sessions: a.own, now: a.d.Now, passed: a.publish,
		renew: func(ctx context.Context, id string) error {
			_, err := tokens{a, id}.Token(ctx)
			if err != nil && ctx.Err() == nil {
				a.d.Log.Info("a session was not renewed ahead", "session", id, "err", err.Error())
			}
			return err
		},
	}
	a.work.Go(func() { r.run(a.ctx, changed) })
}

// startSending runs the outbox until Close, once.
func (a *App) startSending() {
	a.sending.Do(func() {
		a.work.Go(func() {
			if err := a.outbox.Run(a.ctx); err != nil && !errors.Is(err, context.Canceled) {
				a.d.Log.Error("the outbox stopped", "err", err.Error())
			}
		})
	})
}

// Done is closed when somebody asked Debrief to quit.
func (a *App) Done() <-chan struct{} { return a.quit }

// Quit asks the resident to end; Close then waits for what is being sent.
func (a *App) Quit(context.Context) error {
	a.quitOnce.Do(func() { close(a.quit) })
	return nil
}

// Close ends the background work, after what is being sent was sent or ctx
// ended; a sign-in under way is cancelled, or stored when the person has done
// their part. Non-permanent sessions of this device are cleared.
func (a *App) Close(ctx context.Context) error {
	a.mu.Lock()
	a.closing = true
	under := a.signIn
	if under != nil {
		under.stop()
	}
	a.mu.Unlock()
	if under != nil {
		select {
		case <-under.done:
		case <-ctx.Done():
		}
	}
	if err := a.outbox.Idle(ctx); err != nil {
		// It is on disk as being sent: the next start looks for it in its chat.
		a.d.Log.Warn("a post was still being sent", "err", err.Error())
	}
	if a.d.EndsAtQuit && a.d.Resident {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endingTime)
		a.endNonPermanent(end)
		cancel()
	}
	a.cancel()
	a.work.Wait()
	return nil
}

// endingTime bounds the clearing of non-permanent sessions at the end.
const endingTime = 10 * time.Second

// State returns the newest snapshot.
func (a *App) State(context.Context) (state.State, error) { return a.hub.snapshot(), nil }

// Watch calls next with the newest snapshot at once and after each change.
func (a *App) Watch(ctx context.Context, next func(state.State)) error {
	return a.hub.watch(ctx, next)
}

// Show opens the panel at a page, or raises it.
func (a *App) Show(_ context.Context, page state.Page) error {
	select {
	case <-a.quit:
		return a.fail(text.NotRunning)
	default:
	}
	a.mu.Lock()
	a.showPage, a.showSeq = page, a.showSeq+1
	a.mu.Unlock()
	a.publish()
	if a.d.Panel == nil {
		return nil
	}
	return a.told(a.d.Panel(page))
}

// told shows a failure of something that a person chose where nobody waits for
// the answer; nil stays nil.
func (a *App) told(err error) error {
	if err == nil {
		return nil
	}
	p := a.problem(err, "")
	a.show(p)
	return p
}

// OpenDemo shows the demo tenant's chats in the system's browser.
func (a *App) OpenDemo(ctx context.Context) error {
	if a.d.DemoURL == "" {
		return wrongUsage("only the demo tenant has a page of its own")
	}
	return a.told(a.d.OpenURL(ctx, a.d.DemoURL))
}
