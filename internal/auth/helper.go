package auth

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"debrief/internal/auth/window"
	"debrief/internal/platform"
)

// HelperWindow shows sign-in pages with the program debrief-signin: one process
// and one throw-away web profile for each sign-in.
type HelperWindow struct {
	// Program is the helper's path; empty where it is missing.
	Program string
	// Env is the helper's environment, without Debrief's settings. HOME and the XDG
	// folders in it are replaced by the profile's.
	Env []string
	// ProfileRoot is the folder that holds the profiles (see SweepProfiles).
	ProfileRoot string
	// ReadyWithin bounds the wait for the window; default 20 s.
	ReadyWithin time.Duration
}

var _ Window = HelperWindow{}

const profilePrefix = "signin-"

// Open implements Window.
func (h HelperWindow) Open(ctx context.Context, page Page) (WindowRun, error) {
	if h.Program == "" {
		return nil, noWindow(errors.New("debrief-signin is missing"))
	}
	if err := platform.PrivateDir(h.ProfileRoot); err != nil {
		return nil, noWindow(fmt.Errorf("web profile: %w", err))
	}
	profile, err := os.MkdirTemp(h.ProfileRoot, profilePrefix+"*")
	if err != nil {
		return nil, noWindow(fmt.Errorf("web profile: %w", err))
	}
	run, err := h.start(ctx, page, profile)
	if err != nil {
		_ = removeProfile(profile)
		return nil, err
	}
	ready := time.NewTimer(cmp.Or(h.ReadyWithin, 20*time.Second))
	defer ready.Stop()
	select {
	case <-run.ready:
		return run, nil
	case <-run.closed:
		err = run.Err()
		if err == nil {
			err = &Error{Kind: Cancelled}
		}
	case <-ready.C:
		err = noWindow(errors.New("the sign-in window did not appear in time"))
	case <-ctx.Done():
		err = ended(ctx)
	}
	_ = run.Close()
	return nil, err
}

// start starts the program and gives it its order over standard input: a command
// line could be read by every program of this computer.
func (h HelperWindow) start(ctx context.Context, page Page, profile string) (*helperRun, error) {
	order, err := json.Marshal(window.Order{URL: page.URL, Title: page.Title, Allow: page.Allow})
	if err != nil {
		return nil, noWindow(errors.New("the order cannot be written"))
	}
	cmd := exec.Command(h.Program)
	cmd.Env = profileEnv(h.Env, profile)
	cmd.Dir = profile
	ownGroup(cmd)
	tail := &tail{}
	cmd.Stderr = tail
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, noWindow(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, noWindow(err)
	}
	if err := cmd.Start(); err != nil {
		return nil, noWindow(err)
	}
	run := &helperRun{
		cmd: cmd, in: in, profile: profile, tail: tail,
		ready: make(chan struct{}), closed: make(chan struct{}), gone: make(chan struct{}),
	}
	go run.listen(out)
	run.closeWith(ctx)
	if _, err := in.Write(append(order, '\n')); err != nil {
		<-run.closed // it has ended already; Err tells how
	}
	return run, nil
}

// helperRun is one process of the helper.
type helperRun struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	profile string
	tail    *tail

	ready  chan struct{} // the window stands
	closed chan struct{} // the window is gone
	gone   chan struct{} // the process is gone

	mu      sync.Mutex
	closing bool
	err     error
	stop    func() bool

	closeOnce sync.Once
	closeErr  error
}

func (r *helperRun) Closed() <-chan struct{} { return r.closed }

func (r *helperRun) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// listen reads the helper's events until it ends, then collects it.
func (r *helperRun) listen(out io.Reader) {
	var ready, closed bool
	var reason string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var ev window.Event
		if json.Unmarshal(lines.Bytes(), &ev) != nil {
			continue // a library's own words
		}
		switch {
		case ev.Event == window.Ready && !ready:
			ready = true
			close(r.ready)
		case ev.Event == window.Failed:
			reason = ev.Reason
		case ev.Event == window.Closed && !closed:
			closed = true
			close(r.closed) // at once: the process may take a while to end
		}
	}
	_, _ = io.Copy(io.Discard, out) // a line too long for the scanner
	err := r.cmd.Wait()
	if !closed {
		r.mu.Lock()
		if !r.closing {
			r.err = noWindow(why(reason, err, r.tail.text()))
		}
		r.mu.Unlock()
		close(r.closed)
	}
	close(r.gone)
}

