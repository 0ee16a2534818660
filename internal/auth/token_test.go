package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAValidTokenNeedsNeitherCacheNorRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		first, renewed, err := c.Token(t.Context(), account, s)
		if err != nil || renewed || first.Value.Reveal() != "access-1" {
			t.Fatalf("first token: got %q, renewed %v, %v", first.Value.Reveal(), renewed, err)
		}
		if loads, _ := s.counts(); loads != 1 {
			t.Fatalf("first token: got %d loads, want 1", loads)
		}
		for range 20 {
			pass(2 * time.Minute)
			again, renewed, err := c.Token(t.Context(), account, s)
			if err != nil || renewed || again.Value != first.Value {
				t.Fatalf("got %v, renewed %v, want the first token", err, renewed)
			}
		}
		loads, stores := s.counts()
		if requests, _ := a.counts(); loads != 1 || stores != 0 || requests != 0 {
			t.Errorf("got %d loads, %d stores, %d requests, want 1, 0, 0", loads, stores, requests)
		}
	})
}

func TestEightCallersAfterExpiryMakeOneTokenRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		if _, _, err := c.Token(t.Context(), account, s); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Hour)
		a.delay = time.Second
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				token, _, err := c.Token(t.Context(), account, s)
				if err != nil || token.Value.Reveal() != "access-2" {
					t.Errorf("got %q, %v", token.Value.Reveal(), err)
				}
			})
		}
		wg.Wait()
		if _, tokens := a.counts(); tokens != 1 {
			t.Errorf("got %d token requests, want 1", tokens)
		}
		if loads, stores := s.counts(); loads != 2 || stores != 1 {
			t.Errorf("got %d loads and %d stores, want 2 (the first token's too) and 1", loads, stores)
		}
		if bytes.Contains(s.b, []byte("access-1")) || !bytes.Contains(s.b, []byte("refresh-2")) {
			t.Error("the stored cache holds the expired token or lacks the new refresh token")
		}
	})
}

func TestCallersAtTheSameTimeShareAFailureToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		pass(2 * time.Hour)
		a.delay = time.Second
		a.answer = func(url.Values) (int, string) {
			return 400, `{"error":"invalid_grant","suberror":"bad_token","error_codes":[50173]}`
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, _, err := c.Token(t.Context(), account, s)
				if e, ok := errors.AsType[*Error](err); !ok || e.Kind != SignInNeeded || e.Number != 50173 {
					t.Errorf("got %v, want sign_in_needed", err)
				}
			})
		}
		wg.Wait()
		if _, tokens := a.counts(); tokens != 1 {
			t.Errorf("got %d token requests, want 1", tokens)
		}
		if _, stores := s.counts(); stores != 0 {
			t.Errorf("got %d stores after a failure, want 0", stores)
		}
	})
}

func TestACallerWhoLeavesDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		pass(2 * time.Hour)
		a.delay = time.Minute / 4
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, _, err := c.Token(ctx, account, s)
			left <- err
		}()
		synctest.Wait()
		stays := make(chan error, 1)
		go func() {
			_, _, err := c.Token(t.Context(), account, s)
			stays <- err
		}()
		synctest.Wait()
		cancel()
		wantKind(t, <-left, Cancelled)
		if err := <-stays; err != nil {
			t.Errorf("the other caller got %v", err)
		}
	})
}

func TestALockedStoreIsAnErrorAndNeverAnEmptyCache(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, s := signedInCache(t, c, a)
	before := bytes.Clone(s.b)
	s.loadErr = errLocked
	_, _, err := c.Token(t.Context(), account, s)
	if wantKind(t, err, Cache); !errors.Is(err, errLocked) {
		t.Errorf("got %v, want the store's own error inside", err)
	}
	if requests, _ := a.counts(); requests != 0 || s.stores != 0 || !bytes.Equal(before, s.b) {
		t.Errorf("got %d requests and %d stores, want none", requests, s.stores)
	}
	s.loadErr = nil
	if _, _, err := c.Token(t.Context(), account, s); err != nil {
		t.Errorf("after the unlock: got %v", err)
	}
}

