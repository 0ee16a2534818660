//go:build cgo

package main

/*
#cgo pkg-config: gtk+-3.0 webkit2gtk-4.1
#include "webkit_linux.h"
*/
import "C"

import (
	"errors"

	webview "github.com/webview/webview_go"

	"debrief/internal/auth/window"
)

// guard is the one window of this process; GTK calls it on the main thread only.
var guard struct {
	view  webview.WebView
	order window.Order
	tell  *events
	host  string
}

func displayOpens() bool { return C.debrief_display_opens() != 0 }

// hook shows the current host in the title, and stops every load that the order
// does not allow. It has to come before the first Navigate.
func hook(view webview.WebView, order window.Order, tell *events) error {
	guard.view, guard.order, guard.tell = view, order, tell
	if C.debrief_hook(view.Window()) == 0 {
		return errors.New("the window holds no web view")
	}
	return nil
}

//export signinShows
func signinShows(uri *C.char) {
	host := window.Host(C.GoString(uri))
	if host == guard.host {
		return
	}
	guard.host = host
	title := guard.order.Title
	if host != "" {
		title += " – " + host
	}
	guard.view.SetTitle(title)
	guard.tell.event(window.Event{Event: window.AtHost, Host: host})
}

//export signinAllows
func signinAllows(uri *C.char) C.int {
	if guard.order.Allowed(C.GoString(uri)) {
		return 1
	}
	// The event names no URI: one can carry a code.
	guard.tell.event(window.Event{Event: window.Refused})
	return 0
}
