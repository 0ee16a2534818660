package platform

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

func TestWakingIsToldAndFallingAsleepIsNot(t *testing.T) {
	daemon := exec.CommandContext(t.Context(), "dbus-daemon", "--session", "--nofork", "--print-address=1")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatalf("no message bus (%v): run make test", err)
	}
	t.Cleanup(func() { _ = daemon.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(line)

	ctx, cancel := context.WithCancel(t.Context())
	woke, done := make(chan struct{}, 8), make(chan error, 1)
	go func() { done <- OnWake(ctx, address, func() { woke <- struct{}{} }) }()
	logind, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer logind.Close()
	say := func(asleep bool) {
		if err := logind.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", asleep); err != nil {
			t.Error(err)
		}
	}
	// The match may not stand yet: say it until it is heard.
	heard := false
	for deadline := time.After(10 * time.Second); !heard; {
		say(true)
		say(false)
		select {
		case <-woke:
			heard = true
		case <-deadline:
			t.Fatal("waking was not told")
		case <-time.After(20 * time.Millisecond):
		}
	}
	for len(woke) > 0 {
		<-woke
	}
	say(true)
	say(true)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if len(woke) != 0 {
		t.Error("falling asleep was told as waking")
	}
}

func TestWithoutASystemBusWakingIsAnErrorAtOnce(t *testing.T) {
	if err := OnWake(t.Context(), "unix:path="+t.TempDir()+"/nobody", func() {}); err == nil {
		t.Error("no error")
	}
}
