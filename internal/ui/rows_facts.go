package ui

import (
	"strconv"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// Fact is a named value of a session. Second is a quieter line below it.
type Fact struct {
	Name   string
	Value  string
	Second string
}

// Section is a titled group of facts.
type Section struct {
	Title string
	Facts []Fact
}

// Tokens words what is left of a session's tokens at now.
func Tokens(s state.Session, now time.Time) Section {
	sec := Section{Title: text.S("panel.facts.tokens")}
	access, refresh := s.Tokens.AccessExpiresAt, s.Tokens.RefreshExpiresAt
	over := text.Key("panel.over")
	if renews(s) {
		over = "panel.over.renewed"
	}
	sec.Facts = append(sec.Facts,
		tokenFact("panel.fact.access", "panel.left", over, access, now),
		tokenFact("panel.fact.refresh", "panel.left.estimate", "panel.over", refresh, now),
		Fact{Name: text.S("panel.fact.scopes"), Value: orNone(strings.Join(s.Tokens.Scopes, "  "))})
	return sec
}

func tokenFact(name, left, over text.Key, at, now time.Time) Fact {
	f := Fact{Name: text.S(name)}
	switch {
	case at.IsZero():
		f.Value = text.S("panel.none")
		return f
	case !now.Before(at):
		f.Value = text.S(over)
	default:
		f.Value = text.S(left, Countdown(at.Sub(now)))
	}
	f.Second = text.S("panel.until", Moment(at, now.Location())) + "\n" + MomentUTC(at)
	return f
}

// SessionFacts are the facts of the record: the account and its times. loc is
// where the person is.
func SessionFacts(s state.Session, loc *time.Location) []Section {
	device := s.Device.Name
	if s.ThisDevice {
		device += " (" + text.S("panel.sessions.device.this") + ")"
	}
	signature := text.S("panel.fact.unsigned")
	if s.Signature != nil {
		signature = text.S("panel.fact.signed", s.Signature.KeyID)
	}
	expires := when("panel.fact.expires", s.ExpiresAt, loc)
	if !s.Permanent {
		expires = Fact{Name: text.S("panel.fact.expires"), Value: text.S("panel.fact.quit")}
	}
	return []Section{
		{text.S("panel.facts.times"), []Fact{
			when("panel.fact.created", s.CreatedAt, loc),
			when("panel.fact.used", s.LastUsedAt, loc),
			expires,
		}},
		{text.S("panel.facts.account"), []Fact{
			{Name: text.S("panel.fact.name"), Value: orNone(s.User.Name)},
			{Name: text.S("panel.fact.email"), Value: orNone(s.Email)},
			{Name: text.S("panel.fact.home"), Value: orNone(s.Account.HomeAccountID)},
			{Name: text.S("panel.fact.tenant"), Value: orNone(s.Account.TenantID)},
			{Name: text.S("panel.fact.env"), Value: orNone(s.Account.Environment)},
			{Name: text.S("panel.fact.client"), Value: orNone(s.Account.ClientID)},
			{Name: text.S("panel.fact.device"), Value: orNone(device), Second: s.Device.ID},
			{Name: text.S("panel.fact.session"), Value: s.ID},
			{Name: text.S("panel.fact.signature"), Value: signature},
		}},
	}
}

// CacheSections are the entries of the token cache, one section each.
func CacheSections(d state.SessionDetail, loc *time.Location) []Section {
	var out []Section
	for _, c := range d.Cache {
		sec := Section{Title: credentialTitle(c)}
		add := func(name text.Key, value string) {
			if value != "" {
				sec.Facts = append(sec.Facts, Fact{Name: text.S(name), Value: value})
			}
		}
		at := func(name text.Key, t time.Time) {
			if !t.IsZero() {
				sec.Facts = append(sec.Facts, when(name, t, loc))
			}
		}
		add("panel.cache.scopes", strings.Join(c.Scopes, "  "))
		add("panel.cache.audience", c.Audience)
		add("panel.cache.username", c.Username)
		add("panel.cache.realm", c.Realm)
		at("panel.cache.cached", c.CachedAt)
		at("panel.cache.expires", c.ExpiresOn)
		at("panel.cache.extended", c.ExtendedExpiresOn)
		at("panel.cache.refresh", c.RefreshOn)
		out = append(out, sec)
	}
	return out
}

// ClaimFacts are the claims of the ID token.
func ClaimFacts(d state.SessionDetail) Section {
	sec := Section{Title: text.S("panel.facts.claims")}
	for _, c := range d.Claims {
		sec.Facts = append(sec.Facts, Fact{Name: c.Name, Value: c.Value})
	}
	return sec
}

// PlaceFacts tell where each part of a session is kept.
func PlaceFacts(d state.SessionDetail) Section {
	sec := Section{Title: text.S("panel.facts.places")}
	for _, p := range d.KeptIn {
		sec.Facts = append(sec.Facts, Fact{
			Name: text.S(text.Key("panel.place." + p.What)), Value: p.Where,
			Second: text.S(text.Key("panel.place.state." + p.State)),
		})
	}
	return sec
}

// credentialTitle names a cache entry with the size and fingerprint of its secret.
func credentialTitle(c state.Credential) string {
	parts := []string{text.S(text.Key("panel.kind." + c.Kind))}
	if c.Size > 0 {
		parts = append(parts, text.S("panel.cache.size", Thousands(c.Size)))
	}
	if c.SHA256 != "" {
		parts = append(parts, text.S("panel.cache.sha", c.SHA256))
	}
	return strings.Join(parts, " · ")
}

// Thousands writes n with its thousands apart.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func when(name text.Key, t time.Time, loc *time.Location) Fact {
	return Fact{Name: text.S(name), Value: Moment(t, loc), Second: MomentUTC(t)}
}

func orNone(s string) string {
	if strings.TrimSpace(s) == "" {
		return text.S("panel.none")
	}
	return s
}
