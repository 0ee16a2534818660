package auth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

const (
	// renewAhead is when MSAL renews a token: five minutes before its end (its
	// AccessToken.Validate).
	renewAhead = 5 * time.Minute
	// storeAgainAfter spaces the attempts to store a cache that its store refused.
	storeAgainAfter = 30 * time.Second
	// storeTime bounds storing after the caller has gone away.
	storeTime = 20 * time.Second
)

// tokens is what is kept in memory of one session.
type tokens struct {
	forgotten atomic.Bool

	// turn is held by the one call that may talk to MSAL, the cache store and
	// Microsoft; a channel, so that waiting ends with the caller's context.
	turn chan struct{}

	// Held by turn.
	client  *public.Client
	cache   cacheAccessor
	unsaved []byte // newer than the store's, which refused them

	mu       sync.Mutex
	valid    Token     // the last token
	until    time.Time // valid needs no look at MSAL before it
	attempts int       // renewals that have ended
	failed   *Error    // how the last one ended; nil: well
	storeAt  time.Time // when to store unsaved again; zero: nothing is unsaved
}

func (c *Client) tokensOf(account Account) *tokens {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.sessions[account]
	if t == nil {
		t = &tokens{turn: make(chan struct{}, 1)}
		c.sessions[account] = t
	}
	return t
}

// Token returns an access token of the account, renewed silently where that is
// needed; renewed tells whether it was. While the last token is valid neither
// cache nor network is touched. Calls at the same time share one renewal. A cache
// that cannot be loaded is an error of kind Cache that wraps the store's, and
// nothing is written then; one that cannot be stored stays in memory (Unsaved).
func (c *Client) Token(ctx context.Context, account Account, cache CacheStore) (token Token, renewed bool, err error) {
	t := c.tokensOf(account)
	now := c.o.Now()
	t.mu.Lock()
	token, ok, attempts := t.valid, now.Before(t.until), t.attempts
	storeNow := !t.storeAt.IsZero() && !now.Before(t.storeAt)
	t.mu.Unlock()
	if ok {
		if storeNow {
			c.storeAgain(ctx, t, cache)
		}
		return token, false, nil
	}
	if err := t.take(ctx); err != nil {
		return Token{}, false, err
	}
	defer t.give()
	// Who held the turn before may have renewed it, or have failed just now.
	t.mu.Lock()
	token, ok = t.valid, c.o.Now().Before(t.until)
	failed := t.failed
	waited := t.attempts != attempts
	t.mu.Unlock()
	switch {
	case ok:
		return token, false, nil
	case waited && failed != nil:
		return Token{}, false, failed
	}
	return c.acquire(ctx, t, account, cache, Secret{}, "")
}

// Renew replaces an access token that Graph rejected although its time was not
// over: revoked, challenged (claims, decoded), or judged by another clock than
// this computer's. It redeems the refresh token once; where that does not answer a
// challenge, the error says what the next sign-in has to (Error.Claims). If the session holds another
// token already, because another caller renewed it, that one is returned.
func (c *Client) Renew(ctx context.Context, account Account, cache CacheStore, rejected Secret, claims string) (Token, error) {
	t := c.tokensOf(account)
	if err := t.take(ctx); err != nil {
		return Token{}, err
	}
	defer t.give()
	t.mu.Lock()
	token, ok := t.valid, c.o.Now().Before(t.until)
	if token.Value == rejected {
		t.valid, t.until, ok = Token{}, time.Time{}, false
	}
	t.mu.Unlock()
	if ok {
		return token, nil
	}
	token, _, err := c.acquire(ctx, t, account, cache, rejected, claims)
	return token, err
}

// Unsaved reports whether the account's newest cache is in memory only, because
// its store refused it. Token stores it again by itself; Flush does it at once.
func (c *Client) Unsaved(account Account) bool {
	t := c.tokensOf(account)
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.storeAt.IsZero()
}

// Flush stores what is unsaved of the account, and returns the store's error.
func (c *Client) Flush(ctx context.Context, account Account, cache CacheStore) error {
	t := c.tokensOf(account)
	if err := t.take(ctx); err != nil {
		return err
	}
	defer t.give()
	if t.unsaved == nil {
		return nil
	}
	return c.store(ctx, t, cache, t.unsaved)
}

