package platform

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// OnWake calls woke each time the computer has woken from sleep, until ctx ends.
// It asks logind's signal on the bus at address, on a connection of its own;
// empty means the system's bus. Without one it returns an error at once: timers
// then run late after a sleep, by the time slept.
func OnWake(ctx context.Context, address string, woke func()) error {
	if address == "" {
		address = "unix:path=/run/dbus/system_bus_socket"
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer conn.Close()
	// org.freedesktop.login1(5): PrepareForSleep(false) comes after waking.
	if err := conn.AddMatchSignalContext(ctx,
		dbus.WithMatchInterface("org.freedesktop.login1.Manager"), dbus.WithMatchMember("PrepareForSleep"),
		dbus.WithMatchObjectPath("/org/freedesktop/login1"),
	); err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 1)
	conn.Signal(signals)
	for {
		select {
		case <-ctx.Done():
			return nil
		case s, ok := <-signals:
			if !ok {
				return dbus.ErrClosed
			}
			if len(s.Body) == 1 && s.Body[0] == false {
				woke()
			}
		}
	}
}
