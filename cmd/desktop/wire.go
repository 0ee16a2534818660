package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"debrief/internal/app"
	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/config"
	"debrief/internal/emulator"
	"debrief/internal/graph"
	"debrief/internal/platform"
	"debrief/internal/session"
	"debrief/internal/session/filestore"
	"debrief/internal/text"
	"debrief/internal/vault"
	"debrief/internal/vault/file"
	"debrief/internal/vault/keyring"
	"debrief/internal/vault/memory"
)

// The names under which secrets lie in the keyring; they can never change.
const (
	keyringService     = "Debrief"
	keyringServiceDemo = "Debrief (demo)"
)

// instance is Debrief at work in this process: everything that wire made.
type instance struct {
	app   *app.App
	log   *slog.Logger
	panel *panelProcess
	close []func() error // in order of making

	// endLog closes the log; call it last.
	endLog func() error
}

// Close gives everything but the log back, the last made first.
func (i *instance) Close() error {
	var errs []error
	for n := len(i.close) - 1; n >= 0; n-- {
		errs = append(errs, i.close[n]())
	}
	return errors.Join(errs...)
}

// wire makes Debrief of its parts, in order of dependency. The caller holds the
// lock of the folder.
func (p *program) wire(ctx context.Context, s setup, resident bool) (_ *instance, err error) {
	i := &instance{endLog: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Close(), i.endLog())
		}
	}()
	later := func(f func() error) { i.close = append(i.close, f) }

	device, err := platform.LoadDevice(s.paths.Data)
	if err != nil {
		return nil, problemOfFile(filepath.Join(s.paths.Data, "device.json"), err)
	}
	var logFile io.Closer
	if i.log, logFile, err = platform.OpenLog(s.paths.Log(), slog.LevelInfo); err != nil {
		return nil, problemOfFile(s.paths.Log(), err)
	}
	i.endLog = logFile.Close

	deps := app.Deps{
		Version: p.version, Demo: s.cfg.Demo, Resident: resident,
		Device:   session.Device{ID: device.ID, Name: device.Name},
		Lifetime: s.cfg.Lifetime, EndsAtQuit: !s.cfg.Permanent, UseSigner: s.cfg.UseSigner,
		Browser: auth.Method(s.cfg.Browser), DataDir: s.paths.Data, ConfigDir: s.paths.Config, Log: i.log,
		OpenURL: func(ctx context.Context, address string) error { return platform.OpenURL(ctx, address, p.environ) },
	}

	// Microsoft, or the demo tenant's own.
	transport := proxied(s.cfg.Proxy)
	if s.cfg.Demo {
		folder := filepath.Join(s.paths.Data, "tenant")
		emu, err := emulator.Open(emulator.Options{Dir: folder})
		if err != nil {
			return nil, problemOfFile(folder, err)
		}
		later(emu.Close)
		if n := emu.Notice(); n != "" {
			i.log.Warn("the demo tenant began anew", "reason", n)
			fmt.Fprintln(os.Stderr, "debrief:", n)
		}
		transport, deps.DemoURL = emu.RoundTripper(), emu.URL()
		s.cfg.ClientID, s.cfg.Tenant = emulator.ClientID, emulator.TenantID
	}

	records := filepath.Join(s.paths.Data, "sessions")
	store, err := filestore.Open(filestore.Options{Dir: records, Log: i.log})
	if err != nil {
		return nil, problemOfFile(records, err)
	}
	deps.Store = store
	later(store.Close)

	deps.MoveTo = func(kind string) (vault.Items, app.Passphrases, error) { return s.items(config.VaultKind(kind)) }
	deps.PassphraseCode = passphraseCode
	keeping := vault.Options{Items: memory.New(), HomeID: device.Home, Log: i.log}
	if s.cfg.Vault != config.VaultMemory {
		keeping.Dir = s.paths.Data
		if keeping.Items, deps.Passphrases, err = s.items(s.cfg.Vault); err != nil {
			return nil, problemOfFile(s.paths.Data, err)
		}
		if r, rerr := vault.ReadRecorded(s.paths.Data); rerr == nil && r.Also != "" && r.Also != string(s.cfg.Vault) {
			if keeping.Also, _, err = s.items(config.VaultKind(r.Also)); err != nil {
				return nil, problemOfFile(s.paths.Data, err)
			}
		}
	}
	sealed, err := vault.Open(keeping)
	if err != nil {
		return nil, problemOfFile(s.paths.Data, err)
	}
	deps.Vault = sealed
	later(sealed.Close)

	profiles := filepath.Join(s.paths.Run, "sign-in")
	deps.SweepProfiles = func() (int, error) { return auth.SweepProfiles(profiles) }
	if s.cfg.ClientID != "" {
		options := auth.Options{
			ClientID: s.cfg.ClientID, Tenant: s.cfg.Tenant, Authority: s.cfg.Authority, Scopes: s.cfg.Scopes, Graph: s.cfg.GraphURL,
			Transport: transport, OpenBrowser: deps.OpenURL, Log: i.log,
			Window: p.signInWindow(profiles), Title: s.title(text.SignInWindowTitle),
		}
		client, err := auth.New(options)
		if err != nil {
			return nil, err
		}
		deps.Auth, deps.AdminLink = client, client.AdminLink()
	}
	deps.Graph = func(tokens graph.TokenSource) (app.Graph, error) {
		return graph.New(graph.Options{BaseURL: s.cfg.GraphURL, Transport: transport, Tokens: tokens, Log: i.log})
	}

	i.panel = &panelProcess{paths: s.paths, environ: p.environ, getenv: p.getenv, find: platform.FindHelper, demo: s.cfg.Demo, log: i.log}
	deps.Panel = i.panel.show
	later(i.panel.Close)
	deps.Checks = p.checks(s)
	deps.OnWake = func(ctx context.Context, woke func()) error { return platform.OnWake(ctx, "", woke) }

	if i.app, err = app.New(ctx, deps); err != nil {
		return nil, problemOfFile(s.paths.Data, err)
	}
	return i, nil
}

