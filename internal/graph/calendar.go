package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxCalendarPages bounds a reading of the calendar: 2,000 meetings.
const maxCalendarPages = 40

// Me returns the signed-in person.
func (c *Client) Me(ctx context.Context) (Person, error) {
	var me struct {
		ID   string `json:"id"`
		Name string `json:"displayName"`
		Mail string `json:"mail"`
		UPN  string `json:"userPrincipalName"`
	}
	q := url.Values{"$select": {"id,displayName,mail,userPrincipalName"}}
	if err := c.get(ctx, c.url("/me", q), nil, &me); err != nil {
		return Person{}, err
	}
	if me.Mail == "" {
		me.Mail = me.UPN
	}
	return Person{ID: me.ID, Name: me.Name, Email: me.Mail}, nil
}

// event is a calendar entry as Graph sends it.
type event struct {
	ID        string `json:"id"`
	Subject   string `json:"subject"`
	Cancelled bool   `json:"isCancelled"`
	Series    string `json:"seriesMasterId"`
	Start     moment `json:"start"`
	End       moment `json:"end"`
	Organizer struct {
		EmailAddress struct{ Name, Address string }
	} `json:"organizer"`
	OnlineMeeting *struct {
		JoinURL string `json:"joinUrl"`
	} `json:"onlineMeeting"`
}

type moment struct {
	DateTime string `json:"dateTime"`
	TimeZone string `json:"timeZone"`
}

// utc reads a moment that was asked for in UTC.
func (m moment) utc() (time.Time, error) {
	if m.TimeZone != "UTC" && m.TimeZone != "Etc/UTC" && m.TimeZone != "Etc/GMT" {
		return time.Time{}, fmt.Errorf("graph: time zone %q was not asked for", m.TimeZone)
	}
	return time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(m.DateTime, "Z"))
}

// Meetings lists the calendar's entries that overlap from–to, by their start;
// recurring ones once for each time. It follows all pages.
func (c *Client) Meetings(ctx context.Context, from, to time.Time) ([]Meeting, error) {
	q := url.Values{
		"startDateTime": {from.UTC().Format(time.RFC3339)},
		"endDateTime":   {to.UTC().Format(time.RFC3339)},
		"$select":       {"id,subject,isCancelled,seriesMasterId,start,end,organizer,onlineMeeting"},
		"$orderby":      {"start/dateTime"},
		"$top":          {"50"},
	}
	header := http.Header{"Prefer": {`outlook.timezone="UTC"`}}
	found := map[string]Meeting{}
	err := pages(ctx, c, c.url("/me/calendarView", q), header, maxCalendarPages, func(events []event) bool {
		for _, e := range events {
			m, err := e.meeting()
			if err != nil {
				c.log.Warn("a calendar entry is left out", "error", err.Error())
				continue
			}
			found[m.ID] = m
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	meetings := make([]Meeting, 0, len(found))
	for _, m := range found {
		meetings = append(meetings, m)
	}
	slices.SortFunc(meetings, func(a, b Meeting) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return meetings, nil
}

func (e event) meeting() (Meeting, error) {
	start, err := e.Start.utc()
	if err != nil {
		return Meeting{}, err
	}
	end, err := e.End.utc()
	if err != nil {
		return Meeting{}, err
	}
	if e.ID == "" {
		return Meeting{}, errors.New("graph: a calendar entry has no id")
	}
	m := Meeting{
		ID: e.ID, Subject: e.Subject, Start: start, End: end,
		SeriesID: e.Series, Cancelled: e.Cancelled,
		Organizer: e.Organizer.EmailAddress.Name,
	}
	if m.Organizer == "" {
		m.Organizer = e.Organizer.EmailAddress.Address
	}
	if e.OnlineMeeting != nil {
		m.JoinURL = e.OnlineMeeting.JoinURL
		m.ChatID = chatOfJoinURL(m.JoinURL)
	}
	return m, nil
}

// ErrNoChat: the meeting has no chat, or none that this person may look up.
var ErrNoChat = errors.New("graph: the meeting has no chat that can be found")

// ChatForMeeting finds a meeting's chat: from its join address, else by asking
// for the online meeting. ErrNoChat, wrapped, when neither names one; attendees
// are often refused the second way.
func (c *Client) ChatForMeeting(ctx context.Context, m Meeting) (string, error) {
	if m.ChatID != "" {
		return m.ChatID, nil
	}
	if id := chatOfJoinURL(m.JoinURL); id != "" {
		return id, nil
	}
	if m.JoinURL == "" {
		return "", ErrNoChat
	}
	var found struct {
		Value []struct {
			ChatInfo struct {
				ThreadID string `json:"threadId"`
			} `json:"chatInfo"`
		} `json:"value"`
	}
	q := url.Values{"$filter": {"JoinWebUrl eq '" + strings.ReplaceAll(m.JoinURL, "'", "''") + "'"}}
	if err := c.get(ctx, c.url("/me/onlineMeetings", q), nil, &found); err != nil {
		if e, ok := errors.AsType[*Error](err); ok && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound || e.Status == http.StatusBadRequest) {
			return "", fmt.Errorf("%w: %w", ErrNoChat, err)
		}
		return "", err
	}
	for _, v := range found.Value {
		if meetingThread.MatchString(v.ChatInfo.ThreadID) {
			return v.ChatInfo.ThreadID, nil
		}
	}
	return "", ErrNoChat
}
