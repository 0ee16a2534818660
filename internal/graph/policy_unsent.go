package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// unsentPolicy marks those failures of a try in which no byte of the request can
// have reached the server: with certainty, not likelihood.
type unsentPolicy struct{}

// departure tells of a call whether its last try may have left this computer. It
// is kept in the call's context: the retry policy answers with the context's
// error alone when that ends.
type departure struct{ left atomic.Bool }

type departureKey struct{}

func withDeparture(ctx context.Context) (context.Context, *departure) {
	d := &departure{}
	return context.WithValue(ctx, departureKey{}, d), d
}

func (unsentPolicy) Do(req *policy.Request) (*http.Response, error) {
	d, ok := req.Raw().Context().Value(departureKey{}).(*departure)
	if !ok {
		d = &departure{}
	}
	d.left.Store(true)
	var asked, got atomic.Bool
	trace := &httptrace.ClientTrace{
		// net/http asks again only when nothing was written to the first connection.
		GetConn: func(string) { asked.Store(true); got.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	}
	resp, err := req.Clone(httptrace.WithClientTrace(req.Raw().Context(), trace)).Next()
	if err != nil && (asked.Load() && !got.Load() || beforeWrite(err)) {
		d.left.Store(false)
		return nil, &unsentError{err}
	}
	return resp, err
}

// beforeWrite knows the errors that come before anything is written, for
// transports that keep no trace.
func beforeWrite(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && (e.Op == "dial" || e.Op == "proxyconnect") {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok || distrusted(err)
}

// distrusted tells of a server that is not who it should be: trying again is no
// use.
func distrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// unsentError is a try that certainly had no effect.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }
