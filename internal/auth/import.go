package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// Why the bytes of a file cannot be imported: the causes of Import's errors.
var (
	ErrNotJSON   = errors.New("not JSON")
	ErrNotCache  = errors.New("not an MSAL token cache")
	ErrNoSignIn  = errors.New("a token cache without a sign-in")
	ErrTooManyIn = errors.New("more sign-ins than a person has")
)

// MaxImported is the largest number of sign-ins that Import takes from one file.
const MaxImported = 100

// Origin tells whether tokens were issued to this Client.
type Origin string

const (
	Ours         Origin = ""
	OtherClient  Origin = "other_client"  // issued to another application
	OtherService Origin = "other_service" // issued by another sign-in service or cloud
)

// Origin tells whether the tokens of account are this Client's: no other client
// can redeem a refresh token, and no other service.
func (c *Client) Origin(account Account) Origin {
	switch {
	case !strings.EqualFold(account.ClientID, c.o.ClientID):
		return OtherClient
	case !strings.EqualFold(account.Environment, c.host):
		return OtherService
	}
	return Ours
}

// Import reads the token cache that another MSAL program wrote (MSAL for Go,
// Python, Node …) and tells whose sign-ins it holds, in the order of e-mails.
//
// Each has a cache of its own, made anew with MSAL Go's keys: under those of MSAL
// for Python a renewal would leave the old refresh token beside the new one. It
// holds no access token, so that the first use shows whether the refresh token is
// good; and of what is not Ours it holds no token but the ID token, which only
// tells who it is. What the file says of a person is its word alone until then.
//
// A file that is no such cache is an *Error of kind Cache around one of the
// causes above.
func (c *Client) Import(file []byte) ([]SignedIn, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	refused := func(why error) ([]SignedIn, error) { return nil, &Error{Kind: Cache, Err: why} }
	if !json.Valid(file) {
		return refused(ErrNotJSON)
	}
	all, err := readContract(file)
	if err != nil || len(all) == 0 && string(bytes.Join(bytes.Fields(file), nil)) != "{}" {
		return refused(ErrNotCache)
	}
	groups := map[whose]*group{}
	for _, kind := range []string{refreshTokens, idTokens, accessTokens} {
		for _, name := range slices.Sorted(maps.Keys(all[kind])) {
			var e foreign
			if json.Unmarshal(all[kind][name], &e) != nil {
				return refused(ErrNotCache)
			}
			key := c.whose(e.credential)
			if key.home == "" || key.client == "" {
				continue // an application's own token
			}
			g := groups[key]
			if g == nil {
				g = &group{account: Account{HomeAccountID: e.HomeAccountID, Environment: key.environment, ClientID: e.ClientID}}
				if key.client == strings.ToLower(c.o.ClientID) {
					g.account.ClientID = c.o.ClientID
				}
				groups[key] = g
			}
			g.add(kind, e)
		}
	}
	switch n := len(groups); {
	case n == 0:
		return refused(ErrNoSignIn)
	case n > MaxImported:
		return refused(ErrTooManyIn)
	}
	list := make([]SignedIn, 0, len(groups))
	for key, g := range groups {
		for _, e := range credentials(all[accounts]) {
			if of := c.whose(e); of.home == key.home && of.environment == key.environment {
				g.accounts = append(g.accounts, e)
			}
		}
		in, err := g.signedIn(c.Origin(g.account) == Ours)
		if err != nil {
			return refused(ErrNotCache)
		}
		list = append(list, in)
	}
	slices.SortFunc(list, func(a, b SignedIn) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Email), strings.ToLower(b.Email)), cmp.Compare(a.Account.HomeAccountID, b.Account.HomeAccountID),
			cmp.Compare(a.Account.Environment, b.Account.Environment), cmp.Compare(a.Account.ClientID, b.Account.ClientID))
	})
	return list, nil
}

// ErrNoRefreshToken is why Redeem cannot begin.
var ErrNoRefreshToken = errors.New("the cache holds no refresh token")

// Redeem redeems the refresh token of an imported sign-in, and returns it as
// Microsoft tells it: who it is, the tokens, and a cache that holds nothing else.
func (c *Client) Redeem(ctx context.Context, in SignedIn) (SignedIn, error) {
	old, err := readContract([]byte(in.Cache.Reveal()))
	if err != nil {
		return SignedIn{}, err
	}
	if len(old[refreshTokens]) == 0 {
		return SignedIn{}, &Error{Kind: SignInNeeded, Err: ErrNoRefreshToken}
	}
	bare, err := json.Marshal(contract{refreshTokens: old[refreshTokens], appMetadata: old[appMetadata]})
	if err != nil {
		return SignedIn{}, &Error{Kind: Internal}
	}
	account, cache := in.Account, memoryCache(bare)
	account.Session = "import " + rand.Text() // apart from whatever is at work for the account
	defer c.Forget(account)
	if _, _, err := c.Token(ctx, account, &cache); err != nil {
		return SignedIn{}, err
	}
	return Recover(cache)
}

// memoryCache is the token cache of a sign-in that has no session yet.
type memoryCache []byte

func (m *memoryCache) Load(context.Context) ([]byte, error) { return *m, nil }

