// Package config reads Debrief's settings from the environment and from
// settings.env, and checks all of them before anything else starts.
//
// Start with Load. settings.go is the table of all names.
package config

import (
	"slices"
	"strings"
	"time"
)

// Config is what the settings say, checked. A name that is set nowhere has its
// default; an empty value counts as not set.
type Config struct {
	Demo bool

	ClientID  string // lower-case GUID; empty: not set up yet
	Tenant    string // "organizations", a lower-case GUID or a domain
	Cloud     Cloud
	Authority string // sign-in origin without the tenant: "https://host[:port]"
	GraphURL  string // Graph's base with its version: "https://host/v1.0"
	Scopes    []string
	Browser   Browser
	Proxy     Proxy

	Home       string // DEBRIEF_HOME as given; empty: the platform's folders
	Vault      VaultKind
	DropFolder string // absolute; empty: off

	SessionType SessionType
	Permanent   bool
	Lifetime    time.Duration // whole seconds, from last use
	KeyPrefix   string        // in demo mode it ends in "demo:"
	UseSigner   bool
	SecretKey   Secret
	RedisURL    Secret
	DatabaseURL Secret
	Memcached   []string // host:port

	// Sources tells for every setting where its value comes from.
	Sources map[string]Origin
	// Notices are what a person should know, though nothing is wrong.
	Notices []Notice
}

// Browser is the way to show Microsoft's sign-in page.
type Browser string

const (
	BrowserEmbedded Browser = "embedded"
	BrowserSystem   Browser = "system"
	BrowserDevice   Browser = "device"
)

// VaultKind is where token caches are kept.
type VaultKind string

const (
	VaultKeyring VaultKind = "keyring"
	VaultFile    VaultKind = "file"
	VaultMemory  VaultKind = "memory"
)

// SessionType is the store of the session records.
type SessionType string

const (
	SessionFilesystem SessionType = "filesystem"
	SessionSQL        SessionType = "sql"
	SessionRedis      SessionType = "redis"
	SessionMemcached  SessionType = "memcached"
)

// Origin is where a setting's value comes from.
type Origin string

const (
	FromDefault     Origin = "default"
	FromEnvironment Origin = "environment"
	FromFile        Origin = "file"
)

// Notice is a setting that does not do what its writer may expect.
type Notice struct {
	Kind NoticeKind
	Name string
}

// NoticeKind tells why.
type NoticeKind string

const (
	NoEffect      NoticeKind = "no_effect"    // the web application's; means nothing here
	IgnoredInDemo NoticeKind = "ignored_demo" // the demo tenant has its own
	NotYet        NoticeKind = "not_yet"      // this version does not do it
	SetTwice      NoticeKind = "set_twice"    // in settings.env; the last one counts
	Overridden    NoticeKind = "overridden"   // settings.env has it too; the environment counts
)

// Unsupported names the settings whose values are right but which this version
// cannot follow; nil when there are none.
func (c Config) Unsupported() error {
	var errs Errors
	if c.SessionType != SessionFilesystem {
		errs = append(errs, &Error{Kind: KindUnsupported, Name: "SESSION_TYPE", Value: string(c.SessionType), Allowed: "filesystem, in this version", Source: c.where("SESSION_TYPE")})
	}
	for name, secret := range map[string]Secret{"SESSION_SECRET_KEY": c.SecretKey, "REDIS_URL": c.RedisURL, "DATABASE_URL": c.DatabaseURL} {
		if secret.InVault() {
			errs = append(errs, &Error{Kind: KindUnsupported, Name: name, Value: vaultMark, Allowed: "the value itself, in this version", Source: c.where(name)})
		}
	}
	if len(errs) == 0 {
		return nil
	}
	slices.SortFunc(errs, func(a, b *Error) int { return strings.Compare(a.Name, b.Name) })
	return errs
}

func (c Config) where(name string) string { return string(c.Sources[name]) }

// TablePrefix is KeyPrefix as the beginning of a table's name.
func (c Config) TablePrefix() string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, c.KeyPrefix)
}
