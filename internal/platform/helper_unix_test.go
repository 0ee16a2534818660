//go:build !windows

package platform

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAHelperIsFoundBesideTheProgramThenInLib(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bin, lib := filepath.Join(root, "bin"), filepath.Join(root, "lib", "debrief")
	exe := filepath.Join(bin, "debrief")
	program(t, exe)
	beside, below := filepath.Join(bin, "debrief-panel"), filepath.Join(lib, "debrief-panel")

	_, err = findHelper(exe, "debrief-panel")
	if missing, ok := errors.AsType[*HelperError](err); !ok || missing.Name != "debrief-panel" ||
		len(missing.Looked) != 2 || missing.Looked[0] != beside || missing.Looked[1] != below {
		t.Errorf("none: got %#v; want both places", err)
	}

	program(t, below)
	wantHelper(t, exe, below)
	// A folder or a file that cannot be run is not it.
	if err := WriteFile(beside, nil); err != nil {
		t.Fatal(err)
	}
	wantHelper(t, exe, below)
	if err := os.Remove(beside); err != nil {
		t.Fatal(err)
	}
	program(t, beside)
	wantHelper(t, exe, beside)

	// Through a link, as ~/.local/bin often holds one.
	link := filepath.Join(root, "elsewhere")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	wantHelper(t, link, beside)
}

func wantHelper(t *testing.T, exe, want string) {
	t.Helper()
	if got, err := findHelper(exe, "debrief-panel"); err != nil || got != want {
		t.Errorf("from %s: got %q, %v; want %q", exe, got, err, want)
	}
}

func program(t *testing.T, path string) {
	t.Helper()
	script(t, path, "exit 0")
}

// script makes a shell script that can be run.
func script(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}
