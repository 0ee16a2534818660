package cli

import (
	"context"
	"errors"
	"sync"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) signIn() *cobra.Command {
	var req state.SignIn
	cmd := c.verbOf("sign-in [--account HINT] [--browser KIND]", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			stop := c.tellSignIn(ctx, svc)
			in, err := svc.SignIn(ctx, req)
			stop()
			if ctx.Err() != nil && errors.Is(err, context.Canceled) {
				return &state.Problem{Code: text.SignInCancelled}
			}
			if err != nil {
				return err
			}
			s := in.Session
			if err := c.line(text.CLISignedIn, clean(s.User.Name), clean(s.Email), short(s.ID)); err != nil {
				return err
			}
			if in.Other {
				return &state.Problem{Code: text.SignInOther, Args: map[string]string{"asked": req.Hint, "got": s.Email}}
			}
			return nil
		})
	})
	cmd.Flags().StringVar(&req.Hint, "account", "", text.S(text.CLIHint))
	cmd.Flags().StringVar(&req.Browser, "browser", "", text.S(text.CLIBrowser))
	return cmd
}

// tellSignIn says what the sign-in waits for, as it goes on, until stop is called.
func (c *command) tellSignIn(ctx context.Context, svc api.Service) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var told state.SignInState
	var watching sync.WaitGroup
	watching.Go(func() {
		// Should the watch fail, the sign-in itself says what is wrong.
		_ = svc.Watch(ctx, func(st state.State) {
			if s := st.SignIn; s != nil && (s.Method != told.Method || s.UserCode != told.UserCode) {
				c.sayWaiting(*s, told)
				told = *s
			}
		})
	})
	return func() {
		cancel()
		watching.Wait()
	}
}

func (c *command) sayWaiting(now, before state.SignInState) {
	if now.InsteadOf != "" && before.InsteadOf == "" {
		c.say(text.CLINoWindow)
	}
	switch {
	case now.UserCode != "":
		c.say(text.CLIWaitDevice, now.VerificationURL, now.UserCode, now.CodeExpiresAt.In(c.Location).Format("15:04"))
	case now.Method == "device": // its code comes
	case now.Method == "system":
		c.say(text.CLIWaitBrowser)
	default:
		c.say(text.CLIWaitWindow)
	}
}