// items makes the keyring of a kind, and what opens it where it needs a
// passphrase. They are nil for a kind that keeps nothing beyond the program.
func (s setup) items(kind config.VaultKind) (vault.Items, app.Passphrases, error) {
	switch kind {
	case config.VaultKeyring:
		service := keyringService
		if s.cfg.Demo {
			service = keyringServiceDemo
		}
		items, err := keyring.New(keyring.Options{Service: service})
		if err != nil {
			return nil, nil, err
		}
		return items, nil, nil
	case config.VaultFile:
		items, err := file.New(file.Options{Dir: s.paths.Data})
		if err != nil {
			return nil, nil, err
		}
		return items, items, nil
	}
	return nil, nil, nil
}

// serveTenant offers the demo tenant to other programs.
func serveTenant(ctx context.Context, addr string, out io.Writer) error {
	err := emulator.Serve(ctx, emulator.ServeOptions{Addr: addr, Out: out})
	if errors.Is(err, emulator.ErrNotLoopback) {
		return &state.Problem{Code: text.Wrong, Args: map[string]string{"detail": text.S(text.LoopbackOnly, addr)}}
	}
	return err
}

// signInWindow drives the sign-in program; where that is missing, it says so when
// a window is asked for.
func (p *program) signInWindow(profiles string) auth.Window {
	program, err := platform.FindHelper("debrief-signin")
	if err != nil {
		program = ""
	}
	return auth.HelperWindow{Program: program, Env: platform.HelperEnv(p.environ), ProfileRoot: profiles}
}

// proxied is the transport to Microsoft by the setting DEBRIEF_PROXY.
func proxied(p config.Proxy) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	switch {
	case p.URL() != nil:
		t.Proxy = http.ProxyURL(p.URL())
	case !p.System():
		t.Proxy = nil
	}
	return t
}
