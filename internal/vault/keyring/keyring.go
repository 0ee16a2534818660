// Package keyring keeps a vault's items in the operating system's keyring through
// go-keyring: Secret Service on Linux, Credential Manager on Windows, the Keychain
// on macOS.
//
// Start with New. On Linux, every look at the keyring's state and every unlocking
// is done on a private D-Bus connection, and go-keyring is called only when the
// collection that it will choose is unlocked: its own prompt handling takes any
// signal on the connection that it shares with the tray for the person's answer.
// That shared connection (dbus.SessionBus) is closed by the tray at its end, and a
// write under way is lost then: close the vault, which waits for writes, before
// the tray is ended.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"debrief/internal/vault"

	gokeyring "github.com/zalando/go-keyring"
)

// Options of New.
type Options struct {
	Service string // the service that items are kept under; needed
	// Timeout bounds each call and each probe; default 10 s.
	Timeout time.Duration
	// Fresh is how long a probe's answer counts for the calls after it; default 1 s.
	Fresh time.Duration
}

// Items is the keyring of the person who runs the program.
type Items struct {
	service string
	timeout time.Duration
	fresh   time.Duration
	busy    chan struct{} // one token: a call of go-keyring under way, also a late one

	mu       sync.Mutex
	last     vault.Status
	lastAt   time.Time
	declined bool // the last unlock was declined, and nobody unlocked since
}

var _ vault.Items = (*Items)(nil)

// New makes no call.
func New(o Options) (*Items, error) {
	if o.Service == "" {
		return nil, errors.New("keyring: no service given")
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Fresh <= 0 {
		o.Fresh = time.Second
	}
	return &Items{service: o.Service, timeout: o.Timeout, fresh: o.Fresh, busy: make(chan struct{}, 1)}, nil
}

// Limit implements vault.Items.
func (k *Items) Limit() int { return limitOf(runtime.GOOS) }

// limitOf is the most bytes that go-keyring takes for an item on a system.
func limitOf(system string) int {
	switch system {
	case "windows":
		return 2560 // CRED_MAX_CREDENTIAL_BLOB_SIZE
	case "darwin":
		// One command line of /usr/bin/security holds 4,096 characters: the secret
		// in base64, and beside it the service and the longest account of a vault.
		return 2700
	}
	return 0
}

// Kind implements vault.Items.
func (k *Items) Kind() string { return "keyring" }

// Where implements vault.Items.
func (k *Items) Where(account string) string {
	return fmt.Sprintf("keyring service %s, item %s", k.service, account)
}

// Probe implements vault.Items. A service that D-Bus can start is started; none of
// it shows a prompt.
func (k *Items) Probe(ctx context.Context) vault.Status {
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	return k.remember(ctx, look(ctx))
}

// Unlock implements vault.Items. The person's refusal is kept: the state stays
// declined until the keyring is unlocked or Unlock is called again.
func (k *Items) Unlock(ctx context.Context) vault.Status {
	k.mu.Lock()
	k.declined = false
	k.mu.Unlock()
	st := k.Probe(ctx)
	if st.State == vault.Locked {
		st = k.remember(ctx, unlock(ctx, k.timeout))
	}
	return st
}

// remember keeps a status for the calls after it, unless it only tells that ctx
// was over.
func (k *Items) remember(ctx context.Context, st vault.Status) vault.Status {
	st.Kind = k.Kind()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case st.State == vault.Declined:
		k.declined = true
	case st.State == vault.Ready:
		k.declined = false
	case st.State == vault.Locked && k.declined:
		st.State = vault.Declined
	}
	k.last, k.lastAt = st, time.Now()
	if ctx.Err() != nil {
		k.lastAt = time.Time{}
	}
	return st
}

// Get implements vault.Items.
func (k *Items) Get(ctx context.Context, account string) (secret string, err error) {
	type answer struct {
		secret string
		err    error
	}
	got := make(chan answer, 1)
	err = k.call(ctx, func() error {
		s, err := gokeyring.Get(k.service, account)
		got <- answer{s, err}
		return err
	})
	if err != nil {
		return "", err
	}
	return (<-got).secret, nil
}

// Set implements vault.Items.
func (k *Items) Set(ctx context.Context, account, secret string) error {
	return k.call(ctx, func() error { return gokeyring.Set(k.service, account, secret) })
}

// Delete implements vault.Items.
func (k *Items) Delete(ctx context.Context, account string) error {
	return k.call(ctx, func() error { return gokeyring.Delete(k.service, account) })
}

// call runs one call of go-keyring, which knows neither context nor time limit,
// in a goroutine of its own. When the wait is over first, the goroutine stays, at
// most one: it holds the token until its call ends, and a write may still take
// effect then. Calls in the meantime are refused as slow, so none overtakes it.
func (k *Items) call(ctx context.Context, do func() error) error {
	if err := k.ready(ctx); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	select {
	case k.busy <- struct{}{}:
	case <-wait.Done():
		return k.slow(ctx, "an earlier call has not come back")
	}
	if ctx.Err() != nil {
		<-k.busy
		return ctx.Err()
	}
	done := make(chan error, 1)
	go func() {
		err := do()
		<-k.busy
		done <- err
	}()
	select {
	case err := <-done:
		return k.explain(ctx, err)
	case <-wait.Done():
		return k.slow(ctx, fmt.Sprintf("no answer in %v", k.timeout))
	}
}

// ready refuses unless the keyring was ready a moment ago.
func (k *Items) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k.mu.Lock()
	st, fresh := k.last, time.Since(k.lastAt) < k.fresh
	k.mu.Unlock()
	if !fresh || st.State != vault.Ready {
		st = k.Probe(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if st.State != vault.Ready {
		return &vault.StateError{Status: st}
	}
	return nil
}

func (k *Items) slow(ctx context.Context, detail string) error {
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return err
	}
	st := vault.Status{State: vault.Slow, Detail: detail}
	k.mu.Lock()
	st.Provider, st.Collection = k.last.Provider, k.last.Collection
	k.mu.Unlock()
	return &vault.StateError{Status: k.remember(ctx, st), Err: ctx.Err()}
}

// explain gives go-keyring's errors their meaning. Its texts are one for many
// causes, so after a failure the keyring's state is looked at again.
func (k *Items) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gokeyring.ErrNotFound):
		return vault.ErrNotFound
	case errors.Is(err, gokeyring.ErrSetDataTooBig):
		return vault.ErrTooLarge
	}
	if st := k.Probe(ctx); st.State != vault.Ready {
		return &vault.StateError{Status: st, Err: err}
	}
	return fmt.Errorf("keyring: %w", err)
}
