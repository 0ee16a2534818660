package platform

import (
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// HasDisplay reports whether windows can be expected to appear.
func HasDisplay(getenv func(string) string) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	return getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != ""
}

// SessionBus returns the address of the person's D-Bus, where one is running.
// A bus is never started: an own one would have neither tray nor keyring on it.
func SessionBus(getenv func(string) string) (address string, ok bool) {
	if runtime.GOOS != "linux" {
		return "", false
	}
	switch addr := getenv("DBUS_SESSION_BUS_ADDRESS"); {
	case addr == "":
	case strings.HasPrefix(addr, "autolaunch:"), strings.HasPrefix(addr, "disabled:"):
		return "", false
	default:
		return addr, true
	}
	dir := getenv("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(dir) {
		return "", false
	}
	path := filepath.Join(dir, "bus")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return "", false
	}
	return "unix:path=" + (&url.URL{Path: path}).EscapedPath(), true
}

// DeviceName is the computer's name as its person knows it, without the network's part.
func DeviceName() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	name, _, _ := strings.Cut(host, ".")
	if name == "" {
		return "unknown"
	}
	return name
}
