package auth

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Entry is an entry of the token cache, its secret as size and fingerprint only.
// Times that are not known are zero.
type Entry struct {
	Kind              string // "access_token", "refresh_token", "id_token", "account", "app_metadata"
	Environment       string
	Realm             string
	ClientID          string
	Scopes            []string
	Audience          string // where the token tells it
	Username          string
	CachedAt          time.Time
	ExpiresOn         time.Time
	ExtendedExpiresOn time.Time
	RefreshOn         time.Time
	Size              int    // of the secret, in bytes
	SHA256            string // its first 8 hex digits
}

// Claim is a claim of the ID token. The nonce, a secret of the sign-in, is not
// among them.
type Claim struct {
	Name  string
	Value string
}

var kinds = []struct{ section, kind string }{
	{accessTokens, "access_token"},
	{refreshTokens, "refresh_token"},
	{idTokens, "id_token"},
	{accounts, "account"},
	{appMetadata, "app_metadata"},
}

// ParseCache reads a token cache for the inspector, without MSAL: nothing is
// renewed, and nothing leaves the computer. Each person is shown once. Bytes that are no cache are an *Error
// of kind Cache. The order is that of kinds, then of MSAL's keys; claims are
// ordered by name.
func ParseCache(b []byte) ([]Entry, []Claim, error) {
	c, err := readContract(b)
	if err != nil {
		return nil, nil, err
	}
	onePerson(c, "")
	var entries []Entry
	var claims []Claim
	for _, k := range kinds {
		for _, key := range slices.Sorted(maps.Keys(c[k.section])) {
			var cr credential
			if err := json.Unmarshal(c[k.section][key], &cr); err != nil {
				return nil, nil, &Error{Kind: Cache, Err: ErrDamaged}
			}
			entries = append(entries, entryOf(k.kind, cr))
			if k.kind == "id_token" && claims == nil {
				claims = claimsOf(cr.Secret)
			}
		}
	}
	return entries, claims, nil
}

func entryOf(kind string, cr credential) Entry {
	e := Entry{
		Kind:              kind,
		Environment:       cr.Environment,
		Realm:             cr.Realm,
		ClientID:          cr.ClientID,
		Scopes:            strings.Fields(cr.Target),
		Username:          cr.Username,
		CachedAt:          time.Time(cr.CachedAt),
		ExpiresOn:         time.Time(cr.ExpiresOn),
		ExtendedExpiresOn: time.Time(cr.ExtendedExpiresOn),
		RefreshOn:         time.Time(cr.RefreshOn),
		Size:              len(cr.Secret),
	}
	if cr.Secret != "" {
		sum := sha256.Sum256([]byte(cr.Secret))
		e.SHA256 = hex.EncodeToString(sum[:4])
	}
	if kind == "access_token" || kind == "id_token" {
		for _, claim := range claimsOf(cr.Secret) {
			switch {
			case claim.Name == "aud":
				e.Audience = claim.Value
			case claim.Name == "exp" && e.ExpiresOn.IsZero():
				var exp unix
				if exp.UnmarshalJSON([]byte(claim.Value)) == nil {
					e.ExpiresOn = time.Time(exp)
				}
			}
		}
	}
	return e
}

// claimsOf lists a token's claims; none of a token that is no JWT.
func claimsOf(raw string) []Claim {
	data, err := jwtClaims(raw)
	if err != nil {
		return nil
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return nil
	}
	var claims []Claim
	for name, value := range all {
		if name == "nonce" {
			continue
		}
		claims = append(claims, Claim{Name: name, Value: claimText(value)})
	}
	slices.SortFunc(claims, func(a, b Claim) int { return cmp.Compare(a.Name, b.Name) })
	return claims
}

// claimText is a string's text, and any other value's JSON.
func claimText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return string(raw)
	}
	return compact.String()
}
