// Package assets holds Debrief's icons: Icon for windows, TrayReady and
// TrayAttention for the tray. All are PNG; nobody changes them.
//
// The drawings are the SVG files; render.sh makes the PNG files from them.
package assets

import _ "embed"

// Icon is the application's icon, 128 pixels wide.
//
//go:embed icon-128.png
var Icon []byte

// TrayReady is the tray's icon while all is well, 44 pixels wide: twice the usual
// size, for panels scale down better than up.
//
//go:embed tray-ready-44.png
var TrayReady []byte

// TrayAttention is the tray's icon while something needs the person.
//
//go:embed tray-attention-44.png
var TrayAttention []byte
