package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const window = "/me/calendarView?startDateTime=2026-11-22T00:00:00Z&endDateTime=2026-11-25T00:00:00Z"

func TestGraphChecksTheToken(t *testing.T) {
	e, clock := start(t)
	a := as(t, e, Adele)
	other, _ := start(t)
	foreign := as(t, other, Adele).token
	id := tokens(t, e, Adele)["id_token"].(string)
	for _, c := range []struct{ name, header, want string }{
		{"no token", "", "Access token is empty."},
		{"another scheme", "Basic " + a.token, "Access token is empty."},
		{"rubbish", "Bearer rubbish", "IDX14100: JWT is not well formed, there are no dots (.)."},
		{"another signer's token", "Bearer " + foreign, "Signing key is invalid."},
		{"an ID token", "Bearer " + id, "Access token validation failure. Invalid audience."},
		{"an unsigned token", "Bearer eyJhbGciOiJub25lIn0." + strings.Split(a.token, ".")[1] + ".", "Signing key is invalid."},
	} {
		h := http.Header{}
		if c.header != "" {
			h.Set("Authorization", c.header)
		}
		status, header, body := send(t, e, "GET", "https://"+GraphHost+"/v1.0/me", h, "")
		if code, text := errorOf(body); status != 401 || code != "InvalidAuthenticationToken" || text != c.want {
			t.Errorf("%s: got %d %s %q, want 401 %q", c.name, status, code, text, c.want)
		}
		if !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: no challenge", c.name)
		}
	}
	clock.move(accessLifetime - time.Second)
	if status, body := a.get("/me"); status != 200 {
		t.Errorf("in its last second: %d %v", status, body)
	}
	if err := e.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	status, body := a.get("/me")
	if _, text := errorOf(body); status != 401 || text != "Lifetime validation failed, the token is expired." {
		t.Errorf("after an hour: %d %v", status, body)
	}
}

func TestEachEndpointNeedsItsScope(t *testing.T) {
	e, _ := start(t)
	for path, need := range map[string]string{
		"GET /me": "User.Read", "GET " + window: "Calendars.Read", "GET /me/chats": "Chat.ReadBasic", "GET /chats/" + LaunchChat: "Chat.Read",
		"GET /chats/" + LaunchChat + "/members": "Chat.ReadWrite", "GET /chats/" + LaunchChat + "/messages": "Chat.Read",
		"POST /chats/" + LaunchChat + "/messages": "ChatMessage.Send", "GET /me/onlineMeetings?$filter=x": "OnlineMeetings.Read",
	} {
		method, target, _ := strings.Cut(path, " ")
		with := caller{t, e, tokens(t, e, Adele, "scope", need)["access_token"].(string)}
		if status, _, body := with.do(method, target, ""); status == 401 || status == 403 {
			t.Errorf("%s with %s: %d %v", path, need, status, body)
		}
		without := caller{t, e, tokens(t, e, Adele, "scope", "Calendars.ReadBasic openid")["access_token"].(string)}
		if need == "Calendars.Read" {
			without = caller{t, e, tokens(t, e, Adele, "scope", "User.Read")["access_token"].(string)}
		}
		status, _, body := without.do(method, target, "")
		if code, _ := errorOf(body); status != 403 || code != "Authorization_RequestDenied" {
			t.Errorf("%s without %s: %d %v", path, need, status, body)
		}
	}
}

