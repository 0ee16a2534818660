package app

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/graph"
	"debrief/internal/outbox"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// truncate leaves the first byte of a session's record.
func (w *world) truncate(id string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "sessions", id+".json"), []byte("{"), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) holdsCacheOf(id string) bool {
	for name := range w.items.All() {
		if strings.HasSuffix(name, id+"/cache") {
			return true
		}
	}
	return false
}

func sessions(t *testing.T, a *App) []state.Session {
	t.Helper()
	list, err := a.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestUnlockingEndsNoSessionOfThisRun(t *testing.T) {
	w := newWorld(t)
	w.endsAtQuit = true
	a, kill := w.start()
	w.signIn(a)
	if err := a.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(sessions(t, a)); n != 1 {
		t.Errorf("%d sessions after unlocking, want 1", n)
	}
	kill()
	b, _ := w.start()
	if n := len(sessions(t, b)); n != 0 {
		t.Errorf("%d non-permanent sessions survived a crash", n)
	}
}

func TestQuittingEndsNonPermanentSessions(t *testing.T) {
	w := newWorld(t)
	w.endsAtQuit = true
	a, _ := w.start()
	w.signIn(a)
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("the keyring holds %d items after quitting", n)
	}
}

// busyGraph is a server in trouble.
type busyGraph struct{ Graph }

func (busyGraph) ServerTime(context.Context) (time.Time, error) {
	return time.Time{}, &graph.Error{Status: 503, Code: "ServiceUnavailable", RetryAfter: time.Minute}
}

func TestAServerInTroubleBeforeTheSendFailsNoPost(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	a.mu.Lock()
	a.clients[s.ID] = busyGraph{}
	a.mu.Unlock()
	_, err := sender{a}.Since(t.Context(), outboxAccount(s.Record), "19:x@thread.v2")
	if later, ok := errors.AsType[*outbox.Later](err); !ok || later.After != time.Minute {
		t.Errorf("got %v, want the outbox to try again when the server says", err)
	}
}

// refusingGraph is a chat that may not be read.
type refusingGraph struct{ Graph }

func (refusingGraph) Messages(context.Context, string, time.Time) ([]graph.Message, error) {
	return nil, &graph.Error{Status: 403, Code: "Forbidden"}
}

