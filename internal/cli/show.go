package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) show() *cobra.Command {
	var asJSON bool
	cmd := c.verbOf("show ID [--json]", 1, 1, func(ctx context.Context, args []string) error {
		return c.with(ctx, func(svc api.Service) error {
			d, err := svc.Session(ctx, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return c.json(detailUTC(d))
			}
			return c.print(c.detail(d))
		})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, text.S(text.CLIJSON))
	return cmd
}

// detail puts everything about a session into words.
func (c *command) detail(d state.SessionDetail) string {
	t := newTable("")
	row := func(name text.Key, value string) { t.row(text.S(name), value) }
	expires := c.countdown(d.ExpiresAt)
	if !d.Permanent {
		expires = text.S(text.CLIShowEnds, expires)
	}
	row(text.CLIShowSession, d.ID)
	row(text.CLIShowAccount, d.User.Name+" <"+d.Email+">")
	row(text.CLIShowStatus, statusWord(d.Session))
	row(text.CLIShowDevice, computer(d.Session))
	row(text.CLIShowCreated, c.clock(d.CreatedAt))
	row(text.CLIShowUsed, c.clock(d.LastUsedAt))
	row(text.CLIShowExpires, expires)
	row(text.CLIShowAccess, c.countdown(d.Tokens.AccessExpiresAt))
	renewable := c.countdown(d.Tokens.RefreshExpiresAt)
	if !d.Tokens.RefreshExpiresAt.IsZero() {
		renewable = text.S(text.CLIEstimate, renewable)
	}
	row(text.CLIShowRefresh, renewable)
	row(text.CLIShowScopes, strings.Join(d.Tokens.Scopes, " "))
	row(text.CLIShowTenant, d.Account.TenantID)
	row(text.CLIShowHome, d.Account.HomeAccountID)
	row(text.CLIShowCloud, d.Account.Environment)
	row(text.CLIShowClient, d.Account.ClientID)
	if r := d.ReturnToSummary; r != nil {
		row(text.CLIShowWaits, r.Type+" "+r.ID)
	}
	if d.Signature != nil {
		row(text.CLIShowSigned, d.Signature.KeyID)
	} else {
		row(text.CLIShowSigned, text.S(text.CLIShowUnsigned))
	}
	return t.String() + c.cache(d) + claims(d) + places(d)
}

// cache tells what the token cache holds, or why it could not be read.
func (c *command) cache(d state.SessionDetail) string {
	head := "\n" + text.S(text.CLIShowCache) + "\n"
	if p := d.CacheProblem; p != nil {
		what, next := text.Problem(p.Code, p.Args)
		return head + "  " + clean(what) + "\n  " + clean(next) + "\n"
	}
	if len(d.Cache) == 0 {
		return head + text.S(text.CLIShowNoCache) + "\n"
	}
	t := newTable(text.CLIShowCacheHead)
	for _, e := range d.Cache {
		whose := strings.Join(e.Scopes, " ")
		for _, other := range []string{e.Username, e.Audience, e.ClientID} {
			if whose == "" {
				whose = other
			}
		}
		size := ""
		if e.Size > 0 {
			size = text.S(text.CLIBytes, e.Size)
		}
		t.row(text.Word(text.CLIKind, e.Kind), whose, c.clock(e.CachedAt), c.clock(e.ExpiresOn), size, e.SHA256)
	}
	return head + indent(t.String())
}

func claims(d state.SessionDetail) string {
	if len(d.Claims) == 0 {
		return ""
	}
	t := newTable("")
	for _, claim := range d.Claims {
		t.row(claim.Name, claim.Value)
	}
	return "\n" + text.S(text.CLIShowClaims) + "\n" + indent(t.String())
}

func places(d state.SessionDetail) string {
	if len(d.KeptIn) == 0 {
		return ""
	}
	t := newTable("")
	for _, p := range d.KeptIn {
		t.row(text.Word(text.CLIPart, p.What), text.Word(text.CLIPlace, p.State), p.Where)
	}
	return "\n" + text.S(text.CLIShowKept) + "\n" + indent(t.String())
}

// indent moves whole lines to the right.
func indent(lines string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n  ") + "\n"
}

func detailUTC(d state.SessionDetail) state.SessionDetail {
	d.Session = sessionUTC(d.Session)
	for i := range d.Cache {
		e := &d.Cache[i]
		for _, t := range []*time.Time{&e.CachedAt, &e.ExpiresOn, &e.ExtendedExpiresOn, &e.RefreshOn} {
			*t = t.UTC()
		}
	}
	d.KeptIn = orEmpty(d.KeptIn)
	return d
}
