package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// How long the server waits: for a request to be there whole, and for answers
// under way once the server ends.
const (
	readWait  = 10 * time.Second
	closeWait = 3 * time.Second
)

// Server offers a Service over a listener that only the same user can reach: it
// does not ask who is calling.
type Server struct {
	svc     Service
	version string
	log     *slog.Logger
	routes  map[string]route

	mu       sync.Mutex
	draining bool
	calls    int           // use cases under way, streams not counted
	ended    chan struct{} // closed and replaced when one ends
}

// route is what one path does.
type route struct {
	method string
	// everyVersion opens the route to clients of other versions of the API.
	everyVersion bool
	do           func(ctx context.Context, body []byte) (any, error)
	// stream, where it is set, takes do's place and writes its own answer.
	stream func(w http.ResponseWriter, r *http.Request)
}

// NewServer makes a server of svc. version is the program's, told at pathVersion.
func NewServer(svc Service, version string, log *slog.Logger) *Server {
	s := &Server{svc: svc, version: version, log: log, ended: make(chan struct{})}
	s.routes = map[string]route{
		pathState:        {method: http.MethodGet, do: get(svc.State)},
		pathWatch:        {method: http.MethodGet, stream: s.watch},
		pathSignIn:       {method: http.MethodPost, do: call(svc.SignIn)},
		pathCancelSignIn: {method: http.MethodPost, do: tell(svc.CancelSignIn)},
		pathSessions:     {method: http.MethodGet, do: get(svc.Sessions)},
		pathSession: {method: http.MethodPost, do: call(func(ctx context.Context, q sessionRequest) (state.SessionDetail, error) {
			return svc.Session(ctx, q.ID)
		})},
		pathClear: {method: http.MethodPost, do: call(svc.Clear)},
		pathExport: {method: http.MethodPost, do: call(func(ctx context.Context, q state.Export) (nothing, error) {
			return nothing{}, svc.Export(ctx, q)
		})},
		pathImport: {method: http.MethodPost, do: call(svc.Import)},
		pathUnlock: {method: http.MethodPost, do: tell(svc.Unlock)},
		pathOpenVault: {method: http.MethodPost, do: call(func(ctx context.Context, q state.OpenVault) (nothing, error) {
			return nothing{}, svc.OpenVault(ctx, q)
		})},
		pathMoveVault: {method: http.MethodPost, do: call(svc.MoveVault)},
		pathMeetings: {method: http.MethodPost, do: call(func(ctx context.Context, q meetingsRequest) ([]state.Meeting, error) {
			return svc.Meetings(ctx, q.Account)
		})},
		pathPeople: {method: http.MethodPost, do: call(svc.People)},
		pathPost:   {method: http.MethodPost, do: call(svc.Post)},
		pathDoctor: {method: http.MethodGet, do: get(svc.Doctor)},
		pathShow: {method: http.MethodPost, do: call(func(ctx context.Context, q showRequest) (nothing, error) {
			return nothing{}, svc.Show(ctx, q.Page)
		})},
		pathOpenDemo: {method: http.MethodPost, do: tell(svc.OpenDemo)},
		pathQuit:     {method: http.MethodPost, everyVersion: true, do: tell(svc.Quit)},
		pathVersion: {method: http.MethodGet, everyVersion: true, do: get(func(context.Context) (versionAnswer, error) {
			return versionAnswer{Version: version, API: Version}, nil
		})},
	}
	return s
}

// get is a use case without a request.
func get[A any](f func(context.Context) (A, error)) func(context.Context, []byte) (any, error) {
	return call(func(ctx context.Context, _ nothing) (A, error) { return f(ctx) })
}

// tell is a use case without request and answer.
func tell(f func(context.Context) error) func(context.Context, []byte) (any, error) {
	return call(func(ctx context.Context, _ nothing) (nothing, error) { return nothing{}, f(ctx) })
}

// call is a use case with a request of type Q.
func call[Q, A any](f func(context.Context, Q) (A, error)) func(context.Context, []byte) (any, error) {
	return func(ctx context.Context, body []byte) (any, error) {
		var q Q
		if err := decode(body, &q); err != nil {
			return nil, wrong("request: %v", err)
		}
		return f(ctx, q)
	}
}

