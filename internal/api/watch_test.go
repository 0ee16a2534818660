package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// stream is a Watch that sends each revision that comes over revisions, and then
// waits for its client to go.
func stream(revisions <-chan uint64) func(context.Context, func(state.State)) error {
	return func(ctx context.Context, next func(state.State)) error {
		for {
			select {
			case r := <-revisions:
				next(state.State{Revision: r})
			case <-ctx.Done():
				return nil
			}
		}
	}
}

func TestWatchDeliversEachSnapshotAsItComes(t *testing.T) {
	revisions := make(chan uint64)
	f := &fake{watch: stream(revisions)}
	c, _, _ := serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	got, ended := make(chan uint64), make(chan error, 1)
	go func() { ended <- c.Watch(ctx, func(s state.State) { got <- s.Revision }) }()
	for r := range uint64(5) {
		revisions <- r
		if g := <-got; g != r {
			t.Fatalf("got revision %d, want %d", g, r)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Watch = %v after its context ended, want nil", err)
	}
}

func TestASlowWatcherSeesNoSnapshotTwiceAndTheLastOne(t *testing.T) {
	revisions := make(chan uint64)
	f := &fake{watch: stream(revisions)}
	c, _, _ := serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, goOn := make(chan uint64), make(chan struct{})
	go func() {
		_ = c.Watch(ctx, func(s state.State) {
			select {
			case got <- s.Revision:
			case <-ctx.Done():
			}
			select {
			case <-goOn:
			case <-ctx.Done():
			}
		})
	}()
	revisions <- 1
	if r := <-got; r != 1 {
		t.Fatalf("got revision %d, want 1", r)
	}
	const last = 1000 // more than any buffer on the way holds unread snapshots
	for r := uint64(2); r <= last; r++ {
		revisions <- r
	}
	for r := uint64(1); r < last; {
		goOn <- struct{}{}
		next := <-got
		if next <= r {
			t.Fatalf("revision %d came after %d", next, r)
		}
		r = next
	}
}

func TestOnlyTheNewestSnapshotWaitsForABusyWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		newest := make(chan state.State, 1)
		ended := make(chan error, 1)
		go func() { ended <- follow(r, newest) }()
		for _, line := range []string{`{"revision":1}`, `{"revision":2}`, `{"revision":3}`} {
			if _, err := io.WriteString(w, line+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := <-newest; got.Revision != 3 {
			t.Errorf("got revision %d, want 3", got.Revision)
		}
		_ = w.Close()
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Errorf("follow = %v at the stream's end, want %v", err, io.EOF)
		}
		if len(newest) != 0 {
			t.Error("an older snapshot came after the newest")
		}
	})
}

func TestAClientThatReadsNothingHoldsUpNobodyElse(t *testing.T) {
	var watching atomic.Int32
	f := full()
	f.watch = func(ctx context.Context, next func(state.State)) error {
		watching.Add(1)
		defer watching.Add(-1)
		for ctx.Err() == nil {
			next(state.State{DemoURL: strings.Repeat("x", 1<<16)})
		}
		return nil
	}
	c, dial, _ := serve(t, f)
	conn, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET /v1/state/watch HTTP/1.1\r\nHost: debrief\r\nDebrief-Api: 1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	until(t, "the stalled client's watch has begun", func() bool { return watching.Load() == 1 })
	if _, err := c.State(t.Context()); err != nil {
		t.Errorf("State beside a stalled client: %v", err)
	}
	_ = conn.Close()
	until(t, "the watch ends with its client", func() bool { return watching.Load() == 0 })
}

