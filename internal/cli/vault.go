package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func (c *command) unlock() *cobra.Command {
	return c.verbOf("unlock", 0, 0, func(ctx context.Context, _ []string) error {
		return c.with(ctx, func(svc api.Service) error {
			err := svc.Unlock(ctx)
			p, ok := errors.AsType[*state.Problem](err)
			if ok && (p.Code == text.VaultNeedsPassphrase || p.Code == text.VaultNotCreated) {
				err = c.openVault(ctx, svc, p.Code == text.VaultNotCreated)
			}
			if err != nil {
				return err
			}
			return c.line(text.CLIUnlocked)
		})
	})
}

func (c *command) openVault(ctx context.Context, svc api.Service, create bool) error {
	phrase, err := c.passphrase(create)
	if err != nil {
		return err
	}
	return svc.OpenVault(ctx, state.OpenVault{Passphrase: phrase, New: create})
}

func (c *command) vault() *cobra.Command {
	var req state.MoveVault
	cmd := c.verbOf("vault --move-to KIND", 0, 0, func(ctx context.Context, _ []string) error {
		if req.To == "" {
			return wrong(text.CLIWrongVault)
		}
		return c.with(ctx, func(svc api.Service) error {
			done, err := svc.MoveVault(ctx, req)
			p, ok := errors.AsType[*state.Problem](err)
			if ok && p.Code == text.VaultNoPassphrase {
				// A file vault that is there already is opened; else it is made.
				if req.Passphrase, err = c.passphrase(true); err != nil {
					return err
				}
				typed := bytes.Clone(req.Passphrase)
				req.New = true
				done, err = svc.MoveVault(ctx, req)
				if p, ok := errors.AsType[*state.Problem](err); ok && p.Code == text.VaultExists {
					req.Passphrase, req.New = typed, false
					done, err = svc.MoveVault(ctx, req)
				}
			}
			if err != nil {
				return err
			}
			return c.line(text.CLIVaultMoved, done.Entries, done.To, done.To)
		})
	})
	cmd.Flags().StringVar(&req.To, "move-to", "", text.S(text.CLIMoveTo))
	return cmd
}

// maxPassphrase bounds what is read of standard input.
const maxPassphrase = 1 << 10

// passphrase asks for a passphrase, twice for a new one; where nobody types it is
// the first line of standard input.
func (c *command) passphrase(create bool) (state.Passphrase, error) {
	if !c.StdinIsTerminal {
		line, err := bufio.NewReader(io.LimitReader(c.Stdin, maxPassphrase)).ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
	first, err := c.ask(text.CLIPassphrase)
	if err != nil || !create {
		return first, err
	}
	again, err := c.ask(text.CLIPassphraseAgain)
	if err != nil {
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(first, again) {
		return nil, wrong(text.CLIPassphraseDiffers)
	}
	return first, nil
}

// ask prompts on standard error and reads without showing what is typed.
func (c *command) ask(prompt text.Key) ([]byte, error) {
	fmt.Fprint(c.Stderr, text.S(prompt))
	defer fmt.Fprintln(c.Stderr)
	if c.ReadHidden == nil {
		return nil, errors.New("nothing can be read without showing it here")
	}
	return c.ReadHidden()
}
