package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// ErrDamaged is the cause of a Cache error where the bytes were read and make no
// sense: nothing will read them again.
var ErrDamaged = errors.New("the token cache is damaged")

// cacheAccessor hands MSAL one session's cache, in memory. Loading and storing
// happen outside MSAL's calls: there a failure to store would turn a good sign-in
// into an error, and a cache that cannot be read into an empty one. MSAL's
// partition keys are ignored: it always hands over the whole cache.
type cacheAccessor struct {
	bytes   []byte
	changed bool
}

var _ cache.ExportReplace = (*cacheAccessor)(nil)

// Replace gives MSAL the bytes. An empty cache is written out, for MSAL keeps
// what it had when it is given nothing.
func (a *cacheAccessor) Replace(_ context.Context, to cache.Unmarshaler, _ cache.ReplaceHints) error {
	b := a.bytes
	if len(b) == 0 {
		b = []byte("{}")
	}
	if err := to.Unmarshal(b); err != nil {
		return &Error{Kind: Cache, Err: ErrDamaged} // MSAL's error can quote the bytes
	}
	return nil
}

// Export takes MSAL's bytes.
func (a *cacheAccessor) Export(_ context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	b, err := from.Marshal()
	if err != nil {
		return &Error{Kind: Internal, Err: errors.New("the token cache cannot be written")}
	}
	if !bytes.Equal(a.bytes, b) {
		a.bytes, a.changed = b, true
	}
	return nil
}

// contract is MSAL's cache format, which its libraries of all languages share.
// Entries stay raw, so that nothing that a newer MSAL writes is lost.
type contract map[string]section
type section map[string]json.RawMessage

// The sections.
const (
	accessTokens  = "AccessToken"
	refreshTokens = "RefreshToken"
	idTokens      = "IdToken"
	accounts      = "Account"
	appMetadata   = "AppMetadata"
)

// credential is an entry of any section.
type credential struct {
	HomeAccountID     string `json:"home_account_id"`
	Environment       string `json:"environment"`
	Realm             string `json:"realm"`
	ClientID          string `json:"client_id"`
	Secret            string `json:"secret"`
	Target            string `json:"target"`
	Username          string `json:"username"`
	CachedAt          unix   `json:"cached_at"`
	ExpiresOn         unix   `json:"expires_on"`
	ExtendedExpiresOn unix   `json:"extended_expires_on"`
	RefreshOn         unix   `json:"refresh_on"`
}

// unix is a time as MSAL writes it: seconds, in a string.
type unix time.Time

func (u *unix) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" {
		return nil
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return errors.New("not a time")
	}
	*u = unix(time.Unix(seconds, 0).UTC())
	return nil
}

// readContract parses a cache and checks every entry. No bytes are an empty cache.
func readContract(b []byte) (contract, error) {
	if len(b) == 0 {
		return contract{}, nil
	}
	damaged := &Error{Kind: Cache, Err: ErrDamaged}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(b, &top); err != nil || top == nil {
		return nil, damaged
	}
	c := contract{}
	for name, raw := range top {
		switch name {
		case accessTokens, refreshTokens, idTokens, accounts, appMetadata:
		default:
			continue // MSAL drops what it does not know
		}
		var s section
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, damaged
		}
		for _, entry := range s {
			var cr credential
			if string(entry) == "null" || json.Unmarshal(entry, &cr) != nil {
				return nil, damaged
			}
		}
		c[name] = s
	}
	return c, nil
}

// without returns the cache less the access tokens that drop names, and whether
// there were any.
func without(b []byte, drop func(credential) bool) ([]byte, bool) {
	c, err := readContract(b)
	if err != nil {
		return b, false
	}
	before := len(c[accessTokens])
	maps.DeleteFunc(c[accessTokens], func(_ string, raw json.RawMessage) bool {
		var cr credential
		return json.Unmarshal(raw, &cr) == nil && drop(cr)
	})
	if len(c[accessTokens]) == before {
		return b, false
	}
	out, err := json.Marshal(c)
	if err != nil {
		return b, false
	}
	return out, true
}

// pruned drops the access tokens that are over, or so nearly that MSAL would not
// use them. MSAL itself never does: a cache would grow with every set of scopes.
func pruned(b []byte, now time.Time) []byte {
	b, _ = without(b, func(c credential) bool {
		return !now.Add(renewAhead).Before(time.Time(c.ExpiresOn))
	})
	return b
}

// canRenew reports whether the cache holds a refresh token of the account.
func canRenew(b []byte, a Account) bool {
	c, err := readContract(b)
	if err != nil {
		return false
	}
	for _, raw := range c[refreshTokens] {
		var cr credential
		if json.Unmarshal(raw, &cr) == nil && cr.Secret != "" && cr.HomeAccountID == a.HomeAccountID &&
			strings.EqualFold(cr.Environment, a.Environment) {
			return true
		}
	}
	return false
}
