//go:build linux

package story

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"fyne.io/systray"

	"debrief/assets"
)

// asTray makes the test's own program a small tray application.
const asTray = "STORY_TEST_AS_TRAY"

func TestMain(m *testing.M) {
	if os.Getenv(asTray) != "" {
		sampleTray()
		return
	}
	if os.Getenv(asHolder) != "" {
		hold()
		return
	}
	os.Exit(m.Run())
}

func sampleTray() {
	systray.SetTitle("Sample")
	systray.Run(func() {
		systray.SetIcon(assets.TrayReady)
		systray.SetTitle("Sample")
		systray.AddMenuItem("First", "")
		more := systray.AddMenuItem("More", "")
		quit := more.AddSubMenuItem("Quit", "")
		go func() { // ends with the program
			<-quit.ClickedCh
			systray.Quit()
		}()
	}, nil)
}

func newDesktop(t *testing.T) *Desktop {
	t.Helper()
	d, err := NewDesktop(t.Context(), Options{Shots: os.Getenv("STORY_TEST_SHOTS")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if left := d.processes(); len(left) > 0 {
			t.Errorf("after Close %d processes still run, first %s", len(left), left[0].Argv)
		}
		if _, err := os.Stat(d.Root); err == nil {
			t.Errorf("after Close %s is still there", d.Root)
		}
	})
	return d
}

func TestTheVirtualDesktopHasATrayThatCanBeRead(t *testing.T) {
	d, ctx := newDesktop(t), t.Context()
	p, err := d.start("sample", append(d.Env(), asTray+"=1"), "", "/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	icon, err := d.Tray(ctx, "Sample")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := icon.WaitMenu(ctx, "First", "More", "Quit"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Still(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Shot(ctx, "sample-tray"); err != nil {
		t.Fatal(err)
	}
	if err := icon.Click(ctx, "Quit"); err != nil {
		t.Fatal(err)
	}
	if err := p.ended(ctx, soon); err != nil {
		t.Fatal(err)
	}
}

func TestTheVirtualDesktopHasAnUnlockedKeyring(t *testing.T) {
	d, ctx := newDesktop(t), t.Context()
	if r, err := d.run(ctx, d.Env(), "hush", "secret-tool", "store", "--label=x", "service", "story", "username", "me"); err != nil || r.code != 0 {
		t.Fatal(r, err)
	}
	got, err := d.KeyringItems(ctx, "story")
	if err != nil || !slices.Equal(got, []string{"me"}) {
		t.Errorf("got items %q of the service, %v; want me", got, err)
	}
	if got, err := d.KeyringItems(ctx, "another"); err != nil || len(got) != 0 {
		t.Errorf("got items %q of another service, %v; want none", got, err)
	}
}

func TestKeysReachAWindowAndItsTextIsAnswered(t *testing.T) {
	d, ctx := newDesktop(t), t.Context()
	said := make(chan string, 1)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			said <- r.FormValue("word")
			_, _ = io.WriteString(w, `<body style="background:navy;color:white">Thank you.`)
			return
		}
		_, _ = io.WriteString(w, `<form method=post>Say a word: <input name=word autofocus></form>`)
	}))
	t.Cleanup(page.Close)
	p, err := d.start("surf", d.Env(), "", "surf", page.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	w, err := d.Window(ctx, "Surf")
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.Still(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const word = "Two *words* & <more>, at 5%!"
	if err := w.Type(ctx, word); err != nil {
		t.Fatal(err)
	}
	if err := w.Key(ctx, "Return"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, scaled(startup))
	defer cancel()
	select {
	case got := <-said:
		if got != word {
			t.Errorf("got %q, want %q", got, word)
		}
	case <-ctx.Done():
		t.Fatal("the text never came")
	}
	if _, err := w.Changed(ctx, before); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Shot(ctx, "surf"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsWhatAProgramLeftBehind(t *testing.T) {
	d := newDesktop(t)
	// A child that leaves its parent's group, as a badly behaved helper would.
	if _, err := d.start("setsid", d.Env(), "", "setsid", "--fork", "sleep", "1000"); err != nil {
		t.Fatal(err)
	}
	var sleeper int
	if err := until(t.Context(), soon, "the sleeper among the desktop's processes", func() error {
		for _, r := range d.processes() {
			if r.Name == "sleep" {
				sleeper = r.PID
				return nil
			}
		}
		return errors.New("it is not there")
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := until(context.Background(), soon, "the sleeper's end", func() error {
		// One that nobody waits for may stay listed, without a command line.
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", sleeper))
		if err == nil && len(argv) > 0 {
			return fmt.Errorf("process %d runs", sleeper)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestAMissingProgramIsAnErrorThatNamesIt(t *testing.T) {
	err := needed("sh", "no-such-program-1", "no-such-program-2")
	if err == nil || !strings.Contains(err.Error(), "no-such-program-1, no-such-program-2; `make test`") {
		t.Errorf("got %v", err)
	}
}
