package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Chats of the demo tenants, by their thread ids.
const (
	StandupChat   = "19:meeting_MGQ0ZDk3ZjEtYmE5ZS00ZjQwLTk2OTQtM2U2YTc5NjU5Y2Fi@thread.v2" // Adele's, daily
	LaunchChat    = "19:meeting_NWMxYmUyZDMtN2E5MC00YzBiLThhNWUtOTFmMmI3YzRkNjAy@thread.v2" // Adele's, with Megan of the other tenant
	CritiqueChat  = "19:meeting_YTgzZTBmNTItMTZjYi00ZDE3LWIxZDAtNGVmNmM4YTk3YjEz@thread.v2" // Alex's: Adele attends
	BudgetChat    = "19:meeting_ZjI3ZDZiODQtM2M1YS00ZThmLTliNjItN2QxMGE1ZTNjOTI0@thread.v2" // of the cancelled meeting
	HiringChat    = "19:meeting_NjFiOWYzZTctZDBhMi00Yjc2LThjNDEtMmU1Zjk4ZDdhMDM1@thread.v2" // its join address is a short one
	PartnerChat   = "19:meeting_OWU4NGMyYTYtNWYxZC00MzcwLWE3YjgtYzM2ZDBlMTJmNTQ2@thread.v2" // of the other tenant
	DirectChat    = "19:4782e723-f4f4-4af3-a76e-25e3bab0d896_87d349ed-44d7-43e1-9a83-5f2406dee5bd@unq.gbl.spaces"
	channelThread = "19:3b1e0a7f52c64c1d9b0e8a6f7d2c4e11@thread.tacv2"
)

// series is a rule that puts events on days. The calendar is a pure function of
// the date: each date has the daily series, and each third date those of its rest,
// so that yesterday, today and tomorrow always hold every kind once.
type series struct {
	key       string
	subject   string
	body      string
	organizer user
	attendees []user
	hour, min int
	length    time.Duration
	rest      int // day number modulo 3; daily: every day
	recurring bool
	cancelled bool
	chat      string
	joinURL   string // "": no online meeting
}

const daily = -1

var calendar = []series{
	{key: "standup", subject: "Daily stand-up", body: "What did you do, what will you do, what is in the way?", organizer: adele, attendees: []user{alex, lee},
		hour: 8, min: 15, length: 15 * time.Minute, rest: daily, recurring: true, chat: StandupChat, joinURL: classicURL(StandupChat, adele)},
	{key: "launch", subject: "Product launch review", body: "Dates, pricing and who tells the customers.", organizer: adele, attendees: []user{alex, lee, megan},
		hour: 10, length: time.Hour, rest: daily, chat: LaunchChat, joinURL: classicURL(LaunchChat, adele)},
	{key: "critique", subject: "Design critique", body: "Bring one screen each.", organizer: alex, attendees: []user{adele, lee},
		hour: 15, min: 30, length: 45 * time.Minute, rest: daily, recurring: true, chat: CritiqueChat, joinURL: classicURL(CritiqueChat, alex)},
	{key: "budget", subject: "Budget check", organizer: lee, attendees: []user{adele, alex},
		hour: 12, length: 30 * time.Minute, rest: 0, cancelled: true, chat: BudgetChat, joinURL: classicURL(BudgetChat, lee)},
	{key: "partner", subject: "Fabrikam and Contoso: joint roadmap", organizer: megan, attendees: []user{adele},
		hour: 13, length: time.Hour, rest: 0, chat: PartnerChat, joinURL: classicURL(PartnerChat, megan)},
	{key: "hiring", subject: "Hiring sync", organizer: adele, attendees: []user{lee},
		hour: 13, min: 30, length: 30 * time.Minute, rest: 1, chat: HiringChat, joinURL: "https://teams.microsoft.com/meet/2417730415529?p=KxR7vbnMNrPq3WcY9d"},
	{key: "focus", subject: "Focus time", organizer: adele,
		hour: 16, min: 30, length: 90 * time.Minute, rest: 1},
	{key: "marketing", subject: "Marketing channel: weekly numbers", organizer: alex, attendees: []user{adele, lee},
		hour: 11, min: 30, length: 30 * time.Minute, rest: 2, recurring: true, joinURL: channelURL(alex)},
}

// classicURL is a join address that carries its chat's thread id.
func classicURL(thread string, organizer user) string {
	return joinURL(thread, "0", organizer)
}

// channelURL is the join address of a meeting in a channel: a thread, not a chat.
func channelURL(organizer user) string {
	return joinURL(channelThread, "1760346000000", organizer)
}

func joinURL(thread, message string, organizer user) string {
	escape := strings.NewReplacer(":", "%3a", "@", "%40", "{", "%7b", "}", "%7d", `"`, "%22", ",", "%2c")
	context := fmt.Sprintf(`{"Tid":"%s","Oid":"%s"}`, organizer.Tenant, organizer.ID)
	return "https://teams.microsoft.com/l/meetup-join/" + escape.Replace(thread) + "/" + message + "?context=" + escape.Replace(context)
}

// sameJoinURL compares two join addresses, however they are escaped.
func sameJoinURL(a, b string) bool {
	plain := func(s string) string {
		for range 3 {
			p, err := url.PathUnescape(s)
			if err != nil {
				break
			}
			s = p
		}
		return s
	}
	return strings.EqualFold(plain(a), plain(b))
}

// event is one meeting of a series on a day.
type event struct {
	series
	day time.Time // midnight, UTC
}

func (v event) start() time.Time {
	return v.day.Add(time.Duration(v.hour)*time.Hour + time.Duration(v.min)*time.Minute)
}
func (v event) end() time.Time { return v.start().Add(v.length) }

// id is stable for a series, a date and the person whose calendar it is in.
func (v event) id(u user) string { return itemID(v.key, v.day.Format(time.DateOnly), u.ID) }

func itemID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "|")))
	return "AAMkADlmZGI5" + base64.URLEncoding.EncodeToString(append(sum[:], sum[:22]...))
}

func (v event) concerns(u user) bool {
	if v.organizer.ID == u.ID {
		return true
	}
	for _, a := range v.attendees {
		if a.ID == u.ID {
			return true
		}
	}
	return false
}

// eventsBetween are the events of u that overlap the range.
func eventsBetween(u user, from, to time.Time) []event {
	var found []event
	first := from.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	for day := first; day.Before(to); day = day.AddDate(0, 0, 1) {
		number := int(day.Unix() / 86400)
		for _, s := range calendar {
			v := event{s, day}
			if (s.rest == daily || number%3 == s.rest) && v.concerns(u) && v.start().Before(to) && v.end().After(from) {
				found = append(found, v)
			}
		}
	}
	return found
}
