package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxMessage is what Teams takes of one message, text and mentions together
// (https://learn.microsoft.com/microsoftteams/limits-specifications-teams).
const maxMessage = 28 << 10

const tooLarge = "The message is too large."

// Message is a message of a chat.
type Message struct {
	ID          string            `json:"id"` // milliseconds since the epoch; ascending
	ChatID      string            `json:"chat_id"`
	FromID      string            `json:"from_id,omitzero"`
	FromName    string            `json:"from_name,omitzero"`
	Created     time.Time         `json:"created"`
	ContentType string            `json:"content_type"` // html or text
	Content     string            `json:"content"`      // html is sanitised, text is as it came
	Importance  string            `json:"importance"`
	Subject     string            `json:"subject,omitzero"`
	Mentions    []Mention         `json:"mentions,omitempty"`
	Attachments []json.RawMessage `json:"attachments,omitempty"`
	System      bool              `json:"system,omitzero"` // by Teams, not by a person
	Seed        bool              `json:"seed,omitzero"`   // was there from the start
}

// Mention is a mention in a Message.
type Mention struct {
	ID       int    `json:"id"`
	Text     string `json:"text"`
	UserID   string `json:"user_id"`
	UserName string `json:"user_name"`
}

// Messages are what was posted to a chat, or to all for "", since the state was
// made, oldest first; the messages that were there from the start are not among
// them.
func (e *Emulator) Messages(chatID string) []Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []Message
	for _, m := range e.st.Messages {
		if (chatID == "" || m.ChatID == chatID) && !m.Seed {
			found = append(found, m)
		}
	}
	return found
}

func (m Message) resource(unknownKinds bool) map[string]any {
	kind := "message"
	var from any = map[string]any{
		"application": nil, "device": nil,
		"user": map[string]any{"id": m.FromID, "displayName": m.FromName, "userIdentityType": "aadUser"},
	}
	if m.System {
		from, kind = nil, "unknownFutureValue"
		if unknownKinds {
			kind = "systemEventMessage"
		}
	}
	mentions := make([]map[string]any, 0, len(m.Mentions))
	for _, n := range m.Mentions {
		mentions = append(mentions, map[string]any{"id": n.ID, "mentionText": n.Text, "mentioned": map[string]any{
			"application": nil, "device": nil, "conversation": nil,
			"user": map[string]any{"id": n.UserID, "displayName": n.UserName, "userIdentityType": "aadUser"},
		}})
	}
	var subject any
	if m.Subject != "" {
		subject = m.Subject
	}
	attachments := m.Attachments
	if attachments == nil {
		attachments = []json.RawMessage{}
	}
	return map[string]any{
		"id": m.ID, "replyToId": nil, "etag": m.ID, "messageType": kind,
		"createdDateTime": graphTime(m.Created), "lastModifiedDateTime": graphTime(m.Created), "lastEditedDateTime": nil, "deletedDateTime": nil,
		"subject": subject, "summary": nil, "chatId": m.ChatID, "importance": m.Importance, "locale": "en-us", "webUrl": nil,
		"channelIdentity": nil, "policyViolation": nil, "eventDetail": nil, "from": from,
		"body":        map[string]any{"contentType": m.ContentType, "content": m.Content},
		"attachments": attachments, "mentions": mentions, "reactions": []any{}, "messageHistory": []any{},
	}
}

// listMessages is newest first; its skip token holds the last id that was given,
// so that a message posted meanwhile shifts nothing.
func (e *Emulator) listMessages(c *call) {
	ch, ok := e.chatOf(c)
	if !ok {
		return
	}
	q := c.r.URL.Query()
	property := "lastModifiedDateTime"
	if order := q.Get("$orderby"); order != "" {
		name, direction, _ := strings.Cut(order, " ")
		if name != "createdDateTime" && name != "lastModifiedDateTime" || !strings.EqualFold(direction, "desc") {
			c.fail(http.StatusBadRequest, "BadRequest", "QueryOptions to order by '"+printable(order)+"' is not supported.", "")
			return
		}
		property = name
	}
	top, ok := c.top(20, 50)
	if !ok {
		return
	}
	before := ""
	if token := q.Get("$skiptoken"); token != "" {
		if before, ok = openToken(token); !ok {
			c.fail(http.StatusBadRequest, "BadRequest", "The skip token is not valid.", "")
			return
		}
	}
	matches := timeFilter(q.Get("$filter"), property)

	e.mu.Lock()
	var found []Message
	for _, m := range slices.Backward(e.st.Messages) {
		if m.ChatID == ch.id && (before == "" || number(m.ID) < number(before)) && matches(m.Created) {
			found = append(found, m)
		}
	}
	e.mu.Unlock()

	body := map[string]any{}
	switch {
	case emptyPage(c.r) && len(found) > 0:
		body["@odata.nextLink"] = c.next(sealToken(strconv.FormatInt(number(found[0].ID)+1, 10)))
		found = nil
	case len(found) > top:
		found = found[:top]
		body["@odata.nextLink"] = c.next(sealToken(found[top-1].ID))
	}
	unknownKinds := c.prefers("include-unknown-enum-members")
	value := make([]map[string]any, 0, len(found))
	for _, m := range found {
		value = append(value, m.resource(unknownKinds))
	}
	body["@odata.count"], body["value"] = len(value), value
	c.ok("chats('"+url.PathEscape(ch.id)+"')/messages", body)
}

