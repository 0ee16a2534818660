package auth

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// Recover tells whose sign-in a token cache holds, so that a lost session record
// can be made anew from it. The cache has to hold one refresh token and an ID
// token of the same person; anything else is an *Error of kind Cache.
func Recover(cache []byte) (SignedIn, error) {
	c, err := readContract(cache)
	if err != nil {
		return SignedIn{}, err
	}
	if len(c[refreshTokens]) != 1 {
		return SignedIn{}, &Error{Kind: Cache, Err: errors.New("the token cache holds no single refresh token")}
	}
	onePerson(c, "")
	refresh := credentials(c[refreshTokens])[0]
	for _, cr := range credentials(c[idTokens]) {
		id, err := readIDToken(cr.Secret)
		if err != nil || cr.HomeAccountID != refresh.HomeAccountID || id.TenantID == "" {
			continue
		}
		in := SignedIn{
			Account: Account{
				HomeAccountID: refresh.HomeAccountID, TenantID: id.TenantID,
				Environment: refresh.Environment, ClientID: refresh.ClientID,
			},
			Name: cmp.Or(id.Name, id.Username), Email: cmp.Or(id.Username, id.Email),
			Cache: NewSecret(string(cache)),
		}
		for _, at := range credentials(c[accessTokens]) {
			if end := time.Time(at.ExpiresOn); end.After(in.AccessExpiresAt) {
				in.AccessExpiresAt, in.Scopes = end, strings.Fields(at.Target)
			}
		}
		return in, nil
	}
	return SignedIn{}, &Error{Kind: Cache, Err: errors.New("the token cache names no person")}
}

// credentials decodes a section, in the order of MSAL's keys; readContract has
// checked its entries.
func credentials(s section) []credential {
	var list []credential
	for _, key := range slices.Sorted(maps.Keys(s)) {
		var cr credential
		if json.Unmarshal(s[key], &cr) == nil {
			list = append(list, cr)
		}
	}
	return list
}
