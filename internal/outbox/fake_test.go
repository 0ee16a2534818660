package outbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what the fake server does with a request.
type outcome string

const (
	ok        outcome = "ok"
	lostReply outcome = "committed, but the answer was lost"
	lostSend  outcome = "lost before it was committed"
	slow      outcome = "committed after the request was given up, shown 10 s later"
	busy      outcome = "429"
	refused   outcome = "403"
	signIn    outcome = "sign-in needed"
	offline   outcome = "offline"
	killed    outcome = "Debrief is killed before the server commits"
	killedOK  outcome = "Debrief is killed after the server committed"
)

// teams is a server that works: what is posted can be found, by its own clock,
// which is an hour behind.
type teams struct {
	t   *testing.T
	dir string // of the outbox that talks to it

	mu       sync.Mutex
	messages []posted
	sends    []outcome // what happens to the next sends; then ok
	finds    []outcome // what happens to the next looks; then ok
	sinces   []outcome
	sending  map[string]int // per chat: requests under way
	asked    int            // looks
	image    string         // the folder as a kill leaves it
	kill     chan struct{}
	onSend   func()
}

type posted struct {
	id, chat, hash string
	at, visible    time.Time
}

func newTeams(t *testing.T) *teams {
	return &teams{t: t, sending: map[string]int{}, kill: make(chan struct{})}
}

func take(plan *[]outcome) outcome {
	if len(*plan) == 0 {
		return ok
	}
	o := (*plan)[0]
	*plan = (*plan)[1:]
	return o
}

func (s *teams) now() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Second) }

func failure(o outcome) error {
	switch o {
	case busy:
		return &Later{After: 7 * time.Second, Reason: "try_later"}
	case offline:
		return &Later{Reason: "offline", Err: errors.New("no route to host")}
	case refused:
		return fmt.Errorf("wrapped: %w", &Refused{Reason: "not_a_member"})
	case signIn:
		return fmt.Errorf("wrapped: %w", ErrSignInNeeded)
	}
	return nil
}

func (s *teams) Since(context.Context, Account, string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now(), failure(take(&s.sinces))
}

func (s *teams) Send(ctx context.Context, a Account, chatID string, p Part) (Sent, error) {
	s.mu.Lock()
	if s.sending[chatID]++; s.sending[chatID] > 1 {
		s.t.Error("two requests for one chat at a time")
	}
	if p.HTML == "" {
		s.t.Error("a part without text was sent")
	}
	dead := s.image != ""
	o := ok
	if !dead {
		o = take(&s.sends)
	}
	onSend := s.onSend
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.sending[chatID]--
		s.mu.Unlock()
	}()
	if dead { // a killed process sends nothing more
		<-ctx.Done()
		return Sent{}, ctx.Err()
	}
	if onSend != nil {
		onSend()
	}
	time.Sleep(100 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := failure(o); err != nil {
		return Sent{}, err
	}
	if o == killed {
		s.killNow(ctx)
		return Sent{}, ctx.Err()
	}
	if o == lostSend {
		return Sent{}, &Ambiguous{errors.New("connection reset")}
	}
	m := posted{id: fmt.Sprint(1000 + len(s.messages)), chat: chatID, hash: p.Hash, at: s.now()}
	if o == slow {
		m.visible = time.Now().Add(10 * time.Second)
	}
	s.messages = append(s.messages, m)
	switch o {
	case killedOK:
		s.killNow(ctx)
		return Sent{}, ctx.Err()
	case lostReply, slow:
		return Sent{}, errors.New("something unheard of") // no error of ours: in doubt
	}
	return Sent{m.id, m.at}, nil
}

// killNow keeps the folder as it is now and waits for the process's end.
func (s *teams) killNow(ctx context.Context) {
	if s.image == "" { // else killed already, while this request was under way
		s.image = s.t.TempDir()
		copyDir(s.t, s.dir, s.image)
		close(s.kill)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, f.Name()), data, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) { // a temporary file that is gone again
			t.Fatal(err)
		}
	}
}

func (s *teams) Find(_ context.Context, _ Account, chatID, hash string, since time.Time, exclude []string) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if err := failure(take(&s.finds)); err != nil {
		return "", false, err
	}
	for _, m := range s.messages {
		if m.chat == chatID && m.hash == hash && !m.at.Before(since) && !m.visible.After(time.Now()) && !slices.Contains(exclude, m.id) {
			return m.id, true, nil
		}
	}
	return "", false, nil
}

// count is how many messages of this text the chat holds.
func (s *teams) count(chatID, plain string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.chat == chatID && m.hash == Hash(plain) {
			n++
		}
	}
	return n
}

var me = Account{HomeAccountID: "oid.tid", TenantID: "tid", Environment: "login.microsoftonline.com", ClientID: "cid", Email: "adele@contoso.com"}

func post(chatID string, texts ...string) Item {
	i := Item{Account: me, ChatID: chatID, Title: "Weekly"}
	for _, s := range texts {
		i.Parts = append(i.Parts, Part{HTML: "<p>" + s + "</p>", Plain: s, Mentions: []Mention{{ID: 0, Text: "Alex", UserID: "u"}}})
	}
	return i
}

// desk is a running outbox.
type desk struct {
	*Outbox
	stop func()
}

// start opens the folder and runs the outbox until stop, or the test's end.
func start(t *testing.T, dir string, s *teams) *desk {
	t.Helper()
	s.mu.Lock()
	s.dir, s.kill, s.image = dir, make(chan struct{}), ""
	s.mu.Unlock()
	b, err := Open(Options{Dir: dir, Sender: s})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	d := &desk{Outbox: b}
	d.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	return d
}

func (d *desk) add(t *testing.T, i Item) Item {
	t.Helper()
	i, err := d.Add(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// settled waits for the outcome of an item.
func (d *desk) settled(t *testing.T, id string) Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	i, err := d.Wait(ctx, id)
	if err != nil {
		t.Fatalf("item %s is %s (%s): %v", id, i.State, i.Reason, err)
	}
	return i
}

// bubble runs f with a clock of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
