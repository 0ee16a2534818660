package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) sessions() *cobra.Command {
	var asJSON bool
	cmd := c.verbOf("sessions [--json]", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			list, err := svc.Sessions(ctx)
			if err != nil {
				return err
			}
			st, err := svc.State(ctx)
			if err != nil {
				return err
			}
			for _, u := range st.Unreadable {
				c.unreadable(u)
			}
			if asJSON {
				for i := range list {
					list[i] = sessionUTC(list[i])
				}
				return c.json(orEmpty(list))
			}
			if len(list) == 0 {
				return c.line(text.CLISessionsNone)
			}
			t := newTable(text.CLISessionsHead)
			for _, s := range list {
				t.row(short(s.ID), s.Email, statusWord(s),
					c.clock(s.LastUsedAt), c.clock(s.ExpiresAt), computer(s))
			}
			return c.print(t.String())
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, text.S(text.CLIJSON))
	return cmd
}

// unreadable tells of a record that the list lacks.
func (c *command) unreadable(u state.Unreadable) {
	if u.Why == "newer" {
		c.say(text.CLINewerRecord, u.ID)
		return
	}
	c.say(text.CLIUnreadable, u.ID, u.Path, u.Why)
}

// computer names a session's computer.
func computer(s state.Session) string {
	if s.ThisDevice {
		return text.S(text.CLIThisComputer, s.Device.Name)
	}
	return s.Device.Name
}

// sessionUTC makes sure of the times' zone, which is part of the JSON contract.
func sessionUTC(s state.Session) state.Session {
	for _, t := range []*time.Time{&s.CreatedAt, &s.LastUsedAt, &s.ExpiresAt, &s.Tokens.AccessExpiresAt, &s.Tokens.RefreshExpiresAt} {
		*t = t.UTC()
	}
	s.Tokens.Scopes = orEmpty(s.Tokens.Scopes)
	return s
}
