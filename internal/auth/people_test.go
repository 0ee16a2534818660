package auth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const guestTID = "cccccccc-0000-0000-0000-000000000003"

// twice adds to a cache what MSAL leaves of the same person in other realms: an
// Account and an ID token each, and an access token of the last one.
func twice(t *testing.T, b []byte, env string, realms ...string) []byte {
	t.Helper()
	c, err := readContract(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, realm := range realms {
		add := func(section, key, entry string) {
			if c[section] == nil {
				c[section] = map[string]json.RawMessage{}
			}
			c[section][key+realm] = json.RawMessage(fmt.Sprintf(entry, testOID+"."+testTID, env, realm))
		}
		id := jwt(map[string]any{"aud": testClient, "tid": realm, "oid": "guest", "name": "Alex as a guest", "preferred_username": "alex@contoso.example"})
		add(accounts, "account-", `{"home_account_id":%q,"environment":%q,"realm":%q,"local_account_id":"guest","username":"alex@contoso.example"}`)
		add(idTokens, "id-", `{"home_account_id":%q,"environment":%q,"realm":%q,"client_id":"`+testClient+`","secret":"`+id+`"}`)
		if i == len(realms)-1 {
			add(accessTokens, "access-", `{"home_account_id":%q,"environment":%q,"realm":%q,"client_id":"`+testClient+`","secret":"GUEST-TOKEN","target":"User.Read","cached_at":"100","expires_on":"9999999999"}`)
		}
	}
	out, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func kindsOf(t *testing.T, b []byte) map[string][]string {
	t.Helper()
	entries, _, err := ParseCache(b)
	if err != nil {
		t.Fatal(err)
	}
	realms := map[string][]string{}
	for _, e := range entries {
		realms[e.Kind] = append(realms[e.Kind], e.Realm)
	}
	return realms
}

func TestARenewalStoresEachPersonOnce(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, s := signedInCache(t, c, a)
	s.b = twice(t, s.b, "login.example", testTID, guestTID)
	token, _, err := c.Token(t.Context(), account, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Renew(t.Context(), account, s, token.Value, ""); err != nil {
		t.Fatal(err)
	}
	stored, err := readContract(s.b)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{accounts, idTokens} {
		if list := credentials(stored[section]); len(list) != 1 || list[0].Realm != "organizations" {
			t.Errorf("%s: got %+v, want the one of the realm that is used", section, list)
		}
	}
	if len(stored[refreshTokens]) != 1 || !strings.Contains(string(s.b), "GUEST-TOKEN") {
		t.Error("a token was lost")
	}
	// The next process goes on with it.
	again, _ := newTestClient(t, a)
	if _, renewed, err := again.Token(t.Context(), account, s); err != nil || renewed {
		t.Errorf("Token from the tidied cache: renewed %v, %v", renewed, err)
	}
	if _, tokens := a.counts(); tokens != 1 {
		t.Errorf("got %d token requests, want 1", tokens)
	}
}

func TestTheInspectorShowsOnePersonOnce(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	_, s := signedInCache(t, c, a)
	for range 20 { // the order of maps must not show
		both := twice(t, s.b, "login.example", testTID, guestTID)
		got := kindsOf(t, both)
		if fmt.Sprint(got["account"], got["id_token"]) != "[organizations] [organizations]" || len(got["access_token"]) != 2 {
			t.Fatalf("got %v", got)
		}
		_, claims, err := ParseCache(both)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(fmt.Sprint(claims), "Alex Example") {
			t.Fatalf("the claims are another realm's: %v", claims)
		}
		in, err := Recover(both)
		if err != nil || in.Account.TenantID != testTID || in.Name != "Alex Example" {
			t.Fatalf("recovered %+v, %v", in, err)
		}
	}
}

func TestTwoPeopleStayTwo(t *testing.T) {
	b := `{"Account":{"a":{"home_account_id":"o1.t","environment":"e","realm":"organizations"},
		"b":{"home_account_id":"o2.t","environment":"e","realm":"other"},
		"c":{"home_account_id":"O1.T","environment":"e","realm":"Organizations"}}}`
	if got := kindsOf(t, []byte(b))["account"]; len(got) != 3 {
		t.Errorf("got %v, want both people; the same realm in other letters is left to MSAL", got)
	}
}

func TestWithoutTheRealmInUseTheNewestTokensCounts(t *testing.T) {
	cache := twice(t, nil, "e", "older", "newer")
	c, err := readContract(cache)
	if err != nil {
		t.Fatal(err)
	}
	if !onePerson(c, "organizations") || onePerson(c, "organizations") {
		t.Error("it was not tidied once")
	}
	if list := credentials(c[accounts]); len(list) != 1 || list[0].Realm != "newer" {
		t.Errorf("got %+v", list)
	}
}

// What the tenant of the setting is changed to takes over with the next renewal.
func TestAnotherTenantSettingTakesOver(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a)
	account, s := signedInCache(t, c, a)
	c, _ = newTestClient(t, a, func(o *Options) { o.Tenant = testTID })
	if _, renewed, err := c.Token(t.Context(), account, s); err != nil || !renewed {
		t.Fatalf("renewed %v, %v", renewed, err)
	}
	if got := kindsOf(t, s.b); fmt.Sprint(got["account"], got["id_token"]) != fmt.Sprintf("[%[1]s] [%[1]s]", testTID) {
		t.Errorf("got %v", got)
	}
	if got := a.forms[len(a.forms)-1].Get("grant_type"); got != "refresh_token" {
		t.Errorf("got a request for %s", url.QueryEscape(got))
	}
}
