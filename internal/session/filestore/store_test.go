package filestore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"debrief/internal/session"
	"debrief/internal/session/filestore"
	"debrief/internal/session/sessiontest"
)

type folder struct {
	dir   string
	clock *sessiontest.Clock
}

func (f folder) Open(t *testing.T) session.Store {
	t.Helper()
	s, err := filestore.Open(filestore.Options{Dir: f.dir, Now: f.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (f folder) Plant(t *testing.T, id string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, id+".json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f folder) Stored(t *testing.T, id string) ([]byte, bool) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, id+".json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return b, err == nil
}

func fresh(t *testing.T, clock *sessiontest.Clock) sessiontest.Backend {
	return folder{filepath.Join(t.TempDir(), "sessions"), clock}
}

func TestStore(t *testing.T) { sessiontest.Run(t, fresh) }

func TestFilesAndFoldersArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the profile's access list does it there
	}
	f := folder{filepath.Join(t.TempDir(), "sessions"), sessiontest.NewClock()}
	s := f.Open(t)
	for range 2 {
		r, err := s.Create(t.Context(), sessiontest.Record())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Clear(t.Context(), session.Tombstone{ID: r.ID, Until: sessiontest.Start.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Create(t.Context(), sessiontest.Record()); err != nil {
			t.Fatal(err)
		}
	}
	f.Plant(t, session.NewID(), nil)
	if _, err := s.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("got mode %v of %s, want it private", info.Mode(), path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnInputFailureIsReportedAndNothingIsMoved(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "sessions"), sessiontest.NewClock()}
	s := f.Open(t)
	id := session.NewID()
	if err := os.Mkdir(filepath.Join(f.dir, id+".json"), 0o700); err != nil { // reading it fails, for root too
		t.Fatal(err)
	}
	for range 2 {
		l, err := s.List(t.Context())
		if err != nil || len(l.Unreadable) != 1 || errors.Is(l.Unreadable[0].Err, session.ErrCorrupt) {
			t.Fatalf("got %+v, %v, want one unreadable record that is not called corrupt", l, err)
		}
	}
	if _, err := os.Stat(filepath.Join(f.dir, "quarantine")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got a quarantine (%v), want none", err)
	}
}

func TestOpenFinishesWhatACrashLeft(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "sessions"), sessiontest.NewClock()}
	s := f.Open(t)
	r, err := s.Create(t.Context(), sessiontest.Record())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.Create(t.Context(), sessiontest.Record())
	if err != nil {
		t.Fatal(err)
	}
	record, _ := f.Stored(t, r.ID)
	if err := s.Clear(t.Context(), session.Tombstone{ID: r.ID, Until: sessiontest.Start.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	f.Plant(t, r.ID, record) // the crash came between tombstone and removal
	if _, err := s.Load(t.Context(), r.ID); !errors.Is(err, session.ErrCleared) {
		t.Fatalf("got %v, want the tombstone to count", err)
	}
	temporary := filepath.Join(f.dir, "."+kept.ID+".json.123.tmp")
	if err := os.WriteFile(temporary, record[:10], 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := f.Open(t).List(t.Context()); err != nil || len(l.Records) != 1 || len(l.Unreadable) != 0 {
		t.Fatalf("got %+v, %v, want the kept record", l, err)
	}
	if _, there := f.Stored(t, r.ID); there {
		t.Error("the cleared record is still there")
	}
	if _, err := os.Stat(temporary); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file is still there (%v)", err)
	}
}

func TestClearTakesWhatWasPutAside(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "sessions"), sessiontest.NewClock()}
	s := f.Open(t)
	id := session.NewID()
	for range 3 { // within one second: three names
		f.Plant(t, id, []byte(`{"email":"zoe@example.test"`))
		if _, err := s.List(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	aside, err := os.ReadDir(filepath.Join(f.dir, "quarantine"))
	if err != nil || len(aside) != 3 {
		t.Fatalf("got %v, %v, want three files", aside, err)
	}
	if err := s.Clear(t.Context(), session.Tombstone{ID: id, Until: sessiontest.Start.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if aside, err = os.ReadDir(filepath.Join(f.dir, "quarantine")); err != nil || len(aside) != 0 {
		t.Fatalf("got %v, %v, want nothing left", aside, err)
	}
}

func TestAWaitForAnotherWriterIsBoundedByTheContext(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "sessions"), sessiontest.NewClock()}
	s := f.Open(t)
	hold := filestore.HoldLock(t, f.dir)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	r := sessiontest.Record()
	if _, err := s.Create(ctx, r); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the deadline", err)
	}
	hold()
	if _, err := s.Create(t.Context(), r); err != nil {
		t.Fatalf("got %v after the lock was free", err)
	}
}

// TestProcessesShareAFolder runs this test again in processes of its own, each
// adding its increments.
func TestProcessesShareAFolder(t *testing.T) {
	const processes, each = 4, 25
	if dir := os.Getenv("FILESTORE_DIR"); dir != "" {
		s, err := filestore.Open(filestore.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < each; {
			r, err := s.Load(t.Context(), os.Getenv("FILESTORE_ID"))
			if err == nil {
				i, _ := strconv.Atoi(r.User.Name)
				r.User.Name = strconv.Itoa(i + 1)
				_, err = s.Save(t.Context(), r)
			}
			switch {
			case err == nil:
				n++
			case !errors.Is(err, session.ErrConflict):
				t.Fatal(err)
			}
		}
		return
	}
	f := folder{filepath.Join(t.TempDir(), "sessions"), sessiontest.NewClock()}
	s := f.Open(t)
	r := sessiontest.Record()
	r.User.Name = "0"
	r, err := s.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var started []*exec.Cmd
	for range processes {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessesShareAFolder$")
		cmd.Env = append(os.Environ(), "FILESTORE_DIR="+f.dir, "FILESTORE_ID="+r.ID)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, cmd)
	}
	for _, cmd := range started {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, cmd.Stdout)
		}
	}
	got, err := s.Load(t.Context(), r.ID)
	if err != nil || got.User.Name != strconv.Itoa(processes*each) {
		t.Fatalf("got %s increments, %v, want %d", got.User.Name, err, processes*each)
	}
}
