package platform

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func sessionOf(pid int) (int, error) { return unix.Getsid(pid) }

func TestADisplayIsWhatTheEnvironmentNames(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"DISPLAY": ""}, false},
		{map[string]string{"DISPLAY": ":0"}, true},
		{map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, true},
	} {
		if got := HasDisplay(environment(c.env)); got != c.want {
			t.Errorf("%v: got %v, want %v", c.env, got, c.want)
		}
	}
}

func TestASessionBusIsFoundAndNeverStarted(t *testing.T) {
	dir := t.TempDir()
	withBus, withFile := filepath.Join(dir, "a b"), filepath.Join(dir, "file")
	for _, d := range []string{withBus, withFile} {
		if err := PrivateDir(d); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", filepath.Join(withBus, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := WriteFile(filepath.Join(withFile, "bus"), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, address, runtime, want string
	}{
		{"nothing set", "", "", ""},
		{"an address", "unix:path=/run/x", withBus, "unix:path=/run/x"},
		{"autolaunch is not a bus", "autolaunch:", withBus, ""},
		{"disabled", "disabled:", withBus, ""},
		{"a socket in the runtime folder", "", withBus, "unix:path=" + strings.ReplaceAll(withBus, " ", "%20") + "/bus"},
		{"a file is no socket", "", withFile, ""},
		{"a runtime folder that is gone", "", filepath.Join(dir, "gone"), ""},
		{"a relative runtime folder", "", ".", ""},
	} {
		got, ok := SessionBus(environment(map[string]string{"DBUS_SESSION_BUS_ADDRESS": c.address, "XDG_RUNTIME_DIR": c.runtime}))
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, ok, c.want)
		}
	}
}

func TestTheDeviceHasAName(t *testing.T) {
	if got := DeviceName(); got == "" || strings.Contains(got, ".") {
		t.Errorf("got %q", got)
	}
}
