package emulator

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"
)

func TestTheStateSurvivesAKilledProcess(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	first := open(t, dir, clock) // never closed before the second opens, as after a kill
	a := as(t, first, Adele)
	refresh := tokens(t, first, Adele)["refresh_token"].(string)
	code := signIn(t, emulatortest.Person{UPN: Adele}, authURL(first)).Get("code")
	if status, body := a.post(LaunchChat, "<p>kept</p>"); status != 201 {
		t.Fatalf("post: %d %v", status, body)
	}
	if err := first.Advance(30 * time.Minute); err != nil {
		t.Fatal(err)
	}

	second := open(t, dir, clock)
	if second.Notice() != "" {
		t.Errorf("notice: %q", second.Notice())
	}
	if !second.Now().Equal(first.Now()) {
		t.Errorf("clock: got %v, want %v", second.Now(), first.Now())
	}
	a.e = second
	if status, body := a.get("/me"); status != 200 {
		t.Errorf("the old access token: %d %v", status, body)
	}
	if got := second.Messages(LaunchChat); len(got) != 1 || got[0].Content != "<p>kept</p>" {
		t.Errorf("messages: %v", got)
	}
	if status, body := tokenRequest(t, second, refreshForm(refresh)); status != 200 {
		t.Errorf("the old refresh token: %d %v", status, body)
	}
	if err := second.Advance(-30 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if status, body := tokenRequest(t, second, codeForm(code)); status != 200 {
		t.Errorf("the old code: %d %v", status, body)
	}
	declines := emulatortest.Person{UPN: Adele, Decline: true}
	if v := signIn(t, declines, authURL(second)); v.Get("code") == "" {
		t.Errorf("the consent was lost: %v", v)
	}
}

func TestADamagedStateIsPutAsideAndSaid(t *testing.T) {
	whole := func() []byte {
		dir := t.TempDir()
		open(t, dir, newClock())
		data, err := os.ReadFile(filepath.Join(dir, stateFile))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}()
	for name, data := range map[string][]byte{
		"empty": {}, "truncated": whole[:len(whole)/2], "null": []byte("null"), "an array": []byte("[]"), "no key": []byte(`{"schema":1}`),
		"binary": {0, 1, 2, 0xff}, "another key": bytes.Replace(whole, []byte(`"signing_cert":"M`), []byte(`"signing_cert":"N`), 1),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, stateFile), data, 0o600); err != nil {
			t.Fatal(err)
		}
		e := open(t, dir, newClock())
		if !strings.Contains(e.Notice(), "put aside as state.json.damaged-") {
			t.Errorf("%s: notice %q", name, e.Notice())
		}
		aside, err := filepath.Glob(filepath.Join(dir, stateFile+".damaged-*"))
		if err != nil || len(aside) != 1 {
			t.Fatalf("%s: put aside: %v %v", name, aside, err)
		}
		if kept, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(kept, data) {
			t.Errorf("%s: what was put aside changed: %v", name, err)
		}
		if status, body := as(t, e, Adele).get("/me"); status != 200 {
			t.Errorf("%s: a new start: %d %v", name, status, body)
		}
	}
}

func TestAStateOfANewerVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path, []byte(`{"schema":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != `{"schema":99}` {
		t.Errorf("the file changed to %q", data)
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	if _, err := Open(Options{}); err == nil {
		t.Error("no folder: no error")
	}
	for _, listen := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "nonsense", "example.org:80"} {
		if _, err := Open(Options{Dir: t.TempDir(), Listen: listen}); err == nil {
			t.Errorf("listen %q: no error", listen)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, stateFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil {
		t.Error("an unreadable state: no error")
	}
}

func TestAStateThatCannotBeWrittenLeavesNoHalfEffect(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	e := open(t, dir, clock)
	a := as(t, e, Adele)
	// A folder in the place of the file makes every write fail, even root's.
	path := filepath.Join(dir, stateFile)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if status, body := a.post(LaunchChat, "<p>lost</p>"); status != http.StatusInternalServerError {
		t.Errorf("post: %d %v", status, body)
	}
	if got := e.Messages(LaunchChat); len(got) != 0 {
		t.Errorf("the failed post left %v", got)
	}
	before := e.Now()
	if err := e.Advance(time.Hour); err == nil || !e.Now().Equal(before) {
		t.Errorf("the clock moved, or no error: %v", err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if status, body := a.post(LaunchChat, "<p>kept</p>"); status != 201 {
		t.Errorf("post after the repair: %d %v", status, body)
	}
}

func TestTheStateHoldsNoSecretButItsTails(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	e := open(t, dir, clock)
	refresh := tokens(t, e, Adele)["refresh_token"].(string)
	tokenRequest(t, e, refreshForm(refresh))
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	tails, err := ReadTails(dir)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, s := range e.Secrets() {
		kinds[s.Kind]++
		if bytes.Contains(data, []byte(s.Value)) {
			t.Errorf("the state holds a %s", s.Kind)
		}
		sum, ok := Tail(s.Value)
		if !ok || tails[sum] == "" {
			t.Errorf("a %s of %d bytes has no tail", s.Kind, len(s.Value))
		}
	}
	for _, kind := range []string{"code", "access_token", "refresh_token", "id_token", "code_verifier", "state", "nonce"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s among the secrets", kind)
		}
	}
	if _, ok := Tail("short"); ok {
		t.Error("a short secret has a tail")
	}
	info, err := os.Stat(filepath.Join(dir, stateFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := e.Reset(); err != nil {
		t.Fatal(err)
	}
	if after, err := ReadTails(dir); err != nil || len(after) != len(tails) {
		t.Errorf("reset left %d of %d tails, %v", len(after), len(tails), err)
	}
}

func TestResetMakesTheTenantAnew(t *testing.T) {
	e, _ := start(t)
	body := tokens(t, e, Adele)
	a := caller{t, e, body["access_token"].(string)}
	a.post(LaunchChat, "<p>x</p>")
	if err := e.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := e.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := e.Messages(LaunchChat); len(got) != 0 {
		t.Errorf("messages: %v", got)
	}
	if status, _ := a.get("/me"); status != 401 {
		t.Errorf("the old access token: %d, want 401", status)
	}
	if status, _ := tokenRequest(t, e, refreshForm(body["refresh_token"].(string))); status != 400 {
		t.Errorf("the old refresh token: %d, want 400", status)
	}
	if v := signIn(t, emulatortest.Person{UPN: Adele, Decline: true}, authURL(e)); v.Get("error") != "access_denied" {
		t.Errorf("the consent stayed: %v", v)
	}
}
