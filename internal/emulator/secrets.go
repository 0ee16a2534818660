package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Secret is a secret that this process issued or received. It exists so that
// tests can search for leaks; it is kept in memory only.
type Secret struct {
	Kind  string `json:"kind"` // code, device_code, access_token, refresh_token, id_token, code_verifier, state, nonce, cookie
	Value string `json:"value"`
}

// TailLen is how many bytes of a secret's end a tail covers.
const TailLen = 32

// maxSecrets bounds what a demo that runs for weeks keeps.
const (
	maxSecrets = 20000
	maxTails   = 50000
)

// Tail is the SHA-256 of the last TailLen bytes of secret; ok is false where it
// is shorter.
func Tail(secret string) (sum [32]byte, ok bool) {
	if len(secret) < TailLen {
		return sum, false
	}
	return sha256.Sum256([]byte(secret[len(secret)-TailLen:])), true
}

// ReadTails reads from an emulator's folder the tail of everything secret that was
// issued or received since its state was made, with its kind. Another process
// finds leaks with it, without the secrets: hash each run of TailLen bytes.
func ReadTails(dir string) (map[[32]byte]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	s, _, err := parseState(data)
	if err != nil {
		return nil, fmt.Errorf("emulator: %s: %w", stateFile, err)
	}
	tails := make(map[[32]byte]string, len(s.Tails))
	for k, kind := range s.Tails {
		sum, err := hex.DecodeString(k)
		if err != nil || len(sum) != sha256.Size {
			return nil, errors.New("emulator: a tail is not a hash")
		}
		tails[[32]byte(sum)] = kind
	}
	return tails, nil
}

// Secrets returns every secret issued or received by this process since Open.
func (e *Emulator) Secrets() []Secret {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Secret(nil), e.secrets...)
}

// note remembers a secret; the caller is inside update, whose write keeps the tail.
func (e *Emulator) note(s *state, kind, value string) {
	if value == "" {
		return
	}
	if len(e.secrets) == maxSecrets {
		e.secrets = append(e.secrets[:0], e.secrets[maxSecrets/2:]...)
	}
	e.secrets = append(e.secrets, Secret{kind, value})
	if sum, ok := Tail(value); ok && len(s.Tails) < maxTails {
		s.Tails[hex.EncodeToString(sum[:])] = kind
	}
}

// random is n random bytes as text that is safe in addresses.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hash is how codes and refresh tokens are kept.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
