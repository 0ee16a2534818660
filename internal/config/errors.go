package config

import (
	"fmt"
	"strings"
)

// Kind tells what is wrong.
type Kind string

const (
	KindValue       Kind = "value"       // malformed
	KindUnknown     Kind = "unknown"     // no setting has this name; Value is empty, for it may be a secret
	KindMissing     Kind = "missing"     // another setting needs it
	KindFile        Kind = "file"        // settings.env cannot be read or understood there
	KindUnsupported Kind = "unsupported" // right, but not in this version
)

// Error is one setting that is wrong.
type Error struct {
	Kind    Kind
	Name    string // empty for KindFile where no name could be read
	Value   string // "[hidden]" for a secret
	Allowed string // what is allowed, for people
	Source  string // "environment", or the file, with ":line" where one is known
	Err     error  // of KindFile; may be nil
}

func (e *Error) Error() string {
	switch e.Kind {
	case KindUnknown:
		return fmt.Sprintf("config: %s: unknown setting %s", e.Source, e.Name)
	case KindMissing:
		return fmt.Sprintf("config: %s needs %s: %s", e.Source, e.Name, e.Allowed)
	case KindFile:
		if e.Err == nil {
			return fmt.Sprintf("config: %s: %s", e.Source, e.Allowed)
		}
		return fmt.Sprintf("config: %s: %v", e.Source, e.Err)
	default:
		return fmt.Sprintf("config: %s: %s is %q; allowed: %s", e.Source, e.Name, clip(e.Value), e.Allowed)
	}
}

func (e *Error) Unwrap() error { return e.Err }

// Errors is everything that is wrong, in the settings' order; never empty.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first *Error.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

func clip(v string) string {
	const most = 200
	if len(v) <= most {
		return v
	}
	return strings.ToValidUTF8(v[:most], "") + "…"
}
