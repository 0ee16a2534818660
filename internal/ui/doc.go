// Package ui is the panel: Debrief's windows, in Fyne. It is a client of the
// local API and holds no logic of its own and no secret.
//
// Start with New and Panel. What a screen says is made by pure functions of the
// newest state.State and the time (rows_*.go and words_*.go); the pages show it.
// All widgets are touched on one goroutine only: Panel.ui (work.go) is the one
// place that crosses to it.
package ui
