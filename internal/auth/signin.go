package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// Request asks for one sign-in.
type Request struct {
	Method    Method // default Embedded
	LoginHint string // e-mail of the account that is wanted
	// Prompt is OpenID's prompt; default "select_account", or none where LoginHint
	// is given.
	Prompt string
	// Claims is the JSON of an Error's Claims, which the new tokens have to satisfy.
	Claims string
	// Progress, when set, is called at each step: Opening, Waiting and Redeeming, in
	// order, and Opening again where another method takes over.
	Progress func(Progress)
}

// Progress tells how far a sign-in is.
type Progress struct {
	Phase string
	// Method is the way that is gone now: System in place of Embedded where no
	// window can be shown.
	Method Method
	// Code is set while a sign-in by Device waits for the person.
	Code *UserCode
}

// The phases of a sign-in.
const (
	Opening   = "opening"   // the page is about to be shown
	Waiting   = "waiting"   // for the person
	Redeeming = "redeeming" // the code is exchanged for tokens
)

var errTimeLimit = errors.New("nobody finished the sign-in in time")

// SignIn shows Microsoft's sign-in page and waits for its outcome: the person's
// sign-in, a closed window, the end of Options.TimeLimit or of ctx (Cancelled).
// Its failures are *Error. When it returns, the window, its web profile and the
// loopback listener are gone. The tokens are in SignedIn.Cache only: storing it is
// the caller's; what Token held in memory of the account is forgotten.
//
// Where Embedded can show no window, the system's browser takes over, and Progress
// says so. A sign-in by Device ends with its code's life, whatever TimeLimit says.
func (c *Client) SignIn(ctx context.Context, r Request) (SignedIn, error) {
	limit := c.o.TimeLimit
	if r.Method == Device {
		limit = max(limit, deviceTime)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeLimit)
	defer cancel()
	in, err := c.signIn(ctx, r)
	if err != nil {
		e := mapped(ctx, err)
		c.o.Log.Info("sign-in ended", "method", string(r.Method), "outcome", string(e.Kind), "error", e.Code, "suberror", e.SubError,
			"number", e.Number, "trace_id", e.TraceID, "correlation_id", e.CorrelationID)
		return SignedIn{}, e
	}
	c.Forget(in.Account)
	return in, nil
}

