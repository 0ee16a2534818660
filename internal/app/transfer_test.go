package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/emulator"
	"debrief/internal/text"
)

// export writes the session's cache to a new file and returns its path.
func (w *world) export(a *App, id string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "cache.json")
	if err := a.Export(w.t.Context(), state.Export{ID: id, Path: path}); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// rewritten is a copy of the file in which old is new.
func rewritten(t *testing.T, path, old, new string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s has no %q: %v", path, old, err)
	}
	path = filepath.Join(t.TempDir(), "rewritten.json")
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte(old), []byte(new)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func imported(t *testing.T, a *App, path string) state.ImportLine {
	t.Helper()
	report, err := a.Import(t.Context(), state.Import{Path: path})
	if err != nil || len(report.Lines) != 1 {
		t.Fatalf("got %+v, %v; want one line", report, err)
	}
	return report.Lines[0]
}

func TestAnExportIsTheWholeCacheInAFileOfItsOwner(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	path := w.export(a, s.ID[:8])
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := a.cache(s.ID).Load(t.Context())
	if err != nil || !bytes.Equal(got, kept) {
		t.Errorf("the file is not the cache: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && filepath.Separator == '/' {
		t.Errorf("the file is %v, %v; want 0600", info.Mode(), err)
	}
}

func TestAnExportThatCannotBeMakesNoFile(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	s := w.signIn(a)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	free := filepath.Join(dir, "free.json")
	for _, c := range []struct {
		name, id, path string
		want           text.Code
	}{
		{"a file that is there", s.ID, taken, text.FileExists},
		{"a folder that is not there", s.ID, filepath.Join(dir, "none", "x"), text.DiskFull},
		{"a path from somewhere", s.ID, "cache.json", text.Wrong},
		{"an unknown session", "ffffffff", free, text.SessionUnknown},
	} {
		if err := a.Export(t.Context(), state.Export{ID: c.id, Path: c.path}); codeOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	if _, err := a.Clear(t.Context(), state.Clear{All: true}); err != nil {
		t.Fatal(err)
	}
	if err := a.Export(t.Context(), state.Export{ID: s.ID, Path: free}); codeOf(err) != text.SessionUnknown {
		t.Errorf("a cleared session: got %v, want %s", err, text.SessionUnknown)
	}
	if b, err := os.ReadFile(taken); string(b) != "mine" || err != nil {
		t.Errorf("the file that was there holds %q, %v", b, err)
	}
	if _, err := os.Stat(free); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was left: %v", err)
	}
}

func TestAnImportedSignInIsRenewedOnceAndInUse(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	path := w.export(a, w.signIn(a).ID)
	if _, err := a.Clear(t.Context(), state.Clear{All: true}); err != nil {
		t.Fatal(err)
	}
	var redeemed int
	w.meet = func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			redeemed++
		}
		return nil, nil
	}
	// As MSAL for Python keys it, for all organisations, and under another name of the
	// same cloud.
	path = rewritten(t, path, `"realm":"`+emulator.TenantID, `"realm":"organizations`)
	path = rewritten(t, path, "-refreshtoken-"+emulator.ClientID, "-refreshtoken-"+emulator.ClientID+"--user.read")
	line := imported(t, a, rewritten(t, path, "login.microsoftonline.com", "login.windows.net"))
	if line.Problem != nil || line.Kept || line.Account != emulator.Adele || redeemed != 1 {
		t.Fatalf("got %+v after %d token requests, want an active session after 1", line, redeemed)
	}
	d, err := a.Session(t.Context(), line.Session)
	if err != nil || d.Status != state.Active || d.Tokens.AccessExpiresAt.IsZero() || d.Account.Environment != "login.microsoftonline.com" {
		t.Errorf("got %+v, %v", d.Session, err)
	}
	kinds := map[string]int{}
	for _, e := range d.Cache {
		kinds[e.Kind]++
	}
	if kinds["refresh_token"] != 1 || kinds["access_token"] != 1 || kinds["id_token"] != 1 {
		t.Errorf("the cache holds %v, want one of each token", kinds)
	}
	if _, err := a.Meetings(t.Context(), ""); err != nil || redeemed != 1 {
		t.Errorf("its use: %v after %d token requests, want 1", err, redeemed)
	}
}

