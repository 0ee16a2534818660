package session

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/gowebpki/jcs"
)

// Trust is what a record's signature says of it.
type Trust string

const (
	Trusted    Trust = "trusted"    // the known key made this signature
	Unverified Trust = "unverified" // the key is not at hand, or another key signed
	Changed    Trust = "changed"    // the known key did not make this signature: never used
)

// Signer signs records and checks them. A nil Signer is one whose key is not at
// hand: it signs nothing, and every record is Unverified to it.
type Signer struct {
	id  string
	key []byte
}

// KeySize is the least length of a signing key, in bytes.
const KeySize = 32

// The labels keep keys apart that are made of one secret. They can never change.
const (
	labelMAC   = "debrief session record signature v1"
	labelKeyID = "debrief session record signature key id v1"
)

// NewSigner makes the Signer of key, which stays the caller's. A key shorter
// than KeySize gives nil: it would protect nothing.
func NewSigner(key []byte) *Signer {
	if len(key) < KeySize {
		return nil
	}
	mac, err := hkdf.Key(sha256.New, key, nil, labelMAC, sha256.Size)
	if err != nil {
		return nil
	}
	id, err := hkdf.Key(sha256.New, key, nil, labelKeyID, 8)
	if err != nil {
		return nil
	}
	return &Signer{id: hex.EncodeToString(id), key: mac}
}

// KeyID names the key without telling anything of it: 16 hex digits.
func (s *Signer) KeyID() string {
	if s == nil {
		return ""
	}
	return s.id
}

// Sign returns r with a signature over the record as the next Create or Save of
// r stores it, that is with the next version; signing is the last step before
// either. A nil Signer returns r unsigned.
func (s *Signer) Sign(r Record) Record {
	r = r.Normal()
	r.Signature = nil
	if s == nil {
		return r
	}
	next := r
	next.Version++
	mac, err := s.mac(next)
	if err != nil {
		return r // it cannot be written as JSON: the store refuses it as ErrInvalid
	}
	r.Signature = &Signature{KeyID: s.id, MAC: hex.EncodeToString(mac)}
	return r
}

// Check tells what r's signature, as stored, is worth.
func (s *Signer) Check(r Record) Trust {
	if s == nil || r.Signature == nil || r.Signature.KeyID != s.id {
		return Unverified
	}
	got, err := hex.DecodeString(r.Signature.MAC)
	if err != nil {
		return Changed
	}
	want, err := s.mac(r)
	if err != nil || !hmac.Equal(got, want) {
		return Changed
	}
	return Trusted
}

// mac is HMAC-SHA-256 over the record without its signature as canonical JSON
// (RFC 8785).
func (s *Signer) mac(r Record) ([]byte, error) {
	r.Signature = nil
	b, err := json.Marshal(r.Normal())
	if err != nil {
		return nil, err
	}
	if b, err = jcs.Transform(b); err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, s.key)
	h.Write(b)
	return h.Sum(nil), nil
}
