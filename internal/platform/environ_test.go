package platform

import (
	"slices"
	"testing"
)

func TestHelpersSeeTheDesktopAndNoSettings(t *testing.T) {
	seen := []string{
		"PATH=/bin", "HOME=/h", "LANG=de_DE.UTF-8", "LC_TIME=C", "DISPLAY=:0", "WAYLAND_DISPLAY=w", "XAUTHORITY=/x",
		"XDG_RUNTIME_DIR=/r", "XDG_CURRENT_DESKTOP=XFCE", "DBUS_SESSION_BUS_ADDRESS=unix:path=/b,guid=1", "GTK_THEME=a",
		"QT_SCALE_FACTOR=2", "FYNE_SCALE=1", "https_proxy=http://p", "NO_PROXY=localhost", "SSL_CERT_FILE=/ca", "AT_SPI_BUS=x",
		"LC_EMPTY=",
	}
	hidden := []string{
		"DEBRIEF_CLIENT_ID=x", "DEBRIEF_HOME=/d", "SESSION_SECRET_KEY=s", "SESSION_TYPE=redis", "SESSION_MANAGER=local/x",
		"REDIS_URL=redis://:p@h", "DATABASE_URL=postgres://p@h", "FLASK_SECRET_KEY=k", "PERMANENT_SESSION_LIFETIME=1",
		"AWS_SECRET_ACCESS_KEY=x", "GITHUB_TOKEN=t", "LD_PRELOAD=/evil.so", "PATHX=1", "=C:=C:\\", "malformed", "SYSTEMROOT=c",
	}
	if got := helperEnv(slices.Concat(hidden, seen, hidden), false); !slices.Equal(got, seen) {
		t.Errorf("got  %q\nwant %q", got, seen)
	}
}

func TestOnWindowsHelpersSeeItsNamesInAnyCase(t *testing.T) {
	seen := []string{"Path=C:\\", "SystemRoot=C:\\Windows", "LOCALAPPDATA=C:\\l", "TEMP=C:\\t", "UserProfile=C:\\u"}
	hidden := []string{"Debrief_Client_Id=x", "Redis_Url=x", "Session_Secret_Key=x"}
	if got := helperEnv(slices.Concat(seen, hidden), true); !slices.Equal(got, seen) {
		t.Errorf("got  %q\nwant %q", got, seen)
	}
}
