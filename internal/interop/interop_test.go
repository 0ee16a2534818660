//go:build linux

package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"debrief/internal/emulator"
)

func TestOtherLibrariesSignInAgainstTheEmulatorAsIfItWereMicrosoft(t *testing.T) {
	for _, l := range []library{python, node} {
		t.Run(l.name, func(t *testing.T) {
			serve(t).signsIn(t, l, filepath.Join(t.TempDir(), "cache.json"), emulator.Adele, emulator.Alex)
		})
	}
}

// Python writes the environment without a port, `localhost`; a real authority has
// none.
func TestDebriefUsesWhatMSALForPythonWrote(t *testing.T) {
	e, dir := serve(t), t.TempDir()
	cache := filepath.Join(dir, "python.json")
	e.signsIn(t, python, cache, emulator.Alex, emulator.Adele) // Alex is revoked in the end
	r := newResident(t, e)

	told := r.run(3, "import", cache)
	if !strings.Contains(told, emulator.Adele+": active") || !strings.Contains(told, emulator.Alex+": kept, but a sign-in is needed") {
		t.Errorf("the import told:\n%s", told)
	}
	sessions := r.sessions()
	adele, alex := sessions[emulator.Adele], sessions[emulator.Alex]
	if adele.Status != "active" || alex.Status != "needs_sign_in" || alex.Why != "" {
		t.Errorf("got %+v and %+v, want one active and one that needs a sign-in", adele, alex)
	}
	r.run(0, "meetings", "--account", emulator.Adele, "--json")

	// The refresh token was renewed in its place: an hour on it is good again.
	e.steer(t, "clock", map[string]string{"advance": "61m"})
	r.run(0, "meetings", "--account", emulator.Adele, "--json")
	export := filepath.Join(dir, "export.json")
	r.run(0, "export", adele.ID, export, "--yes")
	if n := len(sections(t, export)["RefreshToken"]); n != 1 {
		t.Errorf("the cache holds %d refresh tokens, want 1", n)
	}
}

func TestWhatWasIssuedToAnotherApplicationIsShownAsSuch(t *testing.T) {
	e, dir := serve(t), t.TempDir()
	cache := filepath.Join(dir, "python.json")
	e.signsIn(t, python, cache, emulator.Alex, emulator.Adele)
	written, err := os.ReadFile(cache)
	if err != nil {
		t.Fatal(err)
	}
	written = bytes.ReplaceAll(written, []byte(e.ClientID), []byte("04b07795-8ddb-461a-bbee-02f9e1bf7b46"))
	if err := os.WriteFile(cache, written, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newResident(t, e)
	if told := r.run(3, "import", cache); !strings.Contains(told, "issued to another application") {
		t.Errorf("the import told:\n%s", told)
	}
	if s := r.sessions()[emulator.Adele]; s.Status != "needs_sign_in" || s.Why != "other_client" {
		t.Errorf("got %+v, want needs_sign_in because of other_client", s)
	}
	if told := r.run(0, "sessions"); !strings.Contains(told, "issued to another application") {
		t.Errorf("sessions told:\n%s", told)
	}
	r.run(3, "meetings", "--account", emulator.Adele)
}

// From Python over Debrief to Node: what `debrief export` writes is found there,
// under an authority with a port.
func TestMSALForNodeReadsWhatDebriefExports(t *testing.T) {
	e, dir := serve(t), t.TempDir()
	cache := filepath.Join(dir, "python.json")
	e.signsIn(t, python, cache, emulator.Alex, emulator.Adele)
	r := newResident(t, e)
	r.run(3, "import", cache)
	export := filepath.Join(dir, "export.json")
	adele := r.sessions()[emulator.Adele]
	r.run(2, "export", adele.ID, export) // nobody to ask
	r.run(0, "export", adele.ID[:8], export, "--yes")
	if info, err := os.Stat(export); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want 0600", info.Mode(), err)
	}
	before, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	r.run(1, "export", adele.ID, export, "--yes")
	if after, err := os.ReadFile(export); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was overwritten, %v", err)
	}
	found := reads(t, node, e.task("read", export))
	if found.Accounts[0][0] != emulator.Adele || e.me(t, found.Token) != emulator.Adele {
		t.Errorf("found %v", found.Accounts)
	}
}

// reads lets a library read an exported cache without a network: it has to find
// one account and its access token.
func reads(t *testing.T, l library, do task) line {
	t.Helper()
	s := l.play(t, do)
	found := s.hear()
	s.ended()
	if len(found.Accounts) != 1 || found.Token == "" || found.Cached != nil && !*found.Cached {
		t.Fatalf("%s found the accounts %v and a token of %d bytes, want one of each", l.name, found.Accounts, len(found.Token))
	}
	return found
}

// sections reads a cache file as far as its keys.
func sections(t *testing.T, path string) map[string]map[string]json.RawMessage {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}