// closeWith closes the window at the end of ctx.
func (r *helperRun) closeWith(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop = context.AfterFunc(ctx, func() { _ = r.Close() })
}

// Close asks the helper to end by closing its standard input, ends its process
// group where it does not, and removes the web profile.
func (r *helperRun) Close() error {
	r.closeOnce.Do(func() {
		r.mu.Lock()
		r.closing = true
		if r.stop != nil {
			r.stop()
		}
		r.mu.Unlock()
		_ = r.in.Close()
		patience := time.NewTimer(3 * time.Second)
		defer patience.Stop()
		select {
		case <-r.gone:
		case <-patience.C:
		}
		endGroup(r.cmd) // WebKit's processes too, which write to the profile
		<-r.gone
		r.closeErr = removeProfile(r.profile)
	})
	return r.closeErr
}

// why makes one cause of what is known of a helper that ended by itself.
func why(reason string, exit error, tail string) error {
	switch {
	case reason != "":
		return errors.New(plain(reason))
	case tail != "":
		return fmt.Errorf("the sign-in window ended: %v: %s", exit, tail)
	case exit != nil:
		return fmt.Errorf("the sign-in window ended: %w", exit)
	}
	return errors.New("the sign-in window ended")
}

func noWindow(err error) *Error { return &Error{Kind: NoWindow, Err: err} }

// profileEnv points everything that a web view keeps into the profile. The X
// server's cookie is the one file of the home that a window needs.
func profileEnv(env []string, profile string) []string {
	at := func(name string) string { return filepath.Join(profile, name) }
	own := []string{
		"HOME=" + profile,
		"XDG_DATA_HOME=" + at("data"), "XDG_CACHE_HOME=" + at("cache"),
		"XDG_CONFIG_HOME=" + at("config"), "XDG_STATE_HOME=" + at("state"),
		"WEBVIEW2_USER_DATA_FOLDER=" + at("webview2"),
	}
	var home string
	xauthority := false
	out := []string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "HOME":
			home = value
		case "XAUTHORITY":
			xauthority = value != ""
		}
		if !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, name+"=") }) {
			out = append(out, entry)
		}
	}
	if !xauthority && home != "" {
		out = append(out, "XAUTHORITY="+filepath.Join(home, ".Xauthority"))
	}
	return append(out, own...)
}

// SweepProfiles removes the web profiles that a crash left behind below root, and
// says how many it removed. No sign-in may be under way.
func SweepProfiles(root string) (int, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var all error
	removed := 0
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), profilePrefix) {
			continue
		}
		if err := removeProfile(filepath.Join(root, e.Name())); err != nil {
			all = errors.Join(all, err)
			continue
		}
		removed++
	}
	return removed, all
}

// removeProfile tries again for a while: WebKit's and WebView2's processes hold
// and write files a moment longer than the window lives.
func removeProfile(dir string) error {
	var err error
	for wait := 10 * time.Millisecond; wait < 2*time.Second; wait *= 2 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		<-time.After(wait)
	}
	return err
}

// tail keeps the last words of a program, for the case that it fails.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const maxTail = 1024

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - maxTail; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return plain(string(t.b))
}

var (
	// The first word of a tail may be the end of an address.
	addresses = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S*|\S{80,}|\S*[?&]\S*=\S*`)
	controls  = regexp.MustCompile(`[\x00-\x1f\x7f]+`)
)

// plain strips addresses, which can hold codes, and line ends.
func plain(s string) string {
	s = addresses.ReplaceAllString(strings.ToValidUTF8(s, "?"), "[address]")
	return strings.TrimSpace(controls.ReplaceAllString(s, " "))
}
