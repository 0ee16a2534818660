package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

// maxRead bounds what is read of a summary: one byte more than the local API
// takes, so that what is too large is refused there and never cut.
const maxRead = 1<<20 + 1

// defaultWait is how long `post` waits for the outcome.
const defaultWait = time.Minute

func (c *command) post() *cobra.Command {
	var req state.PostRequest
	cmd := c.verbOf("post (--meeting REF | --chat ID) [options] (FILE | -)", 1, 1, func(ctx context.Context, args []string) error {
		if count(req.Meeting != "", req.Chat != "") != 1 {
			return wrong(text.CLIWrongTarget)
		}
		if req.Wait < 0 {
			return wrong(text.CLIWrongTimeout)
		}
		var err error
		if req.Markdown, err = c.summary(ctx, args[0]); err != nil {
			return err
		}
		return c.with(ctx, func(svc api.Service) error {
			res, err := svc.Post(ctx, req)
			switch {
			case err != nil:
				return c.kept(err)
			case req.DryRun:
				return c.preview(res.Rendered)
			case res.Post == nil:
				return errors.New("cli: the answer names no post")
			}
			return c.posted(*res.Post)
		})
	})
	f := cmd.Flags()
	f.StringVar(&req.Meeting, "meeting", "", text.S(text.CLIMeeting))
	f.StringVar(&req.Chat, "chat", "", text.S(text.CLIChat))
	f.StringSliceVar(&req.Mention, "mention", nil, text.S(text.CLIMention))
	f.BoolVar(&req.DryRun, "dry-run", false, text.S(text.CLIDryRun))
	f.DurationVar(&req.Wait, "timeout", defaultWait, text.S(text.CLITimeout))
	f.StringVar(&req.Account, "account", "", text.S(text.CLIAccount))
	return cmd
}

// summary reads the summary's file, or standard input where path is "-". What is
// in it is judged by the Service. A reading that Ctrl+C overtakes ends with the
// program.
func (c *command) summary(ctx context.Context, path string) (string, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		from := c.Stdin
		if path != "-" {
			f, err := os.Open(path)
			if err != nil {
				read <- result{nil, err}
				return
			}
			defer f.Close()
			from = f
		}
		data, err := io.ReadAll(io.LimitReader(from, maxRead))
		read <- result{data, err}
	}()
	select {
	case r := <-read:
		if r.err != nil {
			return "", &state.Problem{Code: text.FileUnreadable, Args: map[string]string{"path": path}, Detail: r.err.Error()}
		}
		return string(r.data), nil
	case <-ctx.Done():
		return "", errCancelled
	}
}

// preview prints the HTML that would be posted, and tells of it.
func (c *command) preview(r state.Rendered) error {
	if err := c.print(strings.TrimRight(r.HTML, "\n") + "\n"); err != nil {
		return err
	}
	c.say(text.CLIPreviewSize, kilobytes(r.Size), kilobytes(r.Limit))
	if len(r.Mentions) == 0 {
		c.say(text.CLIPreviewNobody)
		return nil
	}
	names := make([]string, 0, len(r.Mentions))
	for _, p := range r.Mentions {
		names = append(names, p.Name)
	}
	c.say(text.CLIPreviewPeople, strings.Join(names, ", "))
	return nil
}

// kept tells where a summary stays that needs a sign-in first: the problem's
// argument "post" is the draft's id.
func (c *command) kept(err error) error {
	p, ok := errors.AsType[*state.Problem](err)
	if !ok || p.Args["post"] == "" {
		return err
	}
	c.say(text.CLIPostDraft, p.Args["post"])
	return errors.Join(c.print(clean(p.Args["post"])+"\n"), err)
}

// posted prints the post's id and tells its outcome.
func (c *command) posted(p state.Post) error {
	if err := c.print(clean(p.ID) + "\n"); err != nil {
		return err
	}
	id := map[string]string{"id": p.ID}
	switch p.State {
	case state.Posted:
		if p.Title == "" {
			c.say(text.CLIPosted)
		} else {
			c.say(text.CLIPostedTo, p.Title)
		}
		return nil
	case state.Queued, state.Sending:
		return &state.Problem{Code: text.PostQueued, Args: id}
	case state.Unknown:
		return &state.Problem{Code: text.PostUnknown, Args: id}
	case state.Cancelled:
		c.say(text.CLIPostCancelled)
		return exitError(exitCancelled)
	case state.Draft:
		c.say(text.CLIPostDraft, p.ID)
		return &state.Problem{Code: text.SignInNeeded, Args: map[string]string{"account": p.Account}}
	}
	return &state.Problem{Code: text.PostFailed, Args: map[string]string{"id": p.ID, "reason": reason(p)}}
}

// reason puts why a post failed into words.
func reason(p state.Post) string {
	if p.Reason == "" {
		return ""
	}
	what, _ := text.Problem(text.Code(p.Reason), map[string]string{"account": p.Account, "meeting": p.Title, "id": p.ID})
	return what
}
