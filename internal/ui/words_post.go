package ui

import (
	"fmt"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// PostNotice words where a post stands at now. title is the meeting's subject
// where the post itself knows none.
func PostNotice(p state.Post, title string, now time.Time) Notice {
	if p.Title != "" {
		title = p.Title
	}
	if title == "" {
		title = text.S("panel.outbox.chat")
	}
	clock := func(t time.Time) string { return t.In(now.Location()).Format("15:04") }
	switch p.State {
	case state.Posted:
		if p.Reconciled {
			return Notice{Tone: Good, What: text.S("panel.outbox.posted.rec", title, clock(now))}
		}
		return Notice{Tone: Good, What: text.S("panel.outbox.posted", clock(now), title)}
	case state.Sending:
		return Notice{What: text.S("panel.outbox.sending", title)}
	case state.Queued:
		n := Notice{Tone: Warn, What: text.S("panel.outbox.queued", title)}
		if p.NextAttemptAt != nil && p.NextAttemptAt.After(now) {
			n.What = text.S("panel.outbox.queued.at", title, clock(*p.NextAttemptAt))
		}
		return because(n, p)
	case state.Failed:
		return because(Notice{Tone: Bad, What: text.S("panel.outbox.failed", title)}, p)
	case state.Unknown:
		return Notice{Tone: Bad, What: text.S("panel.outbox.unknown", title), Next: text.S("panel.outbox.unknown.nxt")}
	case state.Cancelled:
		return Notice{What: text.S("panel.outbox.cancelled", title)}
	}
	return because(Notice{Tone: Warn, What: text.S("panel.outbox.draft", title)}, p)
}

// because adds a post's reason and what to do about it.
func because(n Notice, p state.Post) Notice {
	if p.Reason == "" {
		return n
	}
	what, next := text.Problem(text.Code(p.Reason), map[string]string{"account": p.Account, "id": p.ID, "meeting": p.Title})
	n.Next = what
	if !Underway(p) { // else it needs nobody
		n.Next += " " + next
	}
	return n
}

// Underway tells whether a post may still be posted by itself.
func Underway(p state.Post) bool { return p.State == state.Queued || p.State == state.Sending }

// Size words how much of a message is used: "1.2 of 24 KB".
func Size(r state.Rendered) string {
	return text.S("panel.post.size", kilobytes(r.Size), kilobytes(r.Limit))
}

func kilobytes(n int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1024), ".0")
}

// PeopleText names who would be mentioned, at most a few of them.
func PeopleText(people []state.Person) string {
	const most = 3
	var names []string
	for _, p := range people {
		switch {
		case p.Me:
		case p.Guest:
			names = append(names, text.S("panel.post.guest", p.Name))
		default:
			names = append(names, p.Name)
		}
	}
	switch {
	case len(names) == 0:
		return text.S("panel.post.people.none")
	case len(names) > most:
		return text.S("panel.post.people.more", strings.Join(names[:most-1], ", "), len(names)-most+1)
	}
	return strings.Join(names, ", ")
}

// Accounts are the sessions that can post from this computer, and how a person
// tells them apart.
func Accounts(s state.State) (ids, names []string) {
	for _, x := range s.Sessions {
		if x.ThisDevice && x.Why == "" && (x.Status == state.Active || x.Status == state.Unverified || x.Status == state.NeedsSignIn || x.Status == state.Expired) {
			ids = append(ids, x.ID)
			names = append(names, x.Email)
		}
	}
	return ids, names
}

// FirstAccount is the session that posts unless the person chooses another one:
// the first that needs no sign-in, else the first. Empty when there is none.
func FirstAccount(s state.State) string {
	ids, _ := Accounts(s)
	for _, x := range s.Sessions {
		if x.ThisDevice && renews(x) {
			return x.ID
		}
	}
	if len(ids) > 0 {
		return ids[0]
	}
	return ""
}
