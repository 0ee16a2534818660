//go:build linux

package platform

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const page = "https://login.microsoftonline.com/authorize?a=1&state=topsecret"

func TestTheBrowserOfTheEnvironmentGetsThePage(t *testing.T) {
	dir := t.TempDir()
	args := filepath.Join(dir, "args")
	good := filepath.Join(dir, "good")
	script(t, good, `printf '%s|' "$@" > "`+args+`"; env >> "`+args+`"`)
	bad := filepath.Join(dir, "bad")
	script(t, bad, "exit 3")
	blank := filepath.Join(dir, "with blank")
	script(t, blank, `printf '%s|' "$@" > "`+args+`"`)

	for name, c := range map[string]struct{ browser, want string }{
		"a program":                  {good, page + "|"},
		"with the page's place":      {good + " --new=%s -x", "--new=" + page + "|-x|"},
		"with arguments":             {good + " -x", "-x|" + page + "|"},
		"the second of the list":     {"/no/such:" + bad + ":" + good, page + "|"},
		"a path with a blank":        {blank, page + "|"},
		"an empty entry is no entry": {":" + good, page + "|"},
	} {
		t.Run(name, func(t *testing.T) {
			err := OpenURL(t.Context(), page, []string{"BROWSER=" + c.browser, "REDIS_URL=redis://:pw@h", "LANG=C"})
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(args)
			if err != nil || !strings.HasPrefix(string(got), c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if strings.Contains(string(got), "REDIS_URL") {
				t.Errorf("the browser saw a setting: %q", got)
			}
		})
	}
}

func TestWithoutABrowserOpenURLSaysSoAndKeepsTheAddress(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no xdg-open either
	for _, environ := range [][]string{nil, {"BROWSER=no-such-browser -x:/no/such"}} {
		err := OpenURL(t.Context(), page, environ)
		if !errors.Is(err, ErrNoBrowser) {
			t.Fatalf("%q: got %v, want ErrNoBrowser", environ, err)
		}
		if strings.Contains(err.Error(), "topsecret") {
			t.Errorf("the error holds the address: %v", err)
		}
	}
}

func TestOnlyWebPagesAreOpened(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	browser := filepath.Join(t.TempDir(), "browser")
	script(t, browser, `: > "`+mark+`"`)
	for _, address := range []string{"", "file:///etc/passwd", "javascript:alert(1)", "-flag", "https:", "http://", "mailto:a@b", "ftp://host/x", "file://host/x", "ht tp://x", "/etc/passwd"} {
		if err := OpenURL(t.Context(), address, []string{"BROWSER=" + browser}); err == nil {
			t.Errorf("%q was opened", address)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a browser was started")
	}
}

func TestABrowserRunsOnByItselfAndLeavesNoZombie(t *testing.T) {
	dir := t.TempDir()
	pidFile, stop := filepath.Join(dir, "pid"), filepath.Join(dir, "stop")
	browser := filepath.Join(dir, "browser")
	if err := syscall.Mkfifo(stop, 0o600); err != nil {
		t.Fatal(err)
	}
	script(t, browser, `echo $$ > "`+pidFile+`.new"; mv "`+pidFile+`.new" "`+pidFile+`"; read _ < "`+stop+`"`)
	ctx, cancel := context.WithCancel(t.Context())
	opened := make(chan error, 1)
	go func() { opened <- OpenURL(ctx, page, []string{"BROWSER=" + browser, "PATH=" + os.Getenv("PATH")}) }()
	var pid int
	eventually(t, "the browser starts", func() bool {
		data, err := os.ReadFile(pidFile)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(data)))
		return err == nil && pid > 0
	})
	cancel() // ends the wait, not the browser
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the browser ended with the call: %v", err)
	}
	if sid, err := sessionOf(pid); err != nil || sid != pid {
		t.Errorf("the browser's session: got %d, %v; want its own, %d", sid, err, pid)
	}
	if err := os.WriteFile(stop, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A zombie would still answer to signal 0.
	eventually(t, "the browser is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}
