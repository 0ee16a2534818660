package keyring_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/vault"
	"debrief/internal/vault/file"
	"debrief/internal/vault/vaulttest"

	"github.com/godbus/dbus/v5"
)

const patient = 20 * time.Second

func stateOf(err error) vault.State {
	if e, ok := errors.AsType[*vault.StateError](err); ok {
		return e.Status.State
	}
	return ""
}

func TestVaultOverGnomeKeyring(t *testing.T) {
	g := newDesk(t, "").gnomeKeyring(t)
	vaulttest.Run(t, vaulttest.Keyring{Items: newItems(t, patient), Lock: g.lock})
	if n := g.items(t); n != 0 {
		t.Errorf("got %d items left in the keyring, want none", n)
	}
}

func TestEntriesMoveBetweenGnomeKeyringAndFiles(t *testing.T) {
	g := newDesk(t, "").gnomeKeyring(t)
	dir := t.TempDir()
	files, err := file.New(file.Options{Dir: dir, WorkFactor: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Create(t.Context(), []byte("a passphrase")); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(vault.Options{Items: newItems(t, patient), Dir: dir, HomeID: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"a/cache": strings.Repeat("one", 5000), "device/signing": "two"}
	holdsAll := func(where string, items int) {
		t.Helper()
		for name, want := range secrets {
			if got, err := v.Get(t.Context(), name); err != nil || string(got) != want {
				t.Fatalf("%s: get %s: got %d bytes, %v", where, name, len(got), err)
			}
		}
		if n := g.items(t); n != items {
			t.Fatalf("%s: got %d items in the keyring, want %d", where, n, items)
		}
	}
	for name, data := range secrets {
		if err := v.Put(t.Context(), name, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	holdsAll("before", 2)
	unlock := g.lock(t)
	if _, err := v.Move(t.Context(), files); stateOf(err) != vault.Locked {
		t.Fatalf("out of a locked keyring: got %v, want locked", err)
	}
	unlock()
	if n, err := v.Move(t.Context(), files); n != 2 || err != nil {
		t.Fatalf("got %d moved, %v, want 2", n, err)
	}
	holdsAll("in files", 0)
	if n, err := v.Move(t.Context(), newItems(t, patient)); n != 2 || err != nil {
		t.Fatalf("back: got %d moved, %v, want 2", n, err)
	}
	holdsAll("back", 2)
	if r, err := vault.ReadRecorded(dir); err != nil || r.Provider != "gnome-keyring" || r.Also != "" {
		t.Fatalf("got %+v, %v, want the keyring recorded", r, err)
	}
}

func TestGnomeKeyringIsNamedAndItsStateFollowsIt(t *testing.T) {
	d := newDesk(t, "")
	g := d.gnomeKeyring(t)
	k := newItems(t, patient)
	want := vault.Status{State: vault.Ready, Kind: "keyring", Provider: "gnome-keyring", Collection: string(login)}
	if got := k.Probe(t.Context()); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	unlock := g.lock(t)
	if got := k.Probe(t.Context()); got.State != vault.Locked || got.Provider != "gnome-keyring" || got.Detail == "" {
		t.Errorf("got %+v, want locked and why", got)
	}
	if got := k.Unlock(t.Context()); got.State != vault.Locked || !strings.Contains(got.Detail, "display") {
		t.Errorf("unlock without a display: got %+v, want locked and why", got)
	}
	if _, err := k.Get(t.Context(), "x/y"); stateOf(err) != vault.Locked {
		t.Errorf("get: %s, want locked", refused(err))
	}
	unlock()
	if got := k.Unlock(t.Context()); got.State != vault.Ready {
		t.Errorf("got %+v, want ready", got)
	}
	if _, err := k.Get(t.Context(), "x/y"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("get: %s, want ErrNotFound", refused(err))
	}
	g.stop()
	poll(t, "the keyring that ended is not absent", func() bool { return k.Probe(t.Context()).State == vault.Absent })
	if err := k.Set(t.Context(), "x/y", "z"); stateOf(err) != vault.Absent {
		t.Errorf("set: %s, want absent", refused(err))
	}
}

func TestWithoutABusTheKeyringIsAbsentAndNoneIsStarted(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"dbus-launch", "dbus-daemon"} { // godbus would run the first
		script := "#!/bin/sh\necho $0 >>" + dir + "/started\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("XDG_RUNTIME_DIR", dir)
	for _, address := range []string{"", "autolaunch:", "unix:path=" + dir + "/nobody"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		k := newItems(t, patient)
		for name, got := range map[string]vault.Status{"probe": k.Probe(t.Context()), "unlock": k.Unlock(t.Context())} {
			if got.State != vault.Absent || got.Detail == "" {
				t.Errorf("%s with bus %q: got %+v, want absent and why", name, address, got)
			}
		}
		if err := k.Set(t.Context(), "x/y", "z"); stateOf(err) != vault.Absent {
			t.Errorf("set with bus %q: %s, want absent", address, refused(err))
		}
	}
	if exists(dir + "/started") {
		t.Error("a bus was started")
	}
}

func TestABusInTheRuntimeFolderIsFoundWithoutItsAddress(t *testing.T) {
	d := newDesk(t, "")
	d.gnomeKeyring(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	k := newItems(t, patient)
	if err := k.Set(t.Context(), "x/y", "z"); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(t.Context(), "x/y"); err != nil || got != "z" {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestWithoutAServiceTheKeyringIsAbsent(t *testing.T) {
	newDesk(t, "")
	k := newItems(t, patient)
	for name, got := range map[string]vault.Status{"probe": k.Probe(t.Context()), "unlock": k.Unlock(t.Context())} {
		if got.State != vault.Absent || !strings.Contains(got.Detail, "no program") {
			t.Errorf("%s: got %+v, want absent and why", name, got)
		}
	}
}

func TestAFreshKeyringHasNoCollectionAndIsAbsent(t *testing.T) {
	d := newDesk(t, "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets")
	got := newItems(t, patient).Probe(t.Context())
	if got.State != vault.Absent || got.Provider != "gnome-keyring" || !strings.Contains(got.Detail, "no default collection") {
		t.Errorf("got %+v, want a started keyring without a collection", got)
	}
	conn := d.connect(t)
	var pid uint32
	if err := conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, secrets).Store(&pid); err != nil {
		t.Fatal(err)
	}
	if p, err := os.FindProcess(int(pid)); err == nil { // started by our bus, on our bus
		_ = p.Kill()
	}
}

func TestAServiceThatDoesNotComeUpIsSlow(t *testing.T) {
	newDesk(t, "/bin/sleep 2")
	began := time.Now()
	got := newItems(t, 200*time.Millisecond).Probe(t.Context())
	if took := time.Since(began); got.State != vault.Slow || took > 2*time.Second {
		t.Errorf("got %+v after %v, want slow after 200 ms", got, took)
	}
}

func TestTheSharedConnectionClosedByTheTrayIsMadeAgain(t *testing.T) {
	newDesk(t, "").gnomeKeyring(t)
	k := newItems(t, patient)
	if err := k.Set(t.Context(), "x/y", "z"); err != nil {
		t.Fatal(err)
	}
	conn, err := dbus.SessionBus() // what systray's end does
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(t.Context(), "x/y"); err != nil || got != "z" {
		t.Fatalf("got %q, %v, want the item", got, err)
	}
}
