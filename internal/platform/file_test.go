package platform

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteFileReplacesTheFileAndLeavesNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "record.json")
	for _, want := range []string{"first", "second, which is longer", ""} {
		if err := WriteFile(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Fatalf("after writing %q: got %q, %v", want, got, err)
		}
	}
	if names := namesIn(t, dir); len(names) != 1 {
		t.Errorf("folder holds %q, want the file alone", names)
	}
}

func TestWriteFileOntoAFolderFailsAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("x")); err == nil {
		t.Error("writing onto a folder succeeded")
	}
	if names := namesIn(t, dir); len(names) != 1 {
		t.Errorf("folder holds %q, want the folder alone", names)
	}
}

func TestRemoveFileOfAMissingFileOrFolderIsFine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := RemoveFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveFile(filepath.Join(dir, "no", "such", "file")); err != nil {
		t.Error(err)
	}
}

func TestIsTemporaryKnowsTheNamesOfWriteFileOnly(t *testing.T) {
	for name, want := range map[string]bool{
		".record.json.123456.tmp": true,
		"record.json":             false,
		"record.tmp":              false,
		".tmp":                    false,
		".hidden":                 false,
		"":                        false,
	} {
		if got := IsTemporary(name); got != want {
			t.Errorf("IsTemporary(%q): got %v, want %v", name, got, want)
		}
	}
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// pattern is a file's content that shows when it is not whole.
func pattern(b byte) []byte { return bytes.Repeat([]byte{b}, 64<<10) }
