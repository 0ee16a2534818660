package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// tokens is a TokenSource whose tokens are numbered.
type tokens struct {
	mu      sync.Mutex
	n       int
	renewed []string // "rejected token | claims"
	err     error
}

func (s *tokens) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint("token-", s.n), s.err
}

func (s *tokens) Renew(_ context.Context, rejected, claims string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewed = append(s.renewed, rejected+" | "+claims)
	s.n++
	return fmt.Sprint("token-", s.n), s.err
}

// server answers requests one after the other with what a test says; the last
// answer stays.
type server struct {
	mu      sync.Mutex
	answers []func(*http.Request) (*http.Response, error)
	seen    []*http.Request
	bodies  []string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, r.Clone(context.WithoutCancel(r.Context())))
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	s.bodies = append(s.bodies, body)
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return answer(r)
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// reply answers with a state, a JSON body and headers as pairs.
func reply(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json;odata.metadata=minimal;charset=utf-8"}, "Request-Id": {"req-1"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r, ContentLength: int64(len(body))}, nil
	}
}

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

var errReset = errors.New("connection reset by peer")

const base = "https://graph.example/v1.0"

func client(t *testing.T, s *server, src *tokens) *Client {
	t.Helper()
	c, err := New(Options{BaseURL: base, Transport: s, Tokens: src})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
