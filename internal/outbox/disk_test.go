package outbox

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzDecode(f *testing.F) {
	const id = "00112233445566778899aabbccddeeff"
	f.Add([]byte(`{"schema":1,"id":"` + id + `","account":{"home_account_id":"h"},"chat_id":"19:a","state":"sending","parts":[{"state":"sending","html":"x"}]}`))
	f.Add([]byte(`{"schema":2}`))
	f.Add([]byte(`{"schema":1,"parts":null}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, data []byte) {
		i, why := decode(data, id)
		if why != "" {
			return
		}
		if err := i.check(); err != nil {
			t.Errorf("an item that is none was read: %v", err)
		}
		if n := i.next(); n >= 0 && (i.State == Sending || i.State == Unknown) && i.Parts[n].SendingSince.IsZero() && !i.CreatedAt.IsZero() {
			t.Error("a part in doubt has no bound")
		}
	})
}

func TestOnlyBytesThatAreNoItemArePutAside(t *testing.T) {
	dir := t.TempDir()
	b, err := Open(Options{Dir: dir, Sender: newTeams(t)})
	if err != nil {
		t.Fatal(err)
	}
	good, err := b.Add(t.Context(), post("19:a", "x"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, good.ID+".json"))
	if err != nil {
		t.Fatal(err)
	}
	id := func(n string) string { return strings.Repeat(n, 32) + ".json" }
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(id("1"), raw[:len(raw)/2])
	write(id("2"), raw) // another item's bytes
	write(id("3"), nil)
	write(id("4"), []byte(strings.Replace(string(raw), `"schema": 1`, `"schema": 9`, 1)))
	write(".x.json.123.tmp", raw)
	write("notes.txt", []byte("mine"))
	if err := os.Mkdir(filepath.Join(dir, id("5")), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere/at/all", filepath.Join(dir, id("6"))); err != nil {
		t.Fatal(err)
	}

	b, err = Open(Options{Dir: dir, Sender: newTeams(t)})
	if err != nil {
		t.Fatal(err)
	}
	if items := b.List(); len(items) != 1 || items[0].ID != good.ID {
		t.Errorf("got %d items", len(items))
	}
	why := map[string]string{}
	for _, u := range b.Unreadable() {
		why[filepath.Base(u.Path)] = u.Why
		if _, err := os.Lstat(u.Path); err != nil {
			t.Errorf("it is gone: %v", err)
		}
		if aside := filepath.Base(filepath.Dir(u.Path)) == quarantine; aside != (u.Why == corrupt) {
			t.Errorf("%s (%s) put aside: %v", u.Path, u.Why, aside)
		}
	}
	for _, n := range []string{"1", "2", "3"} {
		if why[id(n)] != corrupt {
			t.Errorf("file %s: got %q, want corrupt", n, why[id(n)])
		}
	}
	if why[id("4")] != newer || why[id("6")] == "" || why[id("6")] == corrupt || len(why) != 5 {
		t.Errorf("got %v", why)
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.txt")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".x.json.123.tmp")); !os.IsNotExist(err) {
		t.Errorf("a temporary file stays: %v", err)
	}
}

// full makes every write into dir fail, until the returned function is called:
// the folder is gone, and a file stands in its place.
func full(t *testing.T, dir string) (restore func()) {
	t.Helper()
	aside := dir + ".aside"
	if err := os.Rename(dir, aside); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(os.Remove(dir), os.Rename(aside, dir)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithAFullDiskNothingIsSentAndNothingIsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		dir := filepath.Join(t.TempDir(), "outbox")
		d := start(t, dir, s)
		defer d.stop()
		s.mu.Lock()
		s.sinces = []outcome{busy}
		s.mu.Unlock()
		id := d.add(t, post("19:a", "x")).ID
		time.Sleep(5 * time.Second)
		restore := full(t, dir)
		if _, err := d.Add(t.Context(), post("19:a", "y")); err == nil {
			t.Error("an item that is on no disk was taken")
		}
		time.Sleep(10 * time.Second)
		if i, _ := d.Get(id); i.State != Queued || i.Reason != ReasonDisk || s.count("19:a", "x") != 0 {
			t.Errorf("got %s, %q, %d times in the chat", i.State, i.Reason, s.count("19:a", "x"))
		}
		if _, err := d.Cancel(t.Context(), id); err == nil {
			t.Error("a cancel that the disk does not know of")
		}
		restore()
		if i := d.settled(t, id); i.State != Posted || i.Reason != "" {
			t.Errorf("with room again: %s, %q", i.State, i.Reason)
		}
	})
}

func TestADiskThatFillsUpDuringASendChangesNoOutcome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newTeams(t)
		dir := filepath.Join(t.TempDir(), "outbox")
		var restore func()
		s.onSend = func() { restore = full(t, dir) }
		d := start(t, dir, s)
		id := d.add(t, post("19:a", "x")).ID
		if i := d.settled(t, id); i.State != Posted {
			t.Fatalf("in memory it is %s", i.State)
		}
		if _, why := read(filepath.Join(dir+".aside", id+".json"), id); why != "" {
			t.Fatal(why)
		}

		// Killed now, the disk says sending: the chat is read.
		image := t.TempDir()
		copyDir(t, dir+".aside", image)
		again := newTeams(t)
		again.messages = s.messages
		d2 := start(t, image, again)
		if i := d2.settled(t, id); i.State != Posted || !i.Reconciled || again.count("19:a", "x") != 1 {
			t.Errorf("after a kill: %s, reconciled %v, %d times", i.State, i.Reconciled, again.count("19:a", "x"))
		}
		d2.stop()

		// Not killed, it is written once there is room.
		restore()
		time.Sleep(time.Hour)
		i, why := read(filepath.Join(dir, id+".json"), id)
		if why != "" || i.State != Posted || i.Parts[0].HTML != "" {
			t.Errorf("on the disk: %s %q", i.State, why)
		}
		d.stop()
	})
}