func TestADamagedCacheIsAnErrorAndIsNotOverwritten(t *testing.T) {
	a := newAuthority(t)
	c, log := newTestClient(t, a)
	account, whole := signedInCache(t, c, a)
	for name, b := range map[string]string{
		"truncated":   string(whole.b[:len(whole.b)/2]),
		"text":        "this was a cache",
		"null":        "null",
		"list":        "[]",
		"null entry":  `{"RefreshToken":{"a":null}}`,
		"wrong type":  `{"AccessToken":{"a":{"expires_on":"soon"}}}`,
		"wrong shape": `{"AccessToken":7}`,
		"trailing":    string(whole.b) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{b: []byte(b)}
			_, _, err := c.Token(t.Context(), account, s)
			if wantKind(t, err, Cache); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
			if s.stores != 0 {
				t.Errorf("got %d stores, want 0", s.stores)
			}
			if strings.Contains(err.Error()+log.String(), "access-1") {
				t.Error("the error or the log quotes the cache")
			}
			if _, err := c.Renew(t.Context(), account, s, NewSecret("x"), ""); err == nil || s.stores != 0 {
				t.Errorf("Renew: got %v and %d stores, want an error and 0", err, s.stores)
			}
		})
	}
}

func TestAnEmptyCacheNeedsASignIn(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, _ := signedInCache(t, c, a)
	_, _, err := c.Token(t.Context(), account, &store{})
	wantKind(t, err, SignInNeeded)
}

func TestARenewalThatCannotBeStoredIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, log := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		pass(2 * time.Hour)
		s.storeErr = errLocked
		token, renewed, err := c.Token(t.Context(), account, s)
		if err != nil || !renewed || token.Value.Reveal() != "access-2" {
			t.Fatalf("got %q, renewed %v, %v", token.Value.Reveal(), renewed, err)
		}
		if !c.Unsaved(account) || !strings.Contains(log.String(), "kept in memory") {
			t.Error("nobody is told that the cache is in memory only")
		}
		if err := c.Flush(t.Context(), account, s); !errors.Is(err, errLocked) {
			t.Errorf("Flush: got %v, want the store's error", err)
		}
		// A renewal meanwhile starts from the bytes in memory, not from the old ones.
		pass(2 * time.Hour)
		if token, _, err = c.Token(t.Context(), account, s); err != nil || token.Value.Reveal() != "access-3" {
			t.Fatalf("second renewal: got %q, %v", token.Value.Reveal(), err)
		}
		if got := a.forms[1].Get("refresh_token"); got != "refresh-2" {
			t.Errorf("second renewal redeemed %q, want refresh-2", got)
		}
		s.storeErr = nil
		pass(time.Minute)
		if _, _, err := c.Token(t.Context(), account, s); err != nil {
			t.Fatal(err)
		}
		if c.Unsaved(account) || !bytes.Contains(s.b, []byte("refresh-3")) {
			t.Error("the cache was not stored once the store took it again")
		}
	})
}

func TestRenewReplacesTheRejectedTokenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		rejected, _, err := c.Token(t.Context(), account, s)
		if err != nil {
			t.Fatal(err)
		}
		a.delay = time.Second
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				token, err := c.Renew(t.Context(), account, s, rejected.Value, "")
				if err != nil || token.Value.Reveal() != "access-2" {
					t.Errorf("got %q, %v", token.Value.Reveal(), err)
				}
			})
		}
		wg.Wait()
		if _, tokens := a.counts(); tokens != 1 {
			t.Errorf("got %d token requests, want 1", tokens)
		}
		if token, renewed, err := c.Token(t.Context(), account, s); err != nil || renewed || token.Value.Reveal() != "access-2" {
			t.Errorf("Token afterwards: got %q, renewed %v, %v", token.Value.Reveal(), renewed, err)
		}
		if loads, stores := s.counts(); loads != 2 || stores != 1 {
			t.Errorf("got %d loads and %d stores, want 2 and 1", loads, stores)
		}
		if bytes.Contains(s.b, []byte("access-1")) {
			t.Error("the rejected token is still stored")
		}
	})
}

func TestRenewReturnsTheTokenThatAnotherProcessRenewed(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, s := signedInCache(t, c, a)
	other, _ := newTestClient(t, a)
	rejected, _, err := c.Token(t.Context(), account, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Renew(t.Context(), account, s, rejected.Value, ""); err != nil {
		t.Fatal(err)
	}
	token, err := c.Renew(t.Context(), account, s, rejected.Value, `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`)
	if err != nil || token.Value.Reveal() != "access-2" {
		t.Errorf("got %q, %v, want the other's token", token.Value.Reveal(), err)
	}
	if _, tokens := a.counts(); tokens != 1 {
		t.Errorf("got %d token requests, want the other's 1", tokens)
	}
}

func TestRenewPassesTheClaimsOn(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, s := signedInCache(t, c, a)
	rejected, _, err := c.Token(t.Context(), account, s)
	if err != nil {
		t.Fatal(err)
	}
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
	if _, err := c.Renew(t.Context(), account, s, rejected.Value, claims); err != nil {
		t.Fatal(err)
	}
	if got := a.forms[0].Get("claims"); !strings.Contains(got, "nbf") {
		t.Errorf("got the claims %q, want %s", got, claims)
	}
}

func TestForgetWinsOverARenewalUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		pass(2 * time.Hour)
		a.delay = time.Second
		done := make(chan error, 1)
		go func() {
			_, _, err := c.Token(t.Context(), account, s)
			done <- err
		}()
		synctest.Wait()
		c.Forget(account)
		wantKind(t, <-done, SignInNeeded)
		if _, stores := s.counts(); stores != 0 {
			t.Errorf("got %d stores after Forget, want 0", stores)
		}
	})
}

func TestATokenRenewedAheadInVainIsStillUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		a.refreshIn = 600
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		pass(15 * time.Minute)
		a.answer = func(url.Values) (int, string) { return 503, `{"error":"temporarily_unavailable"}` }
		for range 3 {
			token, renewed, err := c.Token(t.Context(), account, s)
			if err != nil || renewed || token.Value.Reveal() != "access-1" {
				t.Fatalf("got %q, renewed %v, %v", token.Value.Reveal(), renewed, err)
			}
		}
		if _, tokens := a.counts(); tokens != 1 {
			t.Errorf("got %d token requests for three calls, want 1", tokens)
		}
		a.answer = nil
		pass(6 * time.Minute)
		if token, renewed, err := c.Token(t.Context(), account, s); err != nil || !renewed || token.Value.Reveal() != "access-2" {
			t.Errorf("later: got %q, renewed %v, %v", token.Value.Reveal(), renewed, err)
		}
	})
}

func TestTheLastMinutesOfATokenAreUsedWhileOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		if _, _, err := c.Token(t.Context(), account, s); err != nil {
			t.Fatal(err)
		}
		a.down = errors.New("no route to host")
		pass(57 * time.Minute)
		if token, _, err := c.Token(t.Context(), account, s); err != nil || token.Value.Reveal() != "access-1" {
			t.Errorf("got %q, %v, want the old token", token.Value.Reveal(), err)
		}
		pass(4 * time.Minute)
		_, _, err := c.Token(t.Context(), account, s)
		wantKind(t, err, Offline)
	})
}

func TestARenewalLeavesNoSpentTokenOfOtherScopesBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority(t)
		c, _ := newTestClient(t, a)
		account, s := signedInCache(t, c, a)
		s.b = bytes.Replace(s.b, []byte(`{"AccessToken":{`),
			[]byte(`{"AccessToken":{"old":{"home_account_id":"x","secret":"SPENT","target":"Mail.Read","expires_on":"1","cached_at":"1"},`), 1)
		pass(2 * time.Hour)
		if _, renewed, err := c.Token(t.Context(), account, s); err != nil || !renewed {
			t.Fatalf("renewed %v, %v", renewed, err)
		}
		if bytes.Contains(s.b, []byte("SPENT")) || !bytes.Contains(s.b, []byte("access-2")) {
			t.Errorf("got %s", s.b)
		}
	})
}

func TestAccountsDoNotShareTokens(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, s := signedInCache(t, c, a)
	if _, _, err := c.Token(t.Context(), account, s); err != nil {
		t.Fatal(err)
	}
	other := account
	other.HomeAccountID = "someone.else"
	_, _, err := c.Token(t.Context(), other, s)
	wantKind(t, err, SignInNeeded)
}

func TestNoErrorOrLogOfARenewalQuotesTheAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"html with 200":    `<html>SECRET</html>`,
		"padded info":      `{"access_token":"SECRET","client_info":"eyJ1aWQiOiIxIn0=","expires_in":3600}`,
		"truncated":        `{"access_token":"SECRET"`,
		"declined scopes":  `{"access_token":"SECRET","refresh_token":"SECRET","scope":"SECRET","expires_in":3600,"token_type":"Bearer"}`,
		"no expiry":        `{"access_token":"SECRET"}`,
		"error with a 200": `{"error":"SECRET SECRET","error_description":"SECRET"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAuthority(t)
				c, log := newTestClient(t, a)
				account, s := signedInCache(t, c, a)
				pass(2 * time.Hour)
				a.answer = func(url.Values) (int, string) { return 200, body }
				_, _, err := c.Token(t.Context(), account, s)
				wantKind(t, err, BadReply)
				if text := fmt.Sprintf("%v %+v %s", err, err, log); strings.Contains(text, "SECRET") {
					t.Errorf("the answer is quoted: %s", text)
				}
				if s.stores != 0 {
					t.Error("the cache was stored")
				}
			})
		})
	}
}
