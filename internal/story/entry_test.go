//go:build linux

package story

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestTheDesktopEntryStartsTheProgramWhereverItLies(t *testing.T) {
	for _, folder := range []string{"plain", "with a space", `odd $HOME "quoted" %f back\slash ` + "`tick`"} {
		t.Run(folder, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), folder)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, "debrief")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			entry, err := exec.CommandContext(t.Context(), "../../packaging/desktop-entry.sh", program).Output()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "app.debrief.Desktop.desktop")
			if err := os.WriteFile(path, entry, 0o600); err != nil {
				t.Fatal(err)
			}
			for action, want := range map[string][]string{"": {program}, "Demo": {program, "--demo"}} {
				got, err := entryExec(path, action)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("action %q: got %q, %v; want %q", action, got, err, want)
				}
			}
			if out, err := exec.CommandContext(t.Context(), "desktop-file-validate", path).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("desktop-file-validate: %v: %s", err, out)
			}
		})
	}
}
