//go:build linux

package story

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// KeyringItems lists the account names of a service's items in the desktop's
// keyring, locked or not, in every collection.
func (d *Desktop) KeyringItems(ctx context.Context, service string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, scaled(soon))
	defer cancel()
	const name = "org.freedesktop.secrets"
	var unlocked, locked []dbus.ObjectPath
	err := d.conn.Object(name, "/org/freedesktop/secrets").
		CallWithContext(ctx, "org.freedesktop.Secret.Service.SearchItems", 0, map[string]string{"service": service}).
		Store(&unlocked, &locked)
	if err != nil {
		return nil, err
	}
	var accounts []string
	for _, item := range append(unlocked, locked...) {
		var of map[string]string
		err := d.conn.Object(name, item).
			CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Item", "Attributes").
			Store(&of)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, of["username"])
	}
	return accounts, nil
}
