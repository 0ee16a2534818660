package graph

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// claimsChallenge returns the decoded claims of a WWW-Authenticate header that
// asks for more claims (continuous access evaluation), or "". Several challenges
// can stand in one header; claims count only in a Bearer challenge whose error is
// insufficient_claims.
func claimsChallenge(header string) string {
	for _, ch := range parseChallenges(header) {
		if !strings.EqualFold(ch.scheme, "Bearer") || ch.params["error"] != "insufficient_claims" {
			continue
		}
		raw := strings.TrimRight(ch.params["claims"], "=")
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if claims, err := enc.DecodeString(raw); err == nil && json.Valid(claims) {
				return string(claims)
			}
		}
	}
	return ""
}

type challenge struct {
	scheme string
	params map[string]string // names in lower case
}

// parseChallenges reads the value of WWW-Authenticate (RFC 9110, 11.6.1). What it
// cannot read it skips.
func parseChallenges(s string) (all []challenge) {
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return all
		}
		name, rest := token(s)
		if name == "" {
			_, s = next(s)
			continue
		}
		after := strings.TrimLeft(rest, " \t")
		if len(all) > 0 && strings.HasPrefix(after, "=") {
			var value string
			value, s = paramValue(strings.TrimLeft(after[1:], " \t"))
			all[len(all)-1].params[strings.ToLower(name)] = value
			continue
		}
		all = append(all, challenge{name, map[string]string{}})
		s = rest
	}
}

func paramValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

func token(s string) (name, rest string) {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// next drops one character.
func next(s string) (dropped, rest string) {
	for i := range s {
		if i > 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}
