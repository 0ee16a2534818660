package ui

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// SessionRow is a line of the list of sessions.
type SessionRow struct {
	ID       string
	Name     string // the person; the e-mail where no name is known
	Email    string
	Initials string
	Status   string
	Tone     Tone
	Access   string // "access token 58:12 left"
	Device   string // empty: this computer
}

// SessionRows are the lines of the list of sessions at now. A person with
// sessions in several organisations stands there once; the others follow as
// theirs.
func SessionRows(s state.State, now time.Time) []SessionRow {
	rows := make([]SessionRow, 0, len(s.Sessions))
	seen := map[string]string{} // the tenant of a person's first line
	for _, x := range s.Sessions {
		row := SessionRow{
			ID: x.ID, Name: personOf(x), Email: x.Email, Initials: Initials(personOf(x)),
			Status: StatusWord(x.Status), Tone: statusTone(x.Status), Access: accessLeft(x, now),
		}
		if person := x.Account.HomeAccountID; x.ThisDevice && person != "" {
			first, again := seen[person]
			if again && first != x.Account.TenantID {
				row.Name, row.Initials = text.S("panel.sessions.also", short(x.Account.TenantID)), "+"
			}
			if !again {
				seen[person] = x.Account.TenantID
			}
		}
		if !x.ThisDevice {
			row.Device = text.S("panel.sessions.device.other", x.Device.Name)
		}
		rows = append(rows, row)
	}
	return rows
}

// short is the beginning of an id, enough to tell it from others.
func short(id string) string {
	const most = 8
	if len(id) <= most {
		return id
	}
	return id[:most] + "…"
}

// StatusWord names a session's status.
func StatusWord(s state.Status) string { return text.S(text.Key("panel.status." + string(s))) }

// Explanation says what a session's status means, what to do next, and whether
// signing in again is that.
type Explanation struct {
	What, Next string
	SignIn     bool
}

// Explain explains a session's status.
func Explain(s state.Session) Explanation {
	switch s.Status {
	case state.Newer:
		return Explanation{text.S("panel.explain.newer"), text.S("panel.explain.newer.next"), false}
	case state.Changed:
		return Explanation{text.S("panel.explain.changed"), text.S("panel.explain.changed.next"), s.ThisDevice}
	case state.Pending:
		return Explanation{text.S("panel.explain.pending"), text.S("panel.explain.pending.next"), false}
	case state.Expired:
		return Explanation{text.S("panel.explain.expired"), text.S("panel.explain.expired.next"), s.ThisDevice}
	case state.NeedsSignIn:
		if s.Why != "" {
			what, next := text.Problem(s.Why, map[string]string{"account": s.Email, "service": s.Account.Environment})
			return Explanation{what, next, s.ThisDevice}
		}
		return Explanation{text.S("panel.explain.needs"), text.S("panel.explain.needs.next"), s.ThisDevice}
	case state.Unverified:
		return Explanation{text.S("panel.explain.unverified"), text.S("panel.explain.unverified.nxt"), false}
	}
	if !s.ThisDevice {
		return Explanation{What: text.S("panel.explain.active.other")}
	}
	if s.EndsSoon {
		return Explanation{text.S("panel.explain.soon"), text.S("panel.explain.soon.next"), true}
	}
	return Explanation{What: text.S("panel.explain.active")}
}

func statusTone(s state.Status) Tone {
	switch s {
	case state.Active:
		return Good
	case state.Changed, state.Newer:
		return Bad
	}
	return Warn
}

func accessLeft(s state.Session, now time.Time) string {
	at := s.Tokens.AccessExpiresAt
	switch {
	case at.IsZero():
		return text.S("panel.access.none")
	case !renews(s):
		return ""
	case !now.Before(at):
		return text.S("panel.access.over")
	}
	return text.S("panel.access.left", Countdown(at.Sub(now)))
}

// renews tells whether a session's access token is renewed when it is over.
func renews(s state.Session) bool { return s.Status == state.Active || s.Status == state.Unverified }

func personOf(s state.Session) string {
	for _, name := range []string{s.User.Name, s.Email, s.User.Email} {
		if strings.TrimSpace(name) != "" {
			return name
		}
	}
	return s.ID
}

// Initials are the first letters of the first and the last word of a name.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	out := string(unicode.ToUpper(first))
	if last := words[len(words)-1]; len(words) > 1 && !strings.Contains(name, "@") {
		r, _ := utf8.DecodeRuneInString(last)
		out += string(unicode.ToUpper(r))
	}
	return out
}

// UnreadableNotice tells of the session records that could not be read; What is
// empty when there are none.
func UnreadableNotice(s state.State) Notice {
	if len(s.Unreadable) == 0 {
		return Notice{}
	}
	var lines []string
	for _, u := range s.Unreadable {
		lines = append(lines, u.Path+" ("+u.Why+")")
	}
	return Notice{
		Tone: Warn, What: plural(len(s.Unreadable), "panel.sessions.unreadable.one", "panel.sessions.unreadable"),
		Detail: strings.Join(lines, "\n"),
	}
}
