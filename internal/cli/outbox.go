package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

// readyWait is how long a resident that still starts is waited for.
const readyWait = 10 * time.Second

func (c *command) outbox() *cobra.Command {
	var asJSON bool
	var account string
	cmd := c.verbOf("outbox [--json] [--account ACCOUNT]", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			st, err := ready(ctx, svc)
			if err != nil {
				return err
			}
			list, err := postsOf(st, account)
			if err != nil {
				return err
			}
			if asJSON {
				for i := range list {
					list[i] = postUTC(list[i])
				}
				return c.json(orEmpty(list))
			}
			if len(list) == 0 {
				return c.line(text.CLIOutboxNone)
			}
			t := newTable(text.CLIOutboxHead)
			for _, p := range list {
				t.row(short(p.ID), text.Word(text.CLIState, string(p.State)), c.clock(p.CreatedAt), p.Account, p.Title, c.remark(p))
			}
			return c.print(t.String())
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, text.S(text.CLIJSON))
	cmd.Flags().StringVar(&account, "account", "", text.S(text.CLIAccount))
	return cmd
}

// ready gives the state once the resident has started, or as it is after
// readyWait.
func ready(ctx context.Context, svc api.Service) (state.State, error) {
	newest, err := svc.State(ctx)
	if err != nil || newest.Ready {
		return newest, err
	}
	wait, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	err = svc.Watch(wait, func(st state.State) {
		if newest = st; st.Ready {
			cancel()
		}
	})
	if ctx.Err() != nil {
		return newest, ctx.Err()
	}
	return newest, err
}

// postsOf picks the posts of an account: an e-mail, or a session's id or its
// beginning. Where several accounts post, one has to be named.
func postsOf(st state.State, account string) ([]state.Post, error) {
	var emails []string
	for _, p := range st.Posts {
		emails = append(emails, p.Account)
	}
	for _, s := range st.Sessions {
		emails = append(emails, s.Email)
		if len(account) >= 6 && strings.HasPrefix(s.ID, strings.ToLower(account)) {
			account = s.Email
		}
	}
	slices.Sort(emails)
	emails = slices.Compact(emails)
	switch {
	case account == "" && len(emails) > 1:
		return nil, &state.Problem{Code: text.AccountAmbiguous, Args: map[string]string{"accounts": strings.Join(emails, ", ")}}
	case account == "":
		return slices.Clone(st.Posts), nil
	case !slices.ContainsFunc(emails, func(e string) bool { return strings.EqualFold(e, account) }):
		return nil, &state.Problem{Code: text.AccountUnknown, Args: map[string]string{"account": account}}
	}
	return slices.DeleteFunc(slices.Clone(st.Posts), func(p state.Post) bool { return !strings.EqualFold(p.Account, account) }), nil
}

// remark tells why a post is where it is.
func (c *command) remark(p state.Post) string {
	var parts []string
	if r := reason(p); r != "" {
		parts = append(parts, r)
	}
	if p.NextAttemptAt != nil {
		parts = append(parts, text.S(text.CLIOutboxNext, c.clock(*p.NextAttemptAt)))
	}
	if p.Reconciled {
		parts = append(parts, text.S(text.CLIReconciled))
	}
	return strings.Join(parts, " ")
}

func postUTC(p state.Post) state.Post {
	p.CreatedAt = p.CreatedAt.UTC()
	if p.NextAttemptAt != nil {
		at := p.NextAttemptAt.UTC()
		p.NextAttemptAt = &at
	}
	p.Parts = orEmpty(p.Parts)
	return p
}
