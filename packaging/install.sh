#!/bin/sh
# Puts Debrief below a prefix, or takes it away again.
#
#   packaging/install.sh install|uninstall PREFIX [FOLDER OF THE PROGRAMS]
#
# DESTDIR, where set, is put before PREFIX while the files are written; the
# desktop entry names the place without it.
set -eu
cd "$(dirname "$0")/.."

verb=${1-} prefix=${2-} bin=${3-build/bin}
id=app.debrief.Desktop
case $prefix in
/*) ;;
*)
	echo "debrief: PREFIX has to be an absolute path, not \"$prefix\"" >&2
	exit 2
	;;
esac
root=${DESTDIR-}$prefix
share=$root/share
sizes='16 24 32 48 64 128 256 512'

# refresh tells the desktop's caches of the change, where the tools are there.
refresh() {
	if command -v update-desktop-database >/dev/null 2>&1 && [ -d "$share/applications" ]; then
		update-desktop-database -q "$share/applications" || true
	fi
	if command -v gtk-update-icon-cache >/dev/null 2>&1 && [ -e "$share/icons/hicolor/index.theme" ]; then
		gtk-update-icon-cache -q -f "$share/icons/hicolor" || true
	fi
}

case $verb in
install)
	install -D -m 755 "$bin/debrief" "$root/bin/debrief"
	for helper in debrief-panel debrief-signin; do
		install -D -m 755 "$bin/$helper" "$root/lib/debrief/$helper"
	done
	for size in $sizes; do
		install -D -m 644 "assets/icon-$size.png" "$share/icons/hicolor/${size}x$size/apps/$id.png"
	done
	install -D -m 644 assets/icon.svg "$share/icons/hicolor/scalable/apps/$id.svg"
	install -D -m 644 packaging/$id.metainfo.xml "$share/metainfo/$id.metainfo.xml"
	mkdir -p "$share/applications"
	sh packaging/desktop-entry.sh "$prefix/bin/debrief" >"$share/applications/$id.desktop"
	chmod 644 "$share/applications/$id.desktop"
	refresh
	echo "debrief: installed below $root"
	;;
uninstall)
	for size in $sizes; do
		rm -f "$share/icons/hicolor/${size}x$size/apps/$id.png"
	done
	rm -f "$root/bin/debrief" "$root/lib/debrief/debrief-panel" "$root/lib/debrief/debrief-signin" \
		"$share/icons/hicolor/scalable/apps/$id.svg" "$share/metainfo/$id.metainfo.xml" \
		"$share/applications/$id.desktop"
	if [ -d "$root/lib/debrief" ]; then rmdir --ignore-fail-on-non-empty "$root/lib/debrief"; fi
	refresh
	echo "debrief: removed from $root; settings, sessions and drafts stay (debrief remove-everything)"
	;;
*)
	echo 'usage: packaging/install.sh install|uninstall PREFIX [FOLDER OF THE PROGRAMS]' >&2
	exit 2
	;;
esac
