package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// MaxSize is the most that a stored record may have, in bytes.
const MaxSize = 1 << 20

// Normal returns a deep copy of r in the one form that is stored and signed:
// times in UTC and whole seconds, scopes never null, the schema filled in.
func (r Record) Normal() Record {
	for _, t := range []*time.Time{
		&r.CreatedAt, &r.LastUsedAt, &r.ExpiresAt, &r.Tokens.AccessExpiresAt, &r.Tokens.RefreshExpiresAt,
	} {
		*t = t.UTC().Truncate(time.Second)
	}
	if r.Schema == 0 {
		r.Schema = Schema
	}
	r.Tokens.Scopes = slices.Clone(r.Tokens.Scopes)
	if r.Tokens.Scopes == nil {
		r.Tokens.Scopes = []string{}
	}
	if r.ReturnToSummary != nil {
		v := *r.ReturnToSummary
		r.ReturnToSummary = &v
	}
	if r.Signature != nil {
		v := *r.Signature
		r.Signature = &v
	}
	return r
}

// Encode writes r in its normal form as indented JSON, fields in the order of
// Record. ErrInvalid when r could not be read again.
func Encode(r Record) ([]byte, error) {
	r = r.Normal()
	if err := valid(r); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	if len(b) >= MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrInvalid, len(b), MaxSize-1)
	}
	return append(b, '\n'), nil
}

// Decode reads what Encode wrote; id is the one that it was stored under, and
// another one inside is ErrCorrupt like everything that cannot be read. A record
// of a newer schema is ErrNewer. Fields that this schema does not have are
// ignored, and gone after the next save: a field that matters raises the schema.
func Decode(id string, b []byte) (Record, error) {
	var r Record
	if len(b) > MaxSize {
		return r, fmt.Errorf("%w: %d bytes, at most %d", ErrCorrupt, len(b), MaxSize)
	}
	var head struct {
		Schema *int `json:"schema"`
	}
	if err := unmarshalOne(b, &head); err != nil {
		return r, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	switch {
	case head.Schema == nil || *head.Schema < 1:
		return r, fmt.Errorf("%w: it has no schema", ErrCorrupt)
	case *head.Schema > Schema:
		return r, fmt.Errorf("%w: schema %d, this program knows %d", ErrNewer, *head.Schema, Schema)
	}
	if err := unmarshalOne(b, &r); err != nil {
		return Record{}, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	switch err := valid(r); {
	case err != nil:
		return Record{}, fmt.Errorf("%w: %v", ErrCorrupt, err)
	case r.ID != id:
		return Record{}, fmt.Errorf("%w: it names another id", ErrCorrupt)
	case r.Version < 1:
		return Record{}, fmt.Errorf("%w: it has no version", ErrCorrupt)
	}
	return r.Normal(), nil
}

// EncodeTombstone writes t as JSON.
func EncodeTombstone(t Tombstone) ([]byte, error) {
	if err := ValidID(t.ID); err != nil {
		return nil, err
	}
	t.ClearedAt, t.Until = t.ClearedAt.UTC().Truncate(time.Second), t.Until.UTC().Truncate(time.Second)
	b, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	return append(b, '\n'), nil
}

// DecodeTombstone reads what EncodeTombstone wrote. ErrCorrupt otherwise, which
// still means that something was cleared.
func DecodeTombstone(id string, b []byte) (Tombstone, error) {
	var t Tombstone
	if len(b) > MaxSize {
		return t, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(b))
	}
	if err := unmarshalOne(b, &t); err != nil {
		return Tombstone{}, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	if t.ID != id || t.Until.IsZero() {
		return Tombstone{}, fmt.Errorf("%w: not this id's tombstone", ErrCorrupt)
	}
	return t, nil
}

func valid(r Record) error {
	if err := ValidID(r.ID); err != nil {
		return err
	}
	switch {
	case r.Schema != Schema:
		return fmt.Errorf("%w: schema %d, this program writes %d", ErrInvalid, r.Schema, Schema)
	case r.Version < 0:
		return fmt.Errorf("%w: version %d", ErrInvalid, r.Version)
	}
	return nil
}

var errTrailing = errors.New("bytes after the record")

// unmarshalOne reads exactly one JSON value.
func unmarshalOne(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}
