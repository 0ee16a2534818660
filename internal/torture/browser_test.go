//go:build linux

package torture

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"
)

// asBrowser, with the file of the tenant's certificate authority, makes the test's
// own program the person at a browser.
const asBrowser = "TORTURE_TEST_AS_BROWSER"

func TestMain(m *testing.M) {
	if ca := os.Getenv(asBrowser); ca != "" {
		if err := browse(ca, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// browse signs in whom the address asks for, and delivers the answer.
func browse(ca, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	page, err := lead(ctx, address)
	if err != nil {
		return err
	}
	transport, err := trusting(ca)
	if err != nil {
		return err
	}
	person := emulatortest.Person{UPN: page.Query().Get("login_hint"), Transport: transport}
	d, err := person.SignIn(ctx, page.String())
	if err != nil {
		return err
	}
	res, err := d.Send(ctx)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Body.Close()
}

// lead follows Debrief's own address to the sign-in page.
func lead(ctx context.Context, address string) (*url.URL, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return res.Location()
}

// writeBrowser makes a program for $BROWSER, which ends at once as a desktop's
// starter does. It carries the setting by itself: the browser inherits none.
func writeBrowser(t *testing.T, dir, caFile string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "browser")
	script := fmt.Sprintf("#!/bin/sh\n%s='%s' '%s' \"$1\" >>'%s/browser.log' 2>&1 &\n", asBrowser, caFile, self, dir)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
