package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"debrief/internal/text"
)

// DefaultScopes are asked for at sign-in, as one fixed set: MSAL keeps one access
// token per set.
var DefaultScopes = []string{"User.Read", "Calendars.Read", "OnlineMeetings.Read", "Chat.Read", "ChatMessage.Send"}

// Options of a Client. ClientID, Tenant and Authority are needed.
type Options struct {
	ClientID string
	Tenant   string // id, domain or "organizations"
	// Authority is the sign-in origin, "https://login.microsoftonline.com"; the
	// tenant is appended.
	Authority string
	Scopes    []string // default DefaultScopes
	// Graph is the base address of the Graph that the tokens are for; default the
	// global one. It has to be of the authority's cloud; a national cloud's host
	// stands before each scope.
	Graph     string
	Transport http.RoundTripper // default http.DefaultTransport
	// Window shows Microsoft's page for the method Embedded; nil: NoWindow.
	Window Window
	// OpenBrowser shows a page in the system's browser, for the method System; nil:
	// NoWindow. It returns once the browser has been started.
	OpenBrowser func(ctx context.Context, url string) error
	// Title of the sign-in window; default from the catalogue.
	Title     string
	Now       func() time.Time // default time.Now
	TimeLimit time.Duration    // of one sign-in; default 10 minutes
	Log       *slog.Logger     // default: none
}

// Client signs people in and keeps their tokens fresh. Its methods may be called
// at the same time.
type Client struct {
	o         Options
	authority string // with the tenant
	host      string // the environment of what MSAL caches
	prefix    string // of scopes outside the global cloud
	http      *http.Client

	// errorPageTime is how long an error page stays when nobody closes it.
	errorPageTime time.Duration
	askAgain      time.Duration // after an answer about a code that did not come through
	listen        listenFunc

	mu       sync.Mutex
	sessions map[Account]*tokens
}

// New checks the options and makes a Client. No request is made.
func New(o Options) (*Client, error) {
	origin, err := url.Parse(o.Authority)
	switch {
	case o.ClientID == "":
		return nil, errors.New("auth: a client id is needed")
	case o.Tenant == "" || strings.ContainsAny(o.Tenant, "/?#\\ "):
		return nil, fmt.Errorf("auth: tenant %q is neither an id nor a domain", o.Tenant)
	case err != nil || origin.Scheme != "https" || origin.Host == "" || strings.Trim(origin.Path, "/") != "" || origin.RawQuery != "" || origin.User != nil:
		return nil, fmt.Errorf("auth: authority %q is not an https origin", o.Authority)
	}
	if len(o.Scopes) == 0 {
		o.Scopes = DefaultScopes
	}
	host := strings.ToLower(origin.Host)
	if o.Graph != "" {
		if err := paired(host, o.Graph); err != nil {
			return nil, err
		}
	}
	o.Scopes = Scopes(o.Scopes, o.Graph)
	prefix := scopePrefix(o.Graph)
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Title = cmp.Or(o.Title, text.S(text.SignInWindowTitle))
	o.TimeLimit = cmp.Or(o.TimeLimit, 10*time.Minute)
	return &Client{
		o:         o,
		authority: "https://" + origin.Host + "/" + o.Tenant,
		host:      host,
		prefix:    prefix,
		http: &http.Client{
			Transport: limited{next: o.Transport, prefix: prefix},
			Timeout:   30 * time.Second, // MSAL sets none
			// A token request that is sent elsewhere would take its secrets along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		errorPageTime: 10 * time.Second,
		askAgain:      askAgainAfter,
		listen:        listenLoopback,
		sessions:      map[Account]*tokens{},
	}, nil
}

// capabilities tell Microsoft that a claims challenge is answered, with a renewal or
// a new sign-in: it then lets tokens live longer and ends them when need be
// (continuous access evaluation).
var capabilities = []string{"CP1"}

// msal makes an MSAL client over a cache. Instance discovery is off: the
// authority is the configuration's, and nobody else is asked about it.
func (c *Client) msal(cache *cacheAccessor) (public.Client, error) {
	return public.New(c.o.ClientID,
		public.WithAuthority(c.authority),
		public.WithCache(cache),
		public.WithHTTPClient(c.http),
		public.WithInstanceDiscovery(false),
		public.WithClientCapabilities(capabilities))
}

// AdminLink is the page where an administrator approves the application for
// everybody (learn.microsoft.com, identity platform, admin consent).
func (c *Client) AdminLink() string {
	q := url.Values{"client_id": {c.o.ClientID}, "redirect_uri": {"http://localhost"}, "scope": {strings.Join(c.o.Scopes, " ")}}
	return c.authority + "/v2.0/adminconsent?" + q.Encode()
}

// Forget drops everything that is kept in memory of account: call it after the
// session was cleared. A renewal that is under way is not stored any more.
func (c *Client) Forget(account Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.sessions[account]; t != nil {
		t.forgotten.Store(true)
		delete(c.sessions, account)
	}
}