func (m *memoryCache) Store(_ context.Context, b []byte) error {
	*m = slices.Clone(b)
	return nil
}

// whose is what tells the sign-ins of a file apart, in lower case.
type whose struct{ home, environment, client string }

func (c *Client) whose(e credential) whose {
	return whose{strings.ToLower(e.HomeAccountID), c.environment(e.Environment), strings.ToLower(e.ClientID)}
}

// aliases are the hosts of one cloud: MSAL's libraries write any of them
// (MSAL Go, apps/internal/oauth/ops/authority, the metadata built in).
var aliases = [][]string{
	{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
	{"login.microsoftonline.us", "login.usgovcloudapi.net"},
	{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
}

// environment is env as this Client writes it: of hosts that are the same cloud,
// its own. MSAL for Python leaves out a port.
func (c *Client) environment(env string) string {
	env = strings.ToLower(env)
	for _, same := range aliases {
		if slices.Contains(same, env) && slices.Contains(same, c.host) {
			return c.host
		}
	}
	if host, _, port := strings.Cut(c.host, ":"); port && env == host {
		return c.host
	}
	return env
}

// group is what a file holds of one sign-in.
type group struct {
	account            Account
	refresh            foreign // the newest
	idTokens, accounts []credential
}

// foreign is an entry with what MSAL for Python adds to it.
type foreign struct {
	credential
	LastModified unix `json:"last_modification_time"`
}

func (g *group) add(kind string, e foreign) {
	switch {
	case e.Secret == "":
	case kind == idTokens:
		g.idTokens = append(g.idTokens, e.credential)
	case kind == refreshTokens && (g.refresh.Secret == "" || !time.Time(e.LastModified).Before(time.Time(g.refresh.LastModified))):
		g.refresh = e
	}
}

// signedIn makes the sign-in and its cache.
func (g *group) signedIn(ours bool) (SignedIn, error) {
	// Of a guest in several tenants: who they are at home.
	_, home, _ := strings.Cut(g.account.HomeAccountID, ".")
	var who idToken
	var realm, secret string
	for _, e := range g.idTokens {
		id, err := readIDToken(e.Secret)
		if err == nil && (secret == "" || strings.EqualFold(id.TenantID, home) && !strings.EqualFold(who.TenantID, home)) {
			who, realm, secret = id, e.Realm, e.Secret
		}
	}
	in := SignedIn{Account: g.account, Name: who.Name, Email: cmp.Or(who.Username, who.Email)}
	in.Account.TenantID = cmp.Or(who.TenantID, home)
	for _, e := range g.accounts {
		realm = cmp.Or(realm, e.Realm)
		in.Email = cmp.Or(in.Email, e.Username)
	}
	in.Email = cmp.Or(in.Email, g.account.HomeAccountID)
	in.Name = cmp.Or(in.Name, in.Email)
	realm = cmp.Or(realm, in.Account.TenantID)

	entry := func(e written) written {
		e.HomeAccountID, e.Environment = g.account.HomeAccountID, g.account.Environment
		return e
	}
	made := newContract{
		accounts: {"": entry(written{Realm: realm, LocalAccountID: who.ObjectID, AuthorityType: "MSSTS", Username: in.Email})},
		// MSAL Go looks for refresh tokens of applications that it knows only.
		appMetadata: {"appmetadata": written{Environment: g.account.Environment, ClientID: g.account.ClientID}},
	}
	if secret != "" {
		made[idTokens] = map[string]written{"idtoken": entry(written{
			CredentialType: "IdToken", ClientID: g.account.ClientID, Realm: realm, Secret: secret})}
	}
	if ours && g.refresh.Secret != "" {
		made[refreshTokens] = map[string]written{"refreshtoken": entry(written{
			CredentialType: "RefreshToken", ClientID: g.account.ClientID, Secret: g.refresh.Secret})}
	}
	b, err := made.marshal()
	in.Cache = NewSecret(string(b))
	return in, err
}

// newContract is a cache to be written: what stands for the kind in MSAL Go's
// keys, and the entry.
type newContract map[string]map[string]written

// written is an entry as MSAL Go writes it.
type written struct {
	HomeAccountID  string `json:"home_account_id,omitempty"`
	Environment    string `json:"environment,omitempty"`
	Realm          string `json:"realm,omitempty"`
	CredentialType string `json:"credential_type,omitempty"`
	ClientID       string `json:"client_id,omitempty"`
	Secret         string `json:"secret,omitempty"`
	LocalAccountID string `json:"local_account_id,omitempty"`
	AuthorityType  string `json:"authority_type,omitempty"`
	Username       string `json:"username,omitempty"`
}

// marshal keys the entries as MSAL Go does.
func (n newContract) marshal() ([]byte, error) {
	out := map[string]map[string]written{}
	for name, entries := range n {
		out[name] = map[string]written{}
		for kind, e := range entries {
			parts := []string{e.HomeAccountID, e.Environment, kind, e.ClientID, e.Realm}
			if name == appMetadata {
				parts[0], parts[2] = kind, ""
			}
			parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
			out[name][strings.ToLower(strings.Join(parts, "-"))] = e
		}
	}
	return json.Marshal(out)
}
