//go:build cgo && !linux

package main

import (
	webview "github.com/webview/webview_go"

	"debrief/internal/auth/window"
)

func displayOpens() bool { return true }

// hook has no way to the web view here: the title shows no host, and what may be
// loaded is left to the system's web view.
func hook(webview.WebView, window.Order, *events) error { return nil }
