package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

// quitWait is how long `quit` waits to see the resident gone.
const quitWait = 30 * time.Second

// quit ends the resident. That none runs is what was asked for, and no failure.
func (c *command) quit() *cobra.Command {
	return c.verbOf("quit", 0, 0, func(ctx context.Context, _ []string) error {
		err := c.withOf(ctx, Options{Demo: c.demo, Verb: c.verb, OnlyRunning: true}, func(svc api.Service) error {
			if err := svc.Quit(ctx); err != nil {
				return err
			}
			wait, cancel := context.WithTimeout(ctx, quitWait)
			defer cancel()
			// The stream ends with the resident, with an error for whoever watches on.
			err := svc.Watch(wait, func(state.State) {})
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case wait.Err() != nil || err != nil && !notRunning(err):
				c.say(text.CLIQuitLater) // it was asked; its end cannot be seen
			default:
				c.say(text.CLIQuit)
			}
			return nil
		})
		if notRunning(err) {
			c.say(text.CLINotRunning)
			return nil
		}
		return err
	})
}

func notRunning(err error) bool {
	p, ok := errors.AsType[*state.Problem](err)
	return ok && p.Code == text.NotRunning
}

func (c *command) emulator() *cobra.Command {
	var addr string
	cmd := c.verbOf("emulator --listen ADDRESS", 0, 0, func(ctx context.Context, _ []string) error {
		if addr == "" {
			return wrong(text.CLIWrongListen)
		}
		err := c.Emulator(ctx, addr, c.Stdout)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // a signal is how it is ended
		}
		return err
	})
	cmd.Flags().StringVar(&addr, "listen", "", text.S(text.CLIListen))
	return cmd
}
