package graph_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"debrief/internal/emulator"
	"debrief/internal/emulator/emulatortest"
	"debrief/internal/graph"
)

// signedIn is a TokenSource over the emulator's token endpoint.
type signedIn struct {
	http            *http.Client
	endpoint        string
	access, refresh string
}

func (s *signedIn) Token(context.Context) (string, error) { return s.access, nil }

func (s *signedIn) Renew(ctx context.Context, rejected, _ string) (string, error) {
	if rejected != s.access {
		return s.access, nil
	}
	return s.access, s.redeem(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refresh}})
}

func (s *signedIn) redeem(ctx context.Context, form url.Values) error {
	form.Set("client_id", emulator.ClientID)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var body struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return err
	}
	if body.Access == "" {
		return errors.New("no token was issued")
	}
	s.access, s.refresh = body.Access, body.Refresh
	return nil
}

// open signs upn in to a new emulator and makes a client of it.
func open(t *testing.T, upn string) (*emulator.Emulator, *graph.Client, *signedIn) {
	t.Helper()
	now := time.Now() // stands still: some tests run in a bubble whose clock is another
	e, err := emulator.Open(emulator.Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	s := &signedIn{http: &http.Client{Transport: e.RoundTripper()}}
	tenant := "https://" + emulator.LoginHost + "/" + emulator.TenantID
	resp, err := s.http.Get(tenant + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var discovery struct {
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&discovery); err != nil {
		t.Fatal(err)
	}
	s.endpoint = discovery.Token
	const verifier, redirect = "a-verifier-of-which-nobody-else-knows-0123456789-abcdef", "http://localhost:18401"
	sum := sha256.Sum256([]byte(verifier))
	d, err := emulatortest.Person{UPN: upn}.SignIn(t.Context(), discovery.Authorize+"?"+url.Values{
		"client_id": {emulator.ClientID}, "response_type": {"code"}, "redirect_uri": {redirect}, "response_mode": {"query"},
		"scope": {"User.Read Calendars.Read OnlineMeetings.Read Chat.Read ChatMessage.Send openid profile offline_access"},
		"state": {"s"}, "nonce": {"n"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.redeem(t.Context(), url.Values{"grant_type": {"authorization_code"}, "code": {d.Values.Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier}}); err != nil {
		t.Fatal(err)
	}
	c, err := graph.New(graph.Options{BaseURL: "https://" + emulator.GraphHost + "/v1.0", Transport: e.RoundTripper(), Tokens: s})
	if err != nil {
		t.Fatal(err)
	}
	return e, c, s
}

func TestTheMainJobWorksAgainstTheEmulator(t *testing.T) {
	e, c, s := open(t, emulator.Adele)
	ctx := t.Context()
	me, err := c.Me(ctx)
	if err != nil || me.Name != "Adele Vance" {
		t.Fatalf("got %+v, %v", me, err)
	}
	today := e.Now().Truncate(24 * time.Hour)
	meetings, err := c.Meetings(ctx, today.AddDate(0, 0, -7), today.AddDate(0, 0, 2))
	if err != nil || len(meetings) < 27 {
		t.Fatalf("%d meetings, %v", len(meetings), err)
	}
	kinds := map[string]graph.Meeting{}
	for i, m := range meetings {
		kinds[m.Subject] = m
		if i > 0 && m.Start.Before(meetings[i-1].Start) {
			t.Errorf("%s stands after %s", m.Start, meetings[i-1].Start)
		}
	}
	launch := kinds["Product launch review"]
	if launch.ChatID != emulator.LaunchChat {
		t.Fatalf("the chat of %+v", launch)
	}
	if id, err := c.ChatForMeeting(ctx, kinds["Hiring sync"]); err != nil || id != emulator.HiringChat {
		t.Errorf("a short address: got %q, %v", id, err)
	}
	for _, subject := range []string{"Focus time", "Marketing channel: weekly numbers"} {
		if id, err := c.ChatForMeeting(ctx, kinds[subject]); !errors.Is(err, graph.ErrNoChat) {
			t.Errorf("%s: got %q, %v", subject, id, err)
		}
	}
	people, err := c.Members(ctx, launch.ChatID)
	if err != nil || len(people) != 4 {
		t.Fatalf("got %v, %v", people, err)
	}
	since, err := c.ServerTime(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var other graph.Person
	for _, p := range people {
		if p.ID != me.ID {
			other = p
		}
	}
	out := graph.Outgoing{HTML: `<p><at id="0">` + other.Name + `</at> owns the <b>launch</b> &amp; more</p>`, Mentions: []graph.Mention{{ID: 0, Text: other.Name, User: other}}}
	before := len(e.Messages(launch.ChatID))
	posted, err := c.Post(ctx, launch.ChatID, out)
	if err != nil || posted.ID == "" || posted.FromID != me.ID {
		t.Fatalf("got %+v, %v", posted, err)
	}
	if after := len(e.Messages(launch.ChatID)); after != before+1 {
		t.Errorf("the chat grew by %d messages", after-before)
	}
	back, err := c.Messages(ctx, launch.ChatID, since)
	if err != nil || len(back) == 0 || back[0].ID != posted.ID {
		t.Errorf("read back: %+v, %v", back, err)
	}
	out.HTML = "<p>no marker</p>"
	_, err = c.Post(ctx, launch.ChatID, out)
	if ge, ok := errors.AsType[*graph.Error](err); !ok || ge.Status != 400 || ge.Code != "BadRequest" || ge.RequestID == "" {
		t.Errorf("a mention without a marker: %v", err)
	}

	// An hour of the tenant's clock later the token has expired, whatever this
	// machine's clock says.
	old := s.access
	if err := e.Advance(25 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(ctx, launch.ChatID, graph.Outgoing{HTML: "<p>later</p>"}); err != nil || s.access == old {
		t.Errorf("after the token's end: %v, renewed %v", err, s.access != old)
	}
}

func TestFaultsOfTheEmulatorAreSortedByTheirEffect(t *testing.T) {
	e, c, _ := open(t, emulator.Adele)
	messages := regexp.MustCompile(`/messages$`)
	for _, tt := range []struct {
		name      string
		fault     emulator.Fault
		ambiguous bool
		arrives   int
		ok        bool
	}{
		{"reset before", emulator.Fault{Reset: true}, true, 0, false},
		{"reset after", emulator.Fault{Reset: true, AfterCommit: true}, true, 1, false},
		{"504 after", emulator.Fault{Status: 504, AfterCommit: true}, true, 1, false},
		{"503 before", emulator.Fault{Status: 503}, true, 0, false},
		{"truncated", emulator.Fault{Truncate: true}, true, 1, false},
		{"slow", emulator.Fault{Delay: time.Minute}, true, 0, false},
		{"captive portal", emulator.Fault{Status: 200, Body: "<html>Log in to the hotel"}, true, 0, false},
		{"throttled", emulator.Fault{Status: 429, RetryAfter: "3"}, false, 0, false},
		{"token rejected once", emulator.Fault{Status: 401}, false, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // with a clock of its own; the emulator stays outside
				before := len(e.Messages(emulator.StandupChat))
				tt.fault.Method, tt.fault.Path = http.MethodPost, messages
				e.AddFault(tt.fault)
				_, err := c.Post(t.Context(), emulator.StandupChat, graph.Outgoing{HTML: "<p>x</p>"})
				if _, ok := errors.AsType[*graph.AmbiguousError](err); ok != tt.ambiguous || (err == nil) != tt.ok {
					t.Errorf("got %v", err)
				}
				if n := len(e.Messages(emulator.StandupChat)) - before; n != tt.arrives {
					t.Errorf("%d messages arrived, want %d", n, tt.arrives)
				}
			})
		})
	}
}