func TestAChatThatMayNotBeReadIsToldToTheOutbox(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	a.mu.Lock()
	a.clients[s.ID] = refusingGraph{}
	a.mu.Unlock()
	_, _, err := sender{a}.Find(t.Context(), outboxAccount(s.Record), "19:x@t", "h", time.Now(), nil)
	if _, refused := errors.AsType[*outbox.Refused](err); !refused {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestPickMeeting(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	now := time.Now()
	at := func(id, subject, series string, hours int) graph.Meeting {
		return graph.Meeting{ID: id, Subject: subject, SeriesID: series, Start: now.Add(time.Duration(hours) * time.Hour)}
	}
	for _, c := range []struct {
		name string
		all  []graph.Meeting
		ref  string
		want string
		code text.Code
	}{
		{"two single meetings are ambiguous", []graph.Meeting{at("1", "Budget with the board", "", -3), at("2", "Budget with Bob", "", -1)}, "budget", "", text.MeetingAmbiguous},
		{"also when they are called the same", []graph.Meeting{at("1", "Budget", "", -3), at("2", "Budget", "", -1)}, "budget", "", text.MeetingAmbiguous},
		{"of a series the last begun one is meant", []graph.Meeting{at("1", "Weekly", "s", -30), at("2", "Weekly", "s", -1), at("3", "Weekly", "s", 20)}, "week", "2", ""},
		{"of a series to come the next one", []graph.Meeting{at("1", "Weekly", "s", 30), at("2", "Weekly", "s", 2)}, "week", "2", ""},
		{"two series are ambiguous", []graph.Meeting{at("1", "Weekly A", "a", -3), at("2", "Weekly B", "b", -1)}, "weekly", "", text.MeetingAmbiguous},
		{"an id is exact", []graph.Meeting{at("1", "Budget", "", -3), at("2", "Budget", "", -1)}, "1", "1", ""},
		{"nothing matches", []graph.Meeting{at("1", "Budget", "", -3)}, "launch", "", text.MeetingUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := a.pickMeeting(c.all, c.ref)
			if m.ID != c.want || codeOf(err) != c.code {
				t.Errorf("got %q, %v; want %q, %q", m.ID, err, c.want, c.code)
			}
		})
	}
}

func TestClearingAllFindsCachesWithoutARecord(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	kill()
	w.truncate(s.ID)
	w.verb = true // no start-up that would make the record anew
	b, _ := w.start()
	rep, err := b.Clear(t.Context(), state.Clear{All: true})
	if err != nil || !rep.Clean || outcome(rep, "token_cache") != "removed" {
		t.Errorf("got %+v, %v; want the cache removed", rep, err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("the keyring holds %d items", n)
	}
}

func TestASignInKilledBeforeItsRecordLeavesOneSession(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	old := w.signIn(a)
	raw, err := a.cache(old.ID).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.d.Vault.Put(t.Context(), cacheEntry(session.NewID()), raw); err != nil {
		t.Fatal(err)
	}
	kill()
	b, _ := w.start()
	if n := len(sessions(t, b)); n != 1 {
		t.Errorf("%d sessions of one account", n)
	}
	if _, err := b.Meetings(t.Context(), ""); err != nil {
		t.Errorf("the session is not usable: %v", err)
	}
}

// fullDisk takes no new record.
type fullDisk struct{ session.Store }

func (fullDisk) Create(context.Context, session.Record) (session.Record, error) {
	return session.Record{}, syscall.ENOSPC
}

func TestACacheWhoseRecordCannotBeMadeNowIsKept(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	kill()
	w.truncate(s.ID)
	w.wrap = func(s session.Store) session.Store { return fullDisk{s} }
	_, kill = w.start()
	kill()
	if !w.holdsCacheOf(s.ID) {
		t.Fatal("start-up deleted the only copy of a token cache")
	}
	w.wrap = nil
	b, _ := w.start()
	if list := sessions(t, b); len(list) != 1 || list[0].ID != s.ID || list[0].Status != state.Active {
		t.Errorf("got %+v, want the session back", list)
	}
}

func TestASignInThatCannotBeRecordedLeavesNoCache(t *testing.T) {
	w := newWorld(t)
	w.wrap = func(s session.Store) session.Store { return fullDisk{s} }
	a, _ := w.start()
	if _, err := a.SignIn(t.Context(), state.SignIn{}); codeOf(err) != text.DiskFull {
		t.Errorf("got %v, want the full disk", err)
	}
	for name := range w.items.All() {
		if strings.HasSuffix(name, cacheSuffix) {
			t.Errorf("%s is left", name)
		}
	}
}

func TestAVerbUsesNoRecordThatWasChangedAndStripsNoSignature(t *testing.T) {
	for _, c := range []struct {
		name    string
		tamper  bool
		lockAt  vault.State // of the keyring when the next program starts
		verb    bool
		wantErr text.Code
		after   state.Status
	}{
		{"changed, by a verb", true, vault.Ready, true, text.SessionChanged, state.Changed},
		{"untouched, by a verb", false, vault.Ready, true, "", state.Active},
		{"untouched, by a resident that began with a locked keyring", false, vault.Locked, false, "", state.Active},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a, kill := w.start()
			s := w.signIn(a)
			kill()
			later := time.Now().Add(2 * time.Hour) // so that the use is written
			w.now = func() time.Time { return later }
			if c.tamper {
				path := filepath.Join(w.dir, "sessions", s.ID+".json")
				raw, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(raw), `desk`, `evil`)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			w.items.SetState(c.lockAt)
			w.verb = c.verb
			b, kill := w.start()
			w.items.SetState(vault.Ready)
			if _, err := b.Meetings(t.Context(), ""); codeOf(err) != c.wantErr {
				t.Errorf("got %v, want %q", err, c.wantErr)
			}
			kill()
			w.verb = false
			d, _ := w.start()
			if list := sessions(t, d); len(list) != 1 || list[0].Status != c.after {
				t.Errorf("afterwards got %+v, want it %s", list, c.after)
			}
		})
	}
}

