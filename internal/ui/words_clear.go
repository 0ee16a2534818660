package ui

import (
	"strings"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// ClearAllText says how many sessions, people and computers a clear of all
// sessions would touch.
func ClearAllText(s state.State, thisDevice bool) string {
	sessions, people, devices := 0, map[string]bool{}, map[string]bool{}
	for _, x := range s.Sessions {
		if thisDevice && !x.ThisDevice {
			continue
		}
		sessions++
		people[strings.ToLower(personOf(x))] = true
		devices[x.Device.ID] = true
	}
	return text.S("panel.clear.all.count", SessionCount(sessions),
		plural(len(people), "panel.clear.people.one", "panel.clear.people"),
		plural(len(devices), "panel.clear.devices.one", "panel.clear.devices"))
}

// SessionCount words a number of sessions.
func SessionCount(n int) string {
	return plural(n, "panel.sessions.count.one", "panel.sessions.count")
}

// OtherDevices tells whether sessions of other computers are listed.
func OtherDevices(s state.State) bool {
	for _, x := range s.Sessions {
		if !x.ThisDevice {
			return true
		}
	}
	return false
}

// ClearNotice words a clear's report: the outcome, then line by line what was
// done, with the account before its lines.
func ClearNotice(r state.ClearReport) Notice {
	n := Notice{Tone: Good, What: text.S("panel.clear.clean")}
	if !r.Clean {
		n = Notice{Tone: Warn, What: text.S("panel.clear.notclean")}
	}
	var lines []string
	session := ""
	for _, l := range r.Lines {
		if l.Session != session {
			session = l.Session
			name := l.Account
			if name == "" {
				name = l.Session
			}
			lines = append(lines, name)
		}
		lines = append(lines, "   "+clearLine(l))
	}
	if len(r.Lines) == 0 {
		lines = append(lines, text.S("panel.clear.nothing"))
	}
	if len(r.Kept) > 0 {
		lines = append(lines, "", text.S("panel.clear.kept", strings.Join(r.Kept, ", ")))
	}
	n.Next = strings.Join(lines, "\n")
	return n
}

func clearLine(l state.ClearLine) string {
	what := map[string]text.Key{
		"web_profile": "panel.cleared.web", "token_cache": "panel.cleared.cache", "record": "panel.cleared.record",
		"signing_key": "panel.cleared.signing", "posts": "panel.cleared.posts",
	}
	outcome := text.S(text.Key("panel.outcome." + l.Outcome))
	if l.What == "posts" && l.Outcome == "removed" {
		outcome = text.S("panel.outcome.posts")
	}
	name := l.What
	if k, known := what[l.What]; known {
		name = text.S(k)
	}
	s := text.S("panel.clear.line", name, outcome)
	if l.Problem != nil {
		because, next := text.Problem(l.Problem.Code, l.Problem.Args)
		s += ". " + because + " " + next
	}
	return s
}

func plural(n int, one, many text.Key) string {
	if n == 1 {
		return text.S(one)
	}
	return text.S(many, n)
}
