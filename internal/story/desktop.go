//go:build linux

package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// Options say how the desktop is made. The zero value works.
type Options struct {
	Width, Height int    // of the screen; 1280 by 800
	Shots         string // folder for screenshots; default: shots/ below the root
	Headless      bool   // only the session bus and the keyring: no screen, no panel
}

// Desktop is a virtual desktop with a home folder of its own. Everything that
// happens on it stays below Root, and nothing survives Close.
type Desktop struct {
	Root     string // short, for the sockets below it
	Home     string // the person's home folder
	Runtime  string // XDG_RUNTIME_DIR
	Captured string // what programs printed
	Shots    string
	Display  string // ":7"
	Bus      string // the session bus's address

	width, height int
	conn          *dbus.Conn
	services      []*process // in the order of their start
	shots         int
}

// password opens the keyring of the virtual desktop, which holds nothing real.
const password = "story"

// NewDesktop starts a virtual desktop and waits until its tray can be used, or
// its keyring where it is headless.
func NewDesktop(ctx context.Context, o Options) (_ *Desktop, err error) {
	programs := []string{"dbus-daemon", "gnome-keyring-daemon"}
	if !o.Headless {
		programs = append(programs, "Xvfb", "secret-tool", "xfwm4", "xfce4-panel", "xfconf-query", "xdotool", "import", "xwininfo")
	}
	if err := needed(programs...); err != nil {
		return nil, err
	}
	d := &Desktop{width: o.Width, height: o.Height, Shots: o.Shots}
	if d.width == 0 || d.height == 0 {
		d.width, d.height = 1280, 800
	}
	if err := d.folders(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	for _, step := range []struct {
		name   string
		start  func(context.Context) error
		screen bool // is of no use without one
	}{
		{"the screen", d.startScreen, true},
		{"the session bus", d.startBus, false},
		{"the keyring", d.startKeyring, false},
		{"the window manager", d.startWindowManager, true},
		{"the panel", d.startPanel, true},
	} {
		if o.Headless && step.screen {
			continue
		}
		if err := step.start(ctx); err != nil {
			return nil, fmt.Errorf("story: %s: %w", step.name, err)
		}
	}
	return d, nil
}

// needed is an error that names the programs that are missing.
func needed(programs ...string) error {
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("story: missing %s; `make test` installs what the virtual desktop needs", strings.Join(missing, ", "))
	}
	return nil
}

func (d *Desktop) folders() error {
	root, err := os.MkdirTemp("", "debrief-story-")
	if err != nil {
		return err
	}
	d.Root = root
	d.Home, d.Runtime, d.Captured = filepath.Join(root, "home"), filepath.Join(root, "run"), filepath.Join(root, "captured")
	if d.Shots == "" {
		d.Shots = filepath.Join(root, "shots")
	}
	for _, dir := range []string{d.Home, d.Runtime, d.Captured} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	return os.MkdirAll(d.Shots, 0o755)
}

// Env is the environment of a person's session on the desktop: nothing of the
// story's own environment but where programs are found.
func (d *Desktop) Env() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + d.Home,
		"XDG_RUNTIME_DIR=" + d.Runtime,
		"LANG=C.UTF-8",
		"XDG_DATA_DIRS=" + filepath.Join(d.Home, ".local/share") + ":/usr/local/share:/usr/share",
		"XDG_SESSION_TYPE=x11",
		"XDG_CURRENT_DESKTOP=XFCE",
		"GDK_BACKEND=x11",
		"NO_AT_BRIDGE=1",
		"LIBGL_ALWAYS_SOFTWARE=1",
		"BROWSER=surf",
	}
	if d.Display != "" {
		env = append(env, "DISPLAY="+d.Display)
	}
	if d.Bus != "" {
		env = append(env, "DBUS_SESSION_BUS_ADDRESS="+d.Bus)
	}
	return env
}

// service starts a program that lives as long as the desktop.
func (d *Desktop) service(name, stdin string, argv ...string) (*process, error) {
	p, err := d.start(name, d.Env(), stdin, argv...)
	if err == nil {
		d.services = append(d.services, p)
	}
	return p, err
}

