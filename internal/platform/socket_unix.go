//go:build !windows

package platform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// Listen opens the local API's socket, which only this user can reach; a
// connection of anybody else is closed before Accept returns it.
//
// Call it while holding the lock of the same folders and close the listener
// before giving the lock back: only so is a socket found there a crash's
// left-over, which is removed.
func Listen(paths Paths) (net.Listener, error) {
	if err := paths.ensureRun(); err != nil {
		return nil, err
	}
	path := paths.Socket()
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("platform: listen: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("platform: listen: %s is there and is not a socket", path)
	default:
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("platform: listen: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("platform: listen: %w", err)
	}
	// Until here the folder alone (0700) keeps others out.
	if err := os.Chmod(path, FileMode); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("platform: listen: %w", err)
	}
	return &ownListener{UnixListener: l, uid: os.Geteuid()}, nil
}

// Dial connects to the local API. ErrNotServed when nobody serves it, ErrForeign
// when its server is another user's process.
func Dial(ctx context.Context, paths Paths) (net.Conn, error) {
	return dial(ctx, paths.Socket(), os.Geteuid())
}

func dial(ctx context.Context, path string, uid int) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: %v", ErrNotServed, err)
	}
	if err != nil {
		return nil, fmt.Errorf("platform: dial: %w", err)
	}
	peer, err := peerUID(conn.(*net.UnixConn))
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("platform: dial: who serves it: %w", err)
	}
	if peer != uid {
		_ = conn.Close()
		return nil, ErrForeign
	}
	return conn, nil
}

// ownListener accepts connections of one user only.
type ownListener struct {
	*net.UnixListener
	uid int
}

func (l *ownListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, err
		}
		if peer, err := peerUID(conn); err == nil && peer == l.uid {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// peerUID asks the kernel for the user at the other end.
func peerUID(conn *net.UnixConn) (int, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var uid int
	var credErr error
	if err := raw.Control(func(fd uintptr) { uid, credErr = credUID(int(fd)) }); err != nil {
		return 0, err
	}
	return uid, credErr
}
