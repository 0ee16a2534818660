#!/bin/sh
# Prints the desktop entry for the program at the absolute path $1.
set -eu

# In an entry, Exec is quoted twice: as a command line, where ", `, $ and \ need a
# backslash and % is doubled, and as a string, where each backslash is doubled.
quoted=$(printf '%s' "$1" | sed -e 's/[\\"`$]/\\&/g' -e 's/%/%%/g' -e 's/\\/\\\\/g')
plain=$(printf '%s' "$1" | sed -e 's/\\/\\\\/g')

awk -v exec="\"$(printf '%s' "$quoted" | sed 's/\\/\\\\/g')\"" \
	-v try="$(printf '%s' "$plain" | sed 's/\\/\\\\/g')" '
	# replace puts value for name without looking into value, as sub would.
	function replace(name, value,   at) {
		at = index($0, name)
		if (at) $0 = substr($0, 1, at - 1) value substr($0, at + length(name))
	}
	{ replace("@EXEC@", exec); replace("@TRYEXEC@", try); print }
' "$(dirname "$0")/app.debrief.Desktop.desktop.in"