func number(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// timeFilter reads "property gt T and property lt T". A filter on anything else
// than the property of the order is silently ignored, as Graph does.
func timeFilter(filter, property string) func(time.Time) bool {
	type bound struct {
		op string
		at time.Time
	}
	var bounds []bound
	for term := range strings.SplitSeq(filter, " and ") {
		parts := strings.Fields(term)
		if len(parts) != 3 || parts[0] != property {
			continue
		}
		if at, err := time.Parse(time.RFC3339, parts[2]); err == nil {
			bounds = append(bounds, bound{parts[1], at})
		}
	}
	return func(t time.Time) bool {
		for _, b := range bounds {
			if b.op == "gt" && !t.After(b.at) || b.op == "lt" && !t.Before(b.at) ||
				b.op == "ge" && t.Before(b.at) || b.op == "le" && t.After(b.at) {
				return false
			}
		}
		return true
	}
}

// posted is the body of a message POST.
type posted struct {
	Subject    string `json:"subject"`
	Importance string `json:"importance"`
	Body       *struct {
		ContentType string  `json:"contentType"`
		Content     *string `json:"content"`
	} `json:"body"`
	Mentions []struct {
		ID        *int   `json:"id"`
		Text      string `json:"mentionText"`
		Mentioned *struct {
			User *struct {
				ID   string `json:"id"`
				Name string `json:"displayName"`
			} `json:"user"`
		} `json:"mentioned"`
	} `json:"mentions"`
	Attachments []json.RawMessage `json:"attachments"`
}

func (e *Emulator) postMessage(c *call) {
	ch, ok := e.chatOf(c)
	if !ok {
		return
	}
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		c.fail(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The request's content type is not supported.", "")
		return
	}
	data, err := io.ReadAll(c.r.Body)
	if err != nil {
		c.fail(http.StatusBadRequest, "BadRequest", "Unable to read the request.", "")
		return
	}
	var p posted
	if err := json.Unmarshal(data, &p); err != nil {
		c.fail(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.", "")
		return
	}
	m, status, problem := p.message()
	if problem != "" {
		code := "BadRequest"
		if status == http.StatusRequestEntityTooLarge {
			code = "RequestEntityTooLarge"
		}
		c.fail(status, code, problem, "")
		return
	}
	m.ChatID, m.FromID, m.FromName = ch.id, c.who.user.ID, c.who.user.Name()
	err = e.update(func(s *state) error {
		s.LastID = max(e.now().UnixMilli(), s.LastID+1)
		m.ID, m.Created = strconv.FormatInt(s.LastID, 10), time.UnixMilli(s.LastID).UTC()
		s.Messages = append(s.Messages, m)
		return nil
	})
	if err != nil {
		c.fail(http.StatusInternalServerError, "InternalServerError", "The demo tenant could not write its state.", "")
		return
	}
	c.w.Header().Set("Location", fmt.Sprintf("https://teamsgraph.teams.microsoft.com/v1.0/chats('%s')/messages('%s')", ch.id, m.ID))
	c.status = http.StatusCreated
	c.ok("chats('"+url.PathEscape(ch.id)+"')/messages/$entity", m.resource(false))
}

// message checks p and makes what the chat keeps of it. problem is Graph's text.
func (p posted) message() (m Message, status int, problem string) {
	bad := func(format string, args ...any) (Message, int, string) {
		return Message{}, http.StatusBadRequest, fmt.Sprintf(format, args...)
	}
	if p.Body == nil || p.Body.Content == nil || *p.Body.Content == "" && len(p.Attachments) == 0 {
		return bad("Missing body content")
	}
	content := *p.Body.Content
	if len(content) > maxMessage {
		return Message{}, http.StatusRequestEntityTooLarge, tooLarge
	}
	m = Message{Importance: strings.ToLower(p.Importance), Subject: p.Subject, Attachments: p.Attachments, Content: content}
	if m.Importance == "" {
		m.Importance = "normal"
	}
	if !slices.Contains([]string{"normal", "high", "urgent"}, m.Importance) {
		return bad("Invalid value '%s' for the property 'importance'.", printable(p.Importance))
	}
	switch m.ContentType = strings.ToLower(p.Body.ContentType); m.ContentType {
	case "":
		m.ContentType = "text"
	case "text":
	case "html":
		m.Content = sanitise(content)
	default:
		return bad("Invalid value '%s' for the property 'contentType'.", printable(p.Body.ContentType))
	}
	size := len(content) + len(p.Subject)
	found, attached := map[int]string{}, []string(nil)
	if m.ContentType == "html" {
		found, attached = markers(m.Content)
	}
	for _, n := range p.Mentions {
		switch {
		case n.ID == nil || n.Text == "":
			return bad("A mention needs 'id' and 'mentionText'.")
		case n.Mentioned == nil || n.Mentioned.User == nil || n.Mentioned.User.ID == "":
			return bad("Mention with Id '%d' names nobody.", *n.ID)
		}
		if text, ok := found[*n.ID]; !ok || text != n.Text {
			return bad("Body does not contain marker for mention with Id '%d'. Add '%s' to the body.", *n.ID, n.Text)
		}
		m.Mentions = append(m.Mentions, Mention{*n.ID, n.Text, n.Mentioned.User.ID, n.Mentioned.User.Name})
		size += len(n.Text) + len(n.Mentioned.User.ID) + len(n.Mentioned.User.Name)
	}
	for _, a := range p.Attachments {
		var named struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(a, &named); err != nil || !slices.Contains(attached, named.ID) {
			return bad("Body does not contain marker for attachment with Id '%s'.", printable(named.ID))
		}
		size += len(a)
	}
	if size > maxMessage {
		return Message{}, http.StatusRequestEntityTooLarge, tooLarge
	}
	return m, 0, ""
}
