package cli

import (
	"context"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

// export asks the Service to write a session's token cache to a file. What is in
// it never comes here.
func (c *command) export() *cobra.Command {
	var yes bool
	cmd := c.verbOf("export ID FILE [--yes]", 2, 2, func(ctx context.Context, args []string) error {
		switch {
		case args[1] == "-":
			return wrong(text.CLIWrongExportFile)
		case !yes && !c.StdinIsTerminal:
			return wrong(text.CLIWrongExport)
		}
		path, err := filepath.Abs(args[1])
		if err != nil {
			return err
		}
		return c.with(ctx, func(svc api.Service) error {
			s, err := svc.Session(ctx, args[0])
			if err != nil {
				return err
			}
			if !yes {
				if _, err := io.WriteString(c.Stderr, text.S(text.CLIExportAsk, clean(s.Email), short(s.ID), clean(path))); err != nil {
					return err
				}
				switch answer, err := c.answer(ctx); {
				case err != nil:
					return err
				case answer != "y" && answer != "yes":
					return errCancelled
				}
			}
			if err := svc.Export(ctx, state.Export{ID: s.ID, Path: path}); err != nil {
				return err
			}
			if err := c.line(text.CLIExported, clean(s.Email), clean(path)); err != nil {
				return err
			}
			c.say(text.CLIExportCare)
			return nil
		})
	})
	cmd.Flags().BoolVar(&yes, "yes", false, text.S(text.CLIYes))
	return cmd
}

// importCache asks the Service to read another program's token cache.
func (c *command) importCache() *cobra.Command {
	return c.verbOf("import PATH", 1, 1, func(ctx context.Context, args []string) error {
		path, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		return c.with(ctx, func(svc api.Service) error {
			report, err := svc.Import(ctx, state.Import{Path: path})
			if err != nil {
				return err
			}
			return c.imported(report)
		})
	})
}

// imported tells what became of each sign-in. Where one is not in use, the exit
// code says that a sign-in is needed.
func (c *command) imported(report state.Imported) error {
	var end error
	for _, l := range report.Lines {
		key := text.CLIImported
		switch {
		case l.Problem != nil && l.Kept:
			key = text.CLIImportKept
		case l.Problem != nil:
			key = text.CLIImportNeeds
		}
		if err := c.line(key, clean(l.Account), short(l.Session)); err != nil {
			return err
		}
		if p := l.Problem; p != nil {
			what, next := text.Problem(p.Code, p.Args)
			if err := c.print("  " + clean(what) + "\n  " + clean(next) + "\n"); err != nil {
				return err
			}
			if p.Detail != "" {
				c.say(text.CLIDetail, p.Detail)
			}
			end = exitError(exitSignIn)
		}
	}
	return end
}

// statusWord tells a session's status, and why a sign-in is needed.
func statusWord(s state.Session) string {
	if s.Why != "" {
		return text.Word(text.CLIStatus, string(s.Status)+"."+string(s.Why))
	}
	return text.Word(text.CLIStatus, string(s.Status))
}
