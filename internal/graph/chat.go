package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// Bounds of reading a chat.
const (
	maxMemberPages  = 40
	maxMessagePages = 100 // 5,000 messages
)

// chatPath makes the address of something in a chat. An id that could mean
// another address is refused here.
func (c *Client) chatPath(chatID, what string) (string, error) {
	if !strings.Contains(chatID, ":") || strings.ContainsFunc(chatID, func(r rune) bool { return r <= ' ' || r == '/' || r == '\\' || r == 0x7f }) {
		return "", &Error{Status: http.StatusBadRequest, Code: "InvalidChatID"}
	}
	return "/chats/" + url.PathEscape(chatID) + "/" + what, nil
}

// Members lists the people of a chat who are users: who can be mentioned.
func (c *Client) Members(ctx context.Context, chatID string) ([]Person, error) {
	path, err := c.chatPath(chatID, "members")
	if err != nil {
		return nil, err
	}
	type member struct {
		UserID   string   `json:"userId"`
		Name     string   `json:"displayName"`
		Email    string   `json:"email"`
		TenantID string   `json:"tenantId"`
		Roles    []string `json:"roles"`
	}
	var people []Person
	seen := map[string]bool{}
	err = pages(ctx, c, c.url(path, nil), nil, maxMemberPages, func(members []member) bool {
		for _, m := range members {
			if m.UserID == "" || seen[m.UserID] {
				continue
			}
			seen[m.UserID] = true
			people = append(people, Person{
				ID: m.UserID, Name: m.Name, Email: m.Email, TenantID: m.TenantID,
				Guest: slices.Contains(m.Roles, "guest"),
			})
		}
		return true
	})
	return people, err
}

// message is a chat message as Graph sends it.
type message struct {
	ID      string     `json:"id"`
	ChatID  string     `json:"chatId"`
	Created time.Time  `json:"createdDateTime"`
	Deleted *time.Time `json:"deletedDateTime"`
	From    *struct {
		User *struct {
			ID   string `json:"id"`
			Name string `json:"displayName"`
		} `json:"user"`
	} `json:"from"`
	Body struct {
		ContentType string `json:"contentType"`
		Content     string `json:"content"`
	} `json:"body"`
}

func (m message) public() Message {
	out := Message{ID: m.ID, ChatID: m.ChatID, Created: m.Created.UTC(), HTML: m.Body.Content, Deleted: m.Deleted != nil}
	if m.From != nil && m.From.User != nil {
		out.FromID, out.FromName = m.From.User.ID, m.From.User.Name
	}
	if strings.EqualFold(m.Body.ContentType, "text") {
		out.HTML = strings.ReplaceAll(html.EscapeString(m.Body.Content), "\n", "<br>")
	}
	return out
}

// Messages lists a chat's messages that were created at or after until, newest
// first. A message without a creation time is left out.
func (c *Client) Messages(ctx context.Context, chatID string, until time.Time) ([]Message, error) {
	path, err := c.chatPath(chatID, "messages")
	if err != nil {
		return nil, err
	}
	q := url.Values{"$top": {"50"}, "$orderby": {"createdDateTime desc"}}
	var found []Message
	err = pages(ctx, c, c.url(path, q), nil, maxMessagePages, func(messages []message) bool {
		reached := false
		for _, m := range messages {
			switch {
			case m.Created.IsZero():
			case m.Created.Before(until):
				reached = true
			default:
				found = append(found, m.public())
			}
		}
		return !reached
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b Message) int { return b.Created.Compare(a.Created) })
	return found, nil
}

// Post posts a message, once. An *AmbiguousError leaves it open whether the chat
// holds it; after every other error it does not.
func (c *Client) Post(ctx context.Context, chatID string, out Outgoing) (Message, error) {
	path, err := c.chatPath(chatID, "messages")
	if err != nil {
		return Message{}, err
	}
	body, err := out.json()
	if err != nil {
		return Message{}, err
	}
	if err := ctx.Err(); err != nil {
		return Message{}, fmt.Errorf("graph: %w", err)
	}
	before, _ := c.serverDate()
	ctx, departed := withDeparture(oncePosted(ctx))
	req, err := runtime.NewRequest(ctx, http.MethodPost, c.url(path, nil))
	if err != nil {
		return Message{}, fmt.Errorf("graph: %w", err)
	}
	if err := req.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
		return Message{}, fmt.Errorf("graph: %w", err)
	}
	unclear := func(err error) error { return &AmbiguousError{Err: err, ServerDate: before} }
	resp, err := c.pipe.Do(req)
	if err != nil {
		if _, ok := errors.AsType[*tokenError](err); ok || !departed.left.Load() {
			return Message{}, fmt.Errorf("graph: %w", err)
		}
		return Message{}, unclear(err)
	}
	switch s := resp.StatusCode; {
	case s == http.StatusCreated || s == http.StatusOK:
		var m message
		if err := decodeJSON(resp, &m); err != nil {
			return Message{}, unclear(err)
		}
		if m.ID == "" {
			return Message{}, unclear(errors.New("the answer holds no message"))
		}
		return m.public(), nil
	case s >= 400 && s < 500 && s != http.StatusRequestTimeout:
		return Message{}, errorOf(resp)
	default: // a server's failure, a redirect, anything unheard of
		return Message{}, unclear(errorOf(resp))
	}
}

// json makes the body of a post.
func (o Outgoing) json() ([]byte, error) {
	type user struct {
		ID   string `json:"id"`
		Name string `json:"displayName"`
		Kind string `json:"userIdentityType"`
	}
	type mention struct {
		ID        int    `json:"id"`
		Text      string `json:"mentionText"`
		Mentioned struct {
			User user `json:"user"`
		} `json:"mentioned"`
	}
	var msg struct {
		Importance string `json:"importance"`
		Body       struct {
			ContentType string `json:"contentType"`
			Content     string `json:"content"`
		} `json:"body"`
		Mentions []mention `json:"mentions,omitempty"`
	}
	msg.Importance = o.Importance
	if msg.Importance == "" {
		msg.Importance = "normal"
	}
	msg.Body.ContentType, msg.Body.Content = "html", o.HTML
	for _, m := range o.Mentions {
		var out mention
		out.ID, out.Text = m.ID, m.Text
		out.Mentioned.User = user{m.User.ID, m.User.Name, "aadUser"}
		msg.Mentions = append(msg.Mentions, out)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // HTML as it is: escapes would only make the body longer
	if err := enc.Encode(msg); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	return b.Bytes(), nil
}
