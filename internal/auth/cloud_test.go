package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestScopesAreSpelledForTheirCloud(t *testing.T) {
	for base, want := range map[string]string{
		"":                                 "User.Read openid profile offline_access https://other.example/x",
		"https://graph.microsoft.com/v1.0": "User.Read openid profile offline_access https://other.example/x",
		"https://localhost:1234/v1.0":      "User.Read openid profile offline_access https://other.example/x",
		"https://graph.microsoft.us/v1.0":  "https://graph.microsoft.us/User.Read openid profile offline_access https://other.example/x",
		"https://DOD-graph.microsoft.us":   "https://dod-graph.microsoft.us/User.Read openid profile offline_access https://other.example/x",
		"https://microsoftgraph.chinacloudapi.cn/v1.0": "https://microsoftgraph.chinacloudapi.cn/User.Read openid profile offline_access https://other.example/x",
	} {
		got := strings.Join(Scopes([]string{"User.Read", "openid", "profile", "offline_access", "https://other.example/x"}, base), " ")
		if got != want {
			t.Errorf("%s: got %s, want %s", base, got, want)
		}
	}
}

func TestASignInServiceAndAGraphOfDifferentCloudsAreRefused(t *testing.T) {
	hosts := map[string][]string{ // of one cloud each
		"login.microsoftonline.com":        {"graph.microsoft.com"},
		"login.microsoftonline.us":         {"graph.microsoft.us", "dod-graph.microsoft.us"},
		"login.partner.microsoftonline.cn": {"microsoftgraph.chinacloudapi.cn"},
	}
	for login, own := range hosts {
		for other, graphs := range hosts {
			for _, graph := range graphs {
				_, err := New(Options{ClientID: "c", Tenant: "organizations", Authority: "https://" + login, Graph: "https://" + graph + "/v1.0"})
				if ok := slices.Contains(own, graph); ok != (err == nil) || ok != (login == other) {
					t.Errorf("%s with %s: %v", login, graph, err)
				}
			}
		}
	}
	for _, graph := range []string{"http://graph.microsoft.com", "graph.microsoft.com", "https://"} {
		if _, err := New(Options{ClientID: "c", Tenant: "t", Authority: "https://login.microsoftonline.com", Graph: graph}); err == nil {
			t.Errorf("%s: no error", graph)
		}
	}
}

// national is the sign-in service of a cloud that answers the scopes as spell does.
func national(a *authority, host string, sent *[]string, spell func(string) string) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		var form url.Values
		if r.Body != nil {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			if form, err = url.ParseQuery(string(body)); err != nil {
				return nil, err
			}
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		if r.URL.Host != host {
			return nil, fmt.Errorf("a request to %s", r.URL.Host)
		}
		resp, err := a.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.ReplaceAll(body, []byte("login.example"), []byte(host))
		if strings.HasSuffix(r.URL.Path, "/token") {
			*sent = append(*sent, form.Get("scope"))
			var answer map[string]any
			if err := json.Unmarshal(body, &answer); err != nil {
				return nil, err
			}
			answer["scope"] = spell(form.Get("scope"))
			if body, err = json.Marshal(answer); err != nil {
				return nil, err
			}
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	})
}

func TestANationalCloudSignsInHoweverItEchoesTheScopes(t *testing.T) {
	const login, graph = "login.microsoftonline.us", "https://graph.microsoft.us/"
	for name, spell := range map[string]func(string) string{
		"as asked": func(s string) string { return strings.ReplaceAll(s, " offline_access", "") },
		"in short": func(s string) string {
			return strings.ReplaceAll(strings.ReplaceAll(s, graph, ""), " offline_access", "")
		},
		"in lower case": func(s string) string {
			return strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(s, graph, ""), " offline_access", ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			a.page = "https://" + login + "/{tenant}/oauth2/v2.0/authorize"
			var sent []string
			c, _ := newTestClient(t, a, func(o *Options) {
				o.Authority, o.Graph, o.Transport = "https://"+login, graph+"v1.0", national(a, login, &sent, spell)
				o.Window = person(func(ctx context.Context, p Page, run *fakeRun) {
					q := a.shown(p.URL)
					scopes := strings.Fields(q.Get("scope"))
					for _, s := range scopes {
						if plain := slices.Contains(openID, s); plain == strings.HasPrefix(s, graph) {
							t.Errorf("the page is asked for %s", s)
						}
					}
					if len(scopes) < len(DefaultScopes)+3 {
						t.Errorf("the page is asked for %v", scopes)
					}
					a.agrees()(ctx, p, run)
				})
			})
			in, err := c.SignIn(t.Context(), Request{})
			if err != nil {
				t.Fatal(err)
			}
			if in.Account.Environment != login {
				t.Errorf("got the environment %s", in.Account.Environment)
			}
			for _, want := range DefaultScopes {
				if !slices.ContainsFunc(in.Scopes, func(s string) bool { return strings.EqualFold(s, want) }) {
					t.Errorf("the scopes %v lack %s", in.Scopes, want)
				}
			}
			// From the cache, and renewed.
			s := &store{b: []byte(in.Cache.Reveal())}
			token, renewed, err := c.Token(t.Context(), in.Account, s)
			if err != nil || renewed {
				t.Fatalf("Token: renewed %v, %v", renewed, err)
			}
			if _, err := c.Renew(t.Context(), in.Account, s, token.Value, ""); err != nil {
				t.Fatal(err)
			}
			for _, scope := range sent {
				if !strings.Contains(scope, graph+"Chat.Read") || strings.Contains(scope, graph+"openid") {
					t.Errorf("a token request asks for %s", scope)
				}
			}
			if link, err := url.Parse(c.AdminLink()); err != nil || link.Host != login || !strings.HasPrefix(link.Query().Get("scope"), graph) {
				t.Errorf("the administrator's link is %s", c.AdminLink())
			}
		})
	}
}
