package keyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"debrief/internal/platform"
	"debrief/internal/vault"

	"github.com/godbus/dbus/v5"
)

// The Secret Service API (specifications.freedesktop.org/secret-service).
const (
	secretsName     = "org.freedesktop.secrets"
	secretsPath     = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath       = secretsPath + "/collection/login"
	serviceIface    = "org.freedesktop.Secret.Service"
	collectionIface = "org.freedesktop.Secret.Collection"
	promptIface     = "org.freedesktop.Secret.Prompt"
	busIface        = "org.freedesktop.DBus"
)

// secrets is a private connection to the Secret Service, for one look.
type secrets struct {
	conn       *dbus.Conn
	provider   string
	collection dbus.ObjectPath // the one that go-keyring will use
}

// look tells the keyring's state without asking anyone.
func look(ctx context.Context) vault.Status {
	s, st := dial(ctx)
	if s == nil {
		return st
	}
	defer s.conn.Close()
	return s.look(ctx)
}

// dial connects to the person's bus and finds provider and collection. Without
// them, s is nil and the status says why. The connection ends with ctx.
func dial(ctx context.Context) (s *secrets, st vault.Status) {
	address, ok := platform.SessionBus(os.Getenv)
	if !ok {
		return nil, vault.Status{State: vault.Absent, Detail: "no session bus (D-Bus) is running here"}
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		// go-keyring's own connection would look elsewhere, and start a bus of its
		// own where it finds none (godbus getSessionBusPlatformAddress).
		if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", address); err != nil {
			return nil, vault.Status{State: vault.Absent, Detail: err.Error()}
		}
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return nil, failed(ctx, "the session bus (D-Bus) does not answer", err)
	}
	s = &secrets{conn: conn}
	if st, ok := s.find(ctx); !ok {
		_ = conn.Close()
		st.Provider = s.provider
		return nil, st
	}
	return s, vault.Status{}
}

// find starts the service where that is needed, and chooses the collection as
// go-keyring does: "login" where there is one, else the default.
func (s *secrets) find(ctx context.Context) (vault.Status, bool) {
	bus := s.conn.BusObject()
	var owner string
	if err := bus.CallWithContext(ctx, busIface+".GetNameOwner", 0, secretsName).Store(&owner); err != nil {
		var startable []string
		if err := bus.CallWithContext(ctx, busIface+".ListActivatableNames", 0).Store(&startable); err != nil {
			return failed(ctx, "the session bus (D-Bus) does not answer", err), false
		}
		if !slices.Contains(startable, secretsName) {
			return vault.Status{State: vault.Absent, Detail: "no program offers a keyring (Secret Service) here"}, false
		}
		var result uint32
		if err := bus.CallWithContext(ctx, busIface+".StartServiceByName", 0, secretsName, uint32(0)).Store(&result); err != nil {
			return failed(ctx, "the keyring's program did not start", err), false
		}
		if err := bus.CallWithContext(ctx, busIface+".GetNameOwner", 0, secretsName).Store(&owner); err != nil {
			return failed(ctx, "the keyring's program did not stay", err), false
		}
	}
	s.provider = s.process(ctx, owner)

	v, err := s.property(ctx, secretsPath, serviceIface, "Collections")
	if err != nil {
		return failed(ctx, "the keyring does not answer", err), false
	}
	if all, _ := v.Value().([]dbus.ObjectPath); slices.Contains(all, loginPath) {
		s.collection = loginPath
		return vault.Status{}, true
	}
	err = s.service().CallWithContext(ctx, serviceIface+".ReadAlias", 0, "default").Store(&s.collection)
	if err != nil {
		return failed(ctx, "the keyring does not answer", err), false
	}
	if s.collection == "/" {
		return vault.Status{State: vault.Absent, Detail: "the keyring has no default collection"}, false
	}
	return vault.Status{}, true
}

func (s *secrets) look(ctx context.Context) vault.Status {
	st := vault.Status{State: vault.Ready, Provider: s.provider, Collection: string(s.collection)}
	v, err := s.property(ctx, s.collection, collectionIface, "Locked")
	locked, ok := v.Value().(bool)
	switch {
	case err != nil:
		f := failed(ctx, "the collection does not answer", err)
		st.State, st.Detail = f.State, f.Detail
	case !ok:
		st.State, st.Detail = vault.Absent, "the collection does not say whether it is locked"
	case locked:
		st.State, st.Detail = vault.Locked, fmt.Sprintf("collection %s is locked", s.collection)
	}
	return st
}

// process is the name of the program behind a connection; empty when unknown.
func (s *secrets) process(ctx context.Context, owner string) string {
	var pid uint32
	if err := s.conn.BusObject().CallWithContext(ctx, busIface+".GetConnectionUnixProcessID", 0, owner).Store(&pid); err != nil {
		return ""
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	name := strings.TrimSpace(string(b))
	if strings.HasPrefix(name, "gnome-keyring") { // the kernel cuts it to 15 bytes
		return "gnome-keyring"
	}
	return name
}

func (s *secrets) service() dbus.BusObject { return s.conn.Object(secretsName, secretsPath) }

func (s *secrets) property(ctx context.Context, path dbus.ObjectPath, iface, name string) (v dbus.Variant, err error) {
	err = s.conn.Object(secretsName, path).
		CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, iface, name).Store(&v)
	return v, err
}

// failed is the status after a call that did not work: slow when time ran out.
func failed(ctx context.Context, what string, err error) vault.Status {
	var e dbus.Error
	noReply := errors.As(err, &e) && (e.Name == "org.freedesktop.DBus.Error.NoReply" || e.Name == "org.freedesktop.DBus.Error.TimedOut")
	if ctx.Err() != nil || noReply {
		return vault.Status{State: vault.Slow, Detail: what + " in time"}
	}
	return vault.Status{State: vault.Absent, Detail: fmt.Sprintf("%s: %v", what, err)}
}