func TestGraphAnswersCarryItsHeaders(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	h := http.Header{"Authorization": {"Bearer " + a.token}, "Client-Request-Id": {"6f1c1d2e-58b1-4c3a-9a8e-0d6e5f7b4a21"}}
	_, header, body := send(t, e, "GET", "https://"+GraphHost+"/v1.0/me", h, "")
	for name, want := range map[string]string{
		"Client-Request-Id": "6f1c1d2e-58b1-4c3a-9a8e-0d6e5f7b4a21", "OData-Version": "4.0", "Date": "Mon, 23 Nov 2026 10:00:00 GMT",
		"Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if header.Get("Request-Id") == "" || header.Get("X-Ms-Ags-Diagnostic") == "" {
		t.Errorf("headers %v", header)
	}
	if body["userPrincipalName"] != Adele || body["id"] != adele.ID || body["displayName"] != "Adele Vance" {
		t.Errorf("me: %v", body)
	}
	for _, path := range []string{"/me/nonsense", "/teams", "/me/nonsense?x=1"} {
		status, body := a.get(path)
		segment := strings.Split(path[strings.LastIndex(path, "/")+1:], "?")[0]
		if code, text := errorOf(body); status != 400 || code != "BadRequest" || text != "Resource not found for the segment '"+segment+"'." {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
}

// follow collects all pages' items.
func follow(t *testing.T, c caller, path string) (items []map[string]any, pages int) {
	t.Helper()
	for path != "" {
		status, body := c.get(path)
		if status != 200 {
			t.Fatalf("%s: %d %v", path, status, body)
		}
		for _, v := range body["value"].([]any) {
			items = append(items, v.(map[string]any))
		}
		path, _ = body["@odata.nextLink"].(string)
		pages++
	}
	return items, pages
}

func TestTheCalendarHoldsEveryKindOfEventOnAnyDay(t *testing.T) {
	for day := range 4 {
		e, clock := start(t)
		clock.move(time.Duration(day) * 24 * time.Hour)
		today := e.Now().Truncate(24 * time.Hour)
		path := fmt.Sprintf("/me/calendarView?startDateTime=%s&endDateTime=%s", today.AddDate(0, 0, -1).Format(time.RFC3339), today.AddDate(0, 0, 2).Format("2006-01-02T15:04:05"))
		items, pages := follow(t, as(t, e, Adele), path)
		if len(items) < 12 || pages != 2 {
			t.Errorf("day %d: %d events on %d pages", day, len(items), pages)
		}
		kinds := map[string]int{}
		seen := map[string]bool{}
		ordered := true
		last := ""
		for _, v := range items {
			if id := v["id"].(string); seen[id] {
				t.Errorf("day %d: %s twice", day, id)
			} else {
				seen[id] = true
			}
			starts := v["start"].(map[string]any)["dateTime"].(string)
			ordered, last = ordered && starts >= last, starts
			online, _ := v["onlineMeeting"].(map[string]any)
			join, _ := online["joinUrl"].(string)
			kinds[v["type"].(string)]++
			for kind, is := range map[string]bool{
				"cancelled": v["isCancelled"].(bool), "short": strings.Contains(join, "/meet/"), "channel": strings.Contains(join, "%40thread.tacv2"),
				"classic": strings.Contains(join, "%40thread.v2"), "foreign": strings.Contains(join, tenants[1].ID), "offline": join == "",
				"today": strings.HasPrefix(starts, today.Format(time.DateOnly)), "own": v["isOrganizer"].(bool),
			} {
				if is {
					kinds[kind]++
				}
			}
		}
		for _, kind := range []string{"occurrence", "singleInstance", "cancelled", "short", "channel", "classic", "foreign", "offline", "own"} {
			if kinds[kind] == 0 {
				t.Errorf("day %d: no event is %s", day, kind)
			}
		}
		if kinds["today"] < 4 {
			t.Errorf("day %d: %d events today", day, kinds["today"])
		}
		if ordered {
			t.Errorf("day %d: the events are sorted, which Graph does not promise", day)
		}
	}
}

func TestTheCalendarViewTakesItsParameters(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	for _, path := range []string{
		"/me/calendarView", "/me/calendarView?startDateTime=2026-11-22T00:00:00Z", "/me/calendarView?startDateTime=x&endDateTime=y",
		"/me/calendarView?startDateTime=2026-11-25&endDateTime=2026-11-22", "/me/calendarView?startDateTime=0001-01-01&endDateTime=2026-11-22",
		window + "&$top=0", window + "&$top=x", window + "&$skiptoken=guess", window + "&$orderby=nonsense", window + "&$select=createdDateTime",
	} {
		if status, body := a.get(path); status != 400 {
			t.Errorf("%s: got %d %v, want 400", path, status, body)
		}
	}
	items, pages := follow(t, a, window+"&$orderby=start/dateTime&$select=subject,start&$top=4")
	if pages < 3 || len(items) < 12 {
		t.Errorf("%d items on %d pages", len(items), pages)
	}
	if !slices.IsSortedFunc(items, func(x, y map[string]any) int {
		return strings.Compare(x["start"].(map[string]any)["dateTime"].(string), y["start"].(map[string]any)["dateTime"].(string))
	}) {
		t.Error("$orderby=start/dateTime is not sorted")
	}
	if len(items[0]) != 3 || items[0]["id"] == nil {
		t.Errorf("$select: got %v", items[0])
	}
	// The range's own offset counts; Prefer moves the answer only.
	day := "/me/calendarView?startDateTime=2026-11-23T11:00:00%2B01:00&endDateTime=2026-11-23T11:30:00%2B01:00&$select=subject,start"
	status, header, body := a.do("GET", day, "", `outlook.timezone="W. Europe Standard Time", outlook.body-content-type="text"`)
	value, _ := body["value"].([]any)
	if status != 200 || len(value) != 1 {
		t.Fatalf("%d %v", status, body)
	}
	starts := value[0].(map[string]any)["start"].(map[string]any)
	if starts["dateTime"] != "2026-11-23T11:00:00.0000000" || starts["timeZone"] != "W. Europe Standard Time" {
		t.Errorf("start: %v", starts)
	}
	if got := header.Get("Preference-Applied"); !strings.Contains(got, `outlook.timezone="W. Europe Standard Time"`) {
		t.Errorf("Preference-Applied: %q", got)
	}
	if status, _ := a.get(window, `outlook.timezone="Middle-earth"`); status != 400 {
		t.Errorf("an unknown zone: %d, want 400", status)
	}
}

func TestJoinAddressesCarryTheirChat(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	items, _ := follow(t, a, window)
	thread := regexp.MustCompile(`^https://teams\.microsoft\.com/l/meetup-join/(19%3ameeting_[A-Za-z0-9_-]+%40thread\.v2)/0\?context=%7b%22Tid%22%3a%22[0-9a-f-]{36}%22%2c%22Oid%22%3a%22[0-9a-f-]{36}%22%7d$`)
	found := 0
	for _, v := range items {
		online, _ := v["onlineMeeting"].(map[string]any)
		join, _ := online["joinUrl"].(string)
		m := thread.FindStringSubmatch(join)
		if m == nil {
			continue
		}
		id, err := url.PathUnescape(m[1])
		if err != nil {
			t.Fatal(err)
		}
		if status, body := a.get("/chats/" + id + "?$expand=members"); status != 200 || len(body["members"].([]any)) < 2 {
			t.Errorf("chat %s: %d %v", id, status, body)
		}
		if status, _ := a.get("/chats/" + m[1] + "/members"); status != 200 {
			t.Errorf("chat by its escaped id %s: %d", m[1], status)
		}
		found++
	}
	if found < 8 {
		t.Errorf("%d classic join addresses", found)
	}
}

func TestChatsAreForTheirMembers(t *testing.T) {
	e, _ := start(t)
	m := as(t, e, Megan)
	for _, path := range []string{"", "/members", "/messages"} {
		status, body := m.get("/chats/" + StandupChat + path)
		inner, _ := body["error"].(map[string]any)["innerError"].(map[string]any)
		text, _ := inner["message"].(string)
		if code, message := errorOf(body); status != 403 || code != "Forbidden" || message != "InsufficientPrivileges" || inner["code"] != "1" ||
			!strings.HasPrefix(text, "AclCheckFailed-The initiator 8:orgid:"+megan.ID+" is not a member of the roster ") {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	if status, body := m.post(StandupChat, "<p>x</p>"); status != 403 {
		t.Errorf("post: %d %v", status, body)
	}
	if status, _ := m.get("/chats/19:nothing@thread.v2"); status != 404 {
		t.Errorf("unknown chat: %d", status)
	}
	status, body := m.get("/chats/" + LaunchChat + "/members")
	if status != 200 {
		t.Fatalf("%d %v", status, body)
	}
	roles := map[string]any{}
	for _, v := range body["value"].([]any) {
		v := v.(map[string]any)
		roles[v["email"].(string)] = v["roles"].([]any)[0]
	}
	if roles[Adele] != "owner" || roles[Megan] != "guest" || len(roles) != 4 {
		t.Errorf("members: %v", roles)
	}
	if status, _ := m.get("/chats/" + LaunchChat + "/members?$top=2"); status != 400 {
		t.Errorf("members with $top: %d, want 400", status)
	}
}

func TestMyChatsArePagedAndFiltered(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	all, pages := follow(t, a, "/me/chats?$expand=members,lastMessagePreview&$top=3")
	if len(all) != 7 || pages != 3 || all[0]["members"] == nil {
		t.Errorf("%d chats on %d pages", len(all), pages)
	}
	meetings, _ := follow(t, a, "/me/chats?$filter="+url.QueryEscape("chatType eq 'meeting'"))
	joins := 0
	for _, v := range meetings {
		if v["onlineMeetingInfo"].(map[string]any)["joinWebUrl"] == calendar[5].joinURL {
			joins++
		}
	}
	if len(meetings) != 6 || joins != 1 {
		t.Errorf("%d meeting chats, %d with the short join address", len(meetings), joins)
	}
	if status, _ := a.get("/me/chats?$filter=topic"); status != 400 {
		t.Errorf("unknown filter: %d", status)
	}
}

func TestOnlyTheOrganizerFindsAMeetingByItsJoinAddress(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	find := func(join string) (int, map[string]any) {
		return a.get("/me/onlineMeetings?$filter=" + url.QueryEscape("JoinWebUrl eq '"+join+"'"))
	}
	for _, join := range []string{classicURL(StandupChat, adele), url.QueryEscape(classicURL(StandupChat, adele)), calendar[5].joinURL} {
		status, body := find(join)
		value, _ := body["value"].([]any)
		if status != 200 || len(value) != 1 {
			t.Fatalf("%s: %d %v", join, status, body)
		}
		thread := value[0].(map[string]any)["chatInfo"].(map[string]any)["threadId"]
		if thread != StandupChat && thread != HiringChat {
			t.Errorf("%s: thread %v", join, thread)
		}
	}
	if status, body := find(classicURL(CritiqueChat, alex)); status != 403 {
		t.Errorf("as an attendee: %d %v", status, body)
	}
	if status, body := find(classicURL(PartnerChat, megan)); status != 403 {
		t.Errorf("of another tenant: %d %v", status, body)
	}
	if status, _ := find("https://teams.microsoft.com/meet/0"); status != 404 {
		t.Errorf("unknown: %d", status)
	}
	for number, want := range map[string]int{"2417730415529": 200, "241 773 041 552 9": 200, "1": 404, "": 404} {
		status, body := a.get("/me/onlineMeetings?$filter=" + url.QueryEscape("joinMeetingIdSettings/joinMeetingId eq '"+number+"'"))
		if status != want {
			t.Errorf("meeting id %q: got %d %v, want %d", number, status, body, want)
		}
		if want == 200 && body["value"].([]any)[0].(map[string]any)["chatInfo"].(map[string]any)["threadId"] != HiringChat {
			t.Errorf("meeting id %q: %v", number, body)
		}
	}
	if status, body := a.get("/me/onlineMeetings?$filter=" + url.QueryEscape("JoinWebUrl eq "+calendar[5].joinURL)); status != 400 {
		t.Errorf("without quotes: %d %v", status, body)
	}
}

func TestFaultsMeetTheRequestsTheyName(t *testing.T) {
	e, _ := start(t)
	a := as(t, e, Adele)
	messages := regexp.MustCompile(`/messages$`)

	e.AddFault(Fault{Method: "POST", Path: messages, Count: 2, Status: 429, RetryAfter: "7"})
	if status, _ := a.get("/me"); status != 200 {
		t.Errorf("another request: %d", status)
	}
	for range 2 {
		status, h, body := a.do("POST", "/chats/"+LaunchChat+"/messages", `{"body":{"content":"x"}}`)
		if code, _ := errorOf(body); status != 429 || h.Get("Retry-After") != "7" || code != "TooManyRequests" {
			t.Errorf("429: %d %v", status, body)
		}
	}
	if got := e.Messages(LaunchChat); len(got) != 0 {
		t.Errorf("a refused post left %v", got)
	}
	e.AddFault(Fault{Method: "POST", Status: 504, AfterCommit: true})
	if status, _ := a.post(LaunchChat, "<p>once</p>"); status != 504 {
		t.Errorf("504: %d", status)
	}
	if got := e.Messages(LaunchChat); len(got) != 1 {
		t.Errorf("a post with 504 after its effect left %d messages, want 1", len(got))
	}
	e.AddFault(Fault{Reset: true, AfterCommit: true})
	r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+GraphHost+"/v1.0/chats/"+LaunchChat+"/messages", strings.NewReader(`{"body":{"content":"twice"}}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+a.token)
	if _, err := e.RoundTripper().RoundTrip(r); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: got %v", err)
	}
	if got := e.Messages(LaunchChat); len(got) != 2 {
		t.Errorf("a post with a reset after its effect left %d messages, want 2", len(got))
	}
	e.AddFault(Fault{Status: 200, Body: "<html>pay for the wifi</html>"})
	r, _ = http.NewRequestWithContext(t.Context(), "GET", "https://"+GraphHost+"/v1.0/me", nil)
	if response, err := e.RoundTripper().RoundTrip(r); err != nil || response.StatusCode != 200 || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		t.Errorf("captive portal: %v %v", response, err)
	}
	e.AddFault(Fault{Path: regexp.MustCompile(`/token$`), Status: 503})
	if status, body := tokenRequest(t, e, refreshForm("x")); status != 503 || body["error"] != "temporarily_unavailable" {
		t.Errorf("token: %d %v", status, body)
	}
}

func TestARevokedPersonsCapableClientIsChallenged(t *testing.T) {
	e, clock := start(t)
	capable := tokens(t, e, Adele, "claims", `{"access_token":{"xms_cc":{"values":["CP1"]}}}`)["access_token"].(string)
	plain := as(t, e, Adele)
	clock.move(2 * time.Second)
	if err := e.Revoke(Adele); err != nil {
		t.Fatal(err)
	}
	status, h, _ := caller{t, e, capable}.do("GET", "/me", "")
	if challenge := h.Get("WWW-Authenticate"); status != 401 || !strings.Contains(challenge, `error="insufficient_claims"`) ||
		!strings.Contains(challenge, `claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiI`) {
		t.Errorf("a client with CP1: %d %q", status, challenge)
	}
	if status, _ := plain.get("/me"); status != 200 {
		t.Errorf("a client without CP1: %d, want 200 until the token ends", status)
	}
	again := tokens(t, e, Adele, "claims", `{"access_token":{"xms_cc":{"values":["CP1"]}}}`)["access_token"].(string)
	if status, _, body := (caller{t, e, again}).do("GET", "/me", ""); status != 200 {
		t.Errorf("after a new sign-in: %d %v", status, body)
	}
}