func TestAnImportTakesThePlaceOfTheAccountsOlderSession(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	old := w.signIn(a)
	line := imported(t, a, w.export(a, old.ID))
	all, err := a.Sessions(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != line.Session || line.Session == old.ID {
		t.Errorf("got %+v, %v; want one new session", all, err)
	}
	if err := w.itemsBelongTo(all[0].ID); err != nil {
		t.Error(err)
	}
}

// itemsBelongTo is an error when a cache of another session is left.
func (w *world) itemsBelongTo(id string) error {
	_, sealed := w.parts()
	defer sealed.Close()
	names, err := sealed.Names()
	for _, name := range names {
		if strings.HasSuffix(name, cacheSuffix) && name != cacheEntry(id) {
			err = errors.Join(err, errors.New(name+" is left"))
		}
	}
	return err
}

func TestASignInThatCannotBeRenewedSaysWhyAndTakesNoPlace(t *testing.T) {
	for _, c := range []struct {
		name       string
		old, new   string // in the file
		refuse     bool   // revoke the person's tokens first
		offline    bool
		want, why  text.Code
		ownAccount bool // it is the account that has a session already
	}{
		{name: "revoked", refuse: true, want: text.SignInNeeded, ownAccount: true},
		{name: "offline", offline: true, want: text.Offline, ownAccount: true},
		{name: "without a refresh token", old: `"RefreshToken":`, new: `"Nothing":`, want: text.NoRefreshToken, ownAccount: true},
		{name: "another application", old: emulator.ClientID, new: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", want: text.OtherClient, why: text.OtherClient},
		{name: "another cloud", old: "login.microsoftonline.com", new: "login.microsoftonline.us", want: text.OtherService, why: text.OtherService},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a, _ := w.start()
			active := w.signIn(a)
			path := w.export(a, active.ID)
			if c.old != "" {
				path = rewritten(t, path, c.old, c.new)
			}
			if c.refuse {
				if err := w.emu.Revoke(emulator.Adele); err != nil {
					t.Fatal(err)
				}
			}
			w.meet = func(*http.Request) (*http.Response, error) {
				if c.offline {
					return nil, errors.New("no network")
				}
				return nil, nil
			}
			line := imported(t, a, path)
			if line.Problem == nil || line.Problem.Code != c.want || line.Kept != c.ownAccount {
				t.Fatalf("got %+v, %v; want %s", line, line.Problem, c.want)
			}
			if c.ownAccount {
				if s, err := a.find(active.ID); line.Session != active.ID || err != nil || s.Status != state.Active {
					t.Errorf("the session that was there is %+v, %v", s.Status, err)
				}
				// Where there is none, it is kept all the same.
				if _, err := a.Clear(t.Context(), state.Clear{All: true}); err != nil {
					t.Fatal(err)
				}
				line = imported(t, a, path)
			}
			d, err := a.Session(t.Context(), line.Session)
			if err != nil || line.Kept || d.Status != state.NeedsSignIn || d.Why != c.why || d.CacheProblem != nil {
				t.Fatalf("got %+v, %+v, %v; want a session that needs a sign-in", line, d, err)
			}
			for _, e := range d.Cache {
				if e.Kind == "access_token" || e.Kind == "refresh_token" && c.why != "" {
					t.Errorf("the cache holds a %s that is not to be used", e.Kind)
				}
			}
			if c.why == "" {
				return
			}
			// A session that can never be used is in nobody's way, and says why by itself.
			if _, err := a.Meetings(t.Context(), emulator.Adele); err != nil {
				t.Errorf("the account's own session: %v", err)
			}
			before := w.requests.Load()
			if _, err := a.Meetings(t.Context(), line.Session); codeOf(err) != text.AccountUnknown && codeOf(err) != c.why {
				t.Errorf("using it: got %v", err)
			}
			if err := a.Export(t.Context(), state.Export{ID: line.Session, Path: filepath.Join(t.TempDir(), "x")}); codeOf(err) != c.why {
				t.Errorf("exporting it: got %v, want %s", err, c.why)
			}
			if n := w.requests.Load() - before; n != 0 {
				t.Errorf("%d requests were made for it", n)
			}
		})
	}
}

func TestAnImportedSignInThatWaitedForTheNetworkIsInUseWithItsFirstUse(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	path := w.export(a, w.signIn(a).ID)
	if _, err := a.Clear(t.Context(), state.Clear{All: true}); err != nil {
		t.Fatal(err)
	}
	w.meet = func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }
	line := imported(t, a, path)
	if line.Problem == nil || line.Problem.Code != text.Offline {
		t.Fatalf("got %+v, want offline", line)
	}
	w.meet = nil
	if _, err := a.Meetings(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if s, err := a.find(line.Session); err != nil || s.Status != state.Active {
		t.Errorf("got %s, %v; want active", s.Status, err)
	}
}

func TestABadFileIsToldAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	w.signIn(a)
	before, calls, requests := a.hub.snapshot().Sessions, w.items.calls.Load(), w.requests.Load()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	many := map[string]map[string]map[string]string{"RefreshToken": {}}
	for i := range auth.MaxImported + 1 {
		id := strings.Repeat("x", i+1)
		many["RefreshToken"][id] = map[string]string{"home_account_id": id, "client_id": "c", "secret": "s"}
	}
	crowd, _ := json.Marshal(many)
	for _, c := range []struct {
		name, path string
		want       text.Code
	}{
		{"none", filepath.Join(dir, "none"), text.FileUnreadable},
		{"a folder", dir, text.FileUnreadable},
		{"a device", os.DevNull, text.FileUnreadable},
		{"a path from somewhere", "cache.json", text.Wrong},
		{"no JSON", file("text", "hello"), text.NotJSON},
		{"another JSON", file("json", `{"a": 1}`), text.NotCache},
		{"an empty cache", file("empty", "{}"), text.NoSignIn},
		{"too large", file("large", strings.Repeat(" ", maxImport)+"{}"), text.CacheTooLarge},
		{"too many people", file("crowd", string(crowd)), text.CacheTooLarge},
	} {
		_, err := a.Import(t.Context(), state.Import{Path: c.path})
		if codeOf(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	after, err := a.Sessions(t.Context())
	if err != nil || len(after) != 1 || after[0].Version != before[0].Version {
		t.Errorf("the sessions are %+v, %v", after, err)
	}
	if w.items.calls.Load() != calls || w.requests.Load() != requests {
		t.Error("a bad file led to a call of the keyring or a request")
	}
}

func TestWithoutAnApplicationOfOnesOwnNothingIsImported(t *testing.T) {
	w := newWorld(t)
	a, _ := w.start()
	path := w.export(a, w.signIn(a).ID)
	a.d.Auth = notSetUp{}
	if _, err := a.Import(t.Context(), state.Import{Path: path}); codeOf(err) != text.NoClientID {
		t.Errorf("got %v, want %s", err, text.NoClientID)
	}
}
