package platform

import (
	"runtime"
	"slices"
	"strings"
)

// helperNames and helperPrefixes are the environment that helper programs and
// browsers get: what a window needs to appear, in the person's language, through
// the person's proxy. Debrief's own settings are not among it, nor anything that
// nobody thought of: a shell's environment often holds other programs' secrets.
var (
	helperNames = []string{
		"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR",
		"LANG", "LANGUAGE", "TZ",
		"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DESKTOP_SESSION", "BROWSER",
		"DBUS_SESSION_BUS_ADDRESS", "NO_AT_BRIDGE",
		"SSL_CERT_FILE", "SSL_CERT_DIR",
		"http_proxy", "https_proxy", "no_proxy", "all_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
		"WEBKIT_DISABLE_DMABUF_RENDERER", "WEBKIT_DISABLE_COMPOSITING_MODE",
		"KDE_FULL_SESSION", "KDE_SESSION_VERSION", "GNOME_DESKTOP_SESSION_ID", // xdg-open looks at them
	}
	helperPrefixes = []string{"LC_", "XDG_", "GDK_", "GTK_", "QT_", "FYNE_", "LIBGL_", "MESA_", "AT_SPI"}

	windowsNames = []string{
		"PATH", "PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC",
		"APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432",
		"COMMONPROGRAMFILES", "USERPROFILE", "USERNAME", "USERDOMAIN", "COMPUTERNAME",
		"HOMEDRIVE", "HOMEPATH", "TEMP", "TMP", "PUBLIC", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	}
)

// HelperEnv returns the part of environ that a helper program or a browser may
// see. environ has the form of os.Environ.
func HelperEnv(environ []string) []string { return helperEnv(environ, runtime.GOOS == "windows") }

func helperEnv(environ []string, onWindows bool) []string {
	var kept []string
	for _, entry := range environ {
		name, _, ok := strings.Cut(entry, "=")
		if ok && mayHelperSee(name, onWindows) {
			kept = append(kept, entry)
		}
	}
	return kept
}

func mayHelperSee(name string, onWindows bool) bool {
	if slices.Contains(helperNames, name) {
		return true
	}
	if onWindows && slices.Contains(windowsNames, strings.ToUpper(name)) {
		return true
	}
	return slices.ContainsFunc(helperPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// getenvOf reads one variable of an environment in os.Environ's form; the last
// entry of a name counts, as it does for a started process.
func getenvOf(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if n, value, ok := strings.Cut(entry, "="); ok && n == name {
			return value
		}
	}
	return ""
}
