// Package story plays Debrief's main job on a virtual desktop, through the real
// programs: a screen without hardware, a window manager, a panel with a tray, a
// session bus, a keyring and a web engine, driven by real keys and over D-Bus.
//
// Start with Play, which tells the whole story, and Desktop, on which it happens.
// The tests run it against the programs of `make test`; the command play shows it
// where `make run` finds no display. It runs on Linux only.
package story