func TestTheNewestSnapshotStaysPublished(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	for range 500 {
		done := make(chan struct{}, 8)
		for range 8 {
			go func() {
				a.mu.Lock()
				a.showSeq++
				a.mu.Unlock()
				a.publish()
				done <- struct{}{}
			}()
		}
		for range 8 {
			<-done
		}
		a.mu.Lock()
		want := a.showSeq
		a.mu.Unlock()
		if s, err := a.State(t.Context()); err != nil || s.ShowSeq != want {
			t.Fatalf("an older snapshot stayed published: %d, want %d", s.ShowSeq, want)
		}
	}
}

func TestASummaryThatMentionsPeopleIsKeptToo(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	if err := a.d.Vault.Delete(t.Context(), cacheEntry(s.ID)); err != nil {
		t.Fatal(err)
	}
	_, err := a.Post(t.Context(), state.PostRequest{Target: state.Target{Chat: "19:x@thread.v2"}, Markdown: "hello", Mention: []string{"all"}})
	if codeOf(err) != text.SignInNeeded {
		t.Fatalf("got %v, want a needed sign-in", err)
	}
	if posts := a.posts(); len(posts) != 1 || posts[0].State != state.Draft || posts[0].ChatID == "" {
		t.Errorf("got %+v, want a draft that knows its chat", posts)
	}
}

func TestAKeyringUnlockedElsewhereIsNoticed(t *testing.T) {
	w := newWorld(t)
	w.items.SetState(vault.Locked)
	a, _ := w.start()
	w.signIn(a)
	w.items.SetState(vault.Ready) // by the login, or another program
	if _, err := a.Meetings(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	w.until(a, "the keyring is seen to be ready", func(s state.State) bool {
		return s.Keyring.State == vault.Ready && len(s.Problems) == 0 && len(s.Sessions) == 1 && s.Sessions[0].Status == state.Active
	})
	if len(w.items.All()) != 2 {
		t.Errorf("the keyring holds %d items, want the cache and the signing key", len(w.items.All()))
	}
}

// heldCreate waits before it makes a record.
type heldCreate struct {
	session.Store
	reached, release chan struct{}
}

func (s heldCreate) Create(ctx context.Context, r session.Record) (session.Record, error) {
	close(s.reached)
	<-s.release
	return s.Store.Create(ctx, r)
}

// storing starts a sign-in that stops between its cache and its record.
func (w *world) storing() (a *App, release func(), done chan error) {
	reached, hold := make(chan struct{}), make(chan struct{})
	w.wrap = func(s session.Store) session.Store { return heldCreate{s, reached, hold} }
	a, _ = w.start()
	done = make(chan error, 1)
	go func() {
		_, err := a.SignIn(context.Background(), state.SignIn{})
		done <- err
	}()
	<-reached
	return a, func() { close(hold) }, done
}

func TestQuittingWaitsForASignInThatIsBeingStored(t *testing.T) {
	w := newWorld(t)
	w.endsAtQuit = true
	a, release, done := w.storing()
	closed := make(chan error, 1)
	go func() { closed <- a.Close(context.Background()) }()
	for closing := false; !closing && t.Context().Err() == nil; runtime.Gosched() {
		a.mu.Lock()
		closing = a.closing
		a.mu.Unlock()
	}
	select {
	case <-closed:
		t.Error("Close returned while a sign-in was being stored")
	default:
	}
	release()
	if err := <-done; err != nil {
		t.Errorf("the sign-in failed: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("a non-permanent session left %d items", n)
	}
	if _, err := a.SignIn(t.Context(), state.SignIn{}); codeOf(err) != text.NotRunning {
		t.Errorf("a sign-in after the end: %v", err)
	}
}

func TestReconcilingLeavesASignInUnderWayAlone(t *testing.T) {
	w := newWorld(t)
	a, release, done := w.storing()
	left := a.rebuild(t.Context())
	if _, err := a.d.Vault.Reconcile(t.Context(), a.wanted(t.Context(), left)); err != nil {
		t.Fatal(err)
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := len(w.items.All()); n != 2 {
		t.Errorf("the keyring holds %d items, want the cache and the signing key", n)
	}
}

func TestASignInDuringAPostsRenewalMakesNoDraftOfIt(t *testing.T) {
	w := newWorld(t)
	var ahead atomic.Int64
	w.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	reached, release := make(chan struct{}), make(chan struct{})
	var armed atomic.Bool
	w.meet = func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/token") && armed.CompareAndSwap(true, false) {
			close(reached)
			<-release
		}
		return nil, nil
	}
	a, _ := w.start()
	w.signIn(a)
	m := meeting(t, a)
	ahead.Store(int64(2 * time.Hour)) // the token is over
	armed.Store(true)
	got := make(chan state.PostResult, 1)
	go func() {
		res, err := a.Post(context.Background(), state.PostRequest{Target: state.Target{Chat: *m.ChatID}, Markdown: "hello", Wait: 20 * time.Second})
		if err != nil {
			t.Error(err)
		}
		got <- res
	}()
	<-reached
	w.signIn(a)
	close(release)
	if res := <-got; res.Post == nil || res.Post.State != state.Posted {
		t.Errorf("got %+v, want it posted by the new session", res.Post)
	}
}

func TestAfterQuitNothingIsShown(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	if err := a.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Show(t.Context(), state.PagePost); codeOf(err) != text.NotRunning {
		t.Errorf("got %v, want %s", err, text.NotRunning)
	}
}

func TestJoiningASignIn(t *testing.T) {
	w := newWorld(t)
	a, release, done := w.storing()
	if _, err := a.SignIn(t.Context(), state.SignIn{Browser: "system"}); codeOf(err) != text.Busy {
		t.Errorf("another way to sign in meanwhile: got %v, want %s", err, text.Busy)
	}
	joined := make(chan state.SignedIn, 1)
	go func() {
		in, err := a.SignIn(context.Background(), state.SignIn{Hint: "alexw@contoso.example"})
		if err != nil {
			t.Error(err)
		}
		joined <- in
	}()
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if in := <-joined; !in.Other {
		t.Errorf("who asked for Alex is not told that it was %s", in.Session.Email)
	}
}

func TestAPreviewRefusesWhatAPostWould(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	dry := func(target state.Target) error {
		_, err := a.Post(t.Context(), state.PostRequest{Target: target, Markdown: "text", DryRun: true})
		return err
	}
	if err := dry(state.Target{}); err != nil {
		t.Errorf("without a target and a sign-in: %v", err)
	}
	w.signIn(a)
	if err := dry(state.Target{Meeting: "no such meeting"}); codeOf(err) != text.MeetingUnknown {
		t.Errorf("got %v, want %s", err, text.MeetingUnknown)
	}
}

func TestAHubSkipsWhatItsWatcherMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		ctx, cancel := context.WithCancel(t.Context())
		var seen []uint64
		busy := make(chan struct{})
		done := make(chan error, 1)
		go func() {
			done <- h.watch(ctx, func(s state.State) {
				seen = append(seen, s.Revision)
				if s.Revision == 1 {
					<-busy
				}
			})
		}()
		synctest.Wait()
		h.set(state.State{})
		synctest.Wait()
		h.set(state.State{})
		h.set(state.State{})
		close(busy)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(seen) != 3 || seen[2] != 3 {
			t.Errorf("saw %v, want 0, 1 and then 3", seen)
		}
	})
}

