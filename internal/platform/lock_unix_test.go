//go:build !windows

package platform

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
)

func holdALock(dir string) error {
	if _, err := Lock(filepath.Join(dir, "lock"), "sign-in"); err != nil {
		return err
	}
	fmt.Println("locked")
	select {} // until killed
}

func TestASecondLockIsRefusedAndTheHolderNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "lock")
	first, err := Lock(path, "sign-in")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path, "post"); !errors.Is(err, ErrLocked) {
		t.Fatalf("second lock: got %v, want ErrLocked", err)
	}
	if got := Holder(path); got != "sign-in" {
		t.Errorf("holder: got %q, want sign-in", got)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if got := Holder(path); got != "" {
		t.Errorf("holder of a free lock: got %q", got)
	}
	again, err := Lock(path, "post")
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestAKilledHoldersLockIsFree(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	cmd, out := startChild(t, "lock", dir)
	if line, err := out.ReadString('\n'); err != nil {
		t.Fatalf("child: %q, %v", line, err)
	}
	if _, err := Lock(path, "post"); !errors.Is(err, ErrLocked) {
		t.Fatalf("while the child lives: got %v, want ErrLocked", err)
	}
	if got := Holder(path); got != "sign-in" {
		t.Errorf("holder: got %q, want sign-in", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	l, err := Lock(path, "post")
	if err != nil {
		t.Fatalf("after the child was killed: %v", err)
	}
	defer l.Unlock()
	if got := Holder(path); got != "post" {
		t.Errorf("holder: got %q, want post", got)
	}
}

func TestALockIsTakenWhereItsHolderCannotBeNoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := PrivateDir(filepath.Join(path+".holder", "in the way")); err != nil {
		t.Fatal(err)
	}
	l, err := Lock(path, "post")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	if got := Holder(path); got != "" {
		t.Errorf("holder: got %q", got)
	}
}
