package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const me = `{"id":"u1","displayName":"Adele Vance","mail":null,"userPrincipalName":"adele@contoso.com"}`

func TestReadsAreTriedAgainAndHonourRetryAfter(t *testing.T) {
	date := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // synctest's
	tests := []struct {
		name     string
		first    []func(*http.Request) (*http.Response, error)
		requests int
		min, max time.Duration
		status   int // 0: it succeeds
	}{
		{"at once", nil, 1, 0, 0, 0},
		{"throttled", answers(reply(429, "", "Retry-After", "7")), 2, 7 * time.Second, 7 * time.Second, 0},
		{"throttled until a date", answers(reply(503, "", "Retry-After", date.Add(5*time.Second).Format(http.TimeFormat))), 2, 4 * time.Second, 5 * time.Second, 0},
		{"throttled without a hint", answers(reply(429, "")), 2, 600 * time.Millisecond, 1100 * time.Millisecond, 0},
		{"throttled for an absurd time", answers(reply(429, "", "Retry-After", "86400")), 1, 0, 0, 429},
		{"broken connections", answers(fails(errReset), fails(errReset), fails(errReset)), 4, 7 * time.Second, 20 * time.Second, 0},
		{"a server that stays down", answers(reply(502, "<html>"), reply(502, ""), reply(503, ""), reply(504, "")), 4, 7 * time.Second, 20 * time.Second, 504},
		{"refused", answers(reply(403, `{"error":{"code":"Forbidden"}}`)), 1, 0, 0, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{answers: append(tt.first, reply(200, me))}
				begin := time.Now()
				p, err := client(t, s, &tokens{}).Me(t.Context())
				took := time.Since(begin)
				if s.count() != tt.requests || took < tt.min || took > tt.max {
					t.Errorf("%d requests in %s; want %d in %s to %s", s.count(), took, tt.requests, tt.min, tt.max)
				}
				if tt.status == 0 {
					if err != nil || p != (Person{ID: "u1", Name: "Adele Vance", Email: "adele@contoso.com"}) {
						t.Errorf("got %+v, %v", p, err)
					}
					return
				}
				if e, ok := errors.AsType[*Error](err); !ok || e.Status != tt.status {
					t.Errorf("got %v, want status %d", err, tt.status)
				}
			})
		})
	}
}

func answers(a ...func(*http.Request) (*http.Response, error)) []func(*http.Request) (*http.Response, error) {
	return a
}

func TestAPostIsSentOnceUnlessNothingLeft(t *testing.T) {
	const created = `{"id":"1616990032035","chatId":"19:a@thread.v2","createdDateTime":"2026-11-23T10:00:00Z","body":{"contentType":"html","content":"x"}}`
	dns := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}}
	forbidden := `{"error":{"code":"Forbidden","message":"InsufficientPrivileges","innerError":{"code":"1","request-id":"r"}}}`
	tests := []struct {
		name      string
		answers   []func(*http.Request) (*http.Response, error)
		requests  int
		ambiguous bool
		status    int // of an *Error
		posted    bool
	}{
		{"created", answers(reply(201, created)), 1, false, 0, true},
		{"no such host at first", answers(fails(dns), reply(201, created)), 2, false, 0, true},
		{"refused connection at first", answers(fails(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), reply(201, created)), 2, false, 0, true},
		{"no such host at all", answers(fails(dns)), 4, false, 0, false},
		{"reset", answers(fails(errReset)), 1, true, 0, false},
		{"reset while reading", answers(fails(&net.OpError{Op: "read", Err: syscall.ECONNRESET})), 1, true, 0, false},
		{"throttled", answers(reply(429, `{"error":{"code":"TooManyRequests"}}`, "Retry-After", "9")), 1, false, 429, false},
		{"not a member", answers(reply(403, forbidden)), 1, false, 403, false},
		{"gone", answers(reply(404, "")), 1, false, 404, false},
		{"too large", answers(reply(413, "")), 1, false, 413, false},
		{"timeout at the server", answers(reply(408, "")), 1, true, 408, false},
		{"server failure", answers(reply(500, "")), 1, true, 500, false},
		{"gateway timeout", answers(reply(504, "")), 1, true, 504, false},
		{"redirected", answers(reply(302, "", "Location", "https://graph.example/other")), 1, true, 302, false},
		{"a captive portal's page", answers(reply(200, "<html>Welcome", "Content-Type", "text/html")), 1, true, 200, false},
		{"half an answer", answers(reply(201, created[:40])), 1, true, 201, false},
		{"an answer that breaks off", answers(func(r *http.Request) (*http.Response, error) {
			resp, _ := reply(201, created)(r)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(created[:20]), &broken{}))
			return resp, nil
		}), 1, true, 0, false},
		{"an answer without a message", answers(reply(201, `{}`)), 1, true, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{answers: tt.answers}
				m, err := client(t, s, &tokens{}).Post(t.Context(), "19:a@thread.v2", Outgoing{HTML: "<p>x</p>"})
				if s.count() != tt.requests {
					t.Errorf("%d requests, want %d", s.count(), tt.requests)
				}
				if tt.posted != (err == nil) || tt.posted != (m.ID == "1616990032035") {
					t.Errorf("got %+v, %v", m, err)
				}
				if _, ok := errors.AsType[*AmbiguousError](err); ok != tt.ambiguous {
					t.Errorf("got %v; in doubt: want %v", err, tt.ambiguous)
				}
				e, _ := errors.AsType[*Error](err)
				if tt.status != 0 && (e == nil || e.Status != tt.status) {
					t.Errorf("got %v, want status %d", err, tt.status)
				}
				if tt.status == 429 && e.RetryAfter != 9*time.Second {
					t.Errorf("Retry-After: got %s", e.RetryAfter)
				}
			})
		})
	}
}

