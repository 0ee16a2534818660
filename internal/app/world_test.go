package app

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/emulator"
	"debrief/internal/emulator/emulatortest"
	"debrief/internal/graph"
	"debrief/internal/session"
	"debrief/internal/session/filestore"
	"debrief/internal/text"
	"debrief/internal/vault"
	"debrief/internal/vault/file"
	"debrief/internal/vault/memory"
)

// world is a computer with a data folder, a keyring and the demo tenant. Apps
// can be opened on it one after another, as a program that starts again.
type world struct {
	t        testing.TB
	dir      string
	emu      *emulator.Emulator
	items    *countedItems
	requests atomic.Int64
	person   *person
	lifetime time.Duration
	now      func() time.Time
	// What a test changes before start.
	endsAtQuit bool                                        // sessions are non-permanent
	file       bool                                        // the vault is a file
	verb       bool                                        // no resident: nothing works by itself
	wrap       func(session.Store) session.Store           // stands before the store
	meet       func(*http.Request) (*http.Response, error) // answers instead of the tenant, unless nil, nil
}

func newWorld(t testing.TB) *world {
	t.Helper()
	emu, err := emulator.Open(emulator.Options{Dir: filepath.Join(t.TempDir(), "tenant")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { emu.Close() })
	return &world{
		t: t, dir: t.TempDir(), emu: emu, items: &countedItems{Items: memory.New()},
		person: &person{}, lifetime: 90 * 24 * time.Hour, now: time.Now,
	}
}

// start opens an App on the world's folder, as a resident, and ends it with the
// test or with the returned function: kill leaves everything as it is.
func (w *world) start() (a *App, kill func()) {
	w.t.Helper()
	store, sealed := w.parts()
	var passphrases Passphrases
	if w.file {
		items := w.useFile()
		var err error
		if sealed, err = vault.Open(vault.Options{Items: items, Dir: w.dir, HomeID: "0123456789abcdef"}); err != nil {
			w.t.Fatal(err)
		}
		passphrases = items
	}
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		w.requests.Add(1)
		if w.meet != nil {
			if res, err := w.meet(r); res != nil || err != nil {
				return res, err
			}
		}
		return w.emu.RoundTripper().RoundTrip(r)
	})
	client, err := auth.New(auth.Options{
		ClientID: emulator.ClientID, Tenant: emulator.TenantID, Authority: "https://login.microsoftonline.com",
		Transport: transport, Window: w.person, Now: w.now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var kept session.Store = store
	if w.wrap != nil {
		kept = w.wrap(store)
	}
	a, err = New(w.t.Context(), Deps{
		Version: "test", Demo: true, DemoURL: w.emu.URL(), Resident: !w.verb, EndsAtQuit: w.endsAtQuit,
		Device: session.Device{ID: strings.Repeat("d", 32), Name: "desk"}, Lifetime: w.lifetime, UseSigner: true,
		Browser: auth.Embedded, DataDir: w.dir, ConfigDir: w.dir,
		Passphrases: passphrases, PassphraseCode: func(err error) text.Code {
			for known, code := range map[error]text.Code{
				file.ErrWrongPassphrase: text.VaultWrongPassphrase, file.ErrNotCreated: text.VaultNotCreated, file.ErrExists: text.VaultExists,
			} {
				if errors.Is(err, known) {
					return code
				}
			}
			return ""
		},
		MoveTo: func(kind string) (vault.Items, Passphrases, error) {
			if kind != "file" {
				return nil, nil, nil
			}
			items := w.useFile()
			return items, items, nil
		},
		Store: kept, Vault: sealed, Auth: client, Now: w.now,
		Graph: func(tokens graph.TokenSource) (Graph, error) {
			return graph.New(graph.Options{BaseURL: "https://graph.microsoft.com/v1.0", Transport: transport, Tokens: tokens})
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if !w.verb {
		a.Start()
		w.until(a, "start-up ends", func(s state.State) bool { return s.Ready })
	}
	kill = sync.OnceFunc(func() {
		a.cancel()
		a.work.Wait()
		store.Close()
		sealed.Close()
	})
	w.t.Cleanup(kill)
	return a, kill
}

// parts opens the store and the vault of the world's folder.
func (w *world) parts() (*filestore.Store, *vault.Sealed) {
	w.t.Helper()
	store, err := filestore.Open(filestore.Options{Dir: filepath.Join(w.dir, "sessions")})
	if err != nil {
		w.t.Fatal(err)
	}
	sealed, err := vault.Open(vault.Options{Items: w.items, Dir: w.dir, HomeID: "0123456789abcdef"})
	if err != nil {
		w.t.Fatal(err)
	}
	return store, sealed
}

// until waits for a published state, with a bound.
func (w *world) until(a *App, what string, ok func(state.State) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	met := false
	if err := a.Watch(ctx, func(s state.State) {
		if !met && ok(s) {
			met = true
			cancel()
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	if !met {
		w.t.Fatalf("waited too long until %s", what)
	}
}

// signIn signs the demo tenant's first person in.
func (w *world) signIn(a *App) state.Session {
	w.t.Helper()
	in, err := a.SignIn(w.t.Context(), state.SignIn{})
	if err != nil {
		w.t.Fatal(err)
	}
	return in.Session
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// countedItems counts the calls of a keyring that touch an item or its state.
type countedItems struct {
	*memory.Items
	calls atomic.Int64
}

func (c *countedItems) Probe(ctx context.Context) vault.Status {
	c.calls.Add(1)
	return c.Items.Probe(ctx)
}

func (c *countedItems) Get(ctx context.Context, account string) (string, error) {
	c.calls.Add(1)
	return c.Items.Get(ctx, account)
}

func (c *countedItems) Set(ctx context.Context, account, secret string) error {
	c.calls.Add(1)
	return c.Items.Set(ctx, account, secret)
}

func (c *countedItems) Delete(ctx context.Context, account string) error {
	c.calls.Add(1)
	return c.Items.Delete(ctx, account)
}

// Close keeps the items: a keyring outlives its users.
func (c *countedItems) Close() error { return nil }

// person is somebody in a sign-in window.
type person struct {
	upn   string // who signs in; empty: Adele
	close bool   // closes the window instead
}

func (p *person) Open(ctx context.Context, page auth.Page) (auth.WindowRun, error) {
	w := &openWindow{closed: make(chan struct{})}
	go func() {
		if p.close {
			w.Close()
			return
		}
		d, err := emulatortest.Person{UPN: cmp.Or(p.upn, "AdeleV@contoso.example")}.SignIn(ctx, page.URL)
		if err == nil {
			var res *http.Response
			if res, err = d.Send(ctx); err == nil {
				res.Body.Close()
			}
		}
		if err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
			w.Close()
		}
	}()
	return w, nil
}

type openWindow struct {
	closed chan struct{}
	once   sync.Once
	mu     sync.Mutex
	err    error
}

func (w *openWindow) Closed() <-chan struct{} { return w.closed }
func (w *openWindow) Close() error            { w.once.Do(func() { close(w.closed) }); return nil }
func (w *openWindow) Err() error              { w.mu.Lock(); defer w.mu.Unlock(); return w.err }
