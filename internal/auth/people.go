package auth

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// MSAL has an Account and an ID token for each realm (tenant) that a person was
// ever seen in: one signed in to as "organizations" and again by its id, or as a
// guest elsewhere, is there twice, and MSAL's own look-up by home account then
// returns either by chance. For Debrief a home account is one person, in the realm
// that is used.

// onePerson drops from c the accounts and ID tokens of realms that are not used.
// realm is the one that is; of a person who was never seen there, the realm of
// their newest access token counts. Tokens that give access stay: they end by
// themselves.
func onePerson(c contract, realm string) (changed bool) {
	used := map[string]string{} // home account → realm
	for home, realms := range realmsOf(c) {
		used[home] = realms[0]
		newest := time.Time{}
		for _, at := range credentials(c[accessTokens]) {
			if t := time.Time(at.CachedAt); fold(at.HomeAccountID) == home && t.After(newest) && slices.Contains(realms, fold(at.Realm)) {
				newest, used[home] = t, fold(at.Realm)
			}
		}
		if slices.Contains(realms, fold(realm)) {
			used[home] = fold(realm)
		}
	}
	for _, name := range []string{accounts, idTokens} {
		before := len(c[name])
		maps.DeleteFunc(c[name], func(_ string, raw json.RawMessage) bool {
			var cr credential
			if json.Unmarshal(raw, &cr) != nil {
				return false
			}
			keep, known := used[fold(cr.HomeAccountID)]
			return known && fold(cr.Realm) != keep
		})
		changed = changed || len(c[name]) != before
	}
	return changed
}

// realmsOf are the realms in which each home account has an Account, in order.
func realmsOf(c contract) map[string][]string {
	realms := map[string][]string{}
	for _, cr := range credentials(c[accounts]) {
		home := fold(cr.HomeAccountID)
		if home != "" && !slices.Contains(realms[home], fold(cr.Realm)) {
			realms[home] = append(realms[home], fold(cr.Realm))
		}
	}
	for home := range realms {
		slices.Sort(realms[home])
	}
	return realms
}

func fold(s string) string { return strings.ToLower(s) }

// tidied is a cache as it is stored: each person once. What cannot be read stays
// as it is, for whoever reads it next to tell.
func (c *Client) tidied(b []byte) []byte {
	cache, err := readContract(b)
	if err != nil || !onePerson(cache, c.o.Tenant) {
		return b
	}
	out, err := json.Marshal(cache)
	if err != nil {
		return b
	}
	return out
}
