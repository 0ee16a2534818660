package graph

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestOnlyClassicJoinAddressesOfMeetingsNameAChat(t *testing.T) {
	const chat = "19:meeting_MGQ0ZDk3-_=@thread.v2"
	for address, want := range map[string]string{
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ0ZDk3-_%3d%40thread.v2/0?context=%7b%22Tid%22%3a%22x%22%7d": chat,
		"https://teams.microsoft.com/l/meetup-join/19:meeting_MGQ0ZDk3-_=@thread.v2/0":                                         chat,
		"https://TEAMS.microsoft.com/l/meetup-join/19%3Ameeting_MGQ0ZDk3-_=%40thread.v2/0":                                     chat,
		" https://gov.teams.microsoft.us/l/meetup-join/19%3ameeting_MGQ0ZDk3-_%3d%40thread.v2/0 ":                              chat,
		"https://teams.microsoft.com/l/meetup-join/19%3a3b1e%40thread.tacv2/1760346000000":                                     "",
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ0%40thread.tacv2/0":                                         "",
		"https://teams.microsoft.com/meet/2417730415529?p=KxR":                                                                 "",
		"https://teams.live.com/meet/94":                                                           "",
		"https://evil.example/l/meetup-join/19%3ameeting_MGQ0%40thread.v2/0":                       "",
		"https://teams.microsoft.com.evil.example/l/meetup-join/19%3ameeting_MGQ0%40thread.v2/0":   "",
		"http://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ0%40thread.v2/0":                 "",
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting_a%2f..%2fx%40thread.v2/0":          "",
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ0%40thread.v2%0a/0":             "",
		"https://teams.microsoft.com/dl/x?url=%2Fl%2Fmeetup-join%2F19%3ameeting_a%40thread.v2%2F0": "",
		"": "", "%": "",
	} {
		if got := chatOfJoinURL(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

func FuzzJoinURL(f *testing.F) {
	f.Add("https://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ0%40thread.v2/0?context=%7b%7d")
	f.Add("https://teams.microsoft.com/l/meetup-join/19:x@thread.tacv2/0")
	f.Add("://%zz")
	f.Fuzz(func(t *testing.T, s string) {
		if id := chatOfJoinURL(s); id != "" && (!strings.HasPrefix(id, "19:meeting_") || !strings.HasSuffix(id, "@thread.v2") || strings.ContainsAny(id, "/%?# \n")) {
			t.Errorf("%q gives %q", s, id)
		}
	})
}

func TestClaimsAreReadFromAnyFormOfTheHeader(t *testing.T) {
	const encoded, claims = "eyJhIjp7ImIiOiI/Pj4ifX0=", `{"a":{"b":"?>>"}}`
	for header, want := range map[string]string{
		`Bearer error="insufficient_claims", claims="` + encoded + `"`:                                                       claims,
		`Bearer claims="` + strings.TrimRight(encoded, "=") + `",error=insufficient_claims`:                                  claims,
		`bearer realm="a \" b", ERROR="insufficient_claims" , Claims = "` + encoded + `"`:                                    claims,
		`PoP nonce="x", Bearer error="insufficient_claims", claims="` + encoded + `"`:                                        claims,
		`Bearer error="insufficient_claims", claims="` + encoded + `", PoP nonce="x"`:                                        claims,
		`Bearer error="insufficient_claims", claims="eyJhIjp7ImIiOiI_Pj4ifX0"`:                                               claims,
		`Bearer error="invalid_token", claims="` + encoded + `"`:                                                             "",
		`PoP error="insufficient_claims", claims="` + encoded + `"`:                                                          "",
		`Bearer error="insufficient_claims", claims="!!!"`:                                                                   "",
		`Bearer error="insufficient_claims", claims="bm90IGpzb24="`:                                                          "",
		`Bearer realm="", authorization_uri="https://login.example/a?b=c", client_id="00000003-0000-0000-c000-000000000000"`: "",
		`Basic dXNlcjpwYXNz==, Bearer error="insufficient_claims", claims="` + encoded + `"`:                                 claims,
		"": "", `Bearer`: "", `="`: "", `Bearer claims="`: "", `,,, é "x`: "",
	} {
		if got := claimsChallenge(header); got != want {
			t.Errorf("%s\n got %q\nwant %q", header, got, want)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="`)
	f.Add(`PoP nonce="a\"b", Bearer x=y,`)
	f.Add("\\\"=é,")
	f.Fuzz(func(t *testing.T, s string) {
		if claims := claimsChallenge(s); claims != "" && !json.Valid([]byte(claims)) {
			t.Errorf("%q gives %q", s, claims)
		}
	})
}
