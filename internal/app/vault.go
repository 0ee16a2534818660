package app

import (
	"context"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// Passphrases opens a file vault. The bytes given are wiped.
type Passphrases interface {
	Create(ctx context.Context, passphrase []byte) error
	UnlockWith(ctx context.Context, passphrase []byte) error
}

// reasonCodes are the problems of a keyring's state where its reason says more.
var reasonCodes = map[vault.Reason]text.Code{
	vault.NoKey: text.KeyringDamaged, vault.NoFile: text.VaultFileMissing, vault.NotCreated: text.VaultNotCreated,
	vault.NeedsPhrase: text.VaultNeedsPassphrase, vault.Truncated: text.VaultTruncated, vault.Newer: text.VaultNewer,
	vault.OtherKeyring: text.VaultElsewhere, vault.UnfinishedMove: text.VaultUnfinished,
}

// stateCode is the problem of a keyring that is not ready; false when it is.
func stateCode(s vault.Status) (text.Code, bool) {
	if code, ok := reasonCodes[s.Reason]; ok && s.State != vault.Ready {
		return code, true
	}
	code, ok := vaultCodes[s.State]
	return code, ok
}

// passphraseProblem tells why a passphrase was not taken.
func (a *App) passphraseProblem(err error) error {
	if code := a.d.PassphraseCode(err); code != "" {
		return a.fail(code)
	}
	if code, ok := reasonCodes[vault.ReasonOf(err)]; ok {
		return a.detailed(a.fail(code, "path", err.Error()), err)
	}
	return a.problem(err, "")
}

// OpenVault opens a file vault with its passphrase, or makes it, and finishes
// what waited for it.
func (a *App) OpenVault(ctx context.Context, req state.OpenVault) error {
	a.mu.Lock()
	vaultOf := a.passphrases
	a.mu.Unlock()
	if vaultOf == nil {
		return a.fail(text.VaultNotFile)
	}
	if err := a.openWith(ctx, vaultOf, req.Passphrase, req.New); err != nil {
		return err
	}
	a.recover(ctx)
	return nil
}

func (a *App) openWith(ctx context.Context, p Passphrases, passphrase []byte, create bool) error {
	if len(passphrase) == 0 {
		return a.fail(text.VaultNoPassphrase)
	}
	open := p.UnlockWith
	if create {
		open = p.Create
	}
	if err := open(ctx, passphrase); err != nil {
		return a.passphraseProblem(err)
	}
	return nil
}

// MoveVault moves every secret into another kind of vault.
func (a *App) MoveVault(ctx context.Context, req state.MoveVault) (state.MovedVault, error) {
	if a.d.MoveTo == nil {
		return state.MovedVault{}, a.fail(text.VaultKind, "kind", req.To)
	}
	items, passphrases, err := a.d.MoveTo(req.To)
	if err != nil {
		return state.MovedVault{}, a.problem(err, "")
	}
	if items == nil {
		return state.MovedVault{}, a.fail(text.VaultKind, "kind", req.To)
	}
	if passphrases != nil {
		if err := a.openWith(ctx, passphrases, req.Passphrase, req.New); err != nil {
			return state.MovedVault{}, err
		}
	}
	n, err := a.d.Vault.Move(ctx, items)
	if err != nil {
		return state.MovedVault{Entries: n, To: req.To}, a.problem(err, "")
	}
	a.mu.Lock()
	a.passphrases = passphrases
	a.mu.Unlock()
	a.d.Log.Info("moved the vault", "count", n, "kind", req.To)
	a.recover(ctx)
	return state.MovedVault{Entries: n, To: req.To}, nil
}
