package vaulttest

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"debrief/internal/vault"
	"debrief/internal/vault/memory"
)

// Fake is a keyring of a system that is not this one, with that system's cap. It
// refuses parts that are written or removed out of turn.
type Fake struct {
	*memory.Items
	status vault.Status
	limit  int
	size   func(account, secret string) int // of what the system counts
	most   int
}

var _ vault.Items = (*Fake)(nil)

// NewWindows is a keyring like Credential Manager: 2,560 bytes of UTF-8.
func NewWindows(limit int) *Fake {
	return newFake("Credential Manager", limit, 2560, func(_, secret string) int { return len(secret) })
}

// NewMacOS is a keyring like the Keychain behind /usr/bin/security as go-keyring
// calls it: a command line of 4,096 characters with the secret in base64.
func NewMacOS(limit int) *Fake {
	return newFake("Keychain", limit, 4096, func(account, secret string) int {
		secret = "go-keyring-base64:" + base64.StdEncoding.EncodeToString([]byte(secret))
		return len(fmt.Sprintf("add-generic-password -U -s 'Debrief (demo)' -a '%s' -w '%s'\n", account, secret))
	})
}

// NewUncapped is a keyring like those of Linux, on another system than this.
func NewUncapped() *Fake {
	return newFake("uncapped", 0, vault.MaxSize*2, func(_, secret string) int { return len(secret) })
}

func newFake(provider string, limit, most int, size func(account, secret string) int) *Fake {
	f := &Fake{
		Items: memory.New(), limit: limit, most: most, size: size,
		status: vault.Status{State: vault.Ready, Kind: "keyring", Provider: provider},
	}
	f.Become(f.status)
	return f
}

// Lock locks the keyring until unlock.
func (f *Fake) Lock(*testing.T) (unlock func()) {
	locked := f.status
	locked.State = vault.Locked
	f.Become(locked)
	return func() { f.Become(f.status) }
}

// Kind implements vault.Items.
func (f *Fake) Kind() string { return "keyring" }

// Limit implements vault.Items.
func (f *Fake) Limit() int { return f.limit }

// Accounts lists everything stored, sorted.
func (f *Fake) Accounts() []string {
	var list []string
	for account := range f.All() {
		list = append(list, account)
	}
	slices.Sort(list)
	return list
}

// Set implements vault.Items.
func (f *Fake) Set(ctx context.Context, account, secret string) error {
	if n := f.size(account, secret); n > f.most {
		return fmt.Errorf("%w: %d, at most %d", vault.ErrTooLarge, n, f.most)
	}
	if before, ok := neighbour(account, -1); ok {
		if _, there := f.All()[before]; !there {
			return fmt.Errorf("part %s is written before the one below it", account)
		}
	}
	return f.Items.Set(ctx, account, secret)
}

// Delete implements vault.Items.
func (f *Fake) Delete(ctx context.Context, account string) error {
	if after, ok := neighbour(account, +1); ok {
		if _, there := f.All()[after]; there {
			return fmt.Errorf("part %s is removed before the one above it", account)
		}
	}
	return f.Items.Delete(ctx, account)
}

// neighbour is the part by so many further on.
func neighbour(account string, by int) (string, bool) {
	at := strings.LastIndexByte(account, '/')
	n, err := strconv.Atoi(account[at+1:])
	if err != nil || n+by < 0 || !strings.HasSuffix(account[:at], "/a") && !strings.HasSuffix(account[:at], "/b") {
		return "", false
	}
	return account[:at+1] + strconv.Itoa(n+by), true
}
