package tray

import (
	"context"
	"slices"
	"strings"
	"testing"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

func signedIn(email string, s state.Status) state.Session {
	return state.Session{
		Record: session.Record{ID: strings.Repeat("a", 32), Email: email, Authenticated: true, Device: session.Device{Name: "desk"}},
		Status: s, ThisDevice: true,
	}
}

func labels(items []Item) []string {
	var list []string
	for _, i := range items {
		list = append(list, i.Label)
	}
	return list
}

func TestMenu(t *testing.T) {
	elsewhere := signedIn("ada@contoso.example", state.Active)
	elsewhere.ThisDevice = false
	for _, c := range []struct {
		name  string
		state state.State
		want  []string
	}{
		{"nobody is signed in", state.State{}, []string{
			"Open Debrief", "Post a summary…", "Inspect sessions…", "",
			"Nobody is signed in", "Sign in…", "", "Clear all sessions…", "", "Quit",
		}},
		{"accounts with their state", state.State{Sessions: []state.Session{
			signedIn("ada@contoso.example", state.Active), signedIn("bo@contoso.example", state.NeedsSignIn), elsewhere,
		}}, []string{
			"Open Debrief", "Post a summary…", "Inspect sessions…", "",
			"ada@contoso.example – signed in", "bo@contoso.example – needs sign-in", "ada@contoso.example on desk – signed in", "Sign in…", "",
			"Clear all sessions…", "", "Quit",
		}},
		{"a session that ends soon says so", state.State{Sessions: []state.Session{func() state.Session {
			s := signedIn("ada@contoso.example", state.Active)
			s.EndsSoon = true
			return s
		}()}}, []string{
			"Open Debrief", "Post a summary…", "Inspect sessions…", "",
			"ada@contoso.example – signed in, ends soon", "Sign in…", "", "Clear all sessions…", "", "Quit",
		}},
		{"a sign-in under way can be cancelled", state.State{SignIn: &state.SignInState{}}, []string{
			"Open Debrief", "Post a summary…", "Inspect sessions…", "",
			"Nobody is signed in", "Cancel the sign-in", "", "Clear all sessions…", "", "Quit",
		}},
		{"a locked keyring can be unlocked, the demo's chats opened", state.State{
			Keyring: vault.Status{State: vault.Locked}, DemoURL: "http://127.0.0.1:1/x",
		}, []string{
			"Open Debrief", "Post a summary…", "Inspect sessions…", "",
			"Nobody is signed in", "Sign in…", "Unlock keyring…", "",
			"Open the demo chats", "Clear all sessions…", "", "Quit",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := labels(Menu(c.state)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// foreign is a session that no renewal can help.
func foreign(email string) state.Session {
	s := signedIn(email, state.NeedsSignIn)
	s.Why = text.OtherClient
	return s
}

func TestIconTellsWhatNeedsAttentionFirst(t *testing.T) {
	ada := signedIn("ada@contoso.example", state.Active)
	for _, c := range []struct {
		name      string
		state     state.State
		attention bool
		tooltip   string
	}{
		{"nobody", state.State{}, false, "Debrief: nobody is signed in"},
		{"one", state.State{Demo: true, Sessions: []state.Session{ada}}, false, "Debrief (demo): signed in as ada@contoso.example"},
		{"two", state.State{Sessions: []state.Session{ada, signedIn("bo@contoso.example", state.Unverified)}}, false, "Debrief: signed in to 2 accounts"},
		{"needs sign-in", state.State{Sessions: []state.Session{ada, signedIn("bo@contoso.example", state.NeedsSignIn)}}, true, "Debrief: bo@contoso.example: needs sign-in"},
		{"issued to another application", state.State{Sessions: []state.Session{ada, foreign("bo@contoso.example")}}, false, "Debrief: signed in as ada@contoso.example"},
		{"a problem", state.State{Sessions: []state.Session{ada}, Problems: []state.Problem{{Code: text.KeyringLocked}}}, true, "Debrief: Your keyring is locked."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Icon(c.state); got.Attention != c.attention || got.Tooltip != c.tooltip {
				t.Errorf("got %+v, want attention %v and %q", got, c.attention, c.tooltip)
			}
		})
	}
}

func TestSameStructureIgnoresLabelsOnly(t *testing.T) {
	before := Menu(state.State{Sessions: []state.Session{signedIn("ada@contoso.example", state.Active)}})
	renamed := Menu(state.State{Sessions: []state.Session{signedIn("ada@contoso.example", state.NeedsSignIn)}})
	if !sameStructure(before, renamed) {
		t.Error("another status rebuilds the menu, which would close it")
	}
	if sameStructure(before, Menu(state.State{})) {
		t.Error("a menu with fewer items has the same structure")
	}
}

// called is a Service that remembers what was asked of it.
type called struct {
	api.Service
	what []string
}

func (c *called) Show(_ context.Context, p state.Page) error {
	c.what = append(c.what, "show "+string(p))
	return nil
}
func (c *called) SignIn(context.Context, state.SignIn) (state.SignedIn, error) {
	c.what = append(c.what, "sign in")
	return state.SignedIn{}, nil
}
func (c *called) CancelSignIn(context.Context) error { c.what = append(c.what, "cancel"); return nil }
func (c *called) Unlock(context.Context) error       { c.what = append(c.what, "unlock"); return nil }
func (c *called) OpenDemo(context.Context) error     { c.what = append(c.what, "demo"); return nil }
func (c *called) Quit(context.Context) error         { c.what = append(c.what, "quit"); return nil }

// locked is a Service whose file vault waits for its passphrase.
type locked struct{ called }

func (l *locked) Unlock(context.Context) error {
	return &state.Problem{Code: text.VaultNeedsPassphrase}
}

func TestAFileVaultIsUnlockedInThePanel(t *testing.T) {
	svc := &locked{}
	if err := Do(t.Context(), svc, Item{Action: Unlock}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(svc.what, []string{"show sessions"}) {
		t.Errorf("got %v, want the panel shown", svc.what)
	}
}

func TestEveryItemDoesSomething(t *testing.T) {
	s := state.State{
		DemoURL: "x", Keyring: vault.Status{State: vault.Locked},
		Sessions: []state.Session{signedIn("ada@contoso.example", state.Active)},
	}
	items := append(Menu(s), Item{Action: Cancel})
	var got []string
	for _, i := range items {
		svc := &called{}
		if err := Do(t.Context(), svc, i); err != nil {
			t.Fatal(err)
		}
		if (i.Action != "") != (len(svc.what) == 1) {
			t.Errorf("%+v asked for %v", i, svc.what)
		}
		got = append(got, svc.what...)
	}
	want := []string{"show sessions", "show post", "show sessions", "show sessions", "sign in", "unlock", "demo", "show clear-all", "quit", "cancel"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
