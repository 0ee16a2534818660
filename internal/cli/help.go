package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"debrief/internal/text"
)

// help prints how cmd is used.
func (c *command) help(cmd *cobra.Command) {
	var b strings.Builder
	if cmd.HasParent() {
		fmt.Fprintf(&b, "debrief %s: %s\n\n%s\n", cmd.Name(), cmd.Short, text.S(text.CLIUsage, "debrief [--demo] "+cmd.Use))
	} else {
		fmt.Fprintf(&b, "%s\n\n%s\n\n%s\n", text.S(text.CLIAbout), text.S(text.CLIUsage, cmd.Use), text.S(text.CLIVerbs))
		t := newTable("")
		for _, verb := range cmd.Commands() {
			if verb.IsAvailableCommand() {
				t.row("  "+verb.Name(), verb.Short)
			}
		}
		b.WriteString(t.String())
	}
	options := pflag.NewFlagSet("", pflag.ContinueOnError)
	options.SortFlags = false
	options.AddFlagSet(cmd.LocalFlags())
	options.AddFlagSet(cmd.InheritedFlags())
	fmt.Fprintf(&b, "\n%s\n%s", text.S(text.CLIOptions), options.FlagUsages())
	if !cmd.HasParent() {
		fmt.Fprintf(&b, "\n%s\n", text.S(text.CLIExitCodes))
	}
	fmt.Fprint(c.Stdout, b.String())
}

// helpVerb is `debrief help [verb]`.
func (c *command) helpVerb() *cobra.Command {
	cmd := &cobra.Command{Use: "help [verb]", Short: text.S(text.CLIHelp), Hidden: true}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		of, rest, err := cmd.Root().Find(args)
		if err != nil || len(rest) > 0 {
			return wrong(text.CLIWrongVerb, strings.Join(args, " "))
		}
		c.help(of)
		return nil
	}
	return cmd
}

func (c *command) version() *cobra.Command {
	return c.verbOf("version", 0, 0, func(context.Context, []string) error {
		return c.line(text.CLIVersion, c.Version)
	})
}
