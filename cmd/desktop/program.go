package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
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

// The bounds of waiting for another Debrief of the same folder, and of ending.
const (
	takeOver = 10 * time.Second // for a verb at work, or an older version
	lastPost = 15 * time.Second // for what is being sent when Debrief quits
	lookUp   = 100 * time.Millisecond
)

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

// running returns the resident's, or a working verb's, client; nil where none
// answers.
func (p *program) running(ctx context.Context, s setup) (client *api.Client, version string) {
	c := api.NewClient(s.dial, p.version)
	v, err := c.Version(ctx)
	if err != nil {
		return nil, ""
	}
	return c, v
}

// connect gives a verb its Service: the running resident's, or Debrief made in
// this process for as long as the verb works.
func (p *program) connect(ctx context.Context, o cli.Options) (api.Service, func(), error) {
	s, err := p.prepare(o)
	if err != nil {
		return nil, nil, err
	}
	if c, _ := p.running(ctx, s); c != nil {
		return c, func() {}, nil
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
	stop := i.serve(p, s)
	return i.app, func() {
		// What was asked for is done or was given up: what is on the wire ends first.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPost)
		defer cancel()
		err := errors.Join(i.app.Close(end), stop(), i.Close(), lock.Unlock())
		if err != nil {
			fmt.Fprintln(os.Stderr, "debrief:", err)
		}
	}, nil
}

// lock takes the folder's lock. Where another process holds it and serves the
// local API meanwhile, that one's client comes back instead.
func (p *program) lock(ctx context.Context, s setup, verb string) (*platform.FileLock, *api.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, takeOver)
	defer cancel()
	for {
		lock, err := platform.Lock(s.paths.LockFile(), verb)
		if err == nil {
			return lock, nil, nil
		}
		if !errors.Is(err, platform.ErrLocked) {
			return nil, nil, problemOfFile(s.paths.LockFile(), err)
		}
		if c, _ := p.running(ctx, s); c != nil {
			return nil, c, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, &state.Problem{Code: text.Busy, Args: map[string]string{"verb": platform.Holder(s.paths.LockFile())}}
		case <-time.After(lookUp):
		}
	}
}

// serve offers the instance on the local API until stop. Without it Debrief
// works, but nobody else can ask: that is told.
func (i *instance) serve(p *program, s setup) (stop func() error) {
	l, err := platform.Listen(s.paths)
	if err != nil {
		i.log.Error("the local API is not served", "err", err.Error())
		fmt.Fprintln(os.Stderr, "debrief:", text.S(text.NoLocalAPI), err)
		return func() error { return nil }
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := api.NewServer(i.app, p.version, i.log).Serve(ctx, l); err != nil {
			i.log.Error("the local API ended", "err", err.Error())
		}
	})
	return func() error {
		cancel()
		serving.Wait()
		return nil
	}
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
	stop := i.serve(p, s)
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
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPost)
		defer cancel()
		err := errors.Join(i.app.Close(end), stop())
		endTray()
		ended <- err
	}()
	if p.hasTray() {
		tray.Run(trayCtx, tray.Options{Service: i.app, Ready: assets.TrayReady, Attention: assets.TrayAttention, Log: i.log})
	} else {
		i.log.Warn("no message bus: no tray icon")
		fmt.Fprintln(os.Stderr, "debrief:", text.S(text.DoctorBusNone)+"\n"+text.S(text.DoctorBusNext))
	}
	err = <-ended
	i.log.Info("quit", "pid", os.Getpid())
	return errors.Join(err, i.Close(), lock.Unlock())
}

// takeOver takes the folder's lock for a resident. It is nil without an error
// where a resident of this version runs already and was shown. A resident of
// another version is asked to finish and quit; a verb at work is waited for.
func (p *program) takeOver(ctx context.Context, s setup, show bool) (*platform.FileLock, error) {
	wait, cancel := context.WithTimeout(ctx, takeOver)
	defer cancel()
	for asked := false; ; {
		lock, err := platform.Lock(s.paths.LockFile(), asResident)
		if err == nil || !errors.Is(err, platform.ErrLocked) {
			return lock, problemOfFile(s.paths.LockFile(), err)
		}
		holder := platform.Holder(s.paths.LockFile())
		// A holder who could not write its name down (a full disk) is taken for a resident.
		if c, version := p.running(wait, s); c != nil && (holder == asResident || holder == "") {
			if version == p.version {
				if show {
					return nil, c.Show(ctx, state.PageSessions)
				}
				return nil, nil
			}
			if !asked {
				asked = true
				if err := c.Quit(wait); err != nil {
					return nil, err
				}
			}
		}
		select {
		case <-wait.Done():
			return nil, &state.Problem{Code: text.Busy, Args: map[string]string{"verb": holder}}
		case <-time.After(lookUp):
		}
	}
}

// asResident is what a resident writes as the lock's holder; verbs write theirs.
const asResident = "resident"

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
