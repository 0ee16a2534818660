package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// chat is one of the tenants' chats. Which there are is fixed; messages are state.
type chat struct {
	id, topic, kind string
	organizer       user
	members         []user
	joinURL         string
}

var allChats = makeChats()

func makeChats() []chat {
	var list []chat
	for _, s := range calendar {
		if s.chat != "" {
			list = append(list, chat{s.chat, s.subject, "meeting", s.organizer, append([]user{s.organizer}, s.attendees...), s.joinURL})
		}
	}
	return append(list, chat{id: DirectChat, kind: "oneOnOne", organizer: adele, members: []user{adele, alex}})
}

func chatByID(id string) (chat, bool) {
	for _, c := range allChats {
		if strings.EqualFold(c.id, id) {
			return c, true
		}
	}
	return chat{}, false
}

func (c chat) has(u user) bool {
	return slices.ContainsFunc(c.members, func(m user) bool { return m.ID == u.ID })
}

// made is when a chat says that it was created: long ago, and stable.
var made = time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)

func (c chat) resource(last *Message) map[string]any {
	updated := made
	if last != nil {
		updated = last.Created
	}
	var topic, meeting any
	if c.topic != "" {
		topic = c.topic
	}
	if c.kind == "meeting" {
		meeting = map[string]any{
			"calendarEventId": nil, "joinWebUrl": c.joinURL,
			"organizer": map[string]any{"id": c.organizer.ID, "displayName": nil, "userIdentityType": "aadUser"},
		}
	}
	return map[string]any{
		"id": c.id, "topic": topic, "createdDateTime": graphTime(made), "lastUpdatedDateTime": graphTime(updated),
		"chatType": c.kind, "webUrl": "https://teams.microsoft.com/l/chat/" + strings.NewReplacer(":", "%3A", "@", "%40").Replace(c.id) + "/0?tenantId=" + c.organizer.Tenant,
		"tenantId": c.organizer.Tenant, "onlineMeetingInfo": meeting, "viewpoint": map[string]any{"isHidden": false, "lastMessageReadDateTime": graphTime(updated)},
	}
}

func (c chat) memberResources() []map[string]any {
	list := make([]map[string]any, 0, len(c.members))
	for _, m := range c.members {
		roles := []string{"owner"}
		if m.Tenant != c.organizer.Tenant {
			roles = []string{"guest"}
		}
		list = append(list, map[string]any{
			"@odata.type": "#microsoft.graph.aadUserConversationMember", "id": "MCMjMSMj" + itemID(c.id, m.ID)[12:60],
			"roles": roles, "displayName": m.Name(), "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
			"userId": m.ID, "email": m.UPN, "tenantId": m.Tenant,
		})
	}
	return list
}

func (e *Emulator) lastMessage(chatID string) *Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := len(e.st.Messages) - 1; i >= 0; i-- {
		if m := e.st.Messages[i]; m.ChatID == chatID {
			return &m
		}
	}
	return nil
}

// listChats is /me/chats: in no order, as Graph's.
func (e *Emulator) listChats(c *call) {
	q := c.r.URL.Query()
	kind := ""
	if f := q.Get("$filter"); f != "" {
		var ok bool
		if kind, ok = quotedAfter(f, "chatType eq "); !ok {
			c.fail(http.StatusBadRequest, "BadRequest", "The filter is not supported.", "")
			return
		}
	}
	expand := strings.Split(q.Get("$expand"), ",")
	var items []map[string]any
	for _, ch := range allChats {
		if !ch.has(c.who.user) || kind != "" && ch.kind != kind {
			continue
		}
		last := e.lastMessage(ch.id)
		item := ch.resource(last)
		if slices.Contains(expand, "members") {
			item["members"] = ch.memberResources()
		}
		if slices.Contains(expand, "lastMessagePreview") && last != nil {
			item["lastMessagePreview"] = map[string]any{"id": last.ID, "createdDateTime": graphTime(last.Created), "body": map[string]any{"contentType": last.ContentType, "content": last.Content}}
		}
		items = append(items, item)
	}
	unsorted(items)
	c.page("chats", items, 20, 50)
}

