package api

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"debrief/internal/app/state"
)

// pipes is a listener in memory, so that a server can run on synctest's clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// onTheClock serves svc inside a synctest bubble.
func onTheClock(t *testing.T, svc Service, try func(t *testing.T, dial func(context.Context) (net.Conn, error))) {
	synctest.Test(t, func(t *testing.T) {
		ln := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- NewServer(svc, "1", discard()).Serve(ctx, ln) }()
		try(t, ln.dial)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	})
}

func TestAUseCaseMayTakeAnHour(t *testing.T) {
	f := &fake{signIn: func(ctx context.Context) error {
		select {
		case <-time.After(time.Hour):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	onTheClock(t, f, func(t *testing.T, dial func(context.Context) (net.Conn, error)) {
		if _, err := NewClient(dial, "1").SignIn(t.Context(), state.SignIn{}); err != nil {
			t.Errorf("SignIn = %v, want nil", err)
		}
	})
}

func TestAWatchMayBeSilentForADay(t *testing.T) {
	f := &fake{watch: func(ctx context.Context, next func(state.State)) error {
		next(state.State{Revision: 1})
		select {
		case <-time.After(24 * time.Hour):
			next(state.State{Revision: 2})
		case <-ctx.Done():
			return nil
		}
		<-ctx.Done()
		return nil
	}}
	onTheClock(t, f, func(t *testing.T, dial func(context.Context) (net.Conn, error)) {
		ctx, cancel := context.WithCancel(t.Context())
		var last uint64
		err := NewClient(dial, "1").Watch(ctx, func(s state.State) {
			if last = s.Revision; last == 2 {
				cancel()
			}
		})
		if err != nil || last != 2 {
			t.Errorf("Watch = %v after revision %d, want nil after 2", err, last)
		}
	})
}

func TestARequestThatStopsHalfWayIsGivenUp(t *testing.T) {
	for name, part := range map[string]string{
		"in its head": "POST /v1/clear HTTP/1.1\r\nHost: debr",
		"in its body": "POST /v1/clear HTTP/1.1\r\nHost: debrief\r\nDebrief-Api: 1\r\nContent-Length: 100\r\n\r\n{\"all\":",
	} {
		t.Run(name, func(t *testing.T) {
			f := full()
			onTheClock(t, f, func(t *testing.T, dial func(context.Context) (net.Conn, error)) {
				conn, err := dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				if _, err := io.WriteString(conn, part); err != nil {
					t.Fatal(err)
				}
				answer, _ := io.ReadAll(conn)
				if took := time.Since(begin); took < readWait || took > 2*readWait {
					t.Errorf("given up after %v, want about %v", took, readWait)
				}
				if strings.Contains(string(answer), " 200 ") || f.last() != nil {
					t.Errorf("answered %q, asked for %v", answer, f.last())
				}
				_ = conn.Close()
			})
		})
	}
}

func TestAStalledClientDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{watch: func(ctx context.Context, next func(state.State)) error {
			for ctx.Err() == nil {
				next(state.State{DemoURL: strings.Repeat("x", 1<<16)})
			}
			return nil
		}}
		ln := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- NewServer(f, "1", discard()).Serve(ctx, ln) }()
		conn, _ := ln.dial(ctx)
		r, _ := http.NewRequest(http.MethodGet, "http://debrief"+pathWatch, nil)
		r.Header.Set(header, Version)
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReaderSize(conn, 16).ReadByte(); err != nil { // the stream has begun
			t.Fatal(err)
		}
		synctest.Wait()
		begin := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
		if took := time.Since(begin); took > 2*closeWait {
			t.Errorf("the end took %v, want about %v", took, closeWait)
		}
		_ = conn.Close()
	})
}
