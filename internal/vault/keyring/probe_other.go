//go:build !linux

package keyring

import (
	"context"
	"runtime"
	"time"

	"debrief/internal/vault"
)

// look: these keyrings belong to the system and are open while the person is
// logged in; what is wrong with one is told by its calls.
func look(context.Context) vault.Status {
	provider := runtime.GOOS
	switch runtime.GOOS {
	case "windows":
		provider = "Credential Manager"
	case "darwin":
		provider = "Keychain"
	}
	return vault.Status{State: vault.Ready, Provider: provider}
}

func unlock(ctx context.Context, _ time.Duration) vault.Status { return look(ctx) }
