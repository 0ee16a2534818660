package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"debrief/internal/app/state"
)

// slow is a Service whose clear takes until it is let go.
type slow struct {
	*fake
	reached, release chan struct{}
}

func (s slow) Clear(context.Context, state.Clear) (state.ClearReport, error) {
	close(s.reached)
	<-s.release
	return state.ClearReport{Clean: true}, nil
}

func TestDrainingLetsACallEndAndRefusesNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := slow{full(), make(chan struct{}), make(chan struct{})}
		s := NewServer(svc, "1", slog.New(slog.DiscardHandler))
		ask := func(path string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"all":true}`))
			r.Header.Set(header, Version)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		first := make(chan *httptest.ResponseRecorder, 1)
		go func() { first <- ask(pathClear) }()
		<-svc.reached
		drained := make(chan error, 1)
		go func() { drained <- s.Drain(t.Context()) }()
		synctest.Wait()
		select {
		case <-drained:
			t.Error("it drained while a call was under way")
		default:
		}
		if w := ask(pathClear); !strings.Contains(w.Body.String(), "not_running") {
			t.Errorf("a call while draining: %s", w.Body)
		}
		close(svc.release)
		if err := <-drained; err != nil {
			t.Error(err)
		}
		if w := <-first; w.Code != http.StatusOK {
			t.Errorf("the call under way ended with %d: %s", w.Code, w.Body)
		}
	})
}

func TestDrainingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(full(), "1", slog.New(slog.DiscardHandler))
		if _, ok := s.begin(); !ok {
			t.Fatal("nothing begins")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Drain(ctx); err == nil {
			t.Error("no error while a call goes on")
		}
	})
}