// acquire asks MSAL for a token; t's turn is held. rejected, where set, is not
// returned again.
func (c *Client) acquire(ctx context.Context, t *tokens, account Account, cache CacheStore, rejected Secret, claims string) (Token, bool, error) {
	token, until, renewed, err := c.silent(ctx, t, account, cache, rejected, claims)
	var failed *Error
	if err != nil {
		failed = mapped(ctx, err)
		if failed.Claims == "" && failed.Kind == SignInNeeded {
			failed = new(*failed) // as it came it may be another call's too
			failed.Claims = demand(claims)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if failed == nil || ctx.Err() == nil { // one caller's leaving is not the others' failure
		t.attempts++
		t.failed = failed
	}
	if failed == nil {
		t.valid, t.until = token, until
		return token, renewed, nil
	}
	if (failed.Kind == Offline || failed.Kind == Busy) && rejected == (Secret{}) &&
		t.valid.Value != (Secret{}) && c.o.Now().Before(t.valid.ExpiresAt) {
		// Its last minutes: better than nothing while Microsoft cannot be reached.
		return t.valid, false, nil
	}
	c.o.Log.Info("token not renewed", "outcome", string(failed.Kind), "error", failed.Code, "suberror", failed.SubError,
		"number", failed.Number, "trace_id", failed.TraceID, "correlation_id", failed.CorrelationID)
	return Token{}, false, failed
}

func (c *Client) silent(ctx context.Context, t *tokens, account Account, cache CacheStore, rejected Secret, claims string) (token Token, until time.Time, renewed bool, err error) {
	b, err := t.load(ctx, cache)
	if err != nil {
		return Token{}, until, false, err
	}
	if rejected != (Secret{}) {
		var dropped bool
		b, dropped = without(b, func(cr credential) bool { return cr.Secret == rejected.Reveal() })
		if !dropped {
			claims = "" // another call has renewed it, and MSAL takes no cached token for claims
		}
	}
	t.cache = cacheAccessor{bytes: pruned(b, c.o.Now())}
	if t.client == nil {
		client, err := c.msal(&t.cache)
		if err != nil {
			return Token{}, until, false, &Error{Kind: Misconfig}
		}
		t.client = &client
	}
	options := []public.AcquireSilentOption{public.WithSilentAccount(public.Account{
		HomeAccountID: account.HomeAccountID, Environment: account.Environment,
	})}
	if claims != "" {
		options = append(options, public.WithClaims(claims))
	}
	result, err := t.client.AcquireTokenSilent(ctx, c.o.Scopes, options...)
	now := c.o.Now()
	// A renewal ahead of time that failed comes with an error and a good token.
	if err != nil && (result.AccessToken == "" || !result.ExpiresOn.After(now)) {
		if !canRenew(b, account) {
			return Token{}, until, false, &Error{Kind: SignInNeeded}
		}
		return Token{}, until, false, err
	}
	if t.forgotten.Load() {
		return Token{}, until, false, &Error{Kind: SignInNeeded, Err: errors.New("the session was cleared meanwhile")}
	}
	if t.cache.changed {
		_ = c.store(ctx, t, cache, c.tidied(t.cache.bytes))
	}
	// A token that lives for minutes only is used for half of its life.
	until = result.ExpiresOn.Add(-min(renewAhead, result.ExpiresOn.Sub(now)/2))
	switch refreshOn := result.Metadata.RefreshOn; {
	case err != nil:
		c.o.Log.Info("token not renewed ahead of its end", "outcome", string(mapped(ctx, err).Kind))
		until = earlier(until, now.Add(renewAhead))
	case !refreshOn.IsZero():
		until = earlier(until, refreshOn)
	}
	return Token{
		Value:     NewSecret(result.AccessToken),
		ExpiresAt: result.ExpiresOn.UTC(),
		Scopes:    c.shown(result.GrantedScopes),
	}, until, result.Metadata.TokenSource == public.TokenSourceIdentityProvider && err == nil, nil
}

// load returns the newest cache: that in memory which the store refused, else the
// store's.
func (t *tokens) load(ctx context.Context, cache CacheStore) ([]byte, error) {
	b := t.unsaved
	if b == nil {
		var err error
		if b, err = cache.Load(ctx); err != nil {
			if ctx.Err() != nil {
				return nil, ended(ctx)
			}
			return nil, &Error{Kind: Cache, Err: err}
		}
	}
	if _, err := readContract(b); err != nil {
		return nil, err
	}
	return b, nil
}

// store writes the cache, also when the caller has gone away meanwhile: what
// Microsoft gave is not to be lost. A refusal keeps the bytes in memory.
func (c *Client) store(ctx context.Context, t *tokens, cache CacheStore, b []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if t.forgotten.Load() {
		t.unsaved = nil
		return nil
	}
	err := cache.Store(ctx, b)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.unsaved, t.storeAt = b, c.o.Now().Add(storeAgainAfter)
		c.o.Log.Warn("token cache kept in memory: its store refuses it", "error", err)
		return err
	}
	t.unsaved, t.storeAt = nil, time.Time{}
	return nil
}

// storeAgain stores what is unsaved, unless another call is at work.
func (c *Client) storeAgain(ctx context.Context, t *tokens, cache CacheStore) {
	select {
	case t.turn <- struct{}{}:
		defer t.give()
		if t.unsaved != nil {
			_ = c.store(ctx, t, cache, t.unsaved)
		}
	default:
	}
}

func (t *tokens) take(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

func (t *tokens) give() { <-t.turn }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
