package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) signIn() *cobra.Command {
	var req state.SignIn
	cmd := c.verbOf("sign-in [--account HINT] [--browser KIND]", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			if req.Browser == "system" {
				c.say(text.CLIWaitBrowser)
			} else {
				c.say(text.CLIWaitWindow)
			}
			in, err := svc.SignIn(ctx, req)
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