// startScreen lets Xvfb choose a free display and say which.
func (d *Desktop) startScreen(ctx context.Context) error {
	log, err := os.Create(d.capturedFile("Xvfb"))
	if err != nil {
		return err
	}
	defer log.Close()
	told, say, err := os.Pipe()
	if err != nil {
		return err
	}
	defer told.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0",
		fmt.Sprintf("%dx%dx24", d.width, d.height), "-nolisten", "tcp", "-noreset", "+extension", "GLX")
	cmd.Env, cmd.Stdout, cmd.Stderr = d.Env(), log, log
	cmd.ExtraFiles = []*os.File{say}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	_ = say.Close() // Xvfb has its own
	if err != nil {
		return err
	}
	p := &process{name: "Xvfb", cmd: cmd, log: log.Name(), done: make(chan struct{})}
	go func() { // ends with Xvfb
		p.err = cmd.Wait()
		close(p.done)
	}()
	d.services = append(d.services, p)
	if err := told.SetReadDeadline(time.Now().Add(scaled(startup))); err != nil {
		return err
	}
	line := make([]byte, 16)
	n, err := io.ReadAtLeast(told, line, 2) // "7\n"
	if err != nil {
		return fmt.Errorf("it named no display: %w: %s", err, tail(p.log))
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		return err
	}
	d.Display = fmt.Sprintf(":%d", number)
	return nil
}

func (d *Desktop) startBus(ctx context.Context) error {
	address := "unix:path=" + filepath.Join(d.Runtime, "bus")
	p, err := d.service("dbus-daemon", "", "dbus-daemon", "--session", "--nofork", "--nopidfile", "--nosyslog", "--address="+address)
	if err != nil {
		return err
	}
	d.Bus = address
	return until(ctx, startup, "the session bus", func() error {
		if err := p.alive(); err != nil {
			return err
		}
		d.conn, err = dbus.Connect(address)
		return err
	})
}

// startKeyring starts gnome-keyring unlocked, as the login of a person does.
func (d *Desktop) startKeyring(ctx context.Context) error {
	p, err := d.service("gnome-keyring", password, "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	if err != nil {
		return err
	}
	return until(ctx, startup, "an unlocked keyring", func() error {
		if err := p.alive(); err != nil {
			return err
		}
		// Without the flag the bus would start a second keyring, a locked one.
		var locked dbus.Variant
		err := d.conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets/collection/login").
			Call("org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, "org.freedesktop.Secret.Collection", "Locked").
			Store(&locked)
		if err != nil {
			return err
		}
		if locked.Value() != false {
			return errors.New("the login collection is locked")
		}
		return nil
	})
}

func (d *Desktop) startWindowManager(ctx context.Context) error {
	d.paintBackground(ctx)
	p, err := d.service("xfwm4", "", "xfwm4", "--compositor=off")
	if err != nil {
		return err
	}
	return until(ctx, startup, "the window manager", func() error {
		if err := p.alive(); err != nil {
			return err
		}
		_, err := d.tool(ctx, "xdotool", "get_desktop") // answered by a window manager only
		return err
	})
}

// paintBackground makes the pictures friendlier; nothing depends on it.
func (d *Desktop) paintBackground(ctx context.Context) {
	_, _ = d.tool(ctx, "display", "-size", fmt.Sprintf("%dx%d", d.width, d.height), "-window", "root", "gradient:#33415c-#7d8aa5")
}

// panelConfig is a panel along the top: open windows to the left, tray to the right.
const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="icon-size" type="uint" value="20"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
        <value type="int" value="3"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-3" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
`

func (d *Desktop) startPanel(ctx context.Context) error {
	dir := filepath.Join(d.Home, ".config/xfce4/xfconf/xfce-perchannel-xml")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "xfce4-panel.xml"), []byte(panelConfig), 0o600); err != nil {
		return err
	}
	p, err := d.service("xfce4-panel", "", "xfce4-panel", "--disable-wm-check")
	if err != nil {
		return err
	}
	return until(ctx, startup, "a tray in the panel", func() error {
		if err := p.alive(); err != nil {
			return err
		}
		hosted, err := d.conn.Object(watcherName, watcherPath).GetProperty(watcherName + ".IsStatusNotifierHostRegistered")
		if err != nil {
			return err
		}
		if hosted.Value() != true {
			return errors.New("no tray host is registered")
		}
		return nil
	})
}

// tool runs a program that answers at once.
func (d *Desktop) tool(ctx context.Context, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, scaled(startup))
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = d.Env(), d.Home
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, stderr.String())
	}
	return string(out), nil
}

// Close ends everything that runs on the desktop and removes its folder.
func (d *Desktop) Close() error {
	var errs []error
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
	}
	for i := len(d.services) - 1; i >= 0; i-- {
		d.services[i].end()
	}
	// What the bus and the panel started goes with them, or is ended here.
	err := until(context.Background(), soon, "the desktop's processes to end", func() error {
		left := d.processes()
		for _, r := range left {
			_ = syscall.Kill(r.PID, syscall.SIGTERM)
		}
		if len(left) > 0 {
			return fmt.Errorf("%d still run, among them %s", len(left), left[0].Argv)
		}
		return nil
	})
	if err != nil {
		errs = append(errs, err)
		for _, r := range d.processes() {
			_ = syscall.Kill(r.PID, syscall.SIGKILL)
		}
	}
	return errors.Join(append(errs, os.RemoveAll(d.Root))...)
}
