//go:build linux

package story

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"debrief/internal/emulator"
)

// The windows' classes, and the service under which secrets lie in the keyring.
const (
	panelClass   = "Debrief"
	signInClass  = "debrief-signin"
	browserClass = "Surf"
	service      = "Debrief (demo)"
)

// story is the main job, in order.
func (t *teller) story() []step {
	return []step{
		{"make install puts programs, entry and icons into the home folder", t.install},
		{"Debrief starts through its desktop entry and opens its panel", t.startFromEntry},
		{"the tray shows the icon and its menu", t.trayMenu},
		{"the tray's Sign in opens the window; by keys the account is picked and the permissions accepted", t.signIn},
		{"the session is active and its tokens lie in the keyring", t.lookAtSession},
		{"the inspector shows the session", t.inspect},
		{"a summary is written and posted by keys", t.postByKeys},
		{"the message stands in the demo tenant's chat page", t.readChats},
		{"past its expiry the access token is renewed silently by the next post", t.renew},
		{"listing sessions asks neither keyring nor network", t.listQuietly},
		{"killed and started again, it is still signed in and posts", t.killAndRestart},
		{"wrong input gets a clear error and changes nothing", t.wrongInput},
		{"clearing all over the tray removes session, tokens and profile", t.clear},
		{"a closed sign-in window cancels at once", t.cancelSignIn},
		{"the system's browser signs in too", t.signInByBrowser},
		{"the tray's Quit ends every program of Debrief", t.quit},
		{"without display, bus and keyring it starts, says what is missing, and the command line works", t.bare},
		{"no secret lies in any file, output, command line or environment, nor in the memory of a helper", t.searchSecrets},
	}
}