func TestClearingWorksWhateverStateTheCacheIsIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(w *world, id string)
		cache string // what the report says of the token cache
	}{
		{"a cache that cannot be opened", func(w *world, id string) {
			if err := w.items.Set(w.t.Context(), "0123456789abcdef/"+id+"/cache", "debrief:1:nonsense"); err != nil {
				w.t.Fatal(err)
			}
		}, removed},
		{"a record without a cache", func(w *world, id string) {
			if err := w.items.Delete(w.t.Context(), "0123456789abcdef/"+id+"/cache"); err != nil {
				w.t.Fatal(err)
			}
		}, removed},
		{"a vault without its key", func(w *world, _ string) {
			if err := os.Remove(filepath.Join(w.dir, "vault.key")); err != nil {
				w.t.Fatal(err)
			}
		}, removed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a, kill := w.start()
			s := w.signIn(a)
			kill()
			c.spoil(w, s.ID)
			w.verb = true // before any start-up could mend it
			b, _ := w.start()
			rep, err := b.Clear(t.Context(), state.Clear{IDs: []string{s.ID}})
			if err != nil || !rep.Clean || outcome(rep, "token_cache") != c.cache || outcome(rep, "record") != removed {
				t.Errorf("got %+v, %v", rep, err)
			}
			if n := len(w.items.All()); n != 0 {
				t.Errorf("the keyring holds %d items", n)
			}
		})
	}
}
