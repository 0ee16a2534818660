// Package emulator is Microsoft's sign-in service and Microsoft Graph for two
// invented tenants: the demo tenant that Debrief opens with --demo, and what its
// tests talk to. It is a real authorization server (PKCE, consent, rolling
// refresh tokens, signed tokens) and a real Graph (calendar, chats, messages).
//
// Start with Open. RoundTripper answers the real host names in process, so that
// nothing leaves the machine; only the sign-in page and the page that shows the
// chats (URL) listen, on a loopback address. Or start with Serve, which offers all
// of it to other programs, over TLS on one origin. What was consented, issued and
// posted lies in Options.Dir and is durable before an answer leaves; codes and
// tokens lie there as hashes only.
package emulator

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The demo tenant's public client. Its one redirect address is http://localhost,
// on any port.
const (
	ClientID     = "5d2ab1f0-9a43-4a6e-8f0c-1be2d0c7a9e4"
	ClientName   = "Debrief"
	TenantID     = "3f0c6c5e-7b1a-4d2e-9c55-0a4d1f7e2b90"
	TenantDomain = "contoso.example"
)

// The hosts that RoundTripper answers.
const (
	LoginHost = "login.microsoftonline.com"
	GraphHost = "graph.microsoft.com"
)

// Options of Open.
type Options struct {
	// Dir is the folder of the durable state. It is required; it is made when it
	// is not there, and belongs to the emulator alone.
	Dir string
	// Now is the machine's clock; time.Now by default. The tenant's clock is
	// Now() plus an offset that Advance moves and that is durable.
	Now func() time.Time
	// Listen is the loopback address of the sign-in and chats pages;
	// "127.0.0.1:0" by default.
	Listen string
}

// Emulator is one running emulator. Its methods may be called from anywhere.
type Emulator struct {
	dir   string
	clock func() time.Time

	at       places
	listener net.Listener
	server   *http.Server
	served   chan struct{}
	pageKey  string // unguessable part of the chats page's path
	pageForm string // token of that page's forms

	graph http.Handler
	login http.Handler
	page  *http.ServeMux

	mu       sync.Mutex
	st       *state
	signer   signer
	notice   string
	scenario Scenario
	faults   []*Fault
	secrets  []Secret
	nonces   map[string]string // code's hash → nonce; never written
	flows    map[string]*flow  // sign-ins under way, by their token
	browsers map[string]string // sign-in page's cookie → user id
	devices  []*device         // sign-ins with a code that a person types
	requests map[string]int    // "METHOD /path" → how many since Open
}

// places are the origins under which the services are reached.
type places struct{ login, pages, graph string }

// Open loads the state below o.Dir, or makes it, and starts the pages' listener.
// A state file whose bytes make no sense is put aside and a new one is begun;
// Notice tells of it. A file that cannot be read, or that a newer version wrote,
// is an error.
func Open(o Options) (*Emulator, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	e, err := load(o.Dir, o.Now)
	if err != nil {
		return nil, err
	}
	if e.listener, err = listenLoopback(o.Listen); err != nil {
		return nil, err
	}
	e.at = places{login: "https://" + LoginHost, pages: "http://" + e.listener.Addr().String(), graph: "https://" + GraphHost}
	e.serveOn(e.listener, e.pages())
	return e, nil
}

// load makes an emulator of the state below dir; it does not listen yet.
func load(dir string, now func() time.Time) (*Emulator, error) {
	if dir == "" {
		return nil, errors.New("emulator: no folder given")
	}
	if now == nil {
		now = time.Now
	}
	e := &Emulator{
		dir: dir, clock: now, pageKey: random(24), pageForm: random(24),
		nonces: map[string]string{}, flows: map[string]*flow{}, browsers: map[string]string{}, requests: map[string]int{},
	}
	if err := e.load(); err != nil {
		return nil, err
	}
	e.graph, e.login, e.page = e.graphRoutes(), e.loginRoutes(), e.pageRoutes()
	return e, nil
}

// serveOn answers what comes in at l until Close.
func (e *Emulator) serveOn(l net.Listener, h http.Handler) {
	e.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // strangers' handshakes
	}
	e.served = make(chan struct{})
	go func() {
		defer close(e.served)
		_ = e.server.Serve(l) // ends with Close; its error says nothing more
	}()
}

// ErrNotLoopback refuses to serve the demo tenant to other computers.
var ErrNotLoopback = errors.New("emulator: not a loopback address")

// listenLoopback refuses every address that another machine could reach.
func listenLoopback(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrNotLoopback, addr, err)
	}
	if ip := net.ParseIP(host); !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%w: %q", ErrNotLoopback, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	// A name server may say anything of localhost.
	if bound, ok := l.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%w: %q", ErrNotLoopback, addr), l.Close())
	}
	return l, nil
}

// Close ends the listener. The state needs no closing.
func (e *Emulator) Close() error {
	err := e.server.Close()
	<-e.served
	return err
}

// URL is the page that shows the demo tenants' chats. Who knows it may read them.
func (e *Emulator) URL() string { return e.at.pages + "/demo/" + e.pageKey + "/" }

// Notice tells of a damaged state that Open put aside; empty when all was well.
func (e *Emulator) Notice() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.notice
}

// Now is the tenant's clock.
func (e *Emulator) Now() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now()
}

// now is Now for callers that hold the lock.
func (e *Emulator) now() time.Time { return e.clock().UTC().Add(e.st.Offset) }

// Advance moves the tenant's clock by d, durably. The machine's clock stays.
func (e *Emulator) Advance(d time.Duration) error {
	return e.update(func(s *state) error {
		s.Offset += d
		return nil
	})
}

// Revoke ends everything that user (a sign-in name) was granted: their refresh
// tokens and unused codes answer invalid_grant 50173 from now on, and Graph
// challenges the access tokens of clients that can handle it. A new sign-in
// works as before.
func (e *Emulator) Revoke(user string) error {
	u, ok := userByName(user)
	if !ok {
		return fmt.Errorf("emulator: no user %q", user)
	}
	return e.update(func(s *state) error {
		now := e.now()
		s.ValidFrom[u.ID] = now
		for _, grants := range []map[string]grant{s.Codes, s.Refresh} {
			for k, g := range grants {
				if g.User == u.ID {
					g.Revoked = true
					grants[k] = g
				}
			}
		}
		return nil
	})
}

// Reset makes the tenants anew: no consent, nothing issued, the first messages
// only, the machine's clock, a new signing key, no faults, no scenario. The tails
// of what was issued before stay.
func (e *Emulator) Reset() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	fresh, err := newState(e.clock().UTC())
	if err != nil {
		return err
	}
	fresh.Tails = e.st.Tails
	if err := e.replace(fresh); err != nil {
		return err
	}
	e.faults, e.scenario, e.devices = nil, "", nil
	clear(e.nonces)
	clear(e.flows)
	clear(e.browsers)
	return nil
}
