// Package cli is the command line: it reads the arguments, asks a Service and
// puts its answers into words or JSON. It holds no logic of its own.
//
// Start with Run. Each verb has a file; exit.go says what the exit codes mean.
package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

// Deps is what the command line needs. All are needed, save where said.
type Deps struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Version        string
	Now            func() time.Time
	// Location is the zone of the times that people read; nil is the computer's.
	Location *time.Location
	// StdinIsTerminal tells that somebody can be asked.
	StdinIsTerminal bool
	// ReadHidden reads a line that is typed, without showing it.
	ReadHidden func() ([]byte, error)

	// Connect gives the Service for a verb: the running resident's, or, unless
	// o.OnlyRunning, one made in this process that holds the lock while the verb
	// works. done gives it back.
	Connect func(ctx context.Context, o Options) (svc api.Service, done func(), err error)
	// Resident runs the resident in the foreground until quit. Where one runs
	// already it raises its panel if show, and returns.
	Resident func(ctx context.Context, o Options, show bool) error
	// Emulator serves the demo tenant until ctx ends; nil hides its verb.
	Emulator func(ctx context.Context, addr string, out io.Writer) error
}

// Options is what a verb asks of Connect and Resident.
type Options struct {
	Demo        bool
	Verb        string // empty for the resident
	OnlyRunning bool
}

// Run does what d.Args ask for and returns the exit code. Ending ctx cancels the
// verb at work, or ends the resident. It is called once in a process.
func Run(ctx context.Context, d Deps) int {
	if d.Location == nil {
		d.Location = time.Local
	}
	// Cobra would otherwise refuse to start from Windows' Explorer.
	cobra.MousetrapHelpText = ""
	c := &command{Deps: d}
	root := c.root()
	root.SetArgs(append([]string{}, d.Args...)) // nil would mean os.Args
	root.SetIn(d.Stdin)
	root.SetOut(d.Stdout)
	root.SetErr(d.Stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !c.began {
		if _, ok := errors.AsType[*state.Problem](err); !ok {
			err = &state.Problem{Code: text.Wrong, Args: map[string]string{"detail": err.Error()}}
		}
	}
	return c.end(ctx, err)
}

// command is one run of the command line.
type command struct {
	Deps
	demo  bool
	verb  string
	began bool // the arguments were fine: what fails now is no wrong usage
}

// root builds the tree of verbs.
func (c *command) root() *cobra.Command {
	var hidden bool
	root := &cobra.Command{
		Use:           "debrief [--demo] [--hidden | verb]",
		Args:          c.noVerb,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.began = true
			err := c.Resident(cmd.Context(), Options{Demo: c.demo}, !hidden)
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // a signal is how a resident is ended
			}
			return err
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().SortFlags = false
	root.PersistentFlags().BoolVar(&c.demo, "demo", false, text.S(text.CLIDemo))
	root.PersistentFlags().BoolP("help", "h", false, text.S(text.CLIHelp))
	root.Flags().BoolVar(&hidden, "hidden", false, text.S(text.CLIHidden))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return wrongFlag(err) })
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { c.help(cmd) })
	root.SetHelpCommand(c.helpVerb())
	root.AddCommand(c.signIn(), c.sessions(), c.show(), c.clear(), c.meetings(), c.post(), c.outbox(), c.doctor(),
		c.export(), c.importCache(), c.unlock(), c.vault(), c.quit(), c.version())
	if c.Emulator != nil {
		root.AddCommand(c.emulator())
	}
	return root
}

// noVerb refuses what is no verb of root's.
func (c *command) noVerb(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return wrong(text.CLIWrongVerb, args[0])
	}
	return nil
}

// verbOf makes a verb. use is its name and, for people, its arguments, of which
// there are at least min and at most max (-1: any number).
func (c *command) verbOf(use string, min, max int, run func(ctx context.Context, args []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, DisableFlagsInUseLine: true}
	cmd.Short = text.Word(text.CLIVerb, cmd.Name())
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) < min || max >= 0 && len(args) > max {
			return wrong(text.CLIWrongArgs, "debrief "+use)
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.verb, c.began = cmd.Name(), true
		return run(cmd.Context(), args)
	}
	cmd.Flags().SortFlags = false
	return cmd
}

// with runs do with the verb's Service.
func (c *command) with(ctx context.Context, do func(api.Service) error) error {
	return c.withOf(ctx, Options{Demo: c.demo, Verb: c.verb}, do)
}

func (c *command) withOf(ctx context.Context, o Options, do func(api.Service) error) error {
	svc, done, err := c.Connect(ctx, o)
	if err != nil {
		return err
	}
	defer done()
	return do(svc)
}

// wrong is a wrong usage, told with the words of key.
func wrong(key text.Key, args ...any) error {
	return &state.Problem{Code: text.Wrong, Args: map[string]string{"detail": text.S(key, args...)}}
}

// wrongFlag puts what the flags' library says into our words.
func wrongFlag(err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if e.GetSpecifiedShortnames() != "" {
			return wrong(text.CLIWrongOption, "-"+e.GetSpecifiedShortnames())
		}
		return wrong(text.CLIWrongOption, "--"+e.GetSpecifiedName())
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return wrong(text.CLIWrongNoValue, e.GetSpecifiedName())
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return wrong(text.CLIWrongValue, e.GetFlag().Name, e.GetValue())
	}
	return &state.Problem{Code: text.Wrong, Args: map[string]string{"detail": err.Error()}}
}
