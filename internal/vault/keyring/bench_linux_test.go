package keyring_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/vault/keyring"

	"github.com/godbus/dbus/v5"
)

const service = "Debrief keyring test"

// desk is a scratch home with a session bus of its own, which the test's
// environment points to. Nothing of it is the person's.
type desk struct {
	dir, address string
}

// newDesk starts the bus; activate is the command that D-Bus starts when the
// Secret Service is asked for, empty for none.
func newDesk(t *testing.T, activate string) desk {
	t.Helper()
	dir, err := os.MkdirTemp("", "keyring") // short: a socket's path has 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := desk{dir: dir}
	for _, sub := range []string{"run", "home", "services"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if activate != "" {
		d.write(t, "services/org.freedesktop.secrets.service",
			"[D-BUS Service]\nName=org.freedesktop.secrets\nExec="+activate+"\n")
	}
	d.write(t, "bus.conf", `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=`+dir+`/run/bus</listen><servicedir>`+dir+`/services</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`)
	cmd := d.command(t, "dbus-daemon", "--config-file="+dir+"/bus.conf", "--nofork", "--print-address=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.start(t, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon did not start: %v", err)
	}
	d.address = strings.TrimSpace(line)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", d.address)
	t.Setenv("XDG_RUNTIME_DIR", dir+"/run")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	forgetSharedBus(t)
	return d
}

// forgetSharedBus ends go-keyring's connection after the test, which would
// otherwise outlive the bus.
func forgetSharedBus(t *testing.T) {
	t.Cleanup(func() {
		if conn, err := dbus.SessionBus(); err == nil {
			_ = conn.Close()
		}
	})
}

func (d desk) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (d desk) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: run make test, which installs it (%v)", name, err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir + "/home", "XDG_RUNTIME_DIR=" + d.dir + "/run"}
	if d.address != "" {
		cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS="+d.address)
	}
	return cmd
}

// start starts cmd and ends it with the test. stop ends it earlier.
func (d desk) start(t *testing.T, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		if err := cmd.Process.Kill(); err == nil || !errors.Is(err, os.ErrProcessDone) {
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	return stop
}

// connect is a private connection of the test's own.
func (d desk) connect(t *testing.T) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(d.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// gnomeKeyring starts the real one with a login collection that is unlocked.
func (d desk) gnomeKeyring(t *testing.T) *gnome {
	t.Helper()
	cmd := d.command(t, "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	cmd.Stdin = strings.NewReader(password)
	g := &gnome{conn: d.connect(t)}
	g.stop = d.start(t, cmd)
	poll(t, "gnome-keyring has no login collection", func() bool {
		var has bool
		if g.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secrets).Store(&has) != nil || !has {
			return false
		}
		_, err := g.conn.Object(secrets, login).GetProperty("org.freedesktop.Secret.Collection.Locked")
		return err == nil
	})
	return g
}

const (
	password = "a password of the tests"
	secrets  = "org.freedesktop.secrets"
	root     = dbus.ObjectPath("/org/freedesktop/secrets")
	login    = root + "/collection/login"
)

// gnome is a real gnome-keyring.
type gnome struct {
	conn *dbus.Conn
	stop func()
}

// lock locks the login collection; unlock opens it with its password, by the
// interface that GNOME's own log-in uses, and asks nobody.
func (g *gnome) lock(t *testing.T) (unlock func()) {
	t.Helper()
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	service := g.conn.Object(secrets, root)
	err := service.Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{login}).Store(&locked, &prompt)
	if err != nil || prompt != "/" {
		t.Fatalf("lock: %v, prompt %q", err, prompt)
	}
	return func() {
		t.Helper()
		var none dbus.Variant
		var session dbus.ObjectPath
		err := service.Call("org.freedesktop.Secret.Service.OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&none, &session)
		if err != nil {
			t.Fatal(err)
		}
		secret := struct {
			Session           dbus.ObjectPath
			Parameters, Value []byte
			Type              string
		}{session, nil, []byte(password), "text/plain"}
		const call = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword"
		if err := service.Call(call, 0, login, secret).Err; err != nil {
			t.Fatal(err)
		}
	}
}

// items counts what the keyring holds under the tests' service.
func (g *gnome) items(t *testing.T) int {
	t.Helper()
	var found []dbus.ObjectPath
	err := g.conn.Object(secrets, login).Call("org.freedesktop.Secret.Collection.SearchItems", 0,
		map[string]string{"service": service}).Store(&found)
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func newItems(t *testing.T, timeout time.Duration) *keyring.Items {
	t.Helper()
	k, err := keyring.New(keyring.Options{Service: service, Timeout: timeout, Fresh: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// poll waits for a condition, bounded.
func poll(t *testing.T, complaint string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !met(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func refused(err error) string { return fmt.Sprintf("got %v", err) }
