package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEachOutcomeOfASendLeadsToItsState(t *testing.T) {
	tests := []struct {
		name                 string
		sinces, sends, finds []outcome
		state                State
		reason               string
		reconciled           bool
		inChat, attempts     int
	}{
		{name: "it is posted", state: Posted, inChat: 1, attempts: 1},
		{name: "the server is busy twice", sends: []outcome{busy, busy}, state: Posted, inChat: 1, attempts: 3},
		{name: "offline before the send", sinces: []outcome{offline, offline}, state: Posted, inChat: 1, attempts: 3},
		{name: "it is refused", sends: []outcome{refused}, state: Failed, reason: "not_a_member", attempts: 1},
		{name: "it is refused before the send", sinces: []outcome{refused}, state: Failed, reason: "not_a_member", attempts: 1},
		{name: "a sign-in is needed", sends: []outcome{signIn}, state: Draft, reason: ReasonSignIn, attempts: 1},
		{name: "a sign-in is needed before the send", sinces: []outcome{signIn}, state: Draft, reason: ReasonSignIn, attempts: 1},
		{name: "the answer is lost", sends: []outcome{lostReply}, state: Posted, reconciled: true, inChat: 1, attempts: 1},
		{name: "the request is lost", sends: []outcome{lostSend}, state: Posted, inChat: 1, attempts: 2},
		{name: "the request is lost twice", sends: []outcome{lostSend, lostSend}, state: Posted, inChat: 1, attempts: 3},
		{name: "the message is shown late", sends: []outcome{slow}, state: Posted, reconciled: true, inChat: 1, attempts: 1},
		{name: "the answer is lost and nobody may read", sends: []outcome{lostReply}, finds: []outcome{refused}, state: Unknown, reason: ReasonUnknown, inChat: 1, attempts: 1},
		{name: "the request is lost and nobody may read", sends: []outcome{lostSend}, finds: []outcome{ok, refused}, state: Unknown, reason: ReasonUnknown, attempts: 1},
		{name: "the answer is lost and a sign-in is needed", sends: []outcome{lostReply}, finds: []outcome{signIn}, state: Unknown, reason: ReasonSignIn, inChat: 1, attempts: 1},
		{name: "the answer is lost with the network", sends: []outcome{lostReply}, finds: []outcome{offline}, state: Unknown, reason: "offline", inChat: 1, attempts: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newTeams(t)
				s.sinces, s.sends, s.finds = tt.sinces, tt.sends, tt.finds
				dir := t.TempDir()
				d := start(t, dir, s)
				defer d.stop()
				item := d.settled(t, d.add(t, post("19:a", "Minutes")).ID)
				if item.State != tt.state || item.Reason != tt.reason || item.Reconciled != tt.reconciled || item.Attempts != tt.attempts {
					t.Errorf("got %s, reason %q, reconciled %v, attempts %d; want %s, %q, %v, %d",
						item.State, item.Reason, item.Reconciled, item.Attempts, tt.state, tt.reason, tt.reconciled, tt.attempts)
				}
				if got := s.count("19:a", "Minutes"); got != tt.inChat {
					t.Errorf("the chat holds it %d times, want %d", got, tt.inChat)
				}
				d.stop()
				raw, err := os.ReadFile(filepath.Join(dir, item.ID+".json"))
				if err != nil {
					t.Fatal(err)
				}
				if kept := strings.Contains(string(raw), "Minutes"); kept != (tt.state != Posted) {
					t.Errorf("the text is on the disk: %v, in state %s\n%s", kept, tt.state, raw)
				}
				if tt.state == Posted && (item.Parts[0].Hash != Hash("Minutes") || item.MessageID == "" || item.MessageID != item.Parts[0].MessageID) {
					t.Errorf("a posted item lost its hash or id: %+v", item)
				}
				again, err := Open(Options{Dir: dir, Sender: s})
				if err != nil {
					t.Fatal(err)
				}
				if got, want := asJSON(t, again.List()), asJSON(t, []Item{item}); got != want {
					t.Errorf("read again\n got %s\nwant %s", got, want)
				}
			})
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Debrief is killed at every step that the disk knows of, and started again.
func TestAKillAtAnyStepPostsExactlyOnce(t *testing.T) {
	for _, first := range []outcome{ok, busy, lostReply, lostSend, slow, killed, killedOK} {
		t.Run(string(first), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				// Each state of the folder that a change leaves, with the chat as it is then.
				type step struct {
					dir      string
					messages []posted
				}
				var steps []step
				dir := t.TempDir()
				s := newTeams(t)
				s.sends = []outcome{first}
				s.dir = dir
				snapshot := func() {
					s.mu.Lock()
					defer s.mu.Unlock()
					to := t.TempDir()
					copyDir(t, dir, to)
					steps = append(steps, step{to, slices.Clone(s.messages)})
				}
				s.onSend = snapshot
				b, err := Open(Options{Dir: dir, Sender: s, Changed: snapshot})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { defer close(done); _ = b.Run(ctx) }()
				if _, err := b.Add(ctx, post("19:a", "One", "Two")); err != nil {
					t.Fatal(err)
				}
				select {
				case <-s.kill:
					steps = append(steps, step{s.image, slices.Clone(s.messages)})
				case <-time.After(2 * time.Minute):
				}
				cancel()
				<-done
				for n, st := range steps {
					again := newTeams(t)
					again.messages = st.messages
					time.Sleep(time.Hour) // the machine was off; what was slow has arrived
					d := start(t, st.dir, again)
					items := d.List()
					if len(items) != 1 {
						t.Fatalf("step %d: %d items", n, len(items))
					}
					item := d.settled(t, items[0].ID)
					if item.State != Posted || again.count("19:a", "One") != 1 || again.count("19:a", "Two") != 1 {
						t.Errorf("step %d: %s, One %d times, Two %d times", n, item.State, again.count("19:a", "One"), again.count("19:a", "Two"))
					}
					d.stop()
				}
				if len(steps) < 4 {
					t.Errorf("only %d steps", len(steps))
				}
			})
		})
	}
}

