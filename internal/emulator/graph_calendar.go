package emulator

import (
	"cmp"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxRange is what a calendar view may span: 1825 days.
const maxRange = 1825 * 24 * time.Hour

// windowsZones are the names that Outlook knows a few zones by, beside the IANA
// ones.
var windowsZones = map[string]string{
	"utc": "UTC", "gmt standard time": "Europe/London", "w. europe standard time": "Europe/Berlin",
	"romance standard time": "Europe/Paris", "eastern standard time": "America/New_York",
	"pacific standard time": "America/Los_Angeles", "tokyo standard time": "Asia/Tokyo",
}

// calendarView lists the person's events of a range: in no order without $orderby,
// ten a page, recurrences expanded.
func (e *Emulator) calendarView(c *call) {
	q := c.r.URL.Query()
	if q.Get("startDateTime") == "" || q.Get("endDateTime") == "" {
		c.fail(http.StatusBadRequest, "ErrorInvalidParameter", "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.", "")
		return
	}
	from, ok1 := rangeTime(q.Get("startDateTime"))
	to, ok2 := rangeTime(q.Get("endDateTime"))
	if !ok1 || !ok2 || to.Before(from) || to.Sub(from) > maxRange {
		c.fail(http.StatusBadRequest, "ErrorInvalidParameter", "The query string parameters StartDateTime and EndDateTime do not name a time window.", "")
		return
	}
	for name := range strings.SplitSeq(q.Get("$select"), ",") {
		if name == "createdDateTime" || name == "lastModifiedDateTime" {
			c.fail(http.StatusBadRequest, "ErrorInvalidProperty", "The property '"+name+"' is not supported here.", "")
			return
		}
	}
	zone, plain, ok := c.outlookPreferences()
	if !ok {
		return
	}
	events := eventsBetween(c.who.user, from, to)
	items := make([]map[string]any, 0, len(events))
	switch strings.ToLower(q.Get("$orderby")) {
	case "start/datetime", "start/datetime asc":
		slices.SortStableFunc(events, func(a, b event) int { return a.start().Compare(b.start()) })
	case "start/datetime desc":
		slices.SortStableFunc(events, func(a, b event) int { return b.start().Compare(a.start()) })
	case "":
	default:
		c.fail(http.StatusBadRequest, "ErrorInvalidProperty", "The property '"+printable(q.Get("$orderby"))+"' does not support ordering here.", "")
		return
	}
	for _, v := range events {
		items = append(items, v.resource(c.who.user, zone, plain))
	}
	if q.Get("$orderby") == "" {
		unsorted(items)
	}
	for i := range items {
		items[i] = c.selected(items[i])
	}
	c.page("users('"+c.who.user.ID+"')/calendarView", items, 10, 1000)
}

// rangeTime reads a time; without an offset it is UTC, whatever Prefer says.
func rangeTime(s string) (time.Time, bool) {
	// A "+" that was not escaped arrives as a space.
	s = strings.ReplaceAll(s, " ", "+")
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.9999999", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

type outlookZone struct {
	name     string
	location *time.Location
}

// outlookPreferences reads what Prefer asks of Outlook and says what was applied.
func (c *call) outlookPreferences() (zone outlookZone, plain, ok bool) {
	prefer := c.preferences()
	zone = outlookZone{"UTC", time.UTC}
	var applied []string
	if name, asked := prefer["outlook.timezone"]; asked {
		location, err := time.LoadLocation(cmp.Or(windowsZones[strings.ToLower(name)], name))
		if err != nil || name == "" {
			c.fail(http.StatusBadRequest, "ErrorInvalidTimeZone", "The time zone '"+printable(name)+"' is not supported.", "")
			return zone, false, false
		}
		zone = outlookZone{name, location}
		applied = append(applied, `outlook.timezone="`+name+`"`)
	}
	if kind, asked := prefer["outlook.body-content-type"]; asked {
		plain = strings.EqualFold(kind, "text")
		applied = append(applied, `outlook.body-content-type="`+printable(kind)+`"`)
	}
	if len(applied) > 0 {
		c.w.Header().Set("Preference-Applied", strings.Join(applied, ", "))
	}
	return zone, plain, true
}

// resource is the event as it stands in the calendar of u.
func (v event) resource(u user, zone outlookZone, plain bool) map[string]any {
	kind, master := "singleInstance", any(nil)
	if v.recurring {
		kind, master = "occurrence", itemID(v.key, "master", u.ID)
	}
	attendees := make([]map[string]any, 0, len(v.attendees))
	for _, a := range v.attendees {
		attendees = append(attendees, map[string]any{
			"type": "required", "status": map[string]any{"response": "accepted", "time": "2026-01-12T09:00:00Z"},
			"emailAddress": address(a),
		})
	}
	subject := v.subject
	if v.cancelled {
		subject = "Canceled: " + subject
	}
	body := map[string]any{"contentType": "html", "content": "<html><body><p>" + html.EscapeString(v.body) + "</p></body></html>"}
	if plain {
		body = map[string]any{"contentType": "text", "content": v.body}
	}
	var online any
	provider := "unknown"
	if v.joinURL != "" {
		online, provider = map[string]any{"joinUrl": v.joinURL}, "teamsForBusiness"
	}
	at := func(t time.Time) map[string]any {
		return map[string]any{"dateTime": outlookTime(t.In(zone.location)), "timeZone": zone.name}
	}
	id := v.id(u)
	return map[string]any{
		"@odata.etag": `W/"` + id[20:44] + `"`, "id": id,
		"iCalUId": "040000008200E00074C5B7101A82E008" + strings.ToUpper(hash(v.key + v.day.Format(time.DateOnly))[:48]),
		"subject": subject, "bodyPreview": v.body, "body": body, "isCancelled": v.cancelled, "isAllDay": false,
		"isOrganizer": v.organizer.ID == u.ID, "responseRequested": true, "showAs": "busy", "sensitivity": "normal", "importance": "normal",
		"type": kind, "seriesMasterId": master, "start": at(v.start()), "end": at(v.end()),
		"organizer": map[string]any{"emailAddress": address(v.organizer)}, "attendees": attendees,
		"isOnlineMeeting": v.joinURL != "", "onlineMeetingProvider": provider, "onlineMeetingUrl": nil, "onlineMeeting": online,
		"webLink": "https://outlook.office365.com/owa/?itemid=" + id,
	}
}

func address(u user) map[string]any { return map[string]any{"name": u.Name(), "address": u.UPN} }

// onlineMeetings finds a meeting by its join address, or by the number that a
// short join address carries: for its organizer only,
// whatever the documentation says of attendees
// (https://github.com/microsoftgraph/microsoft-graph-docs/issues/17234).
func (e *Emulator) onlineMeetings(c *call) {
	filter := c.r.URL.Query().Get("$filter")
	wanted, byURL := quotedAfter(filter, "JoinWebUrl eq ")
	number, byNumber := quotedAfter(filter, "joinMeetingIdSettings/joinMeetingId eq ")
	if !byURL && !byNumber {
		c.fail(http.StatusBadRequest, "BadRequest", "Could not find a property named '"+printable(filter)+"' on type 'microsoft.graph.onlineMeeting'.", "")
		return
	}
	for _, s := range calendar {
		found := byURL && s.joinURL != "" && sameJoinURL(s.joinURL, wanted) ||
			byNumber && s.number() != "" && s.number() == strings.ReplaceAll(number, " ", "")
		if !found {
			continue
		}
		if s.organizer.Tenant != c.who.user.Tenant {
			c.fail(http.StatusForbidden, "Forbidden", "The meeting tenant does not match the token tenant.", "")
			return
		}
		if s.organizer.ID != c.who.user.ID {
			c.fail(http.StatusForbidden, "Forbidden", "An error has occurred.", "")
			return
		}
		c.ok("users('"+c.who.user.ID+"')/onlineMeetings", map[string]any{"value": []map[string]any{s.meeting(e.Now())}})
		return
	}
	c.fail(http.StatusNotFound, "NotFound", "Online meeting not found.", "")
}

// number is the meeting id that people type in to join; empty for a classic
// address, which the demo tenant gives none.
func (s series) number() string {
	_, rest, _ := strings.Cut(s.joinURL, "/meet/")
	id, _, _ := strings.Cut(rest, "?")
	return id
}

func (s series) meeting(now time.Time) map[string]any {
	v := event{s, now.Truncate(24 * time.Hour)}
	identity := func(u user) map[string]any {
		return map[string]any{"upn": u.UPN, "role": "attendee", "identity": map[string]any{"user": map[string]any{"id": u.ID, "displayName": u.Name(), "tenantId": u.Tenant}}}
	}
	attendees := make([]map[string]any, 0, len(s.attendees))
	for _, a := range s.attendees {
		attendees = append(attendees, identity(a))
	}
	var settings any
	if id := s.number(); id != "" {
		settings = map[string]any{"joinMeetingId": id, "isPasscodeRequired": true, "passcode": nil}
	}
	return map[string]any{
		"joinMeetingIdSettings": settings,
		"id":                    "MSo" + itemID(s.key, "meeting")[12:], "subject": s.subject, "joinWebUrl": s.joinURL,
		"startDateTime": graphTime(v.start()), "endDateTime": graphTime(v.end()),
		"chatInfo":     map[string]any{"threadId": s.chat, "messageId": "0", "replyChainMessageId": nil},
		"participants": map[string]any{"organizer": identity(s.organizer), "attendees": attendees},
	}
}
