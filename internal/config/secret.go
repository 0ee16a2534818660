package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
)

const hidden = "[hidden]"

// Secret is a setting's value that never shows itself, whatever prints it.
// Reveal is the one way to it.
type Secret struct {
	value string
	vault bool
}

// Reveal gives the value, to what connects with it.
func (s Secret) Reveal() string { return s.value }

// InVault tells that settings.env says @vault: the value lies in the vault.
func (s Secret) InVault() bool { return s.vault }

// Empty tells that the setting is set nowhere.
func (s Secret) Empty() bool { return s.value == "" && !s.vault }

func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, hidden) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// Proxy says how Microsoft is reached. The zero value is the system's way.
type Proxy struct {
	direct bool
	url    *url.URL
}

// System tells that the environment's proxy variables count.
func (p Proxy) System() bool { return !p.direct && p.url == nil }

// URL is the proxy to use, with its password if it has one; nil when there is
// none. It is the caller's.
func (p Proxy) URL() *url.URL {
	if p.url == nil {
		return nil
	}
	u := *p.url
	return &u
}

// String is the setting's value, without a password.
func (p Proxy) String() string {
	switch {
	case p.url != nil:
		return p.url.Redacted()
	case p.direct:
		return "none"
	default:
		return "system"
	}
}

// Format keeps verbs that look into a value from showing the password.
func (p Proxy) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

func (p Proxy) LogValue() slog.Value { return slog.StringValue(p.String()) }

func parseProxy(v string) (Proxy, bool) {
	switch strings.ToLower(v) {
	case "system":
		return Proxy{}, true
	case "none":
		return Proxy{direct: true}, true
	}
	u, err := url.Parse(v)
	if err != nil || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) ||
		u.Hostname() == "" || !validPort(u.Port()) || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return Proxy{}, false
	}
	return Proxy{url: u}, true
}