// chatOf finds the chat of the path for one of its members.
func (e *Emulator) chatOf(c *call) (chat, bool) {
	ch, ok := chatByID(c.r.PathValue("chat"))
	if !ok {
		c.fail(http.StatusNotFound, "NotFound", "NotFound", "")
		return chat{}, false
	}
	if !ch.has(c.who.user) {
		c.failInner(http.StatusForbidden, "Forbidden", "InsufficientPrivileges", map[string]any{
			"code": "1",
			"message": "AclCheckFailed-The initiator 8:orgid:" + c.who.user.ID + " is not a member of the roster " +
				"d1f6a2b3-90c4-4e57-8a6b-1c2d3e4f5a60 in the generic thread " + ch.id,
		})
		return chat{}, false
	}
	return ch, true
}

func (e *Emulator) getChat(c *call) {
	ch, ok := e.chatOf(c)
	if !ok {
		return
	}
	item := ch.resource(e.lastMessage(ch.id))
	if slices.Contains(strings.Split(c.r.URL.Query().Get("$expand"), ","), "members") {
		item["members"] = ch.memberResources()
	}
	c.ok("chats/$entity", item)
}

func (e *Emulator) listMembers(c *call) {
	ch, ok := e.chatOf(c)
	if !ok {
		return
	}
	if c.r.URL.RawQuery != "" {
		c.fail(http.StatusBadRequest, "BadRequest", "Query option is not allowed.", "")
		return
	}
	members := ch.memberResources()
	c.ok("chats('"+ch.id+"')/members", map[string]any{"@odata.count": len(members), "value": members})
}

// quotedAfter reads the text between quotes after prefix: an OData string.
func quotedAfter(s, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' {
		return "", false
	}
	return strings.ReplaceAll(rest[1:len(rest)-1], "''", "'"), true
}

func graphTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }

// seed gives a new state its first messages and some hours of history.
func (s *state) seed(now time.Time) {
	day := now.Truncate(time.Millisecond)
	for _, m := range []struct {
		chat    string
		from    user
		before  time.Duration
		content string
	}{
		{DirectChat, alex, 50 * time.Hour, "<p>Do you have the numbers for the launch?</p>"},
		{DirectChat, adele, 49*time.Hour + 40*time.Minute, "<p>Yes, they are in the plan. <strong>Page 4.</strong></p>"},
		{PartnerChat, megan, 46 * time.Hour, "<p>Our side of the roadmap is ready. Looking forward to it!</p>"},
		{CritiqueChat, alex, 26 * time.Hour, "<p>Bring <em>one screen</em> each, please.</p>"},
		{StandupChat, lee, 25 * time.Hour, "<p>I am out in the afternoon.</p>"},
		{LaunchChat, user{}, 24*time.Hour + 2*time.Minute, "<systemEventMessage/>"},
		{LaunchChat, lee, 24 * time.Hour, "<p>Where do we keep the notes of these meetings?</p>"},
		{LaunchChat, adele, 23*time.Hour + 50*time.Minute, "<p>From today on: <strong>here, in the chat.</strong></p>"},
	} {
		created := day.Add(-m.before)
		id := strconv.FormatInt(created.UnixMilli(), 10)
		s.LastID = max(s.LastID, created.UnixMilli())
		s.Messages = append(s.Messages, Message{
			ID: id, ChatID: m.chat, FromID: m.from.ID, Created: created, ContentType: "html", Content: m.content,
			Importance: "normal", System: m.from.ID == "", Seed: true,
		})
		if m.from.ID != "" {
			s.Messages[len(s.Messages)-1].FromName = m.from.Name()
		}
	}
}
