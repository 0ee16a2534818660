//go:build linux

package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = "/StatusNotifierWatcher"
	itemName    = "org.kde.StatusNotifierItem"
	menuName    = "com.canonical.dbusmenu"
)

// TrayItem is an icon that the panel's tray shows, as the panel knows it.
type TrayItem struct {
	desktop *Desktop
	item    dbus.BusObject
	menu    dbus.BusObject
	Title   string
}

// MenuItem is an entry of an icon's menu.
type MenuItem struct {
	ID       int32
	Label    string // without the mark of the access key
	Enabled  bool
	Visible  bool
	Children []MenuItem
}

// Tray waits for an icon whose title starts with title.
func (d *Desktop) Tray(ctx context.Context, title string) (*TrayItem, error) {
	var found *TrayItem
	err := until(ctx, startup, "the tray icon "+title, func() error {
		items, err := d.trayItems(ctx)
		if err != nil {
			return err
		}
		var titles []string
		for _, it := range items {
			if strings.HasPrefix(it.Title, title) {
				found = it
				return nil
			}
			titles = append(titles, it.Title)
		}
		return fmt.Errorf("the tray shows %q", titles)
	})
	return found, err
}

// trayItems lists the icons that are registered with the panel's watcher.
func (d *Desktop) trayItems(ctx context.Context) ([]*TrayItem, error) {
	ctx, cancel := context.WithTimeout(ctx, scaled(soon))
	defer cancel()
	var names dbus.Variant
	err := d.conn.Object(watcherName, watcherPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		watcherName, "RegisteredStatusNotifierItems").Store(&names)
	if err != nil {
		return nil, err
	}
	registered, _ := names.Value().([]string)
	var items []*TrayItem
	for _, name := range registered {
		owner, path := name, dbus.ObjectPath("/StatusNotifierItem")
		if at := strings.IndexByte(name, '/'); at >= 0 {
			owner, path = name[:at], dbus.ObjectPath(name[at:])
		}
		it := &TrayItem{desktop: d, item: d.conn.Object(owner, path)}
		if title, err := it.item.GetProperty(itemName + ".Title"); err == nil {
			it.Title, _ = title.Value().(string)
		}
		menu, err := it.item.GetProperty(itemName + ".Menu")
		if err != nil {
			continue // gone since, or without a menu
		}
		if at, ok := menu.Value().(dbus.ObjectPath); ok {
			it.menu = d.conn.Object(owner, at)
			items = append(items, it)
		}
	}
	return items, nil
}

// node is an entry as com.canonical.dbusmenu sends it.
type node struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// Menu reads the icon's menu. The first answer of fyne.io/systray holds one level
// only, so what has to be there is waited for with WaitMenu.
func (t *TrayItem) Menu(ctx context.Context) ([]MenuItem, error) {
	ctx, cancel := context.WithTimeout(ctx, scaled(soon))
	defer cancel()
	var revision uint32
	var root node
	err := t.menu.CallWithContext(ctx, menuName+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root)
	if err != nil {
		return nil, err
	}
	item, err := root.item()
	return item.Children, err
}

func (n node) item() (MenuItem, error) {
	it := MenuItem{ID: n.ID, Enabled: true, Visible: true}
	if v, ok := n.Properties["label"]; ok {
		label, _ := v.Value().(string)
		it.Label = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(label, "__", "\x00"), "_", ""), "\x00", "_")
	}
	if v, ok := n.Properties["enabled"]; ok {
		it.Enabled, _ = v.Value().(bool)
	}
	if v, ok := n.Properties["visible"]; ok {
		it.Visible, _ = v.Value().(bool)
	}
	for _, v := range n.Children {
		var child node
		if err := dbus.Store([]any{v.Value()}, &child); err != nil {
			return it, err
		}
		c, err := child.item()
		if err != nil {
			return it, err
		}
		it.Children = append(it.Children, c)
	}
	return it, nil
}

// WaitMenu waits until the menu shows every label, and returns those entries in
// the order asked for.
func (t *TrayItem) WaitMenu(ctx context.Context, labels ...string) ([]MenuItem, error) {
	var found []MenuItem
	err := until(ctx, soon, fmt.Sprintf("the tray menu to have %q", labels), func() error {
		menu, err := t.Menu(ctx)
		if err != nil {
			return err
		}
		found = found[:0]
		for _, label := range labels {
			it, ok := findLabel(menu, label)
			if !ok {
				return fmt.Errorf("%q is not in %q", label, menuLabels(menu))
			}
			found = append(found, it)
		}
		return nil
	})
	return found, err
}

// Click chooses the menu entry whose label starts with label.
func (t *TrayItem) Click(ctx context.Context, label string) error {
	found, err := t.WaitMenu(ctx, label)
	if err != nil {
		return err
	}
	if !found[0].Enabled {
		return fmt.Errorf("the tray's %q cannot be chosen now", found[0].Label)
	}
	call := t.menu.CallWithContext(ctx, menuName+".Event", 0, found[0].ID, "clicked", dbus.MakeVariant(""), uint32(time.Now().Unix()))
	return call.Err
}

func findLabel(menu []MenuItem, label string) (MenuItem, bool) {
	for _, it := range menu {
		if it.Visible && strings.HasPrefix(it.Label, label) {
			return it, true
		}
		if c, ok := findLabel(it.Children, label); ok {
			return c, true
		}
	}
	return MenuItem{}, false
}

func menuLabels(menu []MenuItem) []string {
	var labels []string
	for _, it := range menu {
		if it.Label != "" && it.Visible {
			labels = append(labels, it.Label)
		}
		labels = append(labels, menuLabels(it.Children)...)
	}
	return labels
}