func TestWatchTellsWhyItEnded(t *testing.T) {
	t.Run("the service failed", func(t *testing.T) {
		f := &fake{watch: func(_ context.Context, next func(state.State)) error {
			next(state.State{Revision: 1})
			return &state.Problem{Code: text.DiskFull}
		}}
		c, _, _ := serve(t, f)
		err := c.Watch(t.Context(), func(state.State) {})
		if p, ok := errors.AsType[*state.Problem](err); !ok || p.Code != text.DiskFull {
			t.Errorf("got %v, want disk_full", err)
		}
	})
	t.Run("the resident quit", func(t *testing.T) {
		revisions := make(chan uint64)
		c, _, stop := serve(t, &fake{watch: stream(revisions)})
		ended := make(chan error, 1)
		got := make(chan state.State)
		go func() { ended <- c.Watch(t.Context(), func(s state.State) { got <- s }) }()
		revisions <- 1
		<-got
		stop()
		if p, ok := errors.AsType[*state.Problem](<-ended); !ok || p.Code != text.NotRunning {
			t.Errorf("got %v, want not_running", p)
		}
	})
	t.Run("the stream is no JSON", func(t *testing.T) {
		c := NewClient(func(context.Context) (net.Conn, error) {
			return answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"revision\":1}\nnonsense\n"), nil
		}, "1")
		calls := 0
		err := c.Watch(t.Context(), func(state.State) { calls++ })
		if p, ok := errors.AsType[*state.Problem](err); !ok || p.Code != text.Internal {
			t.Errorf("got %v, want internal", err)
		}
		if calls > 1 {
			t.Errorf("%d snapshots, want at most 1", calls)
		}
	})
}

// answering is a connection whose other end reads a request and answers reply.
func answering(reply string) net.Conn {
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		buf := make([]byte, 16<<10)
		if _, err := there.Read(buf); err == nil {
			_, _ = there.Write([]byte(reply))
		}
	}()
	return here
}

func TestEndingTheClientsContextEndsTheUseCase(t *testing.T) {
	began, cause := make(chan struct{}), make(chan error, 1)
	f := &fake{signIn: func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		cause <- ctx.Err()
		return ctx.Err()
	}}
	c, _, _ := serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.SignIn(ctx, state.SignIn{Hint: "a"})
		ended <- err
	}()
	<-began
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("SignIn = %v, want %v", err, context.Canceled)
	}
	if err := <-cause; !errors.Is(err, context.Canceled) {
		t.Errorf("the use case saw %v, want %v", err, context.Canceled)
	}
}

func TestTheServersEndEndsUseCasesAndTheirAnswersStillLeave(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want text.Code
	}{
		{"with its own problem", &state.Problem{Code: text.PostQueued}, text.PostQueued},
		{"with the context's error", context.Canceled, text.NotRunning},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := make(chan struct{})
			f := &fake{signIn: func(ctx context.Context) error {
				close(began)
				<-ctx.Done()
				return c.err
			}}
			client, _, stop := serve(t, f)
			ended := make(chan error, 1)
			go func() {
				_, err := client.SignIn(t.Context(), state.SignIn{})
				ended <- err
			}()
			<-began
			stop()
			err := <-ended
			if p, ok := errors.AsType[*state.Problem](err); !ok || p.Code != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestNoGoroutineIsLeftAfterCallsAndWatches(t *testing.T) {
	before := runtime.NumGoroutine()
	f := full()
	f.watch = stream(make(chan uint64))
	c, _, stop := serve(t, f)
	for _, m := range methods(f) {
		if _, err := m.call(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Watch(ctx, func(state.State) {}) }()
		until(t, "a watch is on", func() bool { return f.last() == "watch" })
		cancel()
		<-ended
		_, _ = c.State(t.Context())
	}
	until(t, "the served calls' goroutines end", func() bool { return runtime.NumGoroutine() <= before+3 }) // Serve's own
	stop()
	until(t, "the server's goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestAListenersFailureEndsServe(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	err = NewServer(&fake{}, "1", discard()).Serve(t.Context(), ln)
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve on a closed listener = %v, want its failure", err)
	}
}

// broken is an answer that cannot be written.
type broken struct{ http.ResponseWriter }

func (broken) Header() http.Header       { return http.Header{} }
func (broken) WriteHeader(int)           {}
func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAWatchEndsOnceASnapshotCannotBeWritten(t *testing.T) {
	calls := 0
	f := &fake{watch: func(ctx context.Context, next func(state.State)) error {
		for ctx.Err() == nil && calls < 10 {
			calls++
			next(state.State{})
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, pathWatch, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(header, Version)
	NewServer(f, "1", discard()).ServeHTTP(broken{}, r)
	if calls != 1 {
		t.Errorf("%d snapshots were made for a client that cannot be reached, want 1", calls)
	}
}
