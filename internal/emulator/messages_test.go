package emulator

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAPostedMessageComesBack(t *testing.T) {
	e, clock := start(t)
	a := as(t, e, Adele)
	body := `{"importance":"high","body":{"contentType":"html","content":"<h3>Notes</h3><p><at id=\"0\">Megan Bowen</at> decides</p>"},
		"mentions":[{"id":0,"mentionText":"Megan Bowen","mentioned":{"user":{"displayName":"Megan Bowen","id":"` + megan.ID + `","userIdentityType":"aadUser"}}}]}`
	status, h, made := a.do("POST", "/chats/"+url.PathEscape(LaunchChat)+"/messages", body)
	if status != 201 {
		t.Fatalf("post: %d %v", status, made)
	}
	id := made["id"].(string)
	if want := fmt.Sprint(clock.now().UnixMilli()); id != want || made["createdDateTime"] != "2026-11-23T10:00:00.123Z" {
		t.Errorf("id %s at %v, want %s", id, made["createdDateTime"], want)
	}
	if want := "https://teamsgraph.teams.microsoft.com/v1.0/chats('" + LaunchChat + "')/messages('" + id + "')"; h.Get("Location") != want {
		t.Errorf("Location: got %q, want %q", h.Get("Location"), want)
	}
	if from := made["from"].(map[string]any)["user"].(map[string]any); from["id"] != adele.ID {
		t.Errorf("from: %v", from)
	}
	// In the same millisecond ids still ascend.
	_, second := a.post(LaunchChat, "<p>again</p>")
	if got, want := second["id"], fmt.Sprint(clock.now().UnixMilli()+1); got != want {
		t.Errorf("second id: got %v, want %s", got, want)
	}
	list, _ := follow(t, as(t, e, Megan), "/chats/"+LaunchChat+"/messages?$orderby="+url.QueryEscape("createdDateTime desc"))
	if list[0]["id"] != second["id"] || list[1]["id"] != id || len(list[1]["mentions"].([]any)) != 1 || list[1]["importance"] != "high" {
		t.Errorf("list: %v", list[:2])
	}
	posted := e.Messages(LaunchChat)
	if len(posted) != 2 || posted[0].ID != id || posted[0].FromName != "Adele Vance" || posted[0].Mentions[0].UserID != megan.ID {
		t.Errorf("Messages: %v", posted)
	}
}

