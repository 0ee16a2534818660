package platform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// Listen opens the local API's named pipe, which only this user can reach and
// nobody over the network (go-winio rejects remote clients). A pipe that another
// process opened first is an error.
//
// Call it while holding the lock of the same folders and close the listener
// before giving the lock back.
func Listen(paths Paths) (net.Listener, error) {
	sid, err := userSID()
	if err != nil {
		return nil, fmt.Errorf("platform: listen: %w", err)
	}
	l, err := winio.ListenPipe(pipeName(sid, paths), &winio.PipeConfig{
		// The owner is named too: an elevated process' default owner is a group,
		// which Dial would take for another user.
		SecurityDescriptor: "O:" + sid.String() + "D:P(A;;GA;;;" + sid.String() + ")",
	})
	if err != nil {
		return nil, fmt.Errorf("platform: listen: %w", err)
	}
	return l, nil
}

// Dial connects to the local API. ErrNotServed when nobody serves it, ErrForeign
// when the pipe is another user's. The server learns nothing of the caller but
// that it could connect (security level anonymous).
func Dial(ctx context.Context, paths Paths) (net.Conn, error) {
	sid, err := userSID()
	if err != nil {
		return nil, fmt.Errorf("platform: dial: %w", err)
	}
	conn, err := winio.DialPipeContext(ctx, pipeName(sid, paths))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %v", ErrNotServed, err)
	}
	if err != nil {
		return nil, fmt.Errorf("platform: dial: %w", err)
	}
	owner, err := pipeOwner(conn)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("platform: dial: who serves it: %w", err)
	}
	if !owner.Equals(sid) {
		_ = conn.Close()
		return nil, ErrForeign
	}
	return conn, nil
}

func pipeOwner(conn net.Conn) (*windows.SID, error) {
	f, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return nil, errors.New("the pipe has no handle")
	}
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return nil, err
	}
	owner, _, err := sd.Owner()
	return owner, err
}

func pipeName(sid *windows.SID, paths Paths) string {
	// Windows' paths do not tell case apart.
	return `\\.\pipe\debrief-` + sid.String() + "-" + dataHash(strings.ToLower(filepath.Clean(paths.Data)))
}

func userSID() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return user.User.Sid, nil
}
