package cli

import (
	"context"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) meetings() *cobra.Command {
	var asJSON bool
	var account string
	cmd := c.verbOf("meetings [--json] [--account ACCOUNT]", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			list, err := svc.Meetings(ctx, account)
			if err != nil {
				return err
			}
			if asJSON {
				for i := range list {
					list[i].Start, list[i].End = list[i].Start.UTC(), list[i].End.UTC()
				}
				return c.json(orEmpty(list))
			}
			if len(list) == 0 {
				return c.line(text.CLIMeetingsNone)
			}
			t := newTable(text.CLIMeetingsHead)
			for _, m := range list {
				t.row(c.clock(m.Start)+"–"+m.End.In(c.Location).Format("15:04"), m.Subject, note(m))
			}
			if err := c.print(t.String()); err != nil {
				return err
			}
			c.say(text.CLIMeetingsHow)
			return nil
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, text.S(text.CLIJSON))
	cmd.Flags().StringVar(&account, "account", "", text.S(text.CLIAccount))
	return cmd
}

// note tells why nothing can be posted to a meeting.
func note(m state.Meeting) string {
	switch {
	case m.Cancelled:
		return text.S(text.CLIMeetingOff)
	case m.JoinURL == "" && m.ChatID == nil:
		return text.S(text.CLIMeetingLocal)
	}
	return ""
}