func (c *Client) signIn(ctx context.Context, r Request) (SignedIn, error) {
	r.Method = cmp.Or(r.Method, Embedded)
	if r.Progress == nil {
		r.Progress = func(Progress) {}
	}
	tell := func(phase string) { r.Progress(Progress{Phase: phase, Method: r.Method}) }
	tell(Opening)
	if r.Method == Device {
		return c.signInByDevice(ctx, r)
	}
	cache := &cacheAccessor{}
	client, err := c.msal(cache)
	if err != nil {
		return SignedIn{}, &Error{Kind: Misconfig}
	}
	secrets := newSecrets()
	cb, err := listenCallback(c.listen, secrets.state, c.o.Log)
	if err != nil {
		return SignedIn{}, &Error{Kind: Internal, Err: err}
	}
	defer cb.close()
	cb.adminLink = c.AdminLink()
	page, err := c.authorizeURL(ctx, client, r, cb.redirect, secrets)
	if err != nil {
		return SignedIn{}, err
	}
	shown, err := c.show(ctx, r.Method, page, cb)
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == NoWindow && r.Method == Embedded && c.o.OpenBrowser != nil {
		c.o.Log.Info("no sign-in window: the system's browser is tried", "error", e.Err)
		r.Method = System
		tell(Opening)
		if shown, err = c.show(ctx, System, page, cb); err != nil {
			err = &Error{Kind: NoWindow, Err: fmt.Errorf("%v; nor a browser: %v", e.Err, mapped(ctx, err).Err)}
		}
	}
	if err != nil {
		return SignedIn{}, err
	}
	defer shown.Close()
	tell(Waiting)

	var in SignedIn
	select {
	case answer := <-cb.answers:
		tell(Redeeming)
		in, err = c.redeem(ctx, client, answer, cb.redirect, secrets, r.Claims)
		if err == nil {
			in.Cache = NewSecret(string(c.tidied(cache.bytes)))
		}
	case <-shown.Closed():
		if err = shown.Err(); err == nil {
			err = &Error{Kind: Cancelled}
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	var failure *Error
	if err != nil {
		failure = mapped(ctx, err)
	}
	cb.finish(failure)
	if failure != nil {
		c.leaveErrorPage(ctx, shown, failure)
		return SignedIn{}, failure
	}
	return in, nil
}

// leaveErrorPage lets the person read why it failed, until the window is closed;
// not where they chose to cancel.
func (c *Client) leaveErrorPage(ctx context.Context, shown WindowRun, failure *Error) {
	if failure.Kind == Cancelled || failure.Kind == TimedOut {
		return
	}
	t := time.NewTimer(c.errorPageTime)
	defer t.Stop()
	select {
	case <-shown.Closed():
	case <-t.C:
	case <-ctx.Done():
	}
}

// secrets guard one sign-in. They live in memory until it ends.
type secrets struct {
	state    string // binds the callback to this sign-in
	nonce    string // binds the ID token to it
	verifier string // PKCE: only who asked can redeem the code
}

func newSecrets() secrets {
	return secrets{state: random(), nonce: random(), verifier: random()}
}

// random draws 256 bits, as 43 characters of base64url (RFC 7636, 4.1).
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// authorizeURL is MSAL's URL with what AuthCodeURL leaves out: without state,
// challenge and nonce nothing ties the answer to this sign-in, and without
// offline_access there is no refresh token.
func (c *Client) authorizeURL(ctx context.Context, client public.Client, r Request, redirect string, s secrets) (string, error) {
	scopes := append(slices.Clone(c.o.Scopes), "openid", "profile", "offline_access")
	var options []public.AuthCodeURLOption
	if r.Claims != "" {
		options = append(options, public.WithClaims(r.Claims))
	}
	address, err := client.AuthCodeURL(ctx, c.o.ClientID, redirect, scopes, options...)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil || !showable(u) {
		return "", &Error{Kind: BadReply, Err: errors.New("the address of the sign-in page is not https")}
	}
	challenge := sha256.Sum256([]byte(s.verifier))
	q := u.Query()
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	q.Set("state", s.state)
	q.Set("nonce", s.nonce)
	q.Set("response_mode", "form_post") // keeps the code out of the address
	prompt := r.Prompt
	if r.LoginHint != "" {
		q.Set("login_hint", r.LoginHint)
	} else {
		prompt = cmp.Or(prompt, "select_account")
	}
	if prompt != "" {
		q.Set("prompt", prompt)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// showable accepts https, and http on the own computer: the demo tenant's page.
func showable(u *url.URL) bool {
	if u.User != nil || u.Host == "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || host == "127.0.0.1" || host == "::1")
}

// show opens the page by the method asked for.
func (c *Client) show(ctx context.Context, m Method, page string, cb *callback) (WindowRun, error) {
	switch m {
	case Embedded, "":
		if c.o.Window == nil {
			return nil, &Error{Kind: NoWindow}
		}
		return c.o.Window.Open(ctx, Page{URL: page, Title: c.o.Title, Allow: allowed(page, cb.redirect)})
	case System:
		if c.o.OpenBrowser == nil {
			return nil, &Error{Kind: NoWindow}
		}
		// The browser gets an address of ours that leads to the page: what a browser
		// is started with can be read by every program of this computer, and the
		// page's address holds state and nonce.
		if err := c.o.OpenBrowser(ctx, cb.lead(page)); err != nil {
			return nil, &Error{Kind: NoWindow, Err: err}
		}
		return browserTab{}, nil
	}
	return nil, &Error{Kind: NoWindow, Err: errors.New("this way to sign in is not available: " + string(m))}
}

// allowed is what the sign-in window may load: https, the callback, and the start
// page's origin where that is the demo tenant's on this computer.
func allowed(page, redirect string) []string {
	list := []string{"https", redirect}
	if u, err := url.Parse(page); err == nil && u.Scheme == "http" {
		list = append(list, "http://"+u.Host)
	}
	return list
}

// redeem exchanges the code for tokens and checks that they are this sign-in's.
func (c *Client) redeem(ctx context.Context, client public.Client, a answer, redirect string, s secrets, claims string) (SignedIn, error) {
	if a.failure != nil {
		return SignedIn{}, a.failure
	}
	options := []public.AcquireByAuthCodeOption{public.WithChallenge(s.verifier)}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	result, err := client.AcquireTokenByAuthCode(ctx, a.code, redirect, c.o.Scopes, options...)
	if err != nil {
		return SignedIn{}, err
	}
	id, err := readIDToken(result.IDToken.RawToken)
	if err != nil {
		return SignedIn{}, err
	}
	if err := id.answers(s.nonce); err != nil {
		return SignedIn{}, err
	}
	return c.signedIn(result, id)
}

// signedIn tells who has signed in, by an ID token that is for this application.
func (c *Client) signedIn(result public.AuthResult, id idToken) (SignedIn, error) {
	if err := id.check(c.o.ClientID); err != nil {
		return SignedIn{}, err
	}
	return SignedIn{
		Account: Account{
			HomeAccountID: result.Account.HomeAccountID,
			TenantID:      id.TenantID,
			Environment:   c.host,
			ClientID:      c.o.ClientID,
		},
		Name:            cmp.Or(id.Name, id.Username),
		Email:           cmp.Or(id.Username, id.Email),
		Scopes:          c.shown(result.GrantedScopes),
		AccessExpiresAt: result.ExpiresOn.UTC(),
	}, nil
}