// Whatever goes wrong, in whatever order, as long as the chat can be read in the
// end: never twice, never lost.
func TestNoSequenceOfFaultsPostsTwiceOrLoses(t *testing.T) {
	sends := []outcome{ok, lostReply, lostSend, slow, busy, offline, signIn, killed, killedOK}
	others := []outcome{ok, ok, offline, busy, signIn}
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 7))
				pick := func(from []outcome, n int) (plan []outcome) {
					for range n {
						plan = append(plan, from[rnd.IntN(len(from))])
					}
					return plan
				}
				s := newTeams(t)
				s.sends, s.finds, s.sinces = pick(sends, 6), pick(others, 6), pick(others, 4)
				plan := fmt.Sprint(s.sinces, s.sends, s.finds)
				d := start(t, t.TempDir(), s)
				chats := []string{"19:a", "19:a", "19:b"}
				var ids []string
				for n, c := range chats {
					ids = append(ids, d.add(t, post(c, fmt.Sprintf("Minutes %d", n), "The same text")).ID)
				}
				for range 60 {
					synctest.Wait()
					select {
					case <-s.kill:
						d.stop()
						d = start(t, s.image, s)
					case <-time.After(time.Minute):
					}
					for _, id := range ids { // the person signs in and says: send
						item, err := d.Get(id)
						if err != nil {
							t.Fatalf("an item is lost: %v", err)
						}
						if item.State == Draft {
							_, _ = d.Retry(t.Context(), id)
						}
					}
					if err := d.SignedIn(t.Context(), me); err != nil {
						t.Fatal(err)
					}
				}
				for n, id := range ids {
					item, _ := d.Get(id)
					if got := s.count(chats[n], fmt.Sprintf("Minutes %d", n)); got != 1 || item.State != Posted {
						t.Errorf("item %d is %s and %d times in the chat; plan %s", n, item.State, got, plan)
					}
				}
				if a, b := s.count("19:a", "The same text"), s.count("19:b", "The same text"); a != 2 || b != 1 {
					t.Errorf("the text of two items stands %d and %d times, want 2 and 1; plan %s", a, b, plan)
				}
				d.stop()
			})
		})
	}
}

func TestAPostWaitsForTheServersPauseAndForTheNight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sends = []outcome{busy}
		d := start(t, t.TempDir(), s)
		defer d.stop()
		begin := time.Now()
		item := d.settled(t, d.add(t, post("19:a", "x")).ID)
		if took := time.Since(begin); item.State != Posted || took < 7*time.Second || took > 9*time.Second {
			t.Errorf("after a Retry-After of 7 s: %s after %s", item.State, took)
		}
		s.mu.Lock()
		s.sinces = slices.Repeat([]outcome{offline}, 120)
		s.mu.Unlock()
		begin = time.Now()
		id := d.add(t, post("19:a", "y")).ID
		time.Sleep(time.Minute)
		if i, _ := d.Get(id); i.State != Queued || i.Reason != "offline" || i.NextAttemptAt == nil || !i.NextAttemptAt.After(time.Now()) {
			t.Errorf("offline: got %s, %q, next %v", i.State, i.Reason, i.NextAttemptAt)
		}
		if item := d.settled(t, id); item.State != Posted || time.Since(begin) < 9*time.Hour || item.Attempts != 121 {
			t.Errorf("after the night: %s after %s, %d attempts", item.State, time.Since(begin), item.Attempts)
		}
	})
}

