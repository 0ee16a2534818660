package graph

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// maxAnswer bounds what is read of one answer; Graph's own bound of a call is 4 MB.
const maxAnswer = 8 << 20

// transport ends the pipeline. It follows no redirect, since http.RoundTripper
// follows none, and lets nothing out to another host.
type transport struct {
	next http.RoundTripper
	host string
	saw  func(date time.Time)
}

func (t *transport) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Host != t.host {
		return nil, errForeignHost
	}
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		t.saw(date.UTC())
	}
	resp.Body = &bounded{body: resp.Body, left: maxAnswer}
	return resp, nil
}

var errTooLong = errors.New("the answer is too long")

type bounded struct {
	body io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	return n, err
}

func (b *bounded) Close() error { return b.body.Close() }
