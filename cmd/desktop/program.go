package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"debrief/assets"
	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/cli"
	"debrief/internal/config"
	"debrief/internal/platform"
	"debrief/internal/text"
	"debrief/internal/tray"
)

// lastPost bounds the waiting, when Debrief quits, for what is being sent.
const lastPost = 15 * time.Second

// program is this process: where it runs and what it is.
type program struct {
	environ []string
	getenv  func(string) string
	version string
}

// setup is what a launch found out before anything was started.
type setup struct {
	paths platform.Paths
	cfg   config.Config
}

// title is a window's first title; the demo says so.
func (s setup) title(k text.Key) string {
	if s.cfg.Demo {
		return text.S(text.DemoTitle, text.S(k))
	}
	return text.S(k)
}

// prepare finds the folders and reads the settings. Nothing is started on wrong
// settings.
func (p *program) prepare(o cli.Options) (setup, error) {
	paths, err := platform.FindPaths(config.HomeOf(p.environ), o.Demo, p.getenv)
	if err != nil {
		return setup{}, err
	}
	if err := paths.Ensure(); err != nil {
		return setup{}, problemOfFile(paths.Data, err)
	}
	cfg, err := config.Load(config.Source{Environ: p.environ, Paths: paths, Demo: o.Demo})
	if err == nil {
		err = cfg.Unsupported()
	}
	return setup{paths, cfg}, problemOfSettings(err)
}

func (s setup) dial(ctx context.Context) (net.Conn, error) { return platform.Dial(ctx, s.paths) }

// connect gives a verb its Service: the running resident's, or Debrief made in
// this process for as long as the verb works.
func (p *program) connect(ctx context.Context, o cli.Options) (api.Service, func(), error) {
	s, err := p.prepare(o)
	if err != nil {
		return nil, nil, err
	}
	if r := p.running(ctx, s); r != nil && (!r.ending || o.OnlyRunning) {
		return r.client, func() {}, nil
	}
	if o.OnlyRunning {
		return nil, nil, &state.Problem{Code: text.NotRunning}
	}
	lock, client, err := p.lock(ctx, s, o.Verb)
	if err != nil {
		return nil, nil, err
	}
	if client != nil {
		return client, func() {}, nil
	}
	i, err := p.wire(ctx, s, false)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Unlock())
	}
	drain, stop := i.serve(p, s)
	return i.app, func() {
		// Others may have asked this process for something meanwhile.
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPost)
		drain(wait)
		cancel()
		// What was asked for is done or was given up: the exit code is its alone.
		err := i.end(ctx, stop)
		tellEnd(errors.Join(err, i.endLog(), lock.Unlock()))
	}, nil
}

// serve offers the instance on the local API until stop; drain lets what others
// asked for end before. Without it Debrief works, but nobody else can ask: that
// is told.
func (i *instance) serve(p *program, s setup) (drain func(context.Context), stop func()) {
	l, err := platform.Listen(s.paths)
	if err != nil {
		i.log.Error("the local API is not served", "err", err.Error())
		fmt.Fprintln(os.Stderr, "debrief:", text.S(text.NoLocalAPI), err)
		return func(context.Context) {}, func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := api.NewServer(served{i.app}, p.version, i.log)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(ctx, l); err != nil {
			i.log.Error("the local API ended", "err", err.Error())
		}
	})
	drain = func(wait context.Context) {
		if err := server.Drain(wait); err != nil {
			i.log.Info("another program's call was cut off", "err", err.Error())
		}
	}
	return drain, func() {
		cancel()
		serving.Wait()
	}
}

// end gives back what Debrief works with, save the log and the lock. What is
// being sent ends first. A failure is in the log; it changes nothing of what was
// done before.
func (i *instance) end(ctx context.Context, stop func()) error {
	_ = i.app.Quit(ctx) // never fails; a launch from now on waits for the lock
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPost)
	defer cancel()
	err := i.app.Close(last)
	stop()
	if err = errors.Join(err, i.Close()); err != nil {
		i.log.Error("the end left something undone", "err", err.Error())
	}
	return err
}

// resident runs Debrief in the foreground until somebody quits it; where one
// runs already, it is shown instead, or asked to give way when it is of another
// version.
func (p *program) resident(ctx context.Context, o cli.Options, show bool) error {
	s, err := p.prepare(o)
	if err != nil {
		return err
	}
	lock, err := p.takeOver(ctx, s, show)
	if lock == nil || err != nil {
		return err
	}
	i, err := p.wire(ctx, s, true)
	if err != nil {
		return errors.Join(err, lock.Unlock())
	}
	for _, n := range s.cfg.Notices {
		i.log.Info("a setting does not do what it may seem to", "setting", n.Name, "kind", string(n.Kind))
	}
	_, stop := i.serve(p, s)
	i.app.Start()
	i.log.Info("started", "version", p.version, "pid", os.Getpid(), "demo", s.cfg.Demo)
	if show {
		if err := i.app.Show(ctx, state.PageSessions); err != nil {
			i.tell(err)
		}
	}

	trayCtx, endTray := context.WithCancel(context.WithoutCancel(ctx))
	defer endTray()
	ended := make(chan error, 1)
	go func() {
		select {
		case <-ctx.Done():
		case <-i.app.Done():
		}
		// The tray goes last: its end closes a connection that the keyring uses.
		err := i.end(ctx, stop)
		endTray()
		ended <- err
	}()
	if p.hasTray() {
		tray.Run(trayCtx, tray.Options{Service: i.app, Ready: assets.TrayReady, Attention: assets.TrayAttention, Log: i.log})
	} else {
		i.log.Warn("no message bus: no tray icon")
		fmt.Fprintln(os.Stderr, "debrief:", text.S(text.NoTray)+"\n  "+text.S(text.DoctorBusNext))
	}
	err = <-ended
	i.log.Info("quit", "pid", os.Getpid())
	tellEnd(errors.Join(err, i.endLog(), lock.Unlock()))
	return nil
}

// hasTray reports whether an icon can be registered somewhere: on Linux that
// takes a message bus, which is never started for it.
func (p *program) hasTray() bool {
	if runtime.GOOS != "linux" {
		return true
	}
	_, ok := platform.SessionBus(p.getenv)
	return ok
}

// tell writes a failure of the launch where a person sees it; Debrief goes on.
func (i *instance) tell(err error) {
	if pr, ok := errors.AsType[*state.Problem](err); ok {
		what, next := text.Problem(pr.Code, pr.Args)
		fmt.Fprintf(os.Stderr, "debrief: %s\n  %s\n", what, next)
		return
	}
	fmt.Fprintln(os.Stderr, "debrief:", err)
}

// tellEnd says in one line that Debrief ended, but not cleanly; nil says nothing.
func tellEnd(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "debrief:", text.S(text.EndedBadly, strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
}
