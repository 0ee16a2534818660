//go:build cgo

// Command debrief-signin is Debrief's sign-in window: a web view and nothing
// else. It reads one order (package window) from standard input, writes events to
// standard output and ends when its window or its standard input is closed. It is
// started by debrief, with a throw-away web profile in its environment.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	webview "github.com/webview/webview_go"

	"debrief/internal/auth/window"
	"debrief/internal/platform"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "debrief-signin:", err)
		os.Exit(1)
	}
}

// run stays on the main thread, which webview_go locks: GTK, Cocoa and WebView2
// demand it.
func run() error {
	if err := platform.DisableCoreDumps(); err != nil {
		return err
	}
	tell := &events{out: json.NewEncoder(os.Stdout)}
	in := bufio.NewReaderSize(os.Stdin, 4096)
	order, err := readOrder(in)
	if err != nil {
		tell.event(window.Event{Event: window.Failed, Reason: window.BadOrder})
		return err
	}
	// webview.New returns a broken object where there is no display, and the next
	// call on it crashes: so ask first.
	if !platform.HasDisplay(os.Getenv) || !displayOpens() {
		tell.event(window.Event{Event: window.Failed, Reason: window.NoDisplay})
		return errors.New(window.NoDisplay)
	}
	w := webview.New(false)
	w.SetTitle(order.Title)
	w.SetSize(480, 640, webview.HintNone)
	if err := hook(w, order, tell); err != nil {
		tell.event(window.Event{Event: window.Failed, Reason: window.NoWebView})
		return err
	}
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, in)
		w.Terminate()
	}()
	w.Navigate(order.URL)
	tell.event(window.Event{Event: window.Ready})
	w.Run()
	tell.event(window.Event{Event: window.Closed})
	return nil
}

// readOrder reads the first line; what follows it is not looked at.
func readOrder(in *bufio.Reader) (window.Order, error) {
	var order window.Order
	line, err := bufio.NewReader(io.LimitReader(in, window.MaxOrder)).ReadBytes('\n')
	if err != nil {
		return order, errors.New("standard input holds no order")
	}
	// The error of encoding/json can quote the line, which holds a sign-in's state.
	if json.Unmarshal(line, &order) != nil || !order.Allowed(order.URL) {
		return order, errors.New("the order cannot be read")
	}
	return order, nil
}

// events writes events, one a line.
type events struct {
	mu  sync.Mutex
	out *json.Encoder
}

func (e *events) event(ev window.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.out.Encode(ev) // a reader that is gone has closed standard input too
}