// Serve answers on ln until ctx ends, and closes ln. Ending ctx cancels the use
// cases under way; their answers have closeWait to leave, then the connections
// are cut. It returns nil then, or the listener's failure.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: readWait,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	srv.SetKeepAlivesEnabled(false)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		// The bound is a new one: ctx has ended already.
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWait)
		defer cancel()
		if srv.Shutdown(wait) != nil {
			_ = srv.Close()
		}
	}()
	err := srv.Serve(ln)
	cancel()
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Drain lets the use cases under way end, until ctx does, and refuses new ones as
// NotRunning: for a program that served others while it did work of its own.
func (s *Server) Drain(ctx context.Context) error {
	for {
		s.mu.Lock()
		s.draining = true
		calls, ended := s.calls, s.ended
		s.mu.Unlock()
		if calls == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ended:
		}
	}
}

// begin counts a use case; false where none begins any more.
func (s *Server) begin() (end func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return nil, false
	}
	s.calls++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls--
		close(s.ended)
		s.ended = make(chan struct{})
	}, true
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(header, Version)
	rt, known := s.routes[r.URL.Path]
	switch {
	case r.Header.Get("Origin") != "":
		s.fail(w, http.StatusForbidden, wrong("requests of web pages are refused"))
		return
	case r.Header.Get(header) != Version && !rt.everyVersion:
		s.problem(w, &state.Problem{Code: text.VersionMismatch,
			Detail: "api: this is version " + s.version + ", which speaks API version " + Version})
		return
	case !known:
		s.fail(w, http.StatusNotFound, wrong("there is no %q", r.URL.Path))
		return
	case r.Method != rt.method:
		w.Header().Set("Allow", rt.method)
		s.fail(w, http.StatusMethodNotAllowed, wrong("%s wants %s", r.URL.Path, rt.method))
		return
	}
	body, ok := s.read(w, r)
	if !ok {
		return
	}
	if rt.stream != nil {
		rt.stream(w, r)
		return
	}
	end, ok := s.begin()
	if !ok {
		s.problem(w, &state.Problem{Code: text.NotRunning, Detail: "api: Debrief is quitting"})
		return
	}
	defer end()
	answer, err := rt.do(r.Context(), body)
	if err != nil && r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		// Nobody reads this, unless it is the server that ends.
		err = &state.Problem{Code: text.NotRunning, Detail: "api: Debrief is quitting"}
	}
	if err != nil {
		s.problem(w, problemOf(err))
		return
	}
	s.answer(w, http.StatusOK, answer)
}

// read takes the body whole, which is also what lets net/http notice, while the
// use case works, that the client is gone. The deadline is on the reading alone:
// left in place, it would end the use case. After a reading that failed it stays,
// for net/http reads on to what is left of the body.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readWait))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		s.fail(w, http.StatusRequestEntityTooLarge, wrong("a request has at most %d bytes", maxBody))
		return nil, false
	}
	if err != nil {
		s.fail(w, http.StatusBadRequest, wrong("request: %v", err))
		return nil, false
	}
	_ = control.SetReadDeadline(time.Time{})
	return body, true
}

// watch streams snapshots, one a line, until the client or the server ends. The
// Service skips what came while a line waited for a slow client.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	write := func(v any) {
		line, err := encode(v)
		if err == nil {
			_, err = w.Write(line)
		}
		if err == nil {
			err = control.Flush()
		}
		if err != nil {
			cancel()
		}
	}
	err := s.svc.Watch(ctx, func(st state.State) {
		if ctx.Err() == nil {
			write(st)
		}
	})
	if err != nil && ctx.Err() == nil {
		write(problemAnswer{problemOf(err)})
	}
}

func (s *Server) problem(w http.ResponseWriter, p *state.Problem) { s.fail(w, status(p.Code), p) }

func (s *Server) fail(w http.ResponseWriter, status int, p *state.Problem) {
	s.answer(w, status, problemAnswer{p})
}

func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	body, err := encode(v)
	if err != nil {
		status = http.StatusInternalServerError
		body, _ = json.Marshal(problemAnswer{wrong("answer: %v", err)})
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone: then there is nobody to tell
}