func TestPostsToOneChatKeepTheirOrderAndTheGap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		d := start(t, t.TempDir(), s)
		defer d.stop()
		begin := time.Now()
		var ids []string
		for n := range 4 {
			ids = append(ids, d.add(t, post("19:a", fmt.Sprint("text ", n))).ID)
			time.Sleep(time.Millisecond)
		}
		other := d.add(t, post("19:b", "elsewhere")).ID
		d.settled(t, other)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("another chat waited %s", took)
		}
		for n, id := range ids {
			i := d.settled(t, id)
			if want := begin.Add(time.Duration(n) * 1100 * time.Millisecond); i.UpdatedAt.Before(want) {
				t.Errorf("post %d came at %s, want %s or later", n, i.UpdatedAt, want)
			}
			if n > 0 {
				before, _ := d.Get(ids[n-1])
				if before.MessageID >= i.MessageID {
					t.Errorf("post %d has the id %s, after %s", n, i.MessageID, before.MessageID)
				}
			}
		}
	})
}

func TestIdleLetsARequestFinishAndBeginsNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		dir := t.TempDir()
		d := start(t, dir, s)
		first := d.add(t, post("19:a", "one")).ID
		synctest.Wait() // its request is under way
		second := d.add(t, post("19:a", "two")).ID
		if err := d.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i, _ := d.Get(first); i.State != Posted {
			t.Errorf("the first is %s", i.State)
		}
		time.Sleep(time.Hour)
		if i, _ := d.Get(second); i.State != Queued {
			t.Errorf("the second is %s", i.State)
		}
		d.stop()
		d = start(t, dir, s)
		defer d.stop()
		if i := d.settled(t, second); i.State != Posted {
			t.Errorf("at the next start the second is %s", i.State)
		}
	})
}

func TestIdleGivesUpWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sends = []outcome{killed} // hangs
		d := start(t, t.TempDir(), s)
		d.add(t, post("19:a", "x"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Idle(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		d.stop()
	})
}

func TestFinishedPostsAreForgottenAfterThirtyDaysAndOthersNever(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sends = []outcome{ok, refused}
		dir := t.TempDir()
		d := start(t, dir, s)
		defer d.stop()
		done := d.settled(t, d.add(t, post("19:a", "posted")).ID)
		failed := d.settled(t, d.add(t, post("19:a", "failed")).ID)
		draft := post("19:a", "draft")
		draft.State = Draft
		kept := d.add(t, draft)
		time.Sleep(keepFor - time.Minute)
		if len(d.List()) != 3 {
			t.Errorf("too early: %d items", len(d.List()))
		}
		time.Sleep(2 * time.Minute)
		if _, err := d.Get(done.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("the posted item is still there: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, done.ID+".json")); !os.IsNotExist(err) {
			t.Errorf("its file: %v", err)
		}
		for _, id := range []string{failed.ID, kept.ID} {
			if _, err := d.Get(id); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAtRestNothingTicks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sends = []outcome{ok, refused}
		d := start(t, t.TempDir(), s)
		defer d.stop()
		d.settled(t, d.add(t, post("19:a", "posted")).ID)
		d.settled(t, d.add(t, post("19:a", "failed")).ID)
		synctest.Wait() // the chat is given back after the outcome is told
		d.mu.Lock()
		d.notBefore = map[chat]time.Time{}
		d.mu.Unlock()
		_, _, wait := d.due()
		if wait < 29*24*time.Hour {
			t.Errorf("the next wake-up is in %s", wait)
		}
	})
}

func TestAddRefusesWhatCannotBePosted(t *testing.T) {
	b, err := Open(Options{Dir: t.TempDir(), Sender: newTeams(t)})
	if err != nil {
		t.Fatal(err)
	}
	noAccount, posted := post("19:a", "x"), post("19:a", "x")
	noAccount.Account = Account{}
	posted.State = Posted
	for name, i := range map[string]Item{"no chat": post("", "x"), "no parts": post("19:a"), "no account": noAccount, "a posted one": posted, "no text": {Account: me, ChatID: "19:a", Parts: []Part{{}}}} {
		if _, err := b.Add(t.Context(), i); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if len(b.List()) != 0 {
		t.Error("something was added")
	}
	if _, err := Open(Options{}); err == nil {
		t.Error("an outbox without a folder was opened")
	}
}

func TestHashKnowsATextAgain(t *testing.T) {
	same := [][]string{
		{"Agenda: one, two", "agenda", "Agenda\u00a0one two", "  Agenda:\n one,two "},
		{"1. first\n2. second", "• first\n• second", "first second"},
		{"👍", "👍\ufe0f", " 👍 "},
	}
	same[0] = slices.Delete(same[0], 1, 2)
	for _, texts := range same {
		for _, s := range texts[1:] {
			if Hash(s) != Hash(texts[0]) {
				t.Errorf("%q and %q differ", texts[0], s)
			}
		}
	}
	if Hash("Agenda") == Hash("agenda") || Hash("👍") == Hash("👎") || Hash("a 1") == Hash("a 2") {
		t.Error("different texts have one hash")
	}
}
