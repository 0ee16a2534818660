#!/bin/sh
# Sees to the system's packages that a target of the Makefile needs.
#
#   packaging/deps.sh build|run|test
#
# On Debian and Ubuntu it asks dpkg what is missing, says so and installs it; no
# service is started. Elsewhere it names the packages and stops when something is
# missing. With nothing missing it takes well under a second and changes nothing.
set -eu

build='gcc g++ libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxcursor-dev
	libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev libwayland-dev
	libxkbcommon-dev libwebkit2gtk-4.1-dev'
# The virtual desktop: a screen with GL, a window manager, a panel with a tray, a
# session bus, a keyring, a browser, keys and pictures.
desktop='xvfb libgl1-mesa-dri xfwm4 xfce4-panel xfconf dbus gnome-keyring
	libsecret-tools surf xdotool x11-utils imagemagick fonts-dejavu-core
	desktop-file-utils'
# Microsoft's other libraries; MSAL for Node comes by npm, from Node 18 on, which
# need not be Debian's.
checks='appstream python3-msal'
node_fits() {
	command -v npm >/dev/null 2>&1 &&
		node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null
}

# What stands for these packages on other systems: commands and pkg-config names.
build_has='gcc g++ pkg-config'
build_libs='gl x11 xcursor xrandr xinerama xi xxf86vm wayland-client wayland-cursor
	wayland-egl xkbcommon gtk+-3.0 webkit2gtk-4.1'
desktop_has='Xvfb xfwm4 xfce4-panel xfconf-query dbus-daemon gnome-keyring-daemon
	secret-tool surf xdotool xwininfo import desktop-file-validate'
checks_has='appstreamcli python3 node npm'

want=${1-}
case $want in
build) packages=$build commands=$build_has ;;
run)
	packages=$build commands=$build_has
	if [ -z "${DISPLAY-}${WAYLAND_DISPLAY-}" ]; then
		packages="$packages $desktop" commands="$commands $desktop_has"
	fi
	;;
test)
	packages="$build $desktop $checks"
	node_fits || packages="$packages nodejs npm"
	commands="$build_has $desktop_has $checks_has"
	;;
*)
	echo 'usage: packaging/deps.sh build|run|test' >&2
	exit 2
	;;
esac

# by_name leaves in $missing the commands and libraries that are not found.
by_name() {
	missing=
	for name in $commands; do
		command -v "$name" >/dev/null 2>&1 || missing="$missing $name"
	done
	if command -v pkg-config >/dev/null 2>&1; then
		for lib in $build_libs; do
			pkg-config --exists "$lib" || missing="$missing $lib(-devel)"
		done
	fi
}

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	by_name
	[ -n "$missing" ] || exit 0
	cat >&2 <<END
debrief: missing on this system:$missing
Debrief installs packages by itself on Debian and Ubuntu only. Install these and start again:
  Fedora: sudo dnf install gcc gcc-c++ pkgconf-pkg-config mesa-libGL-devel libX11-devel \\
            libXcursor-devel libXrandr-devel libXinerama-devel libXi-devel \\
            libXxf86vm-devel wayland-devel libxkbcommon-devel webkit2gtk4.1-devel
  Arch:   sudo pacman -S --needed base-devel mesa libx11 libxcursor libxrandr libxinerama \\
            libxi libxxf86vm wayland libxkbcommon webkit2gtk-4.1
  for the virtual desktop (tests, or no display), Fedora:
          sudo dnf install xorg-x11-server-Xvfb mesa-dri-drivers xfwm4 xfce4-panel xfconf \\
            dbus-daemon gnome-keyring libsecret surf xdotool xwininfo xprop ImageMagick \\
            dejavu-sans-fonts desktop-file-utils appstream python3-msal nodejs npm
  and Arch:
          sudo pacman -S --needed xorg-server-xvfb xfwm4 xfce4-panel xfconf dbus \\
            gnome-keyring libsecret surf xdotool xorg-xwininfo xorg-xprop imagemagick \\
            ttf-dejavu desktop-file-utils appstream python-msal nodejs npm
END
	exit 1
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
	sed -n 's/^installed //p') || true
missing=
for package in $packages; do
	case "
$installed
" in
	*"
$package
"*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

echo "debrief: installing what is missing:$missing"
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "debrief: installing needs root and there is no sudo; as root, run:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	sudo=sudo
fi

# Some packages bring a service; while they are installed, a policy says that
# none may be started, unless the machine has a policy of its own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap '$sudo rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
fi

apt() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@"
}
apt update || echo 'debrief: the package lists could not be renewed; trying with those at hand' >&2
if ! apt install --no-install-recommends $missing; then
	echo "debrief: apt-get could not install:$missing" >&2
	exit 1
fi
