package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/graph"
	"debrief/internal/text"
)

// The calendar's part that is listed, around today in the person's time zone.
const (
	daysBack  = 7
	daysAhead = 1
)

// client returns the Graph client of a session.
func (a *App) client(id string) (Graph, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.clients[id]; ok {
		return c, nil
	}
	c, err := a.d.Graph(tokens{a, id})
	if err != nil {
		return nil, err
	}
	a.clients[id] = c
	return c, nil
}

// Meetings lists the meetings of the last days, of today and of tomorrow.
func (a *App) Meetings(ctx context.Context, account string) ([]state.Meeting, error) {
	s, err := a.forAccount(account)
	if err != nil {
		return nil, err
	}
	found, err := a.readMeetings(ctx, s)
	if err != nil {
		return nil, err
	}
	list := make([]state.Meeting, 0, len(found))
	for _, m := range found {
		out := state.Meeting{
			ID: m.ID, Subject: m.Subject, Start: m.Start, End: m.End,
			JoinURL: m.JoinURL, SeriesID: m.SeriesID, Cancelled: m.Cancelled,
		}
		if m.ChatID != "" {
			out.ChatID = &m.ChatID
		}
		list = append(list, out)
	}
	return list, nil
}

// readMeetings asks the calendar and remembers the answer for later choices.
func (a *App) readMeetings(ctx context.Context, s state.Session) ([]graph.Meeting, error) {
	if err := a.usable(s); err != nil {
		return nil, err
	}
	c, err := a.client(s.ID)
	if err != nil {
		return nil, a.problem(err, s.Email)
	}
	a.used(ctx, s.ID)
	now := a.d.Now()
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	found, err := c.Meetings(ctx, midnight.AddDate(0, 0, -daysBack), midnight.AddDate(0, 0, daysAhead+1))
	if err != nil {
		return nil, a.problem(err, s.Email)
	}
	byID := make(map[string]graph.Meeting, len(found))
	for _, m := range found {
		byID[m.ID] = m
	}
	a.mu.Lock()
	a.meetings[s.ID] = byID
	a.mu.Unlock()
	a.settle(text.Offline, text.TryLater)
	return found, nil
}

// place is where a summary goes.
type place struct {
	chatID, title string
}

// target finds the chat that t names: a chat as it is, a meeting by its id or by
// an unambiguous part of its subject. Of a series the occurrence nearest to now
// that has begun is meant.
func (a *App) target(ctx context.Context, s state.Session, t state.Target) (place, error) {
	if (t.Chat == "") == (t.Meeting == "") {
		return place{}, wrongUsage(text.S(text.ChatOrMeeting))
	}
	if t.Chat != "" {
		return place{chatID: t.Chat}, nil
	}
	a.mu.Lock()
	m, known := a.meetings[s.ID][t.Meeting]
	a.mu.Unlock()
	if !known {
		all, err := a.readMeetings(ctx, s)
		if err != nil {
			return place{}, err
		}
		if m, err = a.pickMeeting(all, t.Meeting); err != nil {
			return place{}, err
		}
	}
	if m.ChatID != "" {
		return place{m.ChatID, m.Subject}, nil
	}
	c, err := a.client(s.ID)
	if err != nil {
		return place{}, a.problem(err, s.Email)
	}
	chatID, err := c.ChatForMeeting(ctx, m)
	if err != nil {
		if errors.Is(err, graph.ErrNoChat) {
			return place{}, a.detailed(a.fail(text.NoChat, "meeting", m.Subject), err)
		}
		return place{}, a.problem(err, s.Email)
	}
	return place{chatID, m.Subject}, nil
}

func (a *App) pickMeeting(all []graph.Meeting, ref string) (graph.Meeting, error) {
	want := strings.ToLower(strings.TrimSpace(ref))
	var found []graph.Meeting
	for _, m := range all {
		if m.ID == ref {
			return m, nil
		}
		if want != "" && !m.Cancelled && strings.Contains(strings.ToLower(m.Subject), want) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return graph.Meeting{}, a.fail(text.MeetingUnknown, "meeting", ref)
	}
	best := found[0]
	for _, m := range found[1:] {
		if m.SeriesID == "" || m.SeriesID != best.SeriesID {
			return graph.Meeting{}, a.fail(text.MeetingAmbiguous, "meeting", ref)
		}
		if nearer(m, best, a.d.Now()) {
			best = m
		}
	}
	return best, nil
}

// nearer prefers the latest meeting that has begun, else the next to begin.
func nearer(x, y graph.Meeting, now time.Time) bool {
	xb, yb := !x.Start.After(now), !y.Start.After(now)
	switch {
	case xb != yb:
		return xb
	case xb:
		return x.Start.After(y.Start)
	}
	return x.Start.Before(y.Start)
}

// People lists who reads a chat.
func (a *App) People(ctx context.Context, t state.Target) ([]state.Person, error) {
	s, err := a.forAccount(t.Account)
	if err != nil {
		return nil, err
	}
	if err := a.usable(s); err != nil {
		return nil, err
	}
	at, err := a.target(ctx, s, t)
	if err != nil {
		return nil, err
	}
	members, err := a.members(ctx, s, at.chatID, true)
	if err != nil {
		return nil, err
	}
	list := make([]state.Person, 0, len(members))
	for _, p := range members {
		list = append(list, a.person(p, s))
	}
	return list, nil
}

func (a *App) person(p graph.Person, s state.Session) state.Person {
	return state.Person{ID: p.ID, Name: p.Name, Email: p.Email, Guest: p.Guest, Me: isMe(p, s)}
}

// isMe compares object ids: a home account id is "<object id>.<tenant id>".
func isMe(p graph.Person, s state.Session) bool {
	oid, _, _ := strings.Cut(s.Account.HomeAccountID, ".")
	return strings.EqualFold(p.ID, oid)
}

// members reads a chat's members, or takes them as last read unless fresh.
func (a *App) members(ctx context.Context, s state.Session, chatID string, fresh bool) ([]graph.Person, error) {
	a.mu.Lock()
	known, ok := a.people[chatID]
	a.mu.Unlock()
	if ok && !fresh {
		return known, nil
	}
	c, err := a.client(s.ID)
	if err != nil {
		return nil, a.problem(err, s.Email)
	}
	members, err := c.Members(ctx, chatID)
	if err != nil {
		return nil, a.problem(err, s.Email)
	}
	a.mu.Lock()
	a.people[chatID] = members
	a.mu.Unlock()
	return members, nil
}
