package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// callback is the loopback listener to which Microsoft's page sends the person
// back. Anybody on this computer, and every web page, can reach it: a request
// counts only with this sign-in's state, and all others change nothing.
type callback struct {
	redirect string      // "http://localhost:<port>"
	answers  chan answer // holds the one answer that counts

	state  string
	host   string // of redirect
	server *http.Server
	log    *slog.Logger

	mu       sync.Mutex
	answered bool
	leadPath string // "/go/…", an own address that leads to the sign-in page
	leadTo   string

	adminLink string // for the words of an outcome; set before the page is shown

	finished chan struct{} // closed by finish
	failure  *Error        // set before finished is closed; nil: signed in
}

// answer is what the page sent back: a code or a failure.
type answer struct {
	code    string
	failure *Error
}

const (
	maxCallback  = 64 << 10 // bytes of a posted answer; codes have a few thousand
	callbackTime = 15 * time.Second
)

// listenCallback opens the listener and serves until close.
func listenCallback(listen listenFunc, state string, log *slog.Logger) (*callback, error) {
	listeners, port, err := loopbackListeners(listen)
	if err != nil {
		return nil, err
	}
	cb := &callback{
		state:    state,
		host:     "localhost:" + strconv.Itoa(port),
		answers:  make(chan answer, 1),
		log:      log,
		finished: make(chan struct{}),
	}
	cb.redirect = "http://" + cb.host
	cb.server = &http.Server{
		Handler:           http.HandlerFunc(cb.serve),
		ReadHeaderTimeout: callbackTime,
		ReadTimeout:       callbackTime,
		MaxHeaderBytes:    maxCallback, // a query answer is in the first line
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	for _, l := range listeners {
		go func() { _ = cb.server.Serve(l) }() // ends with close
	}
	return cb, nil
}

// lead returns an address of the listener that sends the browser on to page.
func (cb *callback) lead(page string) string {
	cb.mu.Lock()
	defer cb.mu.Unlock()
	cb.leadPath, cb.leadTo = "/go/"+random(), page
	return cb.redirect + cb.leadPath
}

// finish gives the outcome to the page that waits for it.
func (cb *callback) finish(failure *Error) {
	cb.failure = failure
	close(cb.finished)
}

// close ends the listener, after the page that tells the outcome was sent.
func (cb *callback) close() {
	cb.mu.Lock()
	cb.answered = true
	cb.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if cb.server.Shutdown(ctx) != nil {
		_ = cb.server.Close()
	}
}

func (cb *callback) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close") // nothing is to linger at the end
	if !strings.EqualFold(r.Host, cb.host) {
		// Another name for this computer: a page that rebinds its own name here.
		cb.stray(w, r, http.StatusMisdirectedRequest)
		return
	}
	cb.mu.Lock()
	leadPath, leadTo := cb.leadPath, cb.leadTo
	cb.mu.Unlock()
	switch {
	case leadPath != "" && r.Method == http.MethodGet && same(r.URL.Path, leadPath):
		plainHeaders(w.Header())
		http.Redirect(w, r, leadTo, http.StatusFound)
	case r.URL.Path != "/":
		cb.stray(w, r, http.StatusNotFound)
	case r.Method == http.MethodGet:
		cb.receive(w, r, r.URL.Query())
	case r.Method == http.MethodPost:
		cb.receivePost(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		cb.stray(w, r, http.StatusMethodNotAllowed)
	}
}

func (cb *callback) receivePost(w http.ResponseWriter, r *http.Request) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		cb.stray(w, r, http.StatusUnsupportedMediaType)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxCallback)
	if err := r.ParseForm(); err != nil {
		cb.stray(w, r, http.StatusBadRequest)
		return
	}
	cb.receive(w, r, r.PostForm)
}

// receive takes the first answer with the right state, and shows the outcome of
// the sign-in once it is known.
func (cb *callback) receive(w http.ResponseWriter, r *http.Request, form url.Values) {
	states := form["state"]
	if len(states) == 0 {
		cb.stray(w, r, http.StatusNotFound)
		return
	}
	if len(states) > 1 || !same(states[0], cb.state) {
		cb.log.Warn("sign-in callback refused: wrong state", "method", r.Method)
		showPage(w, http.StatusForbidden, refusedPage)
		return
	}
	a, ok := readAnswer(form)
	if !ok {
		cb.stray(w, r, http.StatusBadRequest)
		return
	}
	cb.mu.Lock()
	first := !cb.answered
	cb.answered = true
	cb.mu.Unlock()
	if first {
		cb.answers <- a
	}
	select {
	case <-cb.finished:
		showPage(w, http.StatusOK, outcomePage(cb.failure, cb.adminLink))
	case <-r.Context().Done():
	}
}

// stray answers what is not part of the sign-in: favicons, scanners, reloads.
func (cb *callback) stray(w http.ResponseWriter, r *http.Request, status int) {
	cb.log.Debug("sign-in callback: stray request", "method", r.Method, "status", status)
	showPage(w, status, strayPage)
}

// readAnswer reads a code or an error; a form that holds neither, both, or one
// of them twice is none (RFC 6749, 3.1).
func readAnswer(form url.Values) (answer, bool) {
	codes, failures := form["code"], form["error"]
	switch {
	case len(codes) == 1 && len(failures) == 0 && codes[0] != "":
		return answer{code: codes[0]}, true
	case len(codes) == 0 && len(failures) == 1 && failures[0] != "":
		return answer{failure: authorizeError(form)}, true
	}
	return answer{}, false
}

// same compares in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

type listenFunc func(network, address string) (net.Listener, error)

func listenLoopback(network, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(context.Background(), network, address)
}

// loopbackListeners listens on a free port of 127.0.0.1 and, where the computer
// has it, on the same port of ::1: browsers take either for localhost. A port that
// another program holds on one of the two is not used at all, or the code could go
// to that program.
func loopbackListeners(listen listenFunc) ([]net.Listener, int, error) {
	for range 20 {
		four, err := listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, 0, fmt.Errorf("no port of 127.0.0.1 can be opened for the sign-in: %w", err)
		}
		port := four.Addr().(*net.TCPAddr).Port
		six, err := listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
		if err == nil {
			return []net.Listener{four, six}, port, nil
		}
		if any6, err := listen("tcp6", "[::1]:0"); err != nil {
			return []net.Listener{four}, port, nil // no IPv6 here
		} else {
			_ = any6.Close()
		}
		_ = four.Close()
	}
	return nil, 0, errors.New("no port can be found for the sign-in that is free on 127.0.0.1 and ::1")
}
