package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

const (
	indexVersion = 1
	indexMax     = 1 << 20
	nameMax      = 200

	keyFile   = "vault.key"
	indexFile = "vault.index"
)

// index is vault.index: the names of all entries that may exist and the place
// where they were put. It holds no secret.
type index struct {
	Version int `json:"version"`
	place
	Names []string `json:"names"` // sorted
	// Also is where copies of entries may lie that count for nothing: a move was
	// not finished. They are to be removed there.
	Also *copies `json:"also,omitempty"`
}

// copies are the names of entries in another place than the one that counts.
type copies struct {
	place
	Names []string `json:"names"` // sorted
}

// place is where entries lie; an empty part is unknown.
type place struct {
	Kind       string `json:"kind"`
	Provider   string `json:"provider"`
	Collection string `json:"collection"`
}

// other reports whether p certainly is another place than q.
func (p place) other(q place) bool {
	differs := func(a, b string) bool { return a != "" && b != "" && a != b }
	return differs(p.Kind, q.Kind) || differs(p.Provider, q.Provider) || differs(p.Collection, q.Collection)
}

func (p place) String() string {
	s := p.Kind
	for _, part := range []string{p.Provider, p.Collection} {
		if part != "" {
			s += " " + part
		}
	}
	return s
}

func (x index) has(name string) bool { return holds(x.Names, name) }

// copied reports whether a copy of an entry may lie elsewhere.
func (x index) copied(name string) bool { return x.Also != nil && holds(x.Also.Names, name) }

func holds(sorted []string, name string) bool {
	_, ok := slices.BinarySearch(sorted, name)
	return ok
}

// all are the names of everything that may exist anywhere, sorted.
func (x index) all() []string {
	names := slices.Clone(x.Names)
	if x.Also != nil {
		names = append(names, x.Also.Names...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// withCopies notes that copies may lie in another place; no names: none do.
func (x index) withCopies(there place, names []string) index {
	if x.Also = nil; len(names) > 0 {
		x.Also = &copies{there, names}
	}
	return x
}

// uncopied is the index when the copy of an entry is gone.
func (x index) uncopied(name string) index {
	if x.Also == nil {
		return x
	}
	return x.withCopies(x.Also.place, slices.DeleteFunc(slices.Clone(x.Also.Names), func(n string) bool { return n == name }))
}

func (x index) with(name string) index {
	x.Names = slices.Clone(x.Names)
	if i, ok := slices.BinarySearch(x.Names, name); !ok {
		x.Names = slices.Insert(x.Names, i, name)
	}
	return x
}

func (x index) without(name string) index {
	x.Names = slices.DeleteFunc(slices.Clone(x.Names), func(n string) bool { return n == name })
	if len(x.Names) == 0 {
		x.place = place{} // the next entry may go anywhere
	}
	return x
}

// readIndex reads the index; a missing one is an empty one.
func readIndex(path string) (index, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return index{Version: indexVersion}, nil
	}
	if err != nil {
		return index{}, fmt.Errorf("vault: index: %w", err)
	}
	return decodeIndex(b)
}

func decodeIndex(b []byte) (index, error) {
	var x index
	if len(b) > indexMax {
		return x, fmt.Errorf("%w: the index has %d bytes", ErrCorrupt, len(b))
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := unmarshalOne(b, &head); err != nil {
		return x, fmt.Errorf("%w: index: %v", ErrCorrupt, err)
	}
	if head.Version > indexVersion {
		return x, fmt.Errorf("%w: index version %d, this program knows %d", ErrNewer, head.Version, indexVersion)
	}
	if err := unmarshalOne(b, &x); err != nil {
		return index{}, fmt.Errorf("%w: index: %v", ErrCorrupt, err)
	}
	if x.Version < 1 || x.Names == nil {
		return index{}, fmt.Errorf("%w: the index has no version or no names", ErrCorrupt)
	}
	for _, n := range x.all() {
		if err := validName(n); err != nil {
			return index{}, fmt.Errorf("%w: index: %v", ErrCorrupt, err)
		}
	}
	slices.Sort(x.Names)
	x.Names = slices.Compact(x.Names)
	if x.Also != nil {
		slices.Sort(x.Also.Names)
		x = x.withCopies(x.Also.place, slices.Compact(x.Also.Names))
	}
	return x, nil
}

// unmarshalOne reads exactly one JSON value.
func unmarshalOne(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("bytes after the value")
	}
	return nil
}

func (x index) encode() ([]byte, error) {
	x.Version = indexVersion
	if x.Names == nil {
		x.Names = []string{}
	}
	b, err := json.MarshalIndent(x, "", "  ")
	return append(b, '\n'), err
}

func (x index) write(files Files, path string) error {
	b, err := x.encode()
	if err == nil {
		err = files.WriteFile(path, b)
	}
	if err != nil {
		return fmt.Errorf("vault: index: %w", err)
	}
	return nil
}

// validName takes "<part>/<part>…" of lower-case letters, digits, '-' and '_', save
// what could be a part of another entry.
func validName(name string) error {
	if name == "" || len(name) > nameMax || name[0] == '/' || name[len(name)-1] == '/' || likePart(name) {
		return fmt.Errorf("%w: %q", ErrInvalid, name)
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !letter && (c != '/' || name[i-1] == '/') {
			return fmt.Errorf("%w: %q", ErrInvalid, name)
		}
	}
	return nil
}
