// Command debrief is the resident: tray icon, sessions, vault, posting and the
// local API; and, with a verb, the command line.
//
// Start with main, then wire.go, the one place that names implementations.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"debrief/internal/cli"
	"debrief/internal/platform"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	if err := platform.DisableCoreDumps(); err != nil {
		fmt.Fprintln(os.Stderr, "debrief: core dumps stay on:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	p := &program{environ: os.Environ(), getenv: os.Getenv, version: version}
	return cli.Run(ctx, cli.Deps{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Version: version, Now: time.Now, StdinIsTerminal: term.IsTerminal(int(os.Stdin.Fd())),
		ReadHidden: func() ([]byte, error) { return term.ReadPassword(int(os.Stdin.Fd())) },
		Connect:    p.connect, Resident: p.resident, Emulator: serveTenant,
	})
}
