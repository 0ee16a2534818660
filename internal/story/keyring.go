//go:build linux

package story

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// KeyringItems counts the items of a service in the desktop's keyring, locked or
// not, in every collection.
func (d *Desktop) KeyringItems(ctx context.Context, service string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, scaled(soon))
	defer cancel()
	var unlocked, locked []dbus.ObjectPath
	err := d.conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		CallWithContext(ctx, "org.freedesktop.Secret.Service.SearchItems", 0, map[string]string{"service": service}).
		Store(&unlocked, &locked)
	return len(unlocked) + len(locked), err
}
