//go:build cgo

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"debrief/internal/auth/window"
)

// asWindow in the environment makes the test program the sign-in window.
const asWindow = "SIGN_IN_WINDOW_OF_A_TEST"

// TestMain runs on the main thread, which the window needs.
func TestMain(m *testing.M) {
	if os.Getenv(asWindow) == "" {
		os.Exit(m.Run())
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// display starts an X server of the test's own.
func display(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "640x800x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = r.Close()
	})
	_ = r.SetReadDeadline(time.Now().Add(20 * time.Second))
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal("Xvfb says no display:", err)
	}
	return ":" + strings.TrimSpace(number)
}

// folder outlives the display: WebKit starts a bus that ends with it, and that
// writes until then.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sign-in-window-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		deadline := time.After(20 * time.Second)
		for err := os.RemoveAll(dir); err != nil; err = os.RemoveAll(dir) {
			select {
			case <-deadline:
				t.Error(err)
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return dir
}

// open lets a window on a display load page until it has shown the page's host,
// which it does after the load, be it of WebKit's own page about a failure.
func open(t *testing.T, on, home, page string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = []string{asWindow + "=1", "DISPLAY=" + on, "HOME=" + home, "PATH=" + os.Getenv("PATH"), "GDK_BACKEND=x11", "NO_AT_BRIDGE=1",
		"XDG_CACHE_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_RUNTIME_DIR=" + home, "WEBKIT_DISABLE_COMPOSITING_MODE=1"}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	origin := window.Origin(page)
	if err := json.NewEncoder(in).Encode(window.Order{URL: page, Title: "t", Allow: []string{"https", origin}}); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var ev window.Event
		if json.Unmarshal(lines.Bytes(), &ev) == nil && ev.Event == window.AtHost {
			go io.Copy(io.Discard, out)
			return
		}
	}
	t.Fatal("the window shows no page")
}

func TestABadCertificateIsTheEndOfTheLoad(t *testing.T) {
	var requests atomic.Int64
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	home := folder(t)
	on := display(t)

	plain := httptest.NewServer(page)
	defer plain.Close()
	open(t, on, home, plain.URL)
	if requests.Load() == 0 {
		t.Fatal("the window does not load a page that it may load")
	}

	requests.Store(0)
	// Nobody but the test knows its certificate's authority.
	secure := httptest.NewUnstartedServer(page)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	open(t, on, home, secure.URL+"/?state=SECRET")
	if n := requests.Load(); n != 0 {
		t.Errorf("a server with a bad certificate got %d requests", n)
	}
}
