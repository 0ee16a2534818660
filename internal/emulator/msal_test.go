package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// memoryCache is MSAL's cache as Debrief keeps it: one blob.
type memoryCache struct {
	mu   sync.Mutex
	blob []byte
}

func (c *memoryCache) Replace(_ context.Context, u cache.Unmarshaler, _ cache.ReplaceHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return u.Unmarshal(c.blob)
}

func (c *memoryCache) Export(_ context.Context, m cache.Marshaler, _ cache.ExportHints) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	blob, err := m.Marshal()
	c.blob = blob
	return err
}

func msalClient(t *testing.T, e *Emulator, authority string, c cache.ExportReplace, discovery bool) public.Client {
	t.Helper()
	client, err := public.New(ClientID, public.WithAuthority("https://"+LoginHost+"/"+authority), public.WithCache(c),
		public.WithHTTPClient(&http.Client{Transport: e.RoundTripper()}), public.WithInstanceDiscovery(discovery),
		public.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// msalSignIn is the sign-in that Debrief makes: MSAL's address with what MSAL
// leaves out.
func msalSignIn(t *testing.T, client public.Client, scopes []string, mode string, p emulatortest.Person) public.AuthResult {
	t.Helper()
	address, err := client.AuthCodeURL(t.Context(), ClientID, testRedirect, scopes)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(testVerifier))
	q := u.Query()
	q.Set("scope", q.Get("scope")+" openid profile offline_access")
	q.Set("state", "state")
	q.Set("nonce", "nonce")
	q.Set("response_mode", mode)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
	q.Set("code_challenge_method", "S256")
	u.RawQuery = q.Encode()
	v := signIn(t, p, u.String())
	result, err := client.AcquireTokenByAuthCode(t.Context(), v.Get("code"), testRedirect, scopes, public.WithChallenge(testVerifier))
	if err != nil {
		t.Fatalf("AcquireTokenByAuthCode: %v", err)
	}
	return result
}

func TestMSALSignsInRenewsAndIsRefused(t *testing.T) {
	scopes := strings.Fields(testScopes)
	for _, authority := range []string{TenantID, TenantDomain, "organizations"} {
		for _, discovery := range []bool{false, true} {
			// MSAL counts by the machine's clock, so the emulator does too here.
			e, err := Open(Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = e.Close() })
			store := &memoryCache{}
			client := msalClient(t, e, authority, store, discovery)
			mode := map[bool]string{false: "query", true: "form_post"}[discovery]
			result := msalSignIn(t, client, scopes, mode, emulatortest.Person{UPN: Adele})
			if result.Account.HomeAccountID != adele.ID+"."+TenantID || result.Account.PreferredUsername != Adele || result.IDToken.TenantID != TenantID {
				t.Errorf("%s: account %+v", authority, result.Account)
			}
			if left := time.Until(result.ExpiresOn); left < 50*time.Minute || left > accessLifetime {
				t.Errorf("%s: the token ends in %v", authority, left)
			}
			if len(result.DeclinedScopes) != 0 {
				t.Errorf("%s: declined %v", authority, result.DeclinedScopes)
			}
			a := caller{t, e, result.AccessToken}
			if status, body := a.get("/me"); status != 200 {
				t.Fatalf("%s: me: %d %v", authority, status, body)
			}

			silent := func(c public.Client, more ...public.AcquireSilentOption) (public.AuthResult, error) {
				accounts, err := c.Accounts(t.Context())
				if err != nil || len(accounts) != 1 {
					t.Fatalf("%s: accounts %v %v", authority, accounts, err)
				}
				return c.AcquireTokenSilent(t.Context(), scopes, append(more, public.WithSilentAccount(accounts[0]))...)
			}
			again, err := silent(client)
			if err != nil || again.AccessToken != result.AccessToken {
				t.Fatalf("%s: silent: %v", authority, err)
			}

			// The tenant's clock moves; MSAL's does not, so the way to a new token is
			// a cache without the old one.
			if err := e.Advance(time.Hour); err != nil {
				t.Fatal(err)
			}
			if status, body := a.get("/me"); status != 401 {
				t.Fatalf("%s: an hour later: %d %v", authority, status, body)
			}
			store.blob = withoutAccessTokens(t, store.blob)
			renewed, err := silent(msalClient(t, e, authority, store, discovery))
			if err != nil || renewed.AccessToken == result.AccessToken {
				t.Fatalf("%s: renew: %v", authority, err)
			}
			a.token = renewed.AccessToken
			if status, body := a.post(LaunchChat, "<p>an hour later</p>"); status != 201 {
				t.Errorf("%s: post with the new token: %d %v", authority, status, body)
			}

			// A claims challenge makes MSAL renew by itself.
			if _, err := silent(client, public.WithClaims(`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`)); err != nil {
				t.Errorf("%s: claims: %v", authority, err)
			}

			if err := e.Revoke(Adele); err != nil {
				t.Fatal(err)
			}
			store.blob = withoutAccessTokens(t, store.blob)
			_, err = silent(msalClient(t, e, authority, store, discovery))
			var refused msal.CallErr
			if !errors.As(err, &refused) || refused.Resp.StatusCode != 400 || !strings.Contains(refused.Error(), "AADSTS50173") {
				t.Errorf("%s: after Revoke: %T", authority, err)
			}
		}
	}
}

func TestMSALSeesDeclinedAndUnknownScopes(t *testing.T) {
	e, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	client := msalClient(t, e, "organizations", &memoryCache{}, false)
	result := msalSignIn(t, client, []string{"User.Read"}, "query", emulatortest.Person{UPN: Megan})
	if result.IDToken.TenantID != tenants[1].ID {
		t.Errorf("tenant: got %s", result.IDToken.TenantID)
	}
	_, err = client.AcquireTokenSilent(t.Context(), []string{"Chat.Read"}, public.WithSilentAccount(result.Account))
	var refused msal.CallErr
	if !errors.As(err, &refused) || !strings.Contains(refused.Error(), "AADSTS65001") {
		t.Errorf("a scope without consent: %T", err)
	}
}
