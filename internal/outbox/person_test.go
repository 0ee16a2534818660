package outbox

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPersonCanCancelAndRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sinces = []outcome{offline}
		d := start(t, t.TempDir(), s)
		defer d.stop()
		ctx := t.Context()
		id := d.add(t, post("19:a", "x")).ID
		synctest.Wait()
		if i, err := d.Cancel(ctx, id[:6]); err != nil || i.State != Cancelled {
			t.Fatalf("cancel of a queued item: %s, %v", i.State, err)
		}
		time.Sleep(time.Hour)
		if n := s.count("19:a", "x"); n != 0 {
			t.Fatalf("a cancelled item was posted")
		}
		if i, err := d.Retry(ctx, id); err != nil || i.State != Queued {
			t.Fatalf("retry of a cancelled item: %s, %v", i.State, err)
		}
		if i := d.settled(t, id); i.State != Posted {
			t.Fatalf("after the retry: %s", i.State)
		}
		for name, f := range map[string]func(context.Context, string) (Item, error){"cancel": d.Cancel, "retry": d.Retry} {
			if _, err := f(ctx, id); !errors.Is(err, ErrPosted) {
				t.Errorf("%s of a posted item: got %v, want ErrPosted", name, err)
			}
			if _, err := f(ctx, "ffffff"); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s of an unknown item: got %v, want ErrNotFound", name, err)
			}
		}

		sending := d.add(t, post("19:a", "y")).ID
		time.Sleep(1050 * time.Millisecond) // its request takes 100 ms
		if i, _ := d.Get(sending); i.State != Sending {
			t.Fatalf("it is %s by now", i.State)
		}
		if _, err := d.Cancel(ctx, sending); !errors.Is(err, ErrBusy) {
			t.Errorf("cancel while sending: got %v, want ErrBusy", err)
		}
		if _, err := d.Retry(ctx, sending); !errors.Is(err, ErrBusy) {
			t.Errorf("retry while sending: got %v, want ErrBusy", err)
		}
		d.settled(t, sending)
		if n := s.count("19:a", "y"); n != 1 {
			t.Errorf("it was posted %d times", n)
		}
	})
}

func TestAnUnknownPostIsSentAgainOnlyWhenAPersonSaysSo(t *testing.T) {
	for _, tt := range []struct {
		name      string
		send      outcome
		finds     []outcome
		want      int
		wantState State
	}{
		{"it is there, and can be seen now", lostReply, []outcome{refused}, 1, Posted},
		{"it is not there, and that can be seen now", lostSend, []outcome{refused}, 1, Posted},
		{"nobody may look: the person's word counts", lostSend, []outcome{refused, refused}, 1, Posted},
		{"offline at first", lostReply, []outcome{refused, offline}, 1, Posted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newTeams(t)
				s.sends, s.finds = []outcome{tt.send}, tt.finds
				d := start(t, t.TempDir(), s)
				defer d.stop()
				id := d.add(t, post("19:a", "x")).ID
				if i := d.settled(t, id); i.State != Unknown {
					t.Fatalf("got %s", i.State)
				}
				asked := s.asked
				time.Sleep(30 * 24 * time.Hour)
				if i, _ := d.Get(id); i.State != Unknown || s.asked != asked {
					t.Fatalf("by itself it became %s, with %d more looks", i.State, s.asked-asked)
				}
				if _, err := d.Retry(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				if i := d.settled(t, id); i.State != tt.wantState || s.count("19:a", "x") != tt.want {
					t.Errorf("got %s, %d times in the chat", i.State, s.count("19:a", "x"))
				}
			})
		})
	}
}

// Two attempts hours apart are both in doubt: the older one's bound counts.
func TestADoubtKeepsItsFirstBound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sends = []outcome{lostSend, lostSend}
		s.sinces = append([]outcome{ok}, slices.Repeat([]outcome{offline}, 40)...)
		s.finds = []outcome{ok, ok}
		d := start(t, t.TempDir(), s)
		defer d.stop()
		first := s.now()
		id := d.add(t, post("19:a", "x")).ID
		time.Sleep(time.Second)
		for {
			time.Sleep(time.Second)
			if i, _ := d.Get(id); i.Attempts == 42 {
				if i.State != Sending || !i.Parts[0].SendingSince.Equal(first) {
					t.Errorf("got %s since %s, want %s", i.State, i.Parts[0].SendingSince, first)
				}
				break
			}
		}
		if i := d.settled(t, id); i.State != Posted || s.count("19:a", "x") != 1 {
			t.Errorf("got %s", i.State)
		}
	})
}

func TestADraftWithoutAChatCannotBeSent(t *testing.T) {
	b, err := Open(Options{Dir: t.TempDir(), Sender: newTeams(t)})
	if err != nil {
		t.Fatal(err)
	}
	draft := post("", "x")
	draft.State, draft.Reason = Draft, ReasonSignIn
	i, err := b.Add(t.Context(), draft)
	if err != nil || i.Reason != ReasonSignIn {
		t.Fatalf("got %+v, %v", i, err)
	}
	if _, err := b.Retry(t.Context(), i.ID); !errors.Is(err, ErrIncomplete) {
		t.Errorf("got %v, want ErrIncomplete", err)
	}
}

func TestAnUnknownPostIsLookedForAfterASignIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sends, s.finds = []outcome{lostReply}, []outcome{signIn}
		d := start(t, t.TempDir(), s)
		defer d.stop()
		id := d.add(t, post("19:a", "x")).ID
		d.settled(t, id)
		if err := d.SignedIn(t.Context(), me); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if i, _ := d.Get(id); i.State != Posted || !i.Reconciled {
			t.Errorf("got %s", i.State)
		}
	})
}

func TestClearingAnAccountTurnsItsQueuedPostsIntoDrafts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		s.sinces = slices.Repeat([]outcome{offline}, 2)
		dir := t.TempDir()
		d := start(t, dir, s)
		mine := d.add(t, post("19:a", "mine")).ID
		other := post("19:b", "other")
		other.Account.HomeAccountID = "someone.else"
		theirs := d.add(t, other).ID
		synctest.Wait()
		renamed := me
		renamed.Email = "new@contoso.com"
		n, err := d.ToDrafts(t.Context(), renamed)
		if err != nil || n != 1 {
			t.Errorf("got %d, %v; want 1", n, err)
		}
		if i := d.settled(t, mine); i.State != Draft || i.Reason != ReasonSignIn || i.Parts[0].HTML == "" {
			t.Errorf("mine: %+v", i)
		}
		if i := d.settled(t, theirs); i.State != Posted {
			t.Errorf("theirs is %s", i.State)
		}
		if s.count("19:a", "mine") != 0 {
			t.Error("a draft was posted")
		}
		d.stop()
	})
}

// The account is cleared while the outbox is just about to send.
func TestADraftMadeInTheLastMomentIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		var b *Outbox
		b, err := Open(Options{Dir: t.TempDir(), Sender: &lastMoment{s, func() { _, _ = b.ToDrafts(t.Context(), me) }}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = b.Run(ctx) }()
		i, err := b.Add(ctx, post("19:a", "x"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if i, err = b.Get(i.ID); err != nil || i.State != Draft || s.count("19:a", "x") != 0 {
			t.Errorf("got %s, %v, %d times in the chat", i.State, err, s.count("19:a", "x"))
		}
	})
}

type lastMoment struct {
	*teams
	then func()
}

func (l *lastMoment) Since(ctx context.Context, a Account, chatID string) (time.Time, error) {
	l.then()
	return l.teams.Since(ctx, a, chatID)
}
