// Command debrief-panel is Debrief's windows. The resident starts it when one is
// opened; it ends when the window is closed. It talks to the resident over the
// local API and holds no secret.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"debrief/assets"
	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/ui"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

// appID names the desktop entry that the window belongs to.
const appID = "app.debrief.Desktop"

// version is set by the build.
var version = "dev"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "debrief-panel:", err)
		os.Exit(1)
	}
}

func run() error {
	runDir := flag.String("run", "", "the resident's run folder")
	dataDir := flag.String("data", "", "the resident's data folder")
	page := flag.String("page", string(state.PageSessions), "the page shown first")
	demo := flag.Bool("demo", false, "the resident is the demo tenant's")
	flag.Parse()
	if *runDir == "" || *dataDir == "" || flag.NArg() > 0 {
		return errors.New("started by debrief, with --run and --data; to open it, run: debrief")
	}
	if err := platform.DisableCoreDumps(); err != nil {
		fmt.Fprintln(os.Stderr, "debrief-panel: core dumps stay on:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	// Fyne makes its cache folder, but not the one that it lies in.
	if cache, err := os.UserCacheDir(); err == nil {
		if err := os.MkdirAll(cache, 0o700); err != nil {
			fmt.Fprintln(os.Stderr, "debrief-panel: no cache folder:", err)
		}
	}
	paths := platform.Paths{Run: *runDir, Data: *dataDir}
	client := api.NewClient(func(ctx context.Context) (net.Conn, error) { return platform.Dial(ctx, paths) }, version)
	deps := ui.Deps{
		App: app.NewWithID(appID), Service: client, Page: state.Page(*page), Demo: *demo,
		Icon:   fyne.NewStaticResource("debrief.png", assets.Icon),
		Unsent: filepath.Join(*dataDir, "drafts", "unsent.md"),
	}
	// Debrief's settings do not reach this process, so only a Debrief in the usual
	// folders can be started from here.
	if usual, err := platform.FindPaths("", *demo, os.Getenv); err == nil && usual.Data == *dataDir && usual.Run == *runDir {
		deps.Restart = func(ctx context.Context) error { return restart(ctx, client, *demo) }
	}
	panel, err := ui.New(ctx, deps)
	if err != nil {
		return err
	}
	panel.Run()
	return nil
}