type broken struct{}

func (*broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestATryThatTakesTooLongIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		s := &server{answers: answers(hangs)}
		begin := time.Now()
		_, err := client(t, s, &tokens{}).Post(t.Context(), "19:a@thread.v2", Outgoing{HTML: "x"})
		if _, ok := errors.AsType[*AmbiguousError](err); !ok || time.Since(begin) != timeLimit || s.count() != 1 {
			t.Errorf("after %s and %d requests: %v", time.Since(begin), s.count(), err)
		}
		s = &server{answers: answers(hangs, reply(200, me))}
		if _, err := client(t, s, &tokens{}).Me(t.Context()); err != nil || s.count() != 2 {
			t.Errorf("a read: %d requests, %v", s.count(), err)
		}
	})
}

// Over real connections: what never reached the server is told from what may have.
func TestWhatLeftIsToldFromWhatDidNot(t *testing.T) {
	reached := make(chan bool, 10)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		reached <- true
		panic(http.ErrAbortHandler)
	}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	defer srv.Close()
	post := func(address string, transport http.RoundTripper, limit time.Duration) error {
		c, err := New(Options{BaseURL: address + "/v1.0", Transport: transport, Tokens: &tokens{}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		_, err = c.Post(ctx, "19:a@thread.v2", Outgoing{HTML: "x"})
		return err
	}
	if err := post(srv.URL, srv.Client().Transport, time.Minute); !isAmbiguous(err) || len(reached) != 1 {
		t.Errorf("a connection that breaks after the request: got %v, reached %d times", err, len(reached))
	}
	strict := &http.Transport{}
	defer strict.CloseIdleConnections()
	if err := post(srv.URL, strict, time.Minute); err == nil || isAmbiguous(err) || len(reached) != 1 {
		t.Errorf("a certificate that nobody signed: got %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	// Its tries go on until the time is up; that they never left is still known.
	if err := post("https://"+l.Addr().String(), srv.Client().Transport, time.Second); err == nil || isAmbiguous(err) {
		t.Errorf("a refused connection: got %v", err)
	}
}

func isAmbiguous(err error) bool {
	_, ok := errors.AsType[*AmbiguousError](err)
	return ok
}

func TestA401GetsOneNewTokenAndFailsThen(t *testing.T) {
	claims := `{"access_token":{"nbf":{"essential":true,"value":"1726258122"}}}`
	challenge := `PoP nonce="a, b=c", Bearer realm="", authorization_uri="https://login.example/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzI2MjU4MTIyIn19fQ=="`
	expired := reply(401, `{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired."}}`)
	t.Run("without claims", func(t *testing.T) {
		s, src := &server{answers: answers(expired, reply(200, me))}, &tokens{}
		if _, err := client(t, s, src).Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(src.renewed, []string{"token-0 | "}) || s.seen[1].Header.Get("Authorization") != "Bearer token-1" {
			t.Errorf("renewed %q, then %q", src.renewed, s.seen[1].Header.Get("Authorization"))
		}
	})
	t.Run("with claims, for a post", func(t *testing.T) {
		s, src := &server{answers: answers(reply(401, "", "WWW-Authenticate", challenge), reply(201, `{"id":"1"}`))}, &tokens{}
		if _, err := client(t, s, src).Post(t.Context(), "19:a@thread.v2", Outgoing{HTML: "<p>x</p>"}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(src.renewed, []string{"token-0 | " + claims}) {
			t.Errorf("renewed %q", src.renewed)
		}
		if s.bodies[0] != s.bodies[1] || s.bodies[0] == "" {
			t.Errorf("bodies %q", s.bodies)
		}
	})
	t.Run("twice", func(t *testing.T) {
		s, src := &server{answers: answers(expired)}, &tokens{}
		_, err := client(t, s, src).Me(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Status != 401 || e.Code != "InvalidAuthenticationToken" || s.count() != 2 || len(src.renewed) != 1 {
			t.Errorf("%d requests, %d renewals: %v", s.count(), len(src.renewed), err)
		}
	})
	t.Run("no token", func(t *testing.T) {
		signIn := errors.New("sign-in needed")
		s := &server{answers: answers(reply(200, me))}
		_, err := client(t, s, &tokens{err: signIn}).Post(t.Context(), "19:a@thread.v2", Outgoing{HTML: "x"})
		if !errors.Is(err, signIn) || isAmbiguous(err) || s.count() != 0 {
			t.Errorf("%d requests: %v", s.count(), err)
		}
	})
}

func TestTheTokenGoesToTheOneHostOnly(t *testing.T) {
	for _, next := range []string{"https://evil.example/v1.0/x", "http://graph.example/v1.0/x", "//evil.example/", "https://graph.example:444/", "https://u@graph.example/v1.0"} {
		s := &server{answers: answers(reply(200, fmt.Sprintf(`{"value":[],"@odata.nextLink":%q}`, next)))}
		_, err := client(t, s, &tokens{}).Members(t.Context(), "19:a@thread.v2")
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "ForeignNextLink" || s.count() != 1 {
			t.Errorf("nextLink %s: %d requests, %v", next, s.count(), err)
		}
	}
	s := &server{answers: answers(reply(302, "", "Location", "https://evil.example/"))}
	_, err := client(t, s, &tokens{}).Me(t.Context())
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != 302 || s.count() != 1 {
		t.Errorf("a redirect: %d requests, %v", s.count(), err)
	}
	for _, address := range []string{"", "http://graph.example/v1.0", "https://", "https://u:p@graph.example/v1.0", "graph.example/v1.0", "https://graph.example/v1.0?x=1"} {
		if _, err := New(Options{BaseURL: address, Tokens: &tokens{}}); err == nil {
			t.Errorf("%q was taken for the service's address", address)
		}
	}
	if _, err := New(Options{BaseURL: base}); err == nil {
		t.Error("a client without tokens was made")
	}
}

func TestPagesEnd(t *testing.T) {
	n := 0
	endless := func(r *http.Request) (*http.Response, error) {
		n++
		return reply(200, fmt.Sprintf(`{"value":[],"@odata.nextLink":"%s/x?$skip=%d"}`, base, n))(r)
	}
	loop := reply(200, `{"value":[],"@odata.nextLink":"`+base+`/x"}`)
	for name, tt := range map[string]struct {
		answer   func(*http.Request) (*http.Response, error)
		requests int
		code     string
	}{"endless": {endless, maxMemberPages, "TooManyPages"}, "a loop": {loop, 2, "LoopingPages"}} {
		s := &server{answers: answers(tt.answer)}
		_, err := client(t, s, &tokens{}).Members(t.Context(), "19:a@thread.v2")
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != tt.code || s.count() != tt.requests {
			t.Errorf("%s: %d requests, %v", name, s.count(), err)
		}
	}
}

func TestRequestsAreWhatGraphWants(t *testing.T) {
	var logs bytes.Buffer
	s := &server{answers: answers(reply(200, `{"value":[]}`))}
	c, err := New(Options{BaseURL: base + "/", Transport: s, Tokens: &tokens{}, Log: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 23, 1, 0, 0, 0, time.FixedZone("", 3600))
	if _, err := c.Meetings(t.Context(), from, from.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Messages(t.Context(), "19:meeting_a@thread.v2", from); err != nil {
		t.Fatal(err)
	}
	const wantCalendar = base + "/me/calendarView?$orderby=start%2FdateTime&$select=id%2Csubject%2CisCancelled%2CseriesMasterId%2Cstart%2Cend%2Corganizer%2ConlineMeeting&$top=50&endDateTime=2026-11-24T00%3A00%3A00Z&startDateTime=2026-11-23T00%3A00%3A00Z"
	if got := s.seen[0].URL.String(); got != wantCalendar {
		t.Errorf("calendar\n got %s\nwant %s", got, wantCalendar)
	}
	const wantMessages = base + "/chats/19:meeting_a@thread.v2/messages?$orderby=createdDateTime%20desc&$top=50"
	if got := s.seen[1].URL.String(); got != wantMessages {
		t.Errorf("messages\n got %s\nwant %s", got, wantMessages)
	}
	h := s.seen[0].Header
	if h.Get("Prefer") != `outlook.timezone="UTC"` || h.Get("Authorization") != "Bearer token-0" || len(h.Get(clientRequestID)) != 36 {
		t.Errorf("headers %v", h)
	}
	if h.Get(clientRequestID) == s.seen[1].Header.Get(clientRequestID) {
		t.Error("two calls share a client-request-id")
	}
	if l := logs.String(); strings.Contains(l, "token-") || strings.Contains(l, "meeting_a") || !strings.Contains(l, h.Get(clientRequestID)) || !strings.Contains(l, "req-1") {
		t.Errorf("log: %s", l)
	}

	s = &server{answers: answers(reply(201, `{"id":"1"}`))}
	user := Person{ID: "u2", Name: `Alex "W" <x>`}
	if _, err := client(t, s, &tokens{}).Post(t.Context(), "19:a@thread.v2", Outgoing{HTML: `<p><at id="0">A</at> & ü</p>`, Mentions: []Mention{{0, "A", user}}}); err != nil {
		t.Fatal(err)
	}
	const wantBody = `{"importance":"normal","body":{"contentType":"html","content":"<p><at id=\"0\">A</at> & ü</p>"},"mentions":[{"id":0,"mentionText":"A","mentioned":{"user":{"id":"u2","displayName":"Alex \"W\" <x>","userIdentityType":"aadUser"}}}]}` + "\n"
	if s.bodies[0] != wantBody || s.seen[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("body\n got %s\nwant %s (%s)", s.bodies[0], wantBody, s.seen[0].Header.Get("Content-Type"))
	}
}

func TestOddChatIDsNeverBecomeOtherAddresses(t *testing.T) {
	for _, id := range []string{"", "x", "..", "19:a/../../me", "19:a b", "19:a\n", `19:a\b`} {
		s := &server{answers: answers(reply(200, `{"value":[]}`))}
		c := client(t, s, &tokens{})
		_, err1 := c.Members(t.Context(), id)
		_, err2 := c.Messages(t.Context(), id, time.Time{})
		_, err3 := c.Post(t.Context(), id, Outgoing{})
		for _, err := range []error{err1, err2, err3} {
			if e, ok := errors.AsType[*Error](err); !ok || e.Code != "InvalidChatID" {
				t.Errorf("%q: got %v", id, err)
			}
		}
		if s.count() != 0 {
			t.Errorf("%q left: %s", id, s.seen[0].URL)
		}
	}
	s := &server{answers: answers(reply(200, `{"value":[]}`))}
	if _, err := client(t, s, &tokens{}).Members(t.Context(), "19:a?x#y%2f@thread.v2"); err != nil || s.seen[0].URL.EscapedPath() != "/v1.0/chats/19:a%3Fx%23y%252f@thread.v2/members" {
		t.Errorf("got %s, %v", s.seen[0].URL, err)
	}
}

func TestAnswersAreBoundedAndJudged(t *testing.T) {
	long := `{"id":"` + strings.Repeat("x", maxAnswer) + `"}`
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"HTML": reply(200, "<html>", "Content-Type", "text/html"), "no type": reply(200, me, "Content-Type", ""), "half": reply(200, me[:30]),
	} {
		s := &server{answers: answers(answer)}
		_, err := client(t, s, &tokens{}).Me(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "UnexpectedAnswer" || e.Status != 200 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := &server{answers: answers(reply(200, long))}
		if _, err := client(t, s, &tokens{}).Me(t.Context()); !errors.Is(err, errTooLong) {
			t.Errorf("too long: got %v", err)
		}
	})
	s := &server{answers: answers(reply(403, `{"error":{"code":"Forbidden","message":"a\nb","innerError":{"code":"1","request-id":"inner"}}}`, "Request-Id", ""))}
	_, err := client(t, s, &tokens{}).Me(t.Context())
	e, _ := errors.AsType[*Error](err)
	if e == nil || e.Code != "Forbidden" || e.Inner != "1" || e.Message != "a b" || e.RequestID != "inner" || len(e.ClientRequestID) != 36 {
		t.Errorf("got %+v", e)
	}
}

func TestMeetingsAreSortedWholeAndTolerant(t *testing.T) {
	const teams = `https://teams.microsoft.com/l/meetup-join/19%3ameeting_MGQ0%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%7d`
	page1 := `{"value":[
		{"id":"b","subject":"Later","start":{"dateTime":"2026-11-23T11:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-11-23T12:00:00.0000000","timeZone":"UTC"},"organizer":{"emailAddress":{"name":"","address":"x@y.example"}},"onlineMeeting":null},
		{"id":"bad","subject":"Elsewhere","start":{"dateTime":"2026-11-23T11:00:00.0000000","timeZone":"W. Europe Standard Time"},"end":{}}
	],"@odata.nextLink":"` + base + `/me/calendarView?$skip=2"}`
	page2 := `{"value":[{"id":"b","subject":"Later","start":{"dateTime":"2026-11-23T11:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-11-23T12:00:00","timeZone":"UTC"}},
		{"id":"a","subject":"First","isCancelled":true,"seriesMasterId":"s","start":{"dateTime":"2026-11-23T09:00:00.0000000","timeZone":"UTC"},"end":{"dateTime":"2026-11-23T09:30:00.0000000","timeZone":"UTC"},"organizer":{"emailAddress":{"name":"Alex","address":"x@y.example"}},"onlineMeeting":{"joinUrl":"` + teams + `"}}]}`
	s := &server{answers: answers(reply(200, page1), reply(200, page2))}
	got, err := client(t, s, &tokens{}).Meetings(t.Context(), time.Now(), time.Now())
	if err != nil || len(got) != 2 {
		t.Fatalf("got %d, %v", len(got), err)
	}
	want := Meeting{ID: "a", Subject: "First", Start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), End: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC),
		ChatID: "19:meeting_MGQ0@thread.v2", JoinURL: teams, SeriesID: "s", Cancelled: true, Organizer: "Alex"}
	if got[0] != want || got[1].ID != "b" || got[1].ChatID != "" {
		t.Errorf("got %+v", got)
	}
}

func TestAChatIsFoundByTheJoinAddressOrByAsking(t *testing.T) {
	short := Meeting{JoinURL: "https://teams.microsoft.com/meet/24?p=K'x"}
	found := reply(200, `{"value":[{"chatInfo":{"threadId":"19:meeting_Q@thread.v2"}}]}`)
	tests := []struct {
		name     string
		m        Meeting
		answer   func(*http.Request) (*http.Response, error)
		want     string
		noChat   bool
		requests int
	}{
		{"known already", Meeting{ChatID: "19:x@thread.v2"}, nil, "19:x@thread.v2", false, 0},
		{"in the address", Meeting{JoinURL: "https://teams.microsoft.com/l/meetup-join/19:meeting_A@thread.v2/0"}, nil, "19:meeting_A@thread.v2", false, 0},
		{"no online meeting", Meeting{}, nil, "", true, 0},
		{"asked for", short, found, "19:meeting_Q@thread.v2", false, 1},
		{"an attendee is refused", short, reply(403, `{"error":{"code":"Forbidden","message":"An error has occurred."}}`), "", true, 1},
		{"not found", short, reply(404, ""), "", true, 1},
		{"nothing by that address", short, reply(200, `{"value":[]}`), "", true, 1},
		{"a channel", short, reply(200, `{"value":[{"chatInfo":{"threadId":"19:abc@thread.tacv2"}}]}`), "", true, 1},
		{"throttled is no answer", short, reply(429, "", "Retry-After", "600"), "", false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{answers: answers(tt.answer)}
			got, err := client(t, s, &tokens{}).ChatForMeeting(t.Context(), tt.m)
			if got != tt.want || errors.Is(err, ErrNoChat) != tt.noChat || (err == nil) != (tt.want != "") || s.count() != tt.requests {
				t.Errorf("got %q, %v, %d requests", got, err, s.count())
			}
			if tt.requests > 0 {
				if q, _ := url.ParseQuery(s.seen[0].URL.RawQuery); q.Get("$filter") != "JoinWebUrl eq 'https://teams.microsoft.com/meet/24?p=K''x'" {
					t.Errorf("filter %q", q.Get("$filter"))
				}
			}
		})
	}
}

func TestAChatIsReadBackToTheBoundAndNoFurther(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	message := func(n int, body string) string {
		return fmt.Sprintf(`{"id":"%d","createdDateTime":"%s","from":{"user":{"id":"u1","displayName":"Adele"}},"body":%s}`, n, at.Add(time.Duration(n)*time.Minute).Format(time.RFC3339), body)
	}
	html := `{"contentType":"html","content":"<p>x</p>"}`
	page1 := `{"value":[` + message(3, html) + `,{"id":"sys","messageType":"unknownFutureValue","createdDateTime":"` + at.Add(2*time.Minute).Format(time.RFC3339) + `","from":null,"body":{"contentType":"html","content":"<systemEventMessage/>"}}],"@odata.nextLink":"` + base + `/p2"}`
	page2 := `{"value":[` + message(1, `{"contentType":"text","content":"a<b\nc"}`) + `,` + message(0, html) + `,` + message(-1, html) + `],"@odata.nextLink":"` + base + `/p3"}`
	s := &server{answers: answers(reply(200, page1), reply(200, page2))}
	got, err := client(t, s, &tokens{}).Messages(t.Context(), "19:a@thread.v2", at)
	if err != nil || s.count() != 2 {
		t.Fatalf("%d requests, %v", s.count(), err)
	}
	ids := ""
	for _, m := range got {
		ids += m.ID + " "
	}
	if ids != "3 sys 1 0 " || got[0].FromID != "u1" || got[1].FromID != "" || got[2].HTML != "a&lt;b<br>c" {
		t.Errorf("got %s %+v", ids, got)
	}
}

func TestTheServersClockIsAskedForOnlyWhenItIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := time.Date(2031, 5, 1, 10, 0, 0, 0, time.UTC)
		s := &server{answers: answers(reply(200, me, "Date", date.Format(http.TimeFormat)))}
		c := client(t, s, &tokens{})
		for range 2 {
			if got, err := c.ServerTime(t.Context()); err != nil || !got.Equal(date) || s.count() != 1 {
				t.Errorf("got %s, %v, %d requests", got, err, s.count())
			}
		}
		time.Sleep(dateAge)
		if _, err := c.ServerTime(t.Context()); err != nil || s.count() != 2 {
			t.Errorf("later: %v, %d requests", err, s.count())
		}
		s.answers = answers(reply(500, ""))
		_, err := c.Post(t.Context(), "19:a@thread.v2", Outgoing{HTML: "x"})
		if e, ok := errors.AsType[*AmbiguousError](err); !ok || !e.ServerDate.Equal(date) {
			t.Errorf("got %v", err)
		}
		silent := client(t, &server{answers: answers(reply(200, me))}, &tokens{})
		if _, err := silent.ServerTime(t.Context()); err == nil {
			t.Error("a time was made up")
		}
	})
}

func TestMembersAreUsers(t *testing.T) {
	s := &server{answers: answers(reply(200, `{"value":[
		{"@odata.type":"#microsoft.graph.aadUserConversationMember","id":"m1","roles":["owner"],"displayName":"Adele","userId":"u1","email":"a@x.example","tenantId":"t1"},
		{"@odata.type":"#microsoft.graph.aadUserConversationMember","id":"m2","roles":["guest"],"displayName":"Megan","userId":"u2","email":null,"tenantId":"t2"},
		{"@odata.type":"#microsoft.graph.anonymousGuestConversationMember","id":"m3","roles":[],"displayName":"Caller"},
		{"userId":"u1","displayName":"Adele again"}]}`))}
	got, err := client(t, s, &tokens{}).Members(t.Context(), "19:a@thread.v2")
	want := []Person{{"u1", "Adele", "a@x.example", "t1", false}, {"u2", "Megan", "", "t2", true}}
	if err != nil || !slices.Equal(got, want) {
		b, _ := json.Marshal(got)
		t.Errorf("got %s, %v", b, err)
	}
}
