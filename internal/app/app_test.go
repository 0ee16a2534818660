package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/graph"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

const weekly = "# Weekly\n\n- **Ship** it\n- Thanks, @Alex Wilber"

func codeOf(err error) text.Code {
	if p, ok := errors.AsType[*state.Problem](err); ok {
		return p.Code
	}
	return ""
}

// meeting is a meeting of the demo tenant that can be posted to.
func meeting(t *testing.T, a *App) state.Meeting {
	t.Helper()
	list, err := a.Meetings(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.ChatID != nil && !m.Cancelled {
			return m
		}
	}
	t.Fatal("no meeting has a chat")
	return state.Meeting{}
}

func post(t *testing.T, a *App, m state.Meeting, markdown string) state.Post {
	t.Helper()
	res, err := a.Post(t.Context(), state.PostRequest{Target: state.Target{Meeting: m.ID}, Markdown: markdown, Wait: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return *res.Post
}

func TestASummaryIsPostedOnceWithItsMentions(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	if s.Status != state.Active {
		t.Fatalf("a new session is %s, want active", s.Status)
	}
	m := meeting(t, a)
	p := post(t, a, m, weekly)
	if p.State != state.Posted || p.MessageID == "" {
		t.Fatalf("got %+v, want it posted", p)
	}
	found := 0
	for _, msg := range w.emu.Messages(*m.ChatID) {
		if msg.ID == p.MessageID {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the chat holds the message %d times", found)
	}
}

func TestPostingAsksTheKeyringNothing(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	w.signIn(a)
	m := meeting(t, a)
	before := w.items.calls.Load()
	post(t, a, m, "No keyring in between")
	if n := w.items.calls.Load() - before; n != 0 {
		t.Errorf("a post with a valid token made %d keyring calls", n)
	}
}

func TestListingMakesNoKeyringCallAndNoRequest(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	w.signIn(a)
	keys, requests := w.items.calls.Load(), w.requests.Load()
	list, err := a.Sessions(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d sessions, %v", len(list), err)
	}
	if k, r := w.items.calls.Load()-keys, w.requests.Load()-requests; k != 0 || r != 0 {
		t.Errorf("listing made %d keyring calls and %d requests", k, r)
	}
	kill()

	// The same without a resident: nothing was asked of the keyring before either.
	keys, requests = w.items.calls.Load(), w.requests.Load()
	store, sealed := w.parts()
	b, err := New(t.Context(), Deps{
		Device: session.Device{ID: strings.Repeat("d", 32)}, Lifetime: time.Hour, UseSigner: true, DataDir: w.dir,
		Store: store, Vault: sealed, Auth: a.d.Auth, Graph: a.d.Graph,
	})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := b.Sessions(t.Context()); err != nil || len(list) != 1 || list[0].Status != state.Unverified {
		t.Errorf("got %+v, %v; want one session, not verified", list, err)
	}
	if k, r := w.items.calls.Load()-keys, w.requests.Load()-requests; k != 0 || r != 0 {
		t.Errorf("listing without a resident made %d keyring calls and %d requests", k, r)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestATokenThatTheTenantsClockExpiredIsRenewedSilently(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	before := w.signIn(a)
	m := meeting(t, a)
	if err := w.emu.Advance(26 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if p := post(t, a, m, "A day later"); p.State != state.Posted {
		t.Fatalf("got %s (%s), want posted", p.State, p.Reason)
	}
	after, err := a.Sessions(t.Context())
	if err != nil || len(after) != 1 || after[0].ID != before.ID {
		t.Fatalf("got %+v, %v", after, err)
	}
	if after[0].Version == before.Version {
		t.Error("the renewal was not noted in the record")
	}
}

func TestAKilledDebriefIsStillSignedIn(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	kill()
	b, _ := w.start()
	list, err := b.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != s.ID || list[0].Status != state.Active {
		t.Fatalf("got %+v, %v; want the session, active", list, err)
	}
	if p := post(t, b, meeting(t, b), "After the crash"); p.State != state.Posted {
		t.Errorf("got %s, want posted", p.State)
	}
}

func TestASecondSignInReplacesTheSession(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	first, second := w.signIn(a), w.signIn(a)
	list, err := a.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != second.ID || first.ID == second.ID {
		t.Fatalf("got %+v, %v; want the second session alone", list, err)
	}
	names, err := a.d.Vault.Names()
	if err != nil || len(names) != 2 {
		t.Errorf("the vault holds %v, %v; want one cache and the signing key", names, err)
	}
}

func TestClearingTheLastSessionLeavesNothing(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	w.signIn(a)
	rep, err := a.Clear(t.Context(), state.Clear{All: true})
	if err != nil || !rep.Clean {
		t.Fatalf("got %+v, %v; want a clean report", rep, err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("the keyring holds %d items", n)
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "sessions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !strings.HasSuffix(e.Name(), ".cleared.json") {
			t.Errorf("%s is left", e.Name())
		}
	}
	if got := outcome(rep, "record"); got != "removed" {
		t.Errorf("the record is reported as %q", got)
	}
	if got := outcome(rep, "signing_key"); got != "removed" {
		t.Errorf("the signing key is reported as %q", got)
	}
}

func outcome(r state.ClearReport, what string) string {
	for _, l := range r.Lines {
		if l.What == what {
			return l.Outcome
		}
	}
	return ""
}

func TestAClearThatALockedKeyringHoldsUpIsFinishedLater(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	w.items.SetState(vault.Locked)
	rep, err := a.Clear(t.Context(), state.Clear{IDs: []string{s.ID[:8]}})
	if err != nil || rep.Clean || outcome(rep, "token_cache") != "pending" {
		t.Fatalf("got %+v, %v; want the cache pending", rep, err)
	}
	list, err := a.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].Status != state.Pending {
		t.Fatalf("got %+v, %v; want it pending", list, err)
	}
	kill()
	w.items.SetState(vault.Ready)
	b, _ := w.start()
	if list, err := b.Sessions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("got %+v, %v; want it finished", list, err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("the keyring holds %d items", n)
	}
}

func TestARenewalThatComesAfterAClearLeavesNothing(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	cache := a.lockedCache(s.ID)
	raw, err := cache.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Clear(t.Context(), state.Clear{All: true}); err != nil {
		t.Fatal(err)
	}
	if err := cache.Store(t.Context(), raw); !errors.Is(err, session.ErrCleared) {
		t.Errorf("a late write got %v, want session.ErrCleared", err)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("the keyring holds %d items", n)
	}
}

func TestASignInWithoutAKeyringWorksForThisRunAndMovesInLater(t *testing.T) {
	w := newWorld(t)
	w.items.SetState(vault.Locked)
	a, _ := w.start()
	w.signIn(a)
	if p := post(t, a, meeting(t, a), "From memory"); p.State != state.Posted {
		t.Fatalf("got %s, want posted", p.State)
	}
	if n := len(w.items.All()); n != 0 {
		t.Errorf("a locked keyring holds %d items", n)
	}
	now, err := a.State(t.Context())
	if err != nil || len(now.Problems) == 0 || now.Problems[0].Code != text.KeyringLocked {
		t.Errorf("got problems %+v, %v; want the locked keyring", now.Problems, err)
	}
	w.items.SetState(vault.Ready)
	if err := a.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(w.items.All()); n == 0 {
		t.Error("nothing moved into the unlocked keyring")
	}
}

func TestATruncatedRecordCostsNoSignIn(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	kill()
	path := filepath.Join(w.dir, "sessions", s.ID+".json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b[:len(b)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := w.start()
	list, err := c.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].Email != s.Email || list[0].Status != state.Active {
		t.Fatalf("got %+v, %v; want the session made anew", list, err)
	}
	kept, err := filepath.Glob(filepath.Join(w.dir, "sessions", "quarantine", "*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("quarantine holds %v, %v; want the truncated record", kept, err)
	}
	if p := post(t, c, meeting(t, c), "Still here"); p.State != state.Posted {
		t.Errorf("got %s, want posted", p.State)
	}
}

func TestACorruptedCacheAsksForASignInAndIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	kill()
	account := "0123456789abcdef/" + s.ID + "/cache"
	if err := w.items.Set(t.Context(), account, "not a sealed entry"); err != nil {
		t.Fatal(err)
	}
	b, _ := w.start()
	_, err := b.Meetings(t.Context(), "")
	if code := codeOf(err); code != text.CacheDamaged {
		t.Errorf("got %v, want %s", err, text.CacheDamaged)
	}
	if got, err := w.items.Get(t.Context(), account); err != nil || got != "not a sealed entry" {
		t.Errorf("the damaged entry became %q, %v", got, err)
	}
	if next := w.signIn(b); next.Status != state.Active {
		t.Errorf("after a new sign-in it is %s", next.Status)
	}
}

func TestARecordChangedFromOutsideIsNotUsed(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	kill()
	path := filepath.Join(w.dir, "sessions", s.ID+".json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(b), s.Email, "eve@contoso.example")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := w.start()
	list, err := c.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].Status != state.Changed {
		t.Fatalf("got %+v, %v; want it changed", list, err)
	}
	if rep, err := c.Clear(t.Context(), state.Clear{All: true}); err != nil || !rep.Clean {
		t.Errorf("clearing it: %+v, %v", rep, err)
	}
}

func TestARevokedSignInNeedsAPersonAndLosesNothing(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	s := w.signIn(a)
	m := meeting(t, a)
	kill()
	if err := w.emu.Revoke(s.Email); err != nil {
		t.Fatal(err)
	}
	if err := w.emu.Advance(26 * time.Hour); err != nil {
		t.Fatal(err)
	}
	b, _ := w.start()
	res, err := b.Post(t.Context(), state.PostRequest{Target: state.Target{Chat: *m.ChatID}, Markdown: "Kept", Wait: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if res.Post.State != state.Draft || res.Post.Reason != string(text.SignInNeeded) {
		t.Errorf("got %+v, want a draft that waits for a sign-in", res.Post)
	}
	list, err := b.Sessions(t.Context())
	if err != nil || len(list) != 1 || list[0].Status != state.NeedsSignIn {
		t.Errorf("got %+v, %v; want it to need a sign-in", list, err)
	}
}

func TestBadSummariesAreRefusedBeforeAnythingIsQueued(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	w.signIn(a)
	m := meeting(t, a)
	for _, c := range []struct {
		name, markdown string
		target         state.Target
		want           text.Code
	}{
		{"empty", " \n\t", state.Target{Meeting: m.ID}, text.SummaryEmpty},
		{"not UTF-8", "a\xff", state.Target{Meeting: m.ID}, text.SummaryNotText},
		{"too large", strings.Repeat("word ", 20_000), state.Target{Meeting: m.ID}, text.SummaryTooLarge},
		{"unknown meeting", "text", state.Target{Meeting: "no such meeting"}, text.MeetingUnknown},
		{"neither chat nor meeting", "text", state.Target{}, text.Wrong},
		{"unknown account", "text", state.Target{Account: "nobody@example.org", Meeting: m.ID}, text.AccountUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := a.Post(t.Context(), state.PostRequest{Target: c.target, Markdown: c.markdown})
			if got := codeOf(err); got != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if posts := a.posts(); len(posts) != 0 {
		t.Errorf("the outbox holds %+v", posts)
	}
}

func TestASummaryWithoutASignInIsKeptAsADraft(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	_, err := a.Post(t.Context(), state.PostRequest{Target: state.Target{Meeting: "weekly"}, Markdown: "Kept"})
	p, ok := errors.AsType[*state.Problem](err)
	if !ok || p.Code != text.SignInNeeded || p.Args["post"] == "" {
		t.Fatalf("got %v, want a needed sign-in that names the draft", err)
	}
	posts := a.posts()
	if len(posts) != 1 || posts[0].State != state.Draft || posts[0].ID != p.Args["post"] {
		t.Errorf("got %+v, want the draft", posts)
	}
}

func TestAClosedWindowCancelsTheSignIn(t *testing.T) {
	w := newWorld(t)
	w.person.close = true
	a, _ := w.start()
	if _, err := a.SignIn(t.Context(), state.SignIn{}); codeOf(err) != text.SignInCancelled {
		t.Errorf("got %v, want it cancelled", err)
	}
	if now, err := a.State(t.Context()); err != nil || now.SignIn != nil || len(now.Problems) != 0 {
		t.Errorf("got %+v, %v; want nothing to be told", now, err)
	}
}

func TestNoSecretIsWrittenToTheFolder(t *testing.T) {
	w := newWorld(t)
	a, kill := w.start()
	w.signIn(a)
	m := meeting(t, a)
	post(t, a, m, "Nothing secret")
	if _, err := a.Session(t.Context(), a.snapshotID(t)); err != nil {
		t.Fatal(err)
	}
	kill()
	secrets := w.emu.Secrets()
	if len(secrets) < 6 {
		t.Fatalf("the tenant issued %d secrets only", len(secrets))
	}
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, s := range secrets {
			if strings.Contains(string(b), s.Value) {
				t.Errorf("%s holds a secret of kind %s", path, s.Kind)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (a *App) snapshotID(t *testing.T) string {
	t.Helper()
	list, err := a.Sessions(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("no session: %v", err)
	}
	return list[0].ID
}

func TestTheDetailShowsNoSecret(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	d, err := a.Session(t.Context(), s.ID[:6])
	if err != nil || d.CacheProblem != nil {
		t.Fatalf("got %+v, %v", d, err)
	}
	kinds := map[string]int{}
	for _, c := range d.Cache {
		kinds[c.Kind]++
	}
	for _, kind := range []string{"access_token", "refresh_token", "id_token", "account"} {
		if kinds[kind] != 1 {
			t.Errorf("the cache shows %d of %s", kinds[kind], kind)
		}
	}
	if len(d.Claims) == 0 || len(d.KeptIn) == 0 {
		t.Errorf("no claims or places: %+v", d)
	}
}

func TestWithoutAClientIDASignInSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	store, sealed := w.parts()
	a, err := New(t.Context(), Deps{
		Device: session.Device{ID: strings.Repeat("d", 32)}, Lifetime: time.Hour, DataDir: w.dir, Browser: auth.Embedded,
		Store: store, Vault: sealed, Graph: func(graph.TokenSource) (Graph, error) { return nil, errors.New("no graph") },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignIn(t.Context(), state.SignIn{}); codeOf(err) != text.NoClientID {
		t.Errorf("got %v, want %s", err, text.NoClientID)
	}
}
