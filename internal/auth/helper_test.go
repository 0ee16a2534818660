package auth

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/auth/window"
)

// playHelper is the variable by which the test's own program plays the helper.
const playHelper = "PLAY_THE_SIGN_IN_WINDOW"

func TestMain(m *testing.M) {
	if part := os.Getenv(playHelper); part != "" {
		os.Exit(play(part))
	}
	os.Exit(m.Run())
}

func play(part string) int {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	var order window.Order
	if err != nil || json.Unmarshal(line, &order) != nil {
		return 9
	}
	tell := func(ev window.Event) { _ = json.NewEncoder(os.Stdout).Encode(ev) }
	switch part {
	case "broken":
		fmt.Fprintln(os.Stderr, "libwebkit: cannot open https://login.example/?code=SECRET-CODE\nat all")
		return 3
	case "no display":
		tell(window.Event{Event: window.Failed, Reason: window.NoDisplay})
		return 1
	case "mute":
		_, _ = io.Copy(io.Discard, in)
		return 0
	}
	// What the helper was given, for the test to look at.
	seen, _ := json.Marshal(map[string]any{"order": order, "home": os.Getenv("HOME"), "args": os.Args[1:], "environ": os.Environ()})
	if os.WriteFile(os.Getenv("SEEN"), seen, 0o600) != nil {
		return 8
	}
	if os.WriteFile(filepath.Join(os.Getenv("HOME"), "cookies"), []byte("x"), 0o600) != nil {
		return 7
	}
	fmt.Println("Gtk-Message: something that is no event")
	tell(window.Event{Event: window.Ready})
	switch part {
	case "closed":
		tell(window.Event{Event: window.Closed})
	case "crash":
		return 139
	case "stubborn":
		select {} // until it is killed
	}
	_, _ = io.Copy(io.Discard, in)
	return 0
}

func helper(t *testing.T, part string) (HelperWindow, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(t.TempDir(), "seen")
	return HelperWindow{
		Program:     exe,
		Env:         []string{playHelper + "=" + part, "SEEN=" + seen, "HOME=/home/somebody", "PATH=" + os.Getenv("PATH")},
		ProfileRoot: filepath.Join(t.TempDir(), "profiles"),
		ReadyWithin: 20 * time.Second,
	}, seen
}

func noProfiles(t *testing.T, h HelperWindow) {
	t.Helper()
	entries, err := os.ReadDir(h.ProfileRoot)
	if err != nil || len(entries) != 0 {
		t.Errorf("got %d profiles left, %v, want none", len(entries), err)
	}
}