func (t *teller) install(ctx context.Context) error {
	bin, err := filepath.Abs(t.Bin)
	if err != nil {
		return err
	}
	tree, err := filepath.Abs(t.Tree)
	if err != nil {
		return err
	}
	prefix := filepath.Join(t.d.Home, ".local")
	r, err := t.d.run(ctx, t.d.Env(), "", "make", "-C", tree, "install", "PREFIX="+prefix, "BIN="+bin)
	if err != nil || r.code != 0 {
		return errors.Join(err, errors.New(r.String()))
	}
	r, err = t.d.run(ctx, t.d.Env(), "", "desktop-file-validate", filepath.Join(t.d.Home, desktopEntry))
	if err != nil || r.code != 0 {
		return errors.Join(err, errors.New(r.String()))
	}
	for _, size := range []string{"16x16", "512x512"} {
		if _, err := os.Stat(filepath.Join(prefix, "share/icons/hicolor", size, "apps/app.debrief.Desktop.png")); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) startFromEntry(ctx context.Context) error {
	if err := t.launch(""); err != nil {
		return err
	}
	w, err := t.d.Window(ctx, panelClass)
	if err != nil {
		return err
	}
	// The window is made with the plain name, which its class comes from.
	err = until(ctx, soon, "the panel's title to say that this is the demo", func() error {
		title, err := w.Title(ctx)
		if err == nil && !strings.Contains(title, "demo") {
			err = fmt.Errorf("it is %q", title)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := t.shot(ctx, "first-start"); err != nil {
		return err
	}
	return t.closePanel(ctx, w)
}

// settings are what Debrief is started with, so that it is seen to keep them to
// itself. They change nothing.
var settings = []string{"DEBRIEF_VAULT=keyring", "SESSION_PERMANENT=true", "PERMANENT_SESSION_LIFETIME=2160h"}

// launch starts the entry's demo action, with more arguments where there are any.
func (t *teller) launch(arg string) error {
	argv, err := entryExec(filepath.Join(t.d.Home, desktopEntry), "Demo")
	if err != nil {
		return err
	}
	if arg != "" {
		argv = append(argv, arg)
	}
	t.resident, err = t.d.start("debrief", append(t.d.Env(), settings...), "", argv...)
	return err
}

// tray is Debrief's icon.
func (t *teller) tray(ctx context.Context) (*TrayItem, error) {
	icon, err := t.d.Tray(ctx, "Debrief")
	if err != nil {
		return nil, errors.Join(err, t.resident.alive())
	}
	return icon, nil
}

// choose clicks an entry of the tray's menu.
func (t *teller) choose(ctx context.Context, label string) error {
	icon, err := t.tray(ctx)
	if err != nil {
		return err
	}
	return icon.Click(ctx, label)
}

// panel chooses an entry of the tray's menu that opens the panel.
func (t *teller) panel(ctx context.Context, label string) (*Window, error) {
	if err := t.choose(ctx, label); err != nil {
		return nil, err
	}
	w, err := t.d.Window(ctx, panelClass)
	if err != nil {
		return nil, err
	}
	_, err = w.Still(ctx)
	return w, err
}

// closePanel closes the panel by its key; its process ends with its last window.
func (t *teller) closePanel(ctx context.Context, w *Window) error {
	if err := t.look(); err != nil {
		return err
	}
	if err := w.Key(ctx, "ctrl+w"); err != nil {
		return err
	}
	if err := w.Gone(ctx); err != nil {
		return err
	}
	return t.gone(ctx, "debrief-panel")
}

// gone waits until no process of that program runs on the desktop.
func (t *teller) gone(ctx context.Context, program string) error {
	return until(ctx, soon, program+" to end", func() error {
		for _, r := range t.d.processes() {
			if r.Name == program {
				return fmt.Errorf("process %d runs", r.PID)
			}
		}
		return nil
	})
}

func (t *teller) trayMenu(ctx context.Context) error {
	icon, err := t.tray(ctx)
	if err != nil {
		return err
	}
	_, err = icon.WaitMenu(ctx, "Open Debrief", "Post a summary…", "Inspect sessions…", "Sign in…", "Clear all sessions…", "Quit")
	if err != nil {
		return err
	}
	// The icon is the only one, at the panel's right end.
	if err := t.d.Press(ctx, t.d.width-15, 14, 3); err != nil {
		return err
	}
	if err := t.shot(ctx, "tray-menu"); err != nil {
		return err
	}
	return errors.Join(t.d.Keys(ctx, "Escape"), t.d.Aside(ctx))
}

func (t *teller) signIn(ctx context.Context) error {
	if err := t.choose(ctx, "Sign in…"); err != nil {
		return err
	}
	w, err := t.d.Window(ctx, signInClass)
	if err != nil {
		return err
	}
	before, err := w.Still(ctx)
	if err != nil {
		return err
	}
	if _, err := t.d.Shot(ctx, "pick-an-account"); err != nil {
		return err
	}
	if err := errors.Join(t.note("the sign-in window is open"), t.look()); err != nil {
		return err
	}
	if err := w.Key(ctx, "Return"); err != nil { // the first account has the focus
		return err
	}
	if _, err := w.Changed(ctx, before); err != nil {
		return err
	}
	if _, err := t.d.Shot(ctx, "accept-permissions"); err != nil {
		return err
	}
	if err := t.look(); err != nil {
		return err
	}
	// So has Accept. The window is looked into to its last moment.
	gone := w.gone(ctx)
	if err := w.KeyUntil(ctx, "Return", "the sign-in window to close", func() error { return errors.Join(t.look(), gone()) }); err != nil {
		return err
	}
	return t.gone(ctx, "debrief-signin")
}

func (t *teller) lookAtSession(ctx context.Context) error {
	var s sessionRecord
	err := until(ctx, startup, "an active session", func() error {
		var err error
		s, err = t.signedIn(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if s.Email != emulator.Adele {
		return fmt.Errorf("signed in as %q, want %q", s.Email, emulator.Adele)
	}
	if items, err := t.d.KeyringItems(ctx, service); err != nil || len(items) == 0 {
		return fmt.Errorf("the keyring holds %q of %q, %w", items, service, err)
	}
	for _, args := range [][]string{{"show", s.ID}, {"show", s.ID[:8], "--json"}, {"sessions"}, {"meetings"}, {"doctor"}, {"version"}} {
		if _, err := t.exits(ctx, 0, "", args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) inspect(ctx context.Context) error {
	w, err := t.panel(ctx, "Inspect sessions…")
	if err != nil {
		return err
	}
	if _, err := t.d.Shot(ctx, "inspector"); err != nil {
		return err
	}
	return t.closePanel(ctx, w)
}

func (t *teller) postByKeys(ctx context.Context) error {
	var meetings []meeting
	if err := t.read(ctx, &meetings, "meetings"); err != nil {
		return err
	}
	i := slices.IndexFunc(meetings, func(m meeting) bool { return m.Subject == "Product launch review" })
	if i < 0 {
		return fmt.Errorf("the launch review is not among %+v", meetings)
	}
	t.meeting = meetings[i]
	w, err := t.panel(ctx, "Post a summary…")
	if err != nil {
		return err
	}
	t.summary = "Launch is on Monday, said at step one"
	if err := w.Key(ctx, "ctrl+m"); err != nil {
		return err
	}
	if err := w.Type(ctx, "launch"); err != nil {
		return err
	}
	if err := t.shot(ctx, "meetings"); err != nil {
		return err
	}
	if err := w.Key(ctx, "Return", "ctrl+e"); err != nil {
		return err
	}
	if err := w.Type(ctx, "## Decisions\n\n- **"+t.summary+"**\n- Price stays; see the `list`\n"); err != nil {
		return err
	}
	if err := t.shot(ctx, "summary"); err != nil {
		return err
	}
	if err := w.Key(ctx, "ctrl+Return"); err != nil {
		return err
	}
	if err := t.posted(ctx, 1); err != nil {
		return err
	}
	if err := t.shot(ctx, "posted"); err != nil {
		return err
	}
	return t.closePanel(ctx, w)
}

func (t *teller) readChats(ctx context.Context) error {
	p, err := t.chats(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(p.body, t.summary) {
		return fmt.Errorf("the page of the chats does not show %q", t.summary)
	}
	if err := t.choose(ctx, "Open the demo chats"); err != nil {
		return err
	}
	w, err := t.d.Window(ctx, browserClass)
	if err != nil {
		return err
	}
	if err := errors.Join(t.shot(ctx, "chat-page"), t.look()); err != nil {
		return err
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	return t.gone(ctx, "surf")
}

// renew moves the tenant's clock past the expiry and posts from the command line.
func (t *teller) renew(ctx context.Context) error {
	before, err := t.signedIn(ctx)
	if err != nil {
		return err
	}
	p, err := t.chats(ctx)
	if err != nil {
		return err
	}
	for range 2 {
		if err := p.anHourOn(ctx); err != nil {
			return err
		}
	}
	if err := t.postFromTerminal(ctx, "Said two hours later", 2); err != nil {
		return err
	}
	after, err := t.signedIn(ctx)
	if err != nil {
		return err
	}
	if after.ID != before.ID {
		return fmt.Errorf("the session's id changed from %s to %s", before.ID, after.ID)
	}
	if !after.Tokens.AccessExpiresAt.After(before.Tokens.AccessExpiresAt) {
		return fmt.Errorf("the access token expires at %v as before: it was not renewed", after.Tokens.AccessExpiresAt)
	}
	return nil
}

// postFromTerminal posts a summary and finds it in the chats; it is the nth post.
func (t *teller) postFromTerminal(ctx context.Context, summary string, n int) error {
	if _, err := t.exits(ctx, 0, summary+"\n", "post", "--meeting", t.meeting.ID, "--mention", "all", "-"); err != nil {
		return err
	}
	if err := t.posted(ctx, n); err != nil {
		return err
	}
	p, err := t.chats(ctx)
	if err == nil && strings.Count(p.body, summary) != 1 {
		err = fmt.Errorf("the page of the chats shows %q %d times, want once", summary, strings.Count(p.body, summary))
	}
	return err
}

// listQuietly stops the keyring while sessions are listed. (That no request goes
// out either is shown by the tests of the use cases.)
func (t *teller) listQuietly(ctx context.Context) error {
	keyring := t.d.services[slices.IndexFunc(t.d.services, func(p *process) bool { return p.name == "gnome-keyring" })]
	if err := syscall.Kill(keyring.pid(), syscall.SIGSTOP); err != nil {
		return err
	}
	since := time.Now()
	_, err := t.session(ctx)
	took := time.Since(since)
	if err := errors.Join(err, syscall.Kill(keyring.pid(), syscall.SIGCONT)); err != nil {
		return err
	}
	if took > scaled(time.Second) {
		return fmt.Errorf("it took %v with a keyring that does not answer", took)
	}
	return nil
}

func (t *teller) killAndRestart(ctx context.Context) error {
	if err := t.resident.kill(); err != nil {
		return err
	}
	if err := t.launch("--hidden"); err != nil {
		return err
	}
	if _, err := t.tray(ctx); err != nil {
		return err
	}
	if _, err := t.signedIn(ctx); err != nil {
		return err
	}
	return t.postFromTerminal(ctx, "Said after the restart", 3)
}

func (t *teller) wrongInput(ctx context.Context) error {
	binary := filepath.Join(t.d.Home, "binary.md")
	if err := os.WriteFile(binary, []byte{0xff, 0xfe, 'a'}, 0o600); err != nil {
		return err
	}
	large := strings.Repeat("A long line of a summary that nobody will read.\n", 20_000)
	for _, c := range []struct {
		code  int
		stdin string
		args  []string
	}{
		{1, " \n", []string{"post", "--meeting", t.meeting.ID, "-"}},
		{1, "", []string{"post", "--meeting", t.meeting.ID, binary}},
		{1, large, []string{"post", "--meeting", t.meeting.ID, "-"}},
		{1, "", []string{"post", "--meeting", t.meeting.ID, "no-such-file.md"}},
		{4, "x", []string{"post", "--meeting", "no such meeting", "-"}},
		{2, "x", []string{"post", "-"}},
		{2, "", []string{"no-such-verb"}},
		{2, "", []string{"clear"}},
		{4, "", []string{"show", "0123456789abcdef"}},
	} {
		r, err := t.exits(ctx, c.code, c.stdin, c.args...)
		if err != nil {
			return err
		}
		if strings.TrimSpace(r.stderr) == "" || r.stdout != "" {
			return fmt.Errorf("an error belongs on standard error alone: %s", r)
		}
	}
	if err := t.halfARecord(ctx); err != nil {
		return err
	}
	r, err := t.d.run(ctx, append(t.d.Env(), "DEBRIEF_VAULTT=memory"), "", t.program(), "--demo", "sessions")
	if err != nil || r.code == 0 || !strings.Contains(r.stderr, "DEBRIEF_VAULTT") {
		return fmt.Errorf("an unknown setting is not named: %s, %w", r, err)
	}
	if _, err := t.signedIn(ctx); err != nil {
		return err
	}
	return t.posted(ctx, 3)
}

// halfARecord puts a session record that a crash has cut beside the whole one: it
// is put aside, not deleted, and nothing else suffers.
func (t *teller) halfARecord(ctx context.Context) error {
	const name = "0123456789abcdef0123456789abcdef.json"
	const half = `{"id":"0123456789abcdef0123456789abcdef","schema":1,"ema`
	if err := os.WriteFile(filepath.Join(t.data(), "sessions", name), []byte(half), 0o600); err != nil {
		return err
	}
	if _, err := t.signedIn(ctx); err != nil {
		return err
	}
	aside, err := filepath.Glob(filepath.Join(t.data(), "sessions", "quarantine", "*"))
	if err != nil || len(aside) != 1 {
		return fmt.Errorf("put aside are %q, %w; want the cut record", aside, err)
	}
	if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != half {
		return fmt.Errorf("%s holds %q, %w", aside[0], kept, err)
	}
	return nil
}

// clear confirms the panel's question by keys and looks for what may not be left.
func (t *teller) clear(ctx context.Context) error {
	w, err := t.panel(ctx, "Clear all sessions…")
	if err != nil {
		return err
	}
	if _, err := t.d.Shot(ctx, "clear-all"); err != nil {
		return err
	}
	if err := w.Key(ctx, "Tab", "Return"); err != nil { // from Cancel, which has the focus
		return err
	}
	err = until(ctx, startup, "no session to be left", func() error {
		var all []sessionRecord
		if err := t.read(ctx, &all, "sessions"); err != nil {
			return err
		}
		if len(all) > 0 {
			return fmt.Errorf("the session is %q", all[0].Status)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := t.shot(ctx, "cleared"); err != nil {
		return err
	}
	if err := w.Key(ctx, "Return"); err != nil { // Close of the report
		return err
	}
	if err := t.closePanel(ctx, w); err != nil {
		return err
	}
	return t.nothingLeft(ctx)
}

// nothingLeft looks for everything that a clear promises to remove.
func (t *teller) nothingLeft(ctx context.Context) error {
	items, err := t.d.KeyringItems(ctx, service)
	if err != nil || len(items) != 0 {
		return fmt.Errorf("the keyring still holds %q of %q, %w", items, service, err)
	}
	records, err := filepath.Glob(filepath.Join(t.data(), "sessions", "*.json"))
	if err != nil {
		return err
	}
	for _, path := range records {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(b), emulator.Adele) || !strings.Contains(string(b), "cleared_at") {
			return fmt.Errorf("%s is more than a tombstone: %s", filepath.Base(path), b)
		}
	}
	if index, err := os.ReadFile(filepath.Join(t.data(), "vault.index")); err == nil && strings.Contains(string(index), "/cache") {
		return fmt.Errorf("vault.index still names a token cache: %s", index)
	}
	return filepath.WalkDir(filepath.Join(t.d.Runtime, "debrief-demo", "sign-in"), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !e.IsDir() {
			err = fmt.Errorf("%s is left of a web profile", path)
		}
		return err
	})
}

// fromTerminal starts a verb that waits for the person.
func (t *teller) fromTerminal(args ...string) (*process, error) {
	return t.d.start("terminal", t.d.Env(), "", append([]string{t.program(), "--demo"}, args...)...)
}

// exited waits for a verb that fromTerminal started, and checks its exit code.
func (p *process) exited(ctx context.Context, code int) error {
	if err := p.ended(ctx, soon); err != nil {
		return err
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		return fmt.Errorf("exit %d, want %d: %s", got, code, tail(p.log))
	}
	return nil
}

func (t *teller) cancelSignIn(ctx context.Context) error {
	verb, err := t.fromTerminal("sign-in")
	if err != nil {
		return err
	}
	w, err := t.d.Window(ctx, signInClass)
	if err != nil {
		return errors.Join(err, verb.alive())
	}
	if _, err := w.Still(ctx); err != nil {
		return err
	}
	if err := t.look(); err != nil {
		return err
	}
	since := time.Now()
	if err := w.Close(ctx); err != nil {
		return err
	}
	if err := verb.exited(ctx, 7); err != nil {
		return err
	}
	if took := time.Since(since); took > scaled(3*time.Second) {
		return fmt.Errorf("it took %v", took)
	}
	return t.nothingLeft(ctx)
}

// signInByBrowser signs in with the browser that $BROWSER names, and clears again.
func (t *teller) signInByBrowser(ctx context.Context) error {
	verb, err := t.fromTerminal("sign-in", "--browser", "system")
	if err != nil {
		return err
	}
	w, err := t.d.Window(ctx, browserClass)
	if err != nil {
		return errors.Join(err, verb.alive())
	}
	if _, err := w.Still(ctx); err != nil {
		return err
	}
	if err := t.look(); err != nil {
		return err
	}
	// The permissions were accepted before; the page that is left is Debrief's own.
	if err := w.KeyUntil(ctx, "Return", "the sign-in to end", verb.over); err != nil {
		return err
	}
	if err := verb.exited(ctx, 0); err != nil {
		return err
	}
	if err := errors.Join(t.shot(ctx, "signed-in-by-browser"), t.look()); err != nil {
		return err
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	if _, err := t.signedIn(ctx); err != nil {
		return err
	}
	if _, err := t.exits(ctx, 0, "", "clear", "--all", "--yes"); err != nil {
		return err
	}
	return t.nothingLeft(ctx)
}

func (t *teller) quit(ctx context.Context) error {
	if err := t.choose(ctx, "Quit"); err != nil {
		return err
	}
	if err := t.resident.ended(ctx, soon); err != nil {
		return err
	}
	if t.resident.err != nil {
		return fmt.Errorf("it ended with %w: %s", t.resident.err, tail(t.resident.log))
	}
	for _, program := range []string{"debrief", "debrief-panel", "debrief-signin"} {
		if err := t.gone(ctx, program); err != nil {
			return err
		}
	}
	if out := t.d.captured("debrief"); strings.Contains(out, "Error in Fyne call thread") {
		return fmt.Errorf("a call on the wrong thread: %s", out)
	}
	_, err := t.exits(ctx, 0, "", "sessions", "--json")
	return err
}

// searchSecrets knows every secret that the tenant issued by its hash.
func (t *teller) searchSecrets(context.Context) error {
	tails, err := emulator.ReadTails(filepath.Join(t.data(), "tenant"))
	if err != nil {
		return err
	}
	if len(tails) < 10 {
		return fmt.Errorf("the tenant knows of %d secrets only", len(tails))
	}
	for _, program := range helpers {
		if t.held.looks[program] == 0 {
			return fmt.Errorf("nobody looked into %s while it ran", program)
		}
	}
	if wrong := t.held.search(tails); len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	t.Say("         searched %d MB of the helpers' memory, in %v looks", t.held.bytes>>20, t.held.looks)
	leaks, bytes, err := FindSecrets(tails, t.d.Root)
	if err != nil {
		return err
	}
	t.Say("         searched %d bytes for %d secrets", bytes, len(tails))
	if len(leaks) > 0 {
		return fmt.Errorf("%d secrets lie open: %v", len(leaks), leaks)
	}
	return nil
}
