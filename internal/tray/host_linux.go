package tray

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// HostPresent asks on a connection of its own whether a tray shows icons on the
// bus at address. Nothing is started for it.
func HostPresent(ctx context.Context, address string) (bool, error) {
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return false, err
	}
	defer conn.Close()
	const watcher = "org.kde.StatusNotifierWatcher"
	var owned bool
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&owned); err != nil || !owned {
		return false, err
	}
	var host dbus.Variant
	err = conn.Object(watcher, "/StatusNotifierWatcher").
		CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, watcher, "IsStatusNotifierHostRegistered").Store(&host)
	present, _ := host.Value().(bool)
	return present, err
}