func TestMessagesAreCheckedAsTeamsDoes(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	mention := func(content, text string) string {
		b, err := json.Marshal(map[string]any{
			"body":     map[string]any{"contentType": "html", "content": content},
			"mentions": []any{map[string]any{"id": 0, "mentionText": text, "mentioned": map[string]any{"user": map[string]any{"id": alex.ID, "displayName": "Alex"}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const marker = "Body does not contain marker for mention with Id '0'. Add 'Alex Wilber' to the body."
	big := strings.Repeat("x", maxMessage)
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `{`, 400, "Unable to read JSON"},
		{"no body", `{}`, 400, "Missing body content"},
		{"an empty body", `{"body":{"content":""}}`, 400, "Missing body content"},
		{"an unknown content type", `{"body":{"contentType":"markdown","content":"x"}}`, 400, "contentType"},
		{"an unknown importance", `{"importance":"huge","body":{"content":"x"}}`, 400, "importance"},
		{"a mention without a marker", mention("<p>Alex Wilber</p>", "Alex Wilber"), 400, marker},
		{"a marker with another id", mention(`<p><at id="1">Alex Wilber</at></p>`, "Alex Wilber"), 400, marker},
		{"a marker with another text", mention(`<p><at id="0">Alex</at></p>`, "Alex Wilber"), 400, marker},
		{"a marker", mention(`<p><at id="0">Alex Wilber</at></p>`, "Alex Wilber"), 201, ""},
		{"a marker with a sign", mention(`<p><at id="0">A &amp; B</at></p>`, "A & B"), 201, ""},
		{"a mention of nobody", `{"body":{"contentType":"html","content":"<at id=\"0\">x</at>"},"mentions":[{"id":0,"mentionText":"x"}]}`, 400, "names nobody"},
		{"an attachment without a marker", `{"body":{"contentType":"html","content":"x"},"attachments":[{"id":"1"}]}`, 400, "marker for attachment"},
		{"an attachment", `{"body":{"contentType":"html","content":"<attachment id=\"1\"></attachment>"},"attachments":[{"id":"1"}]}`, 201, ""},
		{"28 KB", `{"body":{"content":"` + big + `"}}`, 201, ""},
		{"more than 28 KB", `{"body":{"content":"` + big + `x"}}`, 413, "too large"},
		{"28 KB and a mention", mention(`<at id="0">Alex Wilber</at>`+big[50:], "Alex Wilber"), 413, "too large"},
	} {
		status, _, body := a.do("POST", "/chats/"+LaunchChat+"/messages", c.body)
		if _, text := errorOf(body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: got %d %q, want %d %q", c.name, status, text, c.status, c.want)
		}
	}
}

func TestTextStaysRawAndHTMLIsSanitised(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	if status, _, body := a.do("POST", "/chats/"+LaunchChat+"/messages", `{"body":{"content":"**<b>raw</b>**"}}`); status != 201 || body["body"].(map[string]any)["content"] != "**<b>raw</b>**" {
		t.Errorf("text: %d %v", status, body)
	}
	_, body := a.post(LaunchChat, `<table><tr><td onclick="x()">cell</td></tr></table><a href="javascript:x()">l</a>`)
	if got, want := body["body"].(map[string]any)["content"], `cell<a>l</a>`; got != want {
		t.Errorf("html: got %q, want %q", got, want)
	}
}

func TestMessagesArePagedByWhatWasSeen(t *testing.T) {
	e, clock := start(t)
	a := as(t, e, Adele)
	for i := range 7 {
		clock.move(time.Second)
		if status, body := a.post(StandupChat, fmt.Sprintf("<p>%d</p>", i)); status != 201 {
			t.Fatalf("post: %d %v", status, body)
		}
	}
	_, first := a.get("/chats/" + StandupChat + "/messages?$top=3")
	clock.move(time.Second)
	if status, _ := a.post(StandupChat, "<p>meanwhile</p>"); status != 201 {
		t.Fatal("post failed")
	}
	rest, _ := follow(t, a, first["@odata.nextLink"].(string))
	var contents []string
	for _, v := range append(first["value"].([]any)[:3:3], anySlice(rest)...) {
		contents = append(contents, v.(map[string]any)["body"].(map[string]any)["content"].(string))
	}
	if got, want := strings.Join(contents, ""), "<p>6</p><p>5</p><p>4</p><p>3</p><p>2</p><p>1</p><p>0</p><p>I am out in the afternoon.</p>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	filtered := func(filter string) int {
		list, _ := follow(t, a, "/chats/"+StandupChat+"/messages?$orderby=createdDateTime%20desc&$filter="+url.QueryEscape(filter))
		return len(list)
	}
	if got := filtered("createdDateTime gt 2026-11-23T10:00:05.5Z and createdDateTime lt 2026-11-23T10:00:07.5Z"); got != 2 {
		t.Errorf("filtered: got %d, want 2", got)
	}
	if got := filtered("lastModifiedDateTime gt 2026-11-23T10:00:05Z"); got != 9 {
		t.Errorf("a filter on another property than the order's is not ignored: got %d, want 9", got)
	}
	for _, path := range []string{"$top=51", "$orderby=createdDateTime", "$orderby=createdDateTime%20asc", "$skiptoken=MTIz"} {
		if status, _ := a.get("/chats/" + StandupChat + "/messages?" + path); status != 400 {
			t.Errorf("%s: %d, want 400", path, status)
		}
	}
}

func TestSystemMessagesHaveAnUnknownKindUnlessPreferred(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	kinds := func(prefer ...string) (found []any) {
		_, body := a.get("/chats/"+LaunchChat+"/messages", prefer...)
		for _, v := range body["value"].([]any) {
			if v := v.(map[string]any); v["from"] == nil {
				found = append(found, v["messageType"])
			}
		}
		return found
	}
	if got := kinds(); len(got) != 1 || got[0] != "unknownFutureValue" {
		t.Errorf("got %v", got)
	}
	if got := kinds("include-unknown-enum-members"); len(got) != 1 || got[0] != "systemEventMessage" {
		t.Errorf("got %v", got)
	}
}

func anySlice(items []map[string]any) (list []any) {
	for _, v := range items {
		list = append(list, v)
	}
	return list
}
