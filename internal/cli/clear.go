package cli

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) clear() *cobra.Command {
	var req state.Clear
	var yes bool
	cmd := c.verbOf("clear (ID… | --all | --expired) [--this-device] [--yes]", 0, -1, func(ctx context.Context, args []string) error {
		if n := count(len(args) > 0, req.All, req.Expired); n != 1 {
			return wrong(text.CLIWrongClear)
		}
		if req.ThisDevice && len(args) > 0 {
			return wrong(text.CLIWrongDevice)
		}
		req.IDs = args
		return c.with(ctx, func(svc api.Service) error {
			if req.All && c.StdinIsTerminal && !yes {
				if err := c.confirm(ctx, svc, req); err != nil {
					return err
				}
			}
			report, err := svc.Clear(ctx, req)
			if err != nil {
				return err
			}
			return c.report(report)
		})
	})
	cmd.Flags().BoolVar(&req.All, "all", false, text.S(text.CLIAll))
	cmd.Flags().BoolVar(&req.Expired, "expired", false, text.S(text.CLIExpired))
	cmd.Flags().BoolVar(&req.ThisDevice, "this-device", false, text.S(text.CLIThisOnly))
	cmd.Flags().BoolVar(&yes, "yes", false, text.S(text.CLIYes))
	return cmd
}

// confirm tells how much goes, of how many people and computers, and asks.
func (c *command) confirm(ctx context.Context, svc api.Service, req state.Clear) error {
	list, err := svc.Sessions(ctx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(s state.Session) bool { return req.ThisDevice && !s.ThisDevice })
	if len(list) == 0 {
		return nil
	}
	people, computers := map[string]bool{}, map[string]bool{}
	for _, s := range list {
		people[s.Email], computers[s.Device.ID] = true, true
	}
	if _, err := io.WriteString(c.Stderr, text.S(text.CLIClearAsk, len(list), len(people), len(computers))); err != nil {
		return err
	}
	switch answer, err := c.answer(ctx); {
	case err != nil:
		return err
	case answer != "y" && answer != "yes":
		return errCancelled
	}
	return nil
}

// answer reads a line of the person's; the end of the input is an empty one. A
// reading that Ctrl+C overtakes ends with the program.
func (c *command) answer(ctx context.Context) (string, error) {
	read := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(c.Stdin, 1<<10)).ReadString('\n')
		read <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case line := <-read:
		return line, nil
	case <-ctx.Done():
		return "", errCancelled
	}
}

// report puts what a clear did into words, line by line.
func (c *command) report(r state.ClearReport) error {
	var b strings.Builder
	say := func(s string) { b.WriteString(s + "\n") }
	sessions := false
	for _, l := range r.Lines {
		sessions = sessions || l.Session != ""
		outcome := text.Word(text.CLIOutcome, l.What+"."+l.Outcome)
		if outcome == l.What+"."+l.Outcome {
			outcome = text.Word(text.CLIOutcome, l.Outcome)
		}
		what := text.Word(text.CLIPart, l.What)
		if l.Session == "" {
			say(text.S(text.CLIClearShared, what, outcome))
		} else {
			say(text.S(text.CLIClearLine, clean(l.Account), short(l.Session), what, outcome))
		}
		if p := l.Problem; p != nil {
			what, next := text.Problem(p.Code, p.Args)
			say("  " + clean(what))
			say("  " + clean(next))
		}
	}
	if !sessions {
		say(text.S(text.CLIClearNothing))
	}
	if len(r.Kept) > 0 {
		say(text.S(text.CLIClearKept))
		for _, path := range r.Kept {
			say("  " + clean(path))
		}
	}
	if r.Clean {
		say(text.S(text.CLIClearClean))
	} else {
		say(text.S(text.CLIClearUnclean))
	}
	if err := c.print(b.String()); err != nil {
		return err
	}
	if !r.Clean {
		return exitError(exitFailed)
	}
	return nil
}

// count tells how many are true.
func count(all ...bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}
