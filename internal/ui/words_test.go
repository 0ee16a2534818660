package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
)

func TestCountdownWordsWhatIsLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour:                     "0:00",
		0:                              "0:00",
		999 * time.Millisecond:         "0:00",
		59 * time.Second:               "0:59",
		58*time.Minute + 12_900e6:      "58:12",
		time.Hour:                      "1 h 00 min",
		23*time.Hour + 59*time.Minute:  "23 h 59 min",
		24 * time.Hour:                 "1 d 0 h",
		89*24*time.Hour + 23*time.Hour: "89 d 23 h",
	} {
		if got := Countdown(d); got != want {
			t.Errorf("Countdown(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestDaysAreThoseOfThePersonsPlace(t *testing.T) {
	vienna := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 24, 0, 30, 0, 0, vienna)
	for at, want := range map[time.Time]string{
		time.Date(2026, 11, 23, 23, 10, 0, 0, time.UTC): "Today",
		time.Date(2026, 11, 23, 22, 10, 0, 0, time.UTC): "Yesterday",
		time.Date(2026, 11, 25, 12, 0, 0, 0, vienna):    "Tomorrow",
		time.Date(2026, 11, 20, 12, 0, 0, 0, vienna):    "Friday 20 November",
	} {
		if got := Day(at, now); got != want {
			t.Errorf("Day(%v) = %q, want %q", at, got, want)
		}
	}
	if got, want := Moment(time.Date(2026, 1, 2, 22, 4, 5, 0, time.UTC), vienna), "Friday 2 January 2026, 23:04:05"; got != want {
		t.Errorf("Moment: got %q, want %q", got, want)
	}
}

func TestSessionRowsSayWhoAndHowLong(t *testing.T) {
	over := megan()
	over.Tokens.AccessExpiresAt = start
	nameless := megan()
	nameless.User.Name, nameless.ThisDevice, nameless.Device.Name = " ", false, "office-pc"
	nameless.Tokens.AccessExpiresAt = time.Time{}
	got := SessionRows(signedIn(megan(), over, adele(), nameless), start)
	want := []SessionRow{
		{meganID, "Megan Bowen", "megan@contoso.example", "MB", "Signed in", Good, "access token 58:12 left", ""},
		{meganID, "Megan Bowen", "megan@contoso.example", "MB", "Signed in", Good, "access token over", ""},
		{adeleID, "Adele Vance", "adele@contoso.example", "AV", "Sign-in needed", Warn, "", ""},
		{meganID, "megan@contoso.example", "megan@contoso.example", "M", "Signed in", Good, "no access token", "on office-pc"},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestEveryStatusIsExplained(t *testing.T) {
	signIn := []state.Status{state.Changed, state.Expired, state.NeedsSignIn}
	for _, st := range []state.Status{state.Newer, state.Changed, state.Pending, state.Expired, state.NeedsSignIn, state.Unverified, state.Active} {
		s := megan()
		s.Status = st
		e := Explain(s)
		if e.What == "" || strings.HasPrefix(StatusWord(st), "panel.") {
			t.Errorf("%s: no words", st)
		}
		if e.Next == "" && st != state.Active {
			t.Errorf("%s: no next step", st)
		}
		if e.SignIn != slices.Contains(signIn, st) {
			t.Errorf("%s: sign in again is %v", st, e.SignIn)
		}
		s.ThisDevice = false
		if Explain(s).SignIn {
			t.Errorf("%s: another computer's session can be signed in from here", st)
		}
	}
}

func TestASessionIssuedElsewhereSaysSoAndPostsNothing(t *testing.T) {
	s := megan()
	s.Status, s.Why = state.NeedsSignIn, text.OtherClient
	if e := Explain(s); !strings.Contains(e.What, "issued to another application") || e.Next == "" || !e.SignIn {
		t.Errorf("got %+v", e)
	}
	if ids, _ := Accounts(state.State{Sessions: []state.Session{s}}); len(ids) > 0 {
		t.Error("it is offered for posting")
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Megan Bowen": "MB", "Ludwig van Beethoven": "LB", "Élodie": "É", "megan@contoso.example": "M", "": "?", "—": "?", "o'Neill Pat": "OP",
	} {
		if got := Initials(name); got != want {
			t.Errorf("Initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestMeetingsAreGroupedByDayTodayFirst(t *testing.T) {
	at := func(id string, day, hour int) state.Meeting {
		s := time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC)
		return state.Meeting{ID: id, Subject: "Subject " + id, Start: s, End: s.Add(time.Hour), JoinURL: "u"}
	}
	off := at("off", 23, 17)
	off.Cancelled, off.JoinURL, off.Subject = true, "", " "
	meetings := []state.Meeting{at("tomorrow", 24, 9), at("friday", 20, 9), at("late", 23, 16), at("yesterday", 22, 9), off, at("early", 23, 8)}
	line := func(rows []MeetingRow) string {
		var s []string
		for _, r := range rows {
			s = append(s, r.Day+r.ID)
		}
		return strings.Join(s, " ")
	}
	for query, want := range map[string]string{
		"":              "Today early late off Yesterday yesterday Friday 20 November friday Tomorrow tomorrow",
		" SUBJECT late": "Today late",
		"no subject":    "Today off",
		"nothing":       "",
	} {
		if got := line(MeetingRows(meetings, query, start)); got != want {
			t.Errorf("search %q: got %q, want %q", query, got, want)
		}
	}
	r := MeetingRows(meetings, "no subject", start)[1]
	if want := (MeetingRow{ID: "off", Subject: "(no subject)", Time: "17:00–18:00", Marks: "cancelled, no chat", NoChat: true}); r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
}

func TestTheLatestHeldMeetingIsOffered(t *testing.T) {
	if got := LatestMeeting(meetingsOfToday(), start); got != "m2" {
		t.Errorf("got %q, want m2: m3 has no chat, m4 was cancelled, m5 is to come", got)
	}
	if got := LatestMeeting(nil, start); got != "" {
		t.Errorf("got %q without meetings", got)
	}
}

func TestWhereAPostStands(t *testing.T) {
	later := start.Add(5 * time.Minute)
	for _, c := range []struct {
		post state.Post
		tone Tone
		what string
	}{
		{state.Post{State: state.Posted, Title: "Weekly"}, Good, "Posted at 14:30 in “Weekly”."},
		{state.Post{State: state.Posted}, Good, "Posted at 14:30 in “meeting”."},
		{state.Post{State: state.Posted, Reconciled: true}, Good, "Posted in “meeting”; found in the chat at 14:30."},
		{state.Post{State: state.Queued}, Warn, "Queued for “meeting”: posted by itself as soon as it can be."},
		{state.Post{State: state.Queued, NextAttemptAt: &later}, Warn, "Queued for “meeting”: tried again at 14:35."},
		{state.Post{State: state.Sending}, Calm, "Posting in “meeting”…"},
		{state.Post{State: state.Failed, Reason: string(text.NotAMember)}, Bad, "Not posted in “meeting”."},
		{state.Post{State: state.Unknown}, Bad, "It is not certain whether the summary arrived in “meeting”."},
		{state.Post{State: state.Cancelled}, Calm, "Cancelled; nothing was posted in “meeting”."},
		{state.Post{State: state.Draft}, Warn, "Kept as a draft for “meeting”; sign in again to post it."},
	} {
		n := PostNotice(c.post, "meeting", start)
		if n.What != c.what || n.Tone != c.tone {
			t.Errorf("%s: got %q (%d), want %q (%d)", c.post.State, n.What, n.Tone, c.what, c.tone)
		}
		if c.post.Reason != "" && n.Next == "" {
			t.Errorf("%s: no reason is told", c.post.State)
		}
	}
}

func TestPeopleAreNamedWithoutThePersonThemself(t *testing.T) {
	p := func(names ...string) (people []state.Person) {
		for _, n := range names {
			people = append(people, state.Person{Name: n})
		}
		return append(people, state.Person{Name: "Megan", Me: true})
	}
	for want, people := range map[string][]state.Person{
		"Nobody else reads this chat.": p(),
		"A, B, C":                      p("A", "B", "C"),
		"A, B and 2 more":              p("A", "B", "C", "D"),
		"R (guest)":                    {{Name: "R", Guest: true}},
	} {
		if got := PeopleText(people); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestOnlySessionsOfThisComputerCanPost(t *testing.T) {
	far, changed := megan(), megan()
	far.ThisDevice = false
	changed.Status = state.Changed
	s := signedIn(far, changed, adele(), megan())
	ids, names := Accounts(s)
	if strings.Join(ids, " ") != adeleID+" "+meganID || len(names) != 2 {
		t.Errorf("got %v %v", ids, names)
	}
	if got := FirstAccount(s); got != meganID {
		t.Errorf("first account %s, want Megan's: Adele's needs a sign-in", got)
	}
	if got := FirstAccount(signedIn(adele())); got != adeleID {
		t.Errorf("first account %q, want Adele's", got)
	}
}

func TestFailuresAreToldAndCancellingIsNot(t *testing.T) {
	for _, c := range []struct {
		err  error
		tell bool
		code text.Code
	}{
		{nil, false, ""},
		{context.Canceled, false, ""},
		{fmt.Errorf("call: %w", context.Canceled), false, ""},
		{&state.Problem{Code: text.SignInCancelled}, false, text.SignInCancelled},
		{fmt.Errorf("call: %w", &state.Problem{Code: text.Offline}), true, text.Offline},
		{context.DeadlineExceeded, true, text.TryLater},
		{errors.New("odd"), true, text.Internal},
	} {
		n, tell := ErrorNotice(c.err)
		if tell != c.tell {
			t.Errorf("%v: told %v, want %v", c.err, tell, c.tell)
		}
		if c.code != "" {
			if want, _ := text.Problem(c.code, nil); n.What != want {
				t.Errorf("%v: got %q, want %q", c.err, n.What, want)
			}
		}
	}
}

func TestAKeyringThatIsNotReadyIsTold(t *testing.T) {
	for st, want := range map[vault.State][2]bool{
		vault.Ready: {false, false}, "": {false, false}, vault.Locked: {true, true}, vault.Declined: {true, true},
		vault.Absent: {true, false}, vault.Damaged: {true, false}, vault.Slow: {true, false},
	} {
		n, canUnlock, told := KeyringNotice(vault.Status{State: st})
		if told != want[0] || canUnlock != want[1] || (told && n.What == "") {
			t.Errorf("%q: told %v, unlock %v, %q", st, told, canUnlock, n.What)
		}
	}
}

func TestSignInWordsFollowMethodAndPhase(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range [][2]string{{"embedded", "opening"}, {"embedded", "waiting"}, {"system", "waiting"}, {"device", "waiting"}, {"system", "redeeming"}, {"system", "storing"}} {
		w := SignInWords(c[0], c[1], false)
		if strings.HasPrefix(w, "panel.") || seen[w] {
			t.Errorf("%v: %q", c, w)
		}
		seen[w] = true
	}
	if got := SignInWords("embedded", "waiting", true); got != "Cancelling…" {
		t.Errorf("got %q", got)
	}
}

func TestEveryWordThatThePanelNamesIsInTheCatalogue(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	key := regexp.MustCompile(`"(panel\.[a-zA-Z_.0-9]+[a-zA-Z_0-9])"`)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(src), -1) {
			if text.S(text.Key(m[1])) == m[1] {
				t.Errorf("%s: %s has no words", file, m[1])
			}
		}
	}
	for _, k := range []string{"kind.access_token", "kind.refresh_token", "kind.id_token", "kind.account", "kind.app_metadata",
		"place.record", "place.token_cache", "place.sealing_key", "place.index", "place.state.present", "place.state.missing", "place.state.unknown",
		"outcome.removed", "outcome.nothing", "outcome.pending", "outcome.failed"} {
		if k = "panel." + k; text.S(text.Key(k)) == k {
			t.Errorf("%s has no words", k)
		}
	}
}
