package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// The exit codes: a contract with scripts.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitSignIn    = 3 // a person has to sign in
	exitNotFound  = 4
	exitUnknown   = 5 // a post that may have arrived
	exitQueued    = 6 // a post that has not gone yet
	exitCancelled = 7 // by the person
)

// exits are the problems with an exit code of their own; all others failed.
var exits = map[text.Code]int{
	text.Wrong:            exitUsage,
	text.AccountAmbiguous: exitUsage,
	text.SessionAmbiguous: exitUsage,
	text.MeetingAmbiguous: exitUsage,
	text.Setting:          exitUsage,
	text.SettingUnknown:   exitUsage,
	text.SignInNeeded:     exitSignIn,
	text.CacheDamaged:     exitSignIn,
	text.SessionChanged:   exitSignIn,
	text.OtherClient:      exitSignIn,
	text.OtherService:     exitSignIn,
	text.SessionUnknown:   exitNotFound,
	text.AccountUnknown:   exitNotFound,
	text.MeetingUnknown:   exitNotFound,
	text.PersonUnknown:    exitNotFound,
	text.NoChat:           exitNotFound,
	text.PostNotFound:     exitNotFound,
	text.PostUnknown:      exitUnknown,
	text.PostQueued:       exitQueued,
	text.SignInCancelled:  exitCancelled,
	text.Cancelled:        exitCancelled,
}

// exitError ends the program with a code after everything was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// errCancelled is a person's no, or Ctrl+C.
var errCancelled = errors.New("cancelled")

// end says what failed, if anything, and returns the exit code.
func (c *command) end(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code)
	}
	p, ok := errors.AsType[*state.Problem](err)
	if errors.Is(err, errCancelled) || ctx.Err() != nil &&
		(errors.Is(err, context.Canceled) || ok && p.Code == text.Cancelled) {
		c.say(text.CLICancelled)
		if c.verb == "post" {
			c.say(text.CLICancelledPost)
		}
		return exitCancelled
	}
	if !ok {
		p = &state.Problem{Code: text.Internal, Detail: err.Error()}
	}
	what, next := text.Problem(p.Code, p.Args)
	fmt.Fprintf(c.Stderr, "debrief: %s\n%s\n", clean(what), clean(next))
	if p.Detail != "" {
		fmt.Fprintln(c.Stderr, text.S(text.CLIDetail, clean(p.Detail)))
	}
	if code, ok := exits[p.Code]; ok {
		return code
	}
	return exitFailed
}

// say tells the person something, on standard error.
func (c *command) say(key text.Key, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = clean(s)
		}
	}
	fmt.Fprintln(c.Stderr, strings.TrimRight(text.S(key, args...), "\n"))
}
