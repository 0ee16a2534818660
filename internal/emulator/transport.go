package emulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// maxRequest is Graph's limit on a request.
const maxRequest = 4 << 20

// RoundTripper answers requests to LoginHost and GraphHost in process. Requests
// to any other host are refused with an error: nothing leaves the machine.
func (e *Emulator) RoundTripper() http.RoundTripper { return transport{e} }

type transport struct{ e *Emulator }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	host := strings.ToLower(r.URL.Host)
	if r.URL.Scheme != "https" || host != LoginHost && host != GraphHost {
		return nil, fmt.Errorf("emulator: %s://%s is not a host of the demo tenant", r.URL.Scheme, r.URL.Host)
	}
	served := r.Clone(r.Context())
	served.Host, served.RequestURI, served.RemoteAddr = host, r.URL.RequestURI(), "127.0.0.1:0"
	served.Body, served.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))

	w := &answer{header: http.Header{}}
	if err := t.e.serve(w, served, host == GraphHost, len(body)); err != nil {
		return nil, err
	}
	return w.response(r), nil
}

// serve answers a request to Graph or to the sign-in service, faults included. An
// error is a broken connection.
func (e *Emulator) serve(w *answer, r *http.Request, toGraph bool, size int) error {
	e.count(r)
	fault := e.takeFault(r)
	if fault != nil && fault.Delay > 0 {
		timer := time.NewTimer(fault.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
	handler, fail := e.login, e.loginFault
	if toGraph {
		handler, fail = e.graph, e.graphFault
	}
	if fault != nil && fault.EmptyPage {
		r = r.WithContext(context.WithValue(r.Context(), emptyPageKey{}, true))
	}
	replaces := fault != nil && (fault.Status != 0 || fault.Reset)
	if !replaces || fault.AfterCommit {
		if size > maxRequest {
			e.graphError(w, r, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request is larger than 4 MB.", "")
		} else {
			handler.ServeHTTP(w, r)
		}
	}
	if fault == nil {
		return nil
	}
	if fault.Reset {
		return fmt.Errorf("emulator: read: %w", syscall.ECONNRESET)
	}
	if fault.Status != 0 {
		*w = answer{header: http.Header{}}
		if fault.RetryAfter != "" {
			w.header.Set("Retry-After", fault.RetryAfter)
		}
		if fault.Body != "" {
			w.header.Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(fault.Status)
			_, _ = io.WriteString(w, fault.Body)
		} else {
			fail(w, r, fault)
		}
	}
	w.truncated = fault.Truncate
	return nil
}

// emptyPageKey marks a request whose page the fault EmptyPage empties.
type emptyPageKey struct{}

func emptyPage(r *http.Request) bool { return r.Context().Value(emptyPageKey{}) != nil }

// answer is an http.ResponseWriter that becomes a response.
type answer struct {
	header    http.Header
	status    int
	body      bytes.Buffer
	truncated bool
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) response(r *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	var body io.Reader = bytes.NewReader(a.body.Bytes())
	if a.truncated {
		body = io.MultiReader(bytes.NewReader(a.body.Bytes()[:a.body.Len()/2]), broken{})
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header.Clone(), Body: io.NopCloser(body), ContentLength: int64(a.body.Len()), Request: r,
	}
}

// broken is the end of a body whose connection broke.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
