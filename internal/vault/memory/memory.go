// Package memory keeps a vault's items in memory, for this run only: what
// DEBRIEF_VAULT=memory asks for, and a keyring for tests that can be locked.
//
// Start with New; give vault.Open no Dir, so that key and index go with the items.
package memory

import (
	"context"
	"maps"
	"sync"

	"debrief/internal/vault"
)

// Items is a keyring in memory. The zero value is not ready to use; see New.
type Items struct {
	mu     sync.Mutex
	items  map[string]string
	status vault.Status
	answer vault.State // what an Unlock leads to
}

var _ vault.Items = (*Items)(nil)

// New is an empty keyring that is ready.
func New() *Items {
	return &Items{
		items:  map[string]string{},
		status: vault.Status{State: vault.Ready, Kind: "memory"},
		answer: vault.Ready,
	}
}

// SetState puts the keyring into a state, for tests.
func (m *Items) SetState(s vault.State) { m.Become(vault.Status{State: s, Kind: "memory"}) }

// Become gives the keyring a whole status, for tests: another provider, say.
func (m *Items) Become(st vault.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = st
}

// AnswerUnlock sets the state that a locked or declined keyring has after an
// Unlock; ready unless set.
func (m *Items) AnswerUnlock(s vault.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = s
}

// All returns a copy of everything stored, by account name.
func (m *Items) All() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.items)
}

// Close forgets everything.
func (m *Items) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.items)
	return nil
}

// Probe implements vault.Items.
func (m *Items) Probe(context.Context) vault.Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// Unlock implements vault.Items.
func (m *Items) Unlock(context.Context) vault.Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.status.State; s == vault.Locked || s == vault.Declined {
		m.status.State = m.answer
	}
	return m.status
}

// Get implements vault.Items.
func (m *Items) Get(ctx context.Context, account string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return "", err
	}
	secret, ok := m.items[account]
	if !ok {
		return "", vault.ErrNotFound
	}
	return secret, nil
}

// Set implements vault.Items.
func (m *Items) Set(ctx context.Context, account, secret string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return err
	}
	m.items[account] = secret
	return nil
}

// Delete implements vault.Items.
func (m *Items) Delete(ctx context.Context, account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.usable(ctx); err != nil {
		return err
	}
	if _, ok := m.items[account]; !ok {
		return vault.ErrNotFound
	}
	delete(m.items, account)
	return nil
}

// Limit implements vault.Items.
func (m *Items) Limit() int { return 0 }

// Kind implements vault.Items.
func (m *Items) Kind() string { return "memory" }

// Where implements vault.Items.
func (m *Items) Where(account string) string { return "memory, item " + account }

func (m *Items) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.status.State != vault.Ready {
		return &vault.StateError{Status: m.status}
	}
	return nil
}
