package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) doctor() *cobra.Command {
	var asJSON bool
	cmd := c.verbOf("doctor [--json]", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			r, err := svc.Doctor(ctx)
			if err != nil {
				return err
			}
			r.Checks = orEmpty(r.Checks)
			if asJSON {
				err = c.json(r)
			} else {
				err = c.print(findings(r))
			}
			if err == nil && !r.OK {
				err = exitError(exitFailed)
			}
			return err
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, text.S(text.CLIJSON))
	return cmd
}

// findings puts a report into words: the checks, then what to do next.
func findings(r state.Report) string {
	t := newTable(text.CLIDoctorHead)
	var next strings.Builder
	for _, check := range r.Checks {
		t.row(check.ID, text.Word(text.CLIHealth, check.State), check.Detail)
		if check.Next != "" {
			next.WriteString(clean(check.ID) + ": " + clean(check.Next) + "\n")
		}
	}
	verdict := text.CLIDoctorOK
	if !r.OK {
		verdict = text.CLIDoctorBad
	}
	return t.String() + "\n" + text.S(verdict) + "\n" + next.String()
}
