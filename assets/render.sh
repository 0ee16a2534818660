#!/bin/sh
# Draws the PNG files anew from the SVG files, by hand when a drawing changes:
# needs rsvg-convert (Debian: librsvg2-bin). The PNG files are kept in the tree.
set -eu
cd "$(dirname "$0")"
for size in 16 24 32; do rsvg-convert -w $size -h $size icon-small.svg -o icon-$size.png; done
for size in 48 64 128 256 512; do rsvg-convert -w $size -h $size icon.svg -o icon-$size.png; done
for state in ready attention; do
	rsvg-convert -w 44 -h 44 tray-$state.svg -o tray-$state-44.png
done