func TestTheWindowGetsItsOrderOnStandardInputAndAProfileOfItsOwn(t *testing.T) {
	h, seenPath := helper(t, "stay")
	page := Page{URL: "https://login.example/?state=SECRET", Title: "Sign in", Allow: []string{"https"}}
	run, err := h.Open(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(seenPath)
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Order   window.Order
		Home    string
		Args    []string
		Environ []string
	}
	if err := json.Unmarshal(b, &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Order.URL != page.URL || seen.Order.Title != page.Title || len(seen.Order.Allow) != 1 {
		t.Errorf("got the order %+v", seen.Order)
	}
	if len(seen.Args) != 0 || strings.Contains(strings.Join(seen.Environ, " "), "SECRET") {
		t.Errorf("the order is on the command line or in the environment: %v", seen.Args)
	}
	if filepath.Dir(seen.Home) != h.ProfileRoot {
		t.Errorf("got the home %s, want one below %s", seen.Home, h.ProfileRoot)
	}
	for _, want := range []string{"XDG_DATA_HOME=" + seen.Home, "XDG_CACHE_HOME=" + seen.Home, "XDG_CONFIG_HOME=" + seen.Home, "XAUTHORITY=/home/somebody/.Xauthority"} {
		if !strings.Contains(strings.Join(seen.Environ, "\n"), want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	if info, err := os.Stat(seen.Home); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("profile: got %v, %v, want 0700", info.Mode(), err)
	}
	select {
	case <-run.Closed():
		t.Fatal("the window is gone before it was closed")
	default:
	}
	if err := run.Close(); err != nil {
		t.Error(err)
	}
	<-run.Closed()
	if run.Err() != nil || run.Close() != nil {
		t.Errorf("after Close: got %v", run.Err())
	}
	noProfiles(t, h)
}

func TestAWindowThatThePersonClosesHasNoError(t *testing.T) {
	h, _ := helper(t, "closed")
	run, err := h.Open(t.Context(), Page{})
	if err != nil {
		wantKind(t, err, Cancelled) // closed before Open looked
		return
	}
	<-run.Closed()
	if run.Err() != nil {
		t.Errorf("got %v", run.Err())
	}
	if err := run.Close(); err != nil {
		t.Error(err)
	}
	noProfiles(t, h)
}

func TestAWindowThatCrashesSaysSo(t *testing.T) {
	h, _ := helper(t, "crash")
	run, err := h.Open(t.Context(), Page{})
	if err == nil {
		<-run.Closed()
		err = run.Err()
		_ = run.Close()
	}
	wantKind(t, err, NoWindow)
	noProfiles(t, h)
}

func TestAHelperThatCannotShowItsWindowSaysWhy(t *testing.T) {
	for part, want := range map[string]string{
		"no display": window.NoDisplay,
		"broken":     "libwebkit: cannot open [address] at all",
	} {
		h, _ := helper(t, part)
		_, err := h.Open(t.Context(), Page{})
		if e := wantKind(t, err, NoWindow); !strings.Contains(e.Error(), want) || strings.Contains(e.Error(), "SECRET") {
			t.Errorf("%s: got %v, want %q", part, e, want)
		}
		noProfiles(t, h)
	}
	h, _ := helper(t, "mute")
	h.ReadyWithin = time.Millisecond
	_, err := h.Open(t.Context(), Page{})
	wantKind(t, err, NoWindow)
	noProfiles(t, h)
}

func TestAMissingHelperIsNoWindow(t *testing.T) {
	h, _ := helper(t, "stay")
	h.Program = ""
	_, err := h.Open(t.Context(), Page{})
	wantKind(t, err, NoWindow)
	h.Program = filepath.Join(t.TempDir(), "debrief-signin")
	_, err = h.Open(t.Context(), Page{})
	wantKind(t, err, NoWindow)
	noProfiles(t, h)
}

func TestTheEndOfTheContextEndsEvenAStubbornWindow(t *testing.T) {
	h, _ := helper(t, "stubborn")
	ctx, cancel := context.WithCancel(t.Context())
	run, err := h.Open(ctx, Page{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-run.Closed()
	if err := run.Close(); err != nil {
		t.Error(err)
	}
	if run.Err() != nil {
		t.Errorf("got %v", run.Err())
	}
	noProfiles(t, h)
}

func TestSweepRemovesProfilesAndNothingElse(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"signin-1", "signin-2", "other"} {
		if err := os.MkdirAll(filepath.Join(root, name, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := SweepProfiles(root); err != nil || n == 0 {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 || entries[0].Name() != "other" {
		t.Errorf("got %v, %v, want other only", entries, err)
	}
	if _, err := SweepProfiles(filepath.Join(root, "missing")); err != nil {
		t.Errorf("a missing root: got %v", err)
	}
}

func TestTheTailOfAProgramIsShortAndHoldsNoAddress(t *testing.T) {
	var tl tail
	for range 100 {
		if _, err := tl.Write([]byte("GET https://login.example/?code=SECRET&state=SECRET ?code=SECRET&x=1\n")); err != nil {
			t.Fatal(err)
		}
	}
	if got := tl.text(); strings.Contains(got, "SECRET") || len(got) > maxTail {
		t.Errorf("got %q", got)
	}
	if !errors.Is(noWindow(io.EOF), io.EOF) {
		t.Error("the cause is lost")
	}
}
