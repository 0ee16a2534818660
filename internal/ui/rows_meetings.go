package ui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// MeetingRow is a line of the list of meetings: a day, or a meeting of it.
type MeetingRow struct {
	Day     string // set: the row is a heading
	ID      string
	Subject string
	Time    string // "09:00–09:30"
	Marks   string // "cancelled", "no chat", in words
	NoChat  bool   // nothing can be posted
}

// MeetingRows are the lines of the list of meetings that match query, by day:
// today first, then the days before it, then those to come.
func MeetingRows(meetings []state.Meeting, query string, now time.Time) []MeetingRow {
	query = strings.ToLower(strings.TrimSpace(query))
	var found []state.Meeting
	for _, m := range meetings {
		if query == "" || strings.Contains(strings.ToLower(subjectOf(m)), query) {
			found = append(found, m)
		}
	}
	away := func(m state.Meeting) int { return dayNumber(m.Start.In(now.Location())) - dayNumber(now) }
	slices.SortStableFunc(found, func(a, b state.Meeting) int {
		return cmp.Or(cmp.Compare(dayRank(away(a)), dayRank(away(b))), a.Start.Compare(b.Start), strings.Compare(a.Subject, b.Subject))
	})
	var rows []MeetingRow
	for i, m := range found {
		if i == 0 || away(found[i-1]) != away(m) {
			rows = append(rows, MeetingRow{Day: Day(m.Start, now)})
		}
		rows = append(rows, meetingRow(m, now.Location()))
	}
	return rows
}

// LatestMeeting is the meeting that a summary is most likely for: the last one
// that has begun, has a chat and was held. Empty when there is none.
func LatestMeeting(meetings []state.Meeting, now time.Time) string {
	var best state.Meeting
	for _, m := range meetings {
		if !m.Start.After(now) && !m.Cancelled && !noChat(m) && m.Start.After(best.Start) {
			best = m
		}
	}
	return best.ID
}

// dayRank orders days by their distance: 0, -1, -2, …, then 1, 2, …
func dayRank(away int) int {
	if away <= 0 {
		return -away
	}
	return 1_000_000 + away
}

func meetingRow(m state.Meeting, loc *time.Location) MeetingRow {
	r := MeetingRow{
		ID: m.ID, Subject: subjectOf(m), NoChat: noChat(m),
		Time: m.Start.In(loc).Format("15:04") + "–" + m.End.In(loc).Format("15:04"),
	}
	var marks []string
	if m.Cancelled {
		marks = append(marks, text.S("panel.meeting.cancelled"))
	}
	if r.NoChat {
		marks = append(marks, text.S("panel.meeting.nochat"))
	}
	r.Marks = strings.Join(marks, ", ")
	return r
}

// noChat tells whether a meeting certainly has no chat: it was not made online.
func noChat(m state.Meeting) bool { return m.ChatID == nil && m.JoinURL == "" }

func subjectOf(m state.Meeting) string {
	if strings.TrimSpace(m.Subject) == "" {
		return text.S("panel.meeting.unnamed")
	}
	return m.Subject
}
