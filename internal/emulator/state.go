package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"debrief/internal/platform"
)

const (
	stateFile   = "state.json"
	stateSchema = 1
)

// state is what outlives the process. Codes and refresh tokens are keyed by the
// hex of their SHA-256; no secret but the signing key is in it.
type state struct {
	Schema    int                  `json:"schema"`
	Offset    time.Duration        `json:"clock_offset_ns"`
	Key       []byte               `json:"signing_key"`
	Cert      []byte               `json:"signing_cert"`
	Consents  map[string][]string  `json:"consents"` // user id → permissions, lower case
	Codes     map[string]grant     `json:"codes"`
	Refresh   map[string]grant     `json:"refresh_tokens"`
	ValidFrom map[string]time.Time `json:"tokens_valid_from"` // user id → last revocation
	Messages  []Message            `json:"messages"`          // ascending by id
	LastID    int64                `json:"last_message_id"`
	Tails     map[string]string    `json:"tails"` // hex of Tail → kind

	// Organisations holds what administrators consented to for everybody: tenant
	// id → permissions, lower case.
	Organisations map[string][]string `json:"organisations,omitempty"`
}

// consented is what u needs not be asked for any more.
func (s *state) consented(u user) []string {
	return append(slices.Clone(s.Consents[u.ID]), s.Organisations[u.Tenant]...)
}

// grant is what a code or a refresh token stands for.
type grant struct {
	User      string    `json:"user"`
	Tenant    string    `json:"tenant"`
	Client    string    `json:"client"`
	Scopes    []string  `json:"scopes"` // as they were asked for
	Issued    time.Time `json:"issued"`
	Redirect  string    `json:"redirect,omitzero"`
	Challenge string    `json:"challenge,omitzero"`
	Method    string    `json:"challenge_method,omitzero"`
	Used      bool      `json:"used,omitzero"`
	Revoked   bool      `json:"revoked,omitzero"`
}

func newState(now time.Time) (*state, error) {
	key, cert, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	s := &state{Schema: stateSchema, Key: key, Cert: cert}
	s.complete()
	s.seed(now)
	return s, nil
}

// complete gives a state that was read its maps.
func (s *state) complete() {
	if s.Consents == nil {
		s.Consents = map[string][]string{}
	}
	if s.Organisations == nil {
		s.Organisations = map[string][]string{}
	}
	if s.Codes == nil {
		s.Codes = map[string]grant{}
	}
	if s.Refresh == nil {
		s.Refresh = map[string]grant{}
	}
	if s.ValidFrom == nil {
		s.ValidFrom = map[string]time.Time{}
	}
	if s.Tails == nil {
		s.Tails = map[string]string{}
	}
}

// errNewer is a state that a newer version wrote: it is left alone.
var errNewer = errors.New("the demo tenant's state was written by a newer version")

// parseState reads a state; any error but errNewer means that data is damaged.
func parseState(data []byte) (*state, signer, error) {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, signer{}, err
	}
	if s.Schema > stateSchema {
		return nil, signer{}, errNewer
	}
	if s.Schema < 1 {
		return nil, signer{}, errors.New("no schema version")
	}
	sign, err := newSigner(s.Key, s.Cert)
	if err != nil {
		return nil, signer{}, err
	}
	s.complete()
	return &s, sign, nil
}

// load fills e.st from the folder.
func (e *Emulator) load() error {
	if err := platform.PrivateDir(e.dir); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	sweepTemporary(e.dir)
	path := filepath.Join(e.dir, stateFile)
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e.begin()
	case err != nil:
		return fmt.Errorf("emulator: %w", err)
	}
	s, sign, err := parseState(data)
	if errors.Is(err, errNewer) {
		return fmt.Errorf("emulator: %s: %w", path, err)
	}
	if err == nil {
		e.st, e.signer = s, sign
		return nil
	}
	aside := path + ".damaged-" + e.clock().UTC().Format("20060102T150405.000")
	if err := os.Rename(path, aside); err != nil {
		return fmt.Errorf("emulator: put a damaged state aside: %w", err)
	}
	e.notice = fmt.Sprintf("the demo tenant's state was damaged (%v); it was put aside as %s and the demo tenant starts anew", err, filepath.Base(aside))
	return e.begin()
}

func (e *Emulator) begin() error {
	s, err := newState(e.clock().UTC())
	if err != nil {
		return err
	}
	return e.replace(s)
}

// replace makes s the state, durably; the caller holds the lock or is Open.
func (e *Emulator) replace(s *state) error {
	sign, err := newSigner(s.Key, s.Cert)
	if err != nil {
		return err
	}
	if err := e.write(s); err != nil {
		return err
	}
	e.st, e.signer = s, sign
	return nil
}

func (e *Emulator) write(s *state) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if err := platform.WriteFile(filepath.Join(e.dir, stateFile), data); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// update changes the state and makes the change durable before it returns. When
// change or the write fails, the state is as it was before.
func (e *Emulator) update(change func(*state) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.updateLocked(change)
}

func (e *Emulator) updateLocked(change func(*state) error) error {
	before, err := json.Marshal(e.st)
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	err = change(e.st)
	if err == nil {
		e.st.prune(e.now())
		err = e.write(e.st)
	}
	if err != nil {
		if s, sign, bad := parseState(before); bad == nil {
			e.st, e.signer = s, sign
		}
		return err
	}
	return nil
}

// prune forgets grants that ended so long ago that nobody asks for them.
func (s *state) prune(now time.Time) {
	for k, g := range s.Codes {
		if now.Sub(g.Issued) > 24*time.Hour {
			delete(s.Codes, k)
		}
	}
	for k, g := range s.Refresh {
		if now.Sub(g.Issued) > 2*refreshLifetime {
			delete(s.Refresh, k)
		}
	}
}

// sweepTemporary removes what a crash in the middle of a write left behind.
func sweepTemporary(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if platform.IsTemporary(entry.Name()) {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
