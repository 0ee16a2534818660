package keyring

import (
	"context"
	"fmt"
	"os"
	"time"

	"debrief/internal/platform"
	"debrief/internal/vault"

	"github.com/godbus/dbus/v5"
)

// unlock asks the person to unlock the collection that go-keyring will use, and
// tells the state then. It waits for the answer as long as ctx allows; the calls
// around it are bounded by timeout.
func unlock(ctx context.Context, timeout time.Duration) vault.Status {
	// Once made, the connection outlives ctx, so that the prompt can be taken back.
	connCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, cancel)
	late := time.AfterFunc(timeout, cancel)
	s, st := dial(connCtx)
	stop()
	late.Stop()
	if s == nil {
		return st
	}
	defer s.conn.Close()

	signals := make(chan *dbus.Signal, 64)
	s.conn.Signal(signals)
	err := s.conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(busIface), dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(0, secretsName))
	if err != nil {
		return s.status(failed(ctx, "the session bus (D-Bus) does not answer", err))
	}
	bounded, done := context.WithTimeout(ctx, timeout)
	defer done()
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err = s.service().CallWithContext(bounded, serviceIface+".Unlock", 0, []dbus.ObjectPath{s.collection}).
		Store(&unlocked, &prompt)
	if err != nil {
		return s.status(failed(bounded, "the keyring does not answer", err))
	}
	if prompt == "/" { // nobody had to be asked
		return s.look(bounded)
	}
	if !platform.HasDisplay(os.Getenv) {
		s.dismiss(prompt, timeout)
		return s.status(vault.Status{State: vault.Locked, Detail: "the keyring can ask for its password only on a display, and there is none"})
	}
	err = s.conn.AddMatchSignalContext(bounded, dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptIface))
	if err == nil {
		err = s.conn.Object(secretsName, prompt).CallWithContext(bounded, promptIface+".Prompt", 0, "").Err
	}
	if err != nil {
		s.dismiss(prompt, timeout)
		if ctx.Err() != nil {
			return s.status(unanswered)
		}
		return s.status(failed(bounded, "the keyring could not ask", err))
	}
	st, answered := s.await(ctx, signals, prompt)
	if !answered {
		s.dismiss(prompt, timeout)
		return s.status(st)
	}
	if st.State != vault.Ready {
		return s.status(st)
	}
	bounded, done = context.WithTimeout(ctx, timeout)
	defer done()
	return s.look(bounded)
}

var unanswered = vault.Status{State: vault.Locked, Detail: "nobody answered the keyring's question"}

// await waits for the prompt's own answer; other signals on the bus are none.
func (s *secrets) await(ctx context.Context, signals <-chan *dbus.Signal, prompt dbus.ObjectPath) (st vault.Status, answered bool) {
	for {
		select {
		case <-ctx.Done():
			return unanswered, false
		case sig, ok := <-signals:
			switch {
			case !ok:
				return vault.Status{State: vault.Absent, Detail: "the session bus (D-Bus) ended"}, true
			case sig.Name == busIface+".NameOwnerChanged" && len(sig.Body) == 3 && sig.Body[0] == secretsName:
				return vault.Status{State: vault.Absent, Detail: "the keyring's program ended while it asked"}, true
			case sig.Name == promptIface+".Completed" && sig.Path == prompt && len(sig.Body) == 2:
				if dismissed, _ := sig.Body[0].(bool); dismissed {
					return vault.Status{State: vault.Declined, Detail: fmt.Sprintf("collection %s was not unlocked", s.collection)}, true
				}
				return vault.Status{State: vault.Ready}, true
			}
		}
	}
}

// dismiss takes a prompt back, so that none stays on the screen for nobody.
func (s *secrets) dismiss(prompt dbus.ObjectPath, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_ = s.conn.Object(secretsName, prompt).CallWithContext(ctx, promptIface+".Dismiss", 0).Err // it may be gone already
}

func (s *secrets) status(st vault.Status) vault.Status {
	st.Provider, st.Collection = s.provider, string(s.collection)
	return st
}
