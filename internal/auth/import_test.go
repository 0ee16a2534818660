package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const (
	ownClient   = "11111111-own"
	otherClient = "22222222-other"
)

// importer is a Client that makes no request.
func importer(t testing.TB, authority string) *Client {
	t.Helper()
	c, err := New(Options{ClientID: ownClient, Tenant: "organizations", Authority: authority})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fakeIDToken is an ID token as far as it is read.
func fakeIDToken(tenant, upn string) string {
	b, _ := json.Marshal(map[string]string{"tid": tenant, "oid": "oid-1", "name": "Zoë", "preferred_username": upn})
	return "e30." + base64.RawURLEncoding.EncodeToString(b) + ".c2ln"
}

// pythonCache is a cache as MSAL for Python writes it: home account, environment
// and client of its one sign-in are given.
func pythonCache(home, env, client string) string {
	id := fakeIDToken("utid", "zoe@contoso.example")
	h, e, c := strings.ToLower(home), strings.ToLower(env), strings.ToLower(client)
	return fmt.Sprintf(`{
    "AccessToken": {"%[4]s-%[5]s-accesstoken-%[6]s-organizations-user.read": {"credential_type": "AccessToken", "secret": "AT-secret", "home_account_id": "%[1]s", "environment": "%[2]s", "client_id": "%[3]s", "target": "User.Read", "realm": "organizations", "token_type": "Bearer", "cached_at": "1795471142", "expires_on": "1795474741", "extended_expires_on": "1795474741"}},
    "Account": {"%[4]s-%[5]s-organizations": {"home_account_id": "%[1]s", "environment": "%[2]s", "realm": "organizations", "local_account_id": "oid-1", "username": "zoe@contoso.example", "authority_type": "MSSTS"}},
    "IdToken": {"%[4]s-%[5]s-idtoken-%[6]s-organizations-": {"credential_type": "IdToken", "secret": "%[7]s", "home_account_id": "%[1]s", "environment": "%[2]s", "realm": "organizations", "client_id": "%[3]s"}},
    "RefreshToken": {
        "%[4]s-%[5]s-refreshtoken-%[6]s--user.read": {"credential_type": "RefreshToken", "secret": "RT-new", "home_account_id": "%[1]s", "environment": "%[2]s", "client_id": "%[3]s", "target": "User.Read", "last_modification_time": "1795471143"},
        "%[4]s-%[5]s-refreshtoken-%[6]s--zzz": {"credential_type": "RefreshToken", "secret": "RT-old", "home_account_id": "%[1]s", "environment": "%[2]s", "client_id": "%[3]s", "target": "zzz", "last_modification_time": "1795000000"}},
    "AppMetadata": {"appmetadata-%[5]s-%[6]s": {"client_id": "%[3]s", "environment": "%[2]s"}}
}`, home, env, client, h, e, c, id)
}

func TestPythonsRefreshTokenGetsTheKeyThatMSALGoRenewsItUnder(t *testing.T) {
	list, err := importer(t, "https://login.microsoftonline.com").Import([]byte(pythonCache("Oid.UTID", "login.microsoftonline.com", ownClient)))
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d sign-ins, %v; want 1", len(list), err)
	}
	in := list[0]
	want := Account{HomeAccountID: "Oid.UTID", TenantID: "utid", Environment: "login.microsoftonline.com", ClientID: ownClient}
	if in.Account != want || in.Email != "zoe@contoso.example" || in.Name != "Zoë" {
		t.Errorf("got %+v, want %+v", in, want)
	}
	c, err := readContract([]byte(in.Cache.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	for section, want := range map[string][]string{
		accessTokens: nil, refreshTokens: {"oid.utid-login.microsoftonline.com-refreshtoken-" + ownClient},
		idTokens:    {"oid.utid-login.microsoftonline.com-idtoken-" + ownClient + "-organizations"},
		accounts:    {"oid.utid-login.microsoftonline.com-organizations"},
		appMetadata: {"appmetadata-login.microsoftonline.com-" + ownClient},
	} {
		if got := slices.Sorted(maps.Keys(c[section])); !slices.Equal(got, want) {
			t.Errorf("%s has the keys %q, want %q", section, got, want)
		}
	}
	if rt := credentials(c[refreshTokens])[0]; rt.Secret != "RT-new" || rt.Target != "" {
		t.Errorf("the refresh token is not the newest: %+v", rt)
	}
	if _, err := Recover([]byte(in.Cache.Reveal())); err != nil {
		t.Errorf("its record cannot be made anew: %v", err)
	}
}

func TestTokensThatAreNotOursAreDropped(t *testing.T) {
	for _, c := range []struct {
		name, authority, env, client string
		want                         Origin
		wantEnv                      string
	}{
		{"our own", "https://login.microsoftonline.com", "login.microsoftonline.com", ownClient, Ours, "login.microsoftonline.com"},
		{"our own in other letters", "https://login.microsoftonline.com", "Login.MicrosoftOnline.com", strings.ToUpper(ownClient), Ours, "login.microsoftonline.com"},
		{"an alias of our cloud", "https://login.microsoftonline.com", "login.windows.net", ownClient, Ours, "login.microsoftonline.com"},
		{"without our port", "https://localhost:8443", "localhost", ownClient, Ours, "localhost:8443"},
		{"another port", "https://localhost:8443", "localhost:8444", ownClient, OtherService, "localhost:8444"},
		{"another application", "https://login.microsoftonline.com", "login.microsoftonline.com", otherClient, OtherClient, "login.microsoftonline.com"},
		{"another cloud", "https://login.microsoftonline.com", "login.microsoftonline.us", ownClient, OtherService, "login.microsoftonline.us"},
		{"another cloud's alias", "https://login.microsoftonline.us", "login.windows.net", ownClient, OtherService, "login.windows.net"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := importer(t, c.authority)
			list, err := cl.Import([]byte(pythonCache("oid.utid", c.env, c.client)))
			if err != nil || len(list) != 1 {
				t.Fatalf("got %d sign-ins, %v; want 1", len(list), err)
			}
			in := list[0]
			if got := cl.Origin(in.Account); got != c.want || in.Account.Environment != c.wantEnv {
				t.Errorf("got %q of %q, want %q of %q", got, in.Account.Environment, c.want, c.wantEnv)
			}
			cache := in.Cache.Reveal()
			if strings.Contains(cache, "RT-new") != (c.want == Ours) || strings.Contains(cache, "RT-old") || strings.Contains(cache, "AT-secret") {
				t.Error("the cache holds the wrong tokens")
			}
		})
	}
}

func TestOfAGuestInSeveralTenantsTheHomeIsTold(t *testing.T) {
	idt := func(realm, tenant string) string {
		return fmt.Sprintf(`%q: {"home_account_id": "oid.home", "environment": "e", "client_id": "c", "realm": %q, "secret": %q}`, realm, realm, fakeIDToken(tenant, "zoe@"+tenant))
	}
	list, err := importer(t, "https://login.microsoftonline.com").Import([]byte(`{"IdToken": {` + idt("a", "a") + "," + idt("b", "home") + "," + idt("c", "c") + `}}`))
	if err != nil || len(list) != 1 || list[0].Account.TenantID != "home" || list[0].Email != "zoe@home" {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestFilesThatCannotBeImportedSayWhy(t *testing.T) {
	many := map[string]map[string]map[string]string{"RefreshToken": {}}
	for i := range MaxImported + 1 {
		many["RefreshToken"][fmt.Sprint(i)] = map[string]string{"home_account_id": fmt.Sprintf("o.%d", i), "client_id": "c", "secret": "s"}
	}
	tooMany, _ := json.Marshal(many)
	for _, c := range []struct {
		name, file string
		want       error
	}{
		{"nothing", "", ErrNotJSON},
		{"text", "hello", ErrNotJSON},
		{"cut off", pythonCache("o.u", "e", "c")[:900], ErrNotJSON},
		{"two values", "{} {}", ErrNotJSON},
		{"UTF-16", "\xff\xfe{\x00}\x00", ErrNotJSON},
		{"a list", "[]", ErrNotCache},
		{"null", "null", ErrNotCache},
		{"another object", `{"name": "debrief", "version": 3}`, ErrNotCache},
		{"a section that is a list", `{"RefreshToken": []}`, ErrNotCache},
		{"an entry that is null", `{"RefreshToken": {"k": null}}`, ErrNotCache},
		{"an entry that is text", `{"RefreshToken": {"k": "secret"}}`, ErrNotCache},
		{"a secret that is a number", `{"RefreshToken": {"k": {"secret": 5}}}`, ErrNotCache},
		{"a time that is none", `{"RefreshToken": {"k": {"home_account_id": "h", "client_id": "c", "last_modification_time": "soon"}}}`, ErrNotCache},
		{"empty", " {\n} ", ErrNoSignIn},
		{"empty, with a byte order mark", "\xef\xbb\xbf{}", ErrNoSignIn},
		{"signed out", `{"AccessToken": {}, "AppMetadata": {"k": {"client_id": "c", "environment": "e"}}}`, ErrNoSignIn},
		{"an application's own token", `{"AccessToken": {"k": {"client_id": "c", "environment": "e", "secret": "s"}}}`, ErrNoSignIn},
		{"a hundred and one people", string(tooMany), ErrTooManyIn},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := importer(t, "https://login.microsoftonline.com").Import([]byte(c.file))
			if list != nil || !errors.Is(err, c.want) {
				t.Errorf("got %d sign-ins, %v; want %v", len(list), err, c.want)
			}
		})
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(pythonCache("oid.utid", "login.microsoftonline.com", ownClient)))
	f.Add([]byte(pythonCache("oid.utid", "login.windows.net", otherClient)))
	f.Add([]byte(`{"RefreshToken": {"k": {"home_account_id": "h", "client_id": "11111111-OWN", "environment": "login.microsoftonline.com", "secret": "RT"}}}`))
	f.Add([]byte(`{"IdToken": {"k": {"home_account_id": ".", "client_id": "c", "secret": "a.b.c"}}, "Account": {"k": {"home_account_id": ".", "username": "\u0000"}}}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	c := importer(f, "https://login.microsoftonline.com")
	f.Fuzz(func(t *testing.T, file []byte) {
		list, err := c.Import(file)
		if err != nil {
			if !errors.Is(err, ErrNotJSON) && !errors.Is(err, ErrNotCache) && !errors.Is(err, ErrNoSignIn) && !errors.Is(err, ErrTooManyIn) {
				t.Errorf("got %v, which names no cause", err)
			}
			return
		}
		seen := map[Account]bool{}
		for _, in := range list {
			if in.Email == "" || in.Account.HomeAccountID == "" || in.Account.ClientID == "" || !utf8.ValidString(in.Email) {
				t.Errorf("%+v names nobody", in)
			}
			if seen[in.Account] {
				t.Errorf("%+v is there twice", in.Account)
			}
			seen[in.Account] = true
			cache, err := readContract([]byte(in.Cache.Reveal()))
			if err != nil || len(cache[refreshTokens]) > 1 || len(cache[accessTokens]) > 0 {
				t.Errorf("the cache of %+v cannot be used: %v", in.Account, err)
			}
			if c.Origin(in.Account) != Ours && len(cache[refreshTokens]) > 0 {
				t.Errorf("a refresh token that is not ours was taken over: %+v", in.Account)
			}
		}
	})
}
