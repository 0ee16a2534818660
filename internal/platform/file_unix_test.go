//go:build !windows

package platform

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func writeForever(dir string) error {
	for i := 0; ; i++ {
		if err := WriteFile(filepath.Join(dir, "file"), pattern(byte('a'+i%26))); err != nil {
			return err
		}
		if i == 3 {
			fmt.Println("writing")
		}
	}
}

func writePastALimit(dir string) error {
	signal.Ignore(syscall.SIGXFSZ) // the write fails instead
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1000, Max: 1000}); err != nil {
		return err
	}
	err := WriteFile(filepath.Join(dir, "file"), pattern('n'))
	if !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("write past the limit: got %v, want %v", err, syscall.EFBIG)
	}
	return nil
}

func checkCoreDumps(string) error {
	if err := DisableCoreDumps(); err != nil {
		return err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	if limit.Cur != 0 || limit.Max != 0 {
		return fmt.Errorf("core-dump limit: got %+v, want 0", limit)
	}
	return nil
}

func TestAFileIsWholeAfterItsWriterWasKilledAndLeftOversAreKnown(t *testing.T) {
	dir := t.TempDir()
	for range 10 {
		cmd, out := startChild(t, "write", dir)
		if line, err := out.ReadString('\n'); err != nil {
			t.Fatalf("child: %q, %v", line, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		got, err := os.ReadFile(filepath.Join(dir, "file"))
		if err != nil || len(got) == 0 || !bytes.Equal(got, pattern(got[0])) {
			t.Fatalf("file after kill: %d bytes, %v; want one whole version", len(got), err)
		}
	}
	for _, name := range namesIn(t, dir) {
		if name != "file" && !IsTemporary(name) {
			t.Errorf("left over: %q, which IsTemporary does not know", name)
		}
	}
}

func TestAWriteThatTheDiskRefusesKeepsTheOldFileAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := WriteFile(path, pattern('o')); err != nil {
		t.Fatal(err)
	}
	runChild(t, "limited", dir)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, pattern('o')) {
		t.Errorf("file: %d bytes, %v; want the old ones", len(got), err)
	}
	if names := namesIn(t, dir); len(names) != 1 {
		t.Errorf("folder holds %q, want the file alone", names)
	}
}

func TestCoreDumpsAreOff(t *testing.T) { runChild(t, "dump", t.TempDir()) }

func runChild(t *testing.T, job, dir string) {
	t.Helper()
	cmd, out := startChild(t, job, dir)
	said, _ := out.ReadString(0)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("child: %v: %s", err, said)
	}
}

func TestWrittenFilesAndMadeFoldersArePrivate(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "a", "b", "file")
	if err := WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil { // an older, wider one
		t.Fatal(err)
	}
	if err := WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Join(root, "a"), 0o700)
	wantMode(t, filepath.Join(root, "a", "b"), 0o700)
}

func TestPrivateDirNarrowsAFolderAndRefusesWhatIsNone(t *testing.T) {
	root := t.TempDir()
	wide := filepath.Join(root, "wide")
	if err := os.Mkdir(wide, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := PrivateDir(wide); err != nil {
		t.Fatal(err)
	}
	wantMode(t, wide, 0o700)
	link := filepath.Join(root, "link")
	if err := os.Symlink(wide, link); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "file")
	if err := WriteFile(file, nil); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, file} {
		if err := PrivateDir(path); err == nil {
			t.Errorf("PrivateDir(%s) succeeded", path)
		}
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("mode of %s: got %o, want %o", path, got, want)
	}
}
