package emulator

import (
	"crypto/subtle"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

// chatView is one chat on the page.
type chatView struct {
	Anchor, Topic, Kind, Names string
	Members                    []user
	Messages                   []messageView
	newest                     time.Time
}

type messageView struct {
	From, Given, Initials, When, Important string
	Content                                template.HTML
	Posted                                 bool
}

// keyed answers 404 unless the path holds the page's key.
func (e *Emulator) keyed(w http.ResponseWriter, r *http.Request) bool {
	if subtle.ConstantTimeCompare([]byte(r.PathValue("key")), []byte(e.pageKey)) == 1 {
		return true
	}
	http.NotFound(w, r)
	return false
}

func (e *Emulator) chatsPage(w http.ResponseWriter, r *http.Request) {
	if !e.keyed(w, r) {
		return
	}
	e.mu.Lock()
	messages, now, offset, notice := slices.Clone(e.st.Messages), e.now(), e.st.Offset, e.notice
	e.mu.Unlock()

	body := struct {
		Clock, Day, Ahead, Form, Notice string
		Chats                           []chatView
	}{now.Format("15:04"), now.Format("Mon 2 January 2006") + " UTC", ahead(offset), e.pageForm, notice, nil}
	for i, c := range allChats {
		body.Chats = append(body.Chats, c.view(i, messages, now))
	}
	slices.SortStableFunc(body.Chats, func(a, b chatView) int { return b.newest.Compare(a.newest) })
	e.render(w, http.StatusOK, "chats", view{Title: "Chats", Body: body}, false)
}

func (c chat) view(i int, messages []Message, now time.Time) chatView {
	v := chatView{Anchor: fmt.Sprintf("chat-%d", i), Topic: c.topic, Kind: "meeting chat", Members: c.members}
	if c.kind == "oneOnOne" {
		v.Topic, v.Kind = c.members[0].Name()+" and "+c.members[1].Name(), "one to one"
	}
	var names []string
	for _, m := range c.members {
		names = append(names, m.Name())
	}
	v.Names = strings.Join(names, ", ")
	for _, m := range messages {
		if m.ChatID == c.id {
			v.Messages = append(v.Messages, m.view(now))
			v.newest = m.Created
		}
	}
	return v
}

func (m Message) view(now time.Time) messageView {
	v := messageView{
		From: m.FromName, When: m.Created.Format("15:04"), Posted: !m.Seed,
		Important: map[string]string{"high": "Important!", "urgent": "Urgent!"}[m.Importance],
		Content:   template.HTML(m.Content), // sanitise made it
	}
	if m.Created.Format(time.DateOnly) != now.Format(time.DateOnly) {
		v.When = m.Created.Format("2 January 15:04")
	}
	if u, ok := userByID(m.FromID); ok {
		v.Given, v.Initials = u.Given, u.Initials()
	}
	switch {
	case m.System:
		v.From, v.Initials, v.Content = "Teams", "•", `<p class="system">The meeting started.</p>`
	case m.ContentType == "text":
		v.Content = template.HTML(`<p class="plain">` + template.HTMLEscapeString(m.Content) + "</p>") // escaped
	}
	return v
}

// ahead says how far the tenant's clock was moved.
func ahead(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d == 0:
		return ""
	case d < 0:
		return strings.TrimSuffix((-d).String(), "0s") + " behind"
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h ahead", d/time.Hour)
	}
	return strings.TrimSuffix(d.String(), "0s") + " ahead"
}

// chatsForm checks a form of the page, runs do and shows the page again.
func (e *Emulator) chatsForm(w http.ResponseWriter, r *http.Request, do func() error) {
	if !e.keyed(w, r) {
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.PostFormValue("form")), []byte(e.pageForm)) != 1 {
		http.Error(w, "this form is not of this page", http.StatusForbidden)
		return
	}
	if err := do(); err != nil {
		e.brokenPage(w)
		return
	}
	http.Redirect(w, r, "/demo/"+e.pageKey+"/", http.StatusSeeOther)
}

func (e *Emulator) chatsClock(w http.ResponseWriter, r *http.Request) {
	e.chatsForm(w, r, func() error { return e.Advance(time.Hour) })
}

func (e *Emulator) chatsReset(w http.ResponseWriter, r *http.Request) {
	e.chatsForm(w, r, e.Reset)
}
