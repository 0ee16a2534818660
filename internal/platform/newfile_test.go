package platform

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestANewFileHoldsTheDataForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	if err := WriteNewFile(path, []byte("data")); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if string(b) != "data" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != FileMode && filepath.Separator == '/' {
		t.Errorf("the file is %v, %v; want %v", info.Mode(), err, FileMode)
	}
}

func TestWhatIsThereIsNeverOverwritten(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	taken := []string{file, folder}
	for link, to := range map[string]string{"to-file": file, "to-nothing": filepath.Join(dir, "nothing")} {
		link = filepath.Join(dir, link)
		if err := os.Symlink(to, link); err == nil { // Windows may forbid it
			taken = append(taken, link)
		}
	}
	for _, path := range taken {
		if err := WriteNewFile(path, []byte("new")); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: got %v, want fs.ErrExist", path, err)
		}
	}
	if b, err := os.ReadFile(file); string(b) != "old" || err != nil {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made through a link: %v", err)
	}
}

func TestANewFileWithoutItsFolderIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := WriteNewFile(filepath.Join(dir, "none", "new"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder was made")
	}
}
