//go:build !windows

package platform

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func socketPaths(t *testing.T) Paths {
	t.Helper()
	p, err := FindPaths(t.TempDir(), false, environment(map[string]string{"TMPDIR": t.TempDir()}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func listen(t *testing.T, p Paths) net.Listener {
	t.Helper()
	l, err := Listen(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve says "hello" to whoever is let in.
func serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "hello")
		_ = conn.Close()
	}
}

func TestTheSameUserReachesTheSocketWhichIsPrivate(t *testing.T) {
	p := socketPaths(t)
	go serve(listen(t, p))
	wantMode(t, p.Socket(), 0o600)
	wantMode(t, p.Run, 0o700)
	conn, err := Dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAnotherUsersConnectionIsClosedUnread(t *testing.T) {
	p := socketPaths(t)
	l := listen(t, p).(*ownListener)
	l.uid++
	go serve(l)
	conn, err := Dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if got, err := io.ReadAll(conn); len(got) != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v; want a closed connection", got, err)
	}
}

func TestAnotherUsersServerIsRefused(t *testing.T) {
	p := socketPaths(t)
	go serve(listen(t, p))
	if _, err := dial(t.Context(), p.Socket(), os.Geteuid()+1); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
}

func TestDialWithoutAServerIsErrNotServed(t *testing.T) {
	p := socketPaths(t)
	if _, err := Dial(t.Context(), p); !errors.Is(err, ErrNotServed) {
		t.Errorf("no socket: got %v, want ErrNotServed", err)
	}
	leaveSocket(t, p)
	if _, err := Dial(t.Context(), p); !errors.Is(err, ErrNotServed) {
		t.Errorf("socket of a dead server: got %v, want ErrNotServed", err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	p := socketPaths(t)
	listen(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestListenReplacesADeadServersSocket(t *testing.T) {
	p := socketPaths(t)
	leaveSocket(t, p)
	go serve(listen(t, p))
	conn, err := Dial(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

func TestListenRemovesNothingThatIsNoSocket(t *testing.T) {
	p := socketPaths(t)
	if err := WriteFile(p.Socket(), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(p); err == nil {
		t.Error("Listen replaced a file")
	}
	if got, err := os.ReadFile(p.Socket()); err != nil || string(got) != "mine" {
		t.Errorf("file: %q, %v", got, err)
	}
}

func TestAClosedListenerLeavesNoSocket(t *testing.T) {
	p := socketPaths(t)
	l := listen(t, p)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, filepath.Dir(p.Socket())); len(names) != 0 {
		t.Errorf("run folder holds %q", names)
	}
}

// leaveSocket makes a socket as a killed server leaves it.
func leaveSocket(t *testing.T, p Paths) {
	t.Helper()
	if err := p.ensureRun(); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.Socket(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
