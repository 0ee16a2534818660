package config

import (
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	homeName = "DEBRIEF_HOME"
	// vaultMark stands in settings.env for a secret that lies in the vault.
	vaultMark = "@vault"
)

// setting is one name. set checks a value, which is never empty, and puts it
// into the Config; false means that it is malformed.
type setting struct {
	name      string
	allowed   string // for people
	notInDemo bool
	secret    bool
	set       func(c *Config, v string) bool
	// secretField is where a secret lies; nil for others.
	secretField func(c *Config) *Secret
}

// settings are all the names there are.
var settings = []setting{
	{name: "DEBRIEF_CLIENT_ID", allowed: "the application (client) id, like 00000000-0000-0000-0000-000000000000", notInDemo: true, set: func(c *Config, v string) bool {
		c.ClientID = keepIf(guid.MatchString(v), strings.ToLower(v), c.ClientID)
		return guid.MatchString(v)
	}},
	{name: "DEBRIEF_TENANT", allowed: "organizations, a tenant id or a domain like contoso.com", notInDemo: true, set: func(c *Config, v string) bool {
		v = strings.ToLower(v)
		ok := v == "organizations" || guid.MatchString(v) || domain.MatchString(v)
		c.Tenant = keepIf(ok, v, c.Tenant)
		return ok
	}},
	{name: "DEBRIEF_CLOUD", allowed: "global, usgov, usgovdod or china", set: func(c *Config, v string) bool {
		return oneOf(&c.Cloud, v, CloudGlobal, CloudUSGov, CloudUSGovDoD, CloudChina)
	}},
	{name: "DEBRIEF_AUTHORITY", allowed: "an https origin like https://login.microsoftonline.com, without a path", notInDemo: true, set: func(c *Config, v string) bool {
		u, ok := httpsURL(v)
		if !ok || strings.Trim(u.Path, "/") != "" {
			return false
		}
		c.Authority = "https://" + strings.ToLower(u.Host)
		return true
	}},
	{name: "DEBRIEF_GRAPH_URL", allowed: "an https address with its version, like https://graph.microsoft.com/v1.0", notInDemo: true, set: func(c *Config, v string) bool {
		u, ok := httpsURL(v)
		if !ok || !graphPath.MatchString(u.Path) {
			return false
		}
		c.GraphURL = "https://" + strings.ToLower(u.Host) + strings.TrimSuffix(u.Path, "/")
		return true
	}},
	{name: "DEBRIEF_SCOPES", allowed: "names of permissions with blanks between, like User.Read Chat.Read", set: func(c *Config, v string) bool {
		names := strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' })
		if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return !scope.MatchString(n) }) {
			return false
		}
		c.Scopes = names
		return true
	}},
	{name: "DEBRIEF_BROWSER", allowed: "embedded, system or device", set: func(c *Config, v string) bool {
		return oneOf(&c.Browser, v, BrowserEmbedded, BrowserSystem, BrowserDevice)
	}},
	{name: "DEBRIEF_PROXY", allowed: "system, none or an address like http://proxy.example:8080", set: func(c *Config, v string) bool {
		p, ok := parseProxy(v)
		c.Proxy = keepIf(ok, p, c.Proxy)
		return ok
	}},
	{name: homeName, allowed: "a folder", set: func(c *Config, v string) bool {
		c.Home = v
		return !strings.ContainsRune(v, 0)
	}},
	{name: "DEBRIEF_VAULT", allowed: "keyring, file or memory", set: func(c *Config, v string) bool {
		return oneOf(&c.Vault, v, VaultKeyring, VaultFile, VaultMemory)
	}},
	{name: "DEBRIEF_DROP_FOLDER", allowed: "off or the full path of a folder", notInDemo: true, set: func(c *Config, v string) bool {
		if strings.EqualFold(v, "off") {
			return true
		}
		ok := filepath.IsAbs(v) && !strings.ContainsRune(v, 0)
		c.DropFolder = keepIf(ok, v, c.DropFolder)
		return ok
	}},
	{name: "SESSION_TYPE", allowed: "filesystem, sql, redis or memcached", set: func(c *Config, v string) bool {
		if strings.EqualFold(v, "sqlalchemy") {
			v = string(SessionSQL)
		}
		return oneOf(&c.SessionType, v, SessionFilesystem, SessionSQL, SessionRedis, SessionMemcached)
	}},
	{name: "SESSION_PERMANENT", allowed: booleans, set: func(c *Config, v string) bool { return boolean(&c.Permanent, v) }},
	{name: "PERMANENT_SESSION_LIFETIME", allowed: "seconds, or a duration like 720h, from 1 second to 10 years", set: func(c *Config, v string) bool {
		d, ok := parseLifetime(v)
		c.Lifetime = keepIf(ok, d, c.Lifetime)
		return ok
	}},
	{name: "SESSION_KEY_PREFIX", allowed: "up to 100 visible ASCII characters", set: func(c *Config, v string) bool {
		// memcached's keys have 250 bytes and no blanks; an id and a mark follow.
		ok := len(v) <= 100 && !strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' })
		c.KeyPrefix = keepIf(ok, v, c.KeyPrefix)
		return ok
	}},
	{name: "SESSION_USE_SIGNER", allowed: booleans, set: func(c *Config, v string) bool { return boolean(&c.UseSigner, v) }},
	secretSetting("SESSION_SECRET_KEY", "a text that all devices share",
		func(c *Config) *Secret { return &c.SecretKey }, func(v string) bool { return v != vaultMark }),
	secretSetting("REDIS_URL", "redis://host:port/0 or rediss://host:port/0",
		func(c *Config) *Secret { return &c.RedisURL }, func(v string) bool { return hasHost(v, "redis", "rediss") }),
	secretSetting("DATABASE_URL", "postgres://, postgresql://, postgresql+driver:// or sqlite:///path; MySQL is not supported",
		func(c *Config) *Secret { return &c.DatabaseURL }, databaseURL),
	{name: "SESSION_MEMCACHED", allowed: "host:port, with commas between several", set: func(c *Config, v string) bool {
		var servers []string
		for server := range strings.SplitSeq(v, ",") {
			server = strings.TrimSpace(server)
			if !hostPort(server) {
				return false
			}
			servers = append(servers, server)
		}
		c.Memcached = servers
		return true
	}},
}

// defaults is the Config of a person who set nothing.
func defaults() Config {
	return Config{
		Tenant: "organizations",
		Cloud:  CloudGlobal,
		Scopes: []string{"User.Read", "Calendars.Read", "OnlineMeetings.Read", "Chat.Read", "ChatMessage.Send"},

		Browser:     BrowserEmbedded,
		Vault:       VaultKeyring,
		SessionType: SessionFilesystem,
		Permanent:   true,
		Lifetime:    90 * 24 * time.Hour,
		KeyPrefix:   "debrief:",
		UseSigner:   true,
		Sources:     map[string]Origin{},
	}
}

func find(name string) *setting {
	for i := range settings {
		if settings[i].name == name {
			return &settings[i]
		}
	}
	return nil
}

func secretSetting(name, allowed string, field func(*Config) *Secret, ok func(string) bool) setting {
	return setting{name: name, allowed: allowed, secret: true, secretField: field, set: func(c *Config, v string) bool {
		if !ok(v) {
			return false
		}
		*field(c) = Secret{value: v}
		return true
	}}
}

// shown is a value as an error may repeat it.
func (s setting) shown(v string) string {
	if s.secret {
		return hidden
	}
	return hideUserinfo(v)
}

// hideUserinfo hides an address that may hold a password.
func hideUserinfo(v string) string {
	if strings.Contains(v, "@") {
		return hidden
	}
	return v
}

const (
	booleans    = "true, false, 1, 0, yes or no"
	maxLifetime = 10 * 365 * 24 * time.Hour // twice of it, a tombstone's, still fits a Duration
)

var (
	guid      = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	domain    = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	scope     = regexp.MustCompile(`^(https://[A-Za-z0-9.-]+/)?[A-Za-z][A-Za-z0-9._-]*$`)
	graphPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*/(v1\.0|beta)/?$`)
)

func keepIf[T any](ok bool, got, old T) T {
	if ok {
		return got
	}
	return old
}

func oneOf[T ~string](field *T, v string, allowed ...T) bool {
	got := T(strings.ToLower(v))
	if !slices.Contains(allowed, got) {
		return false
	}
	*field = got
	return true
}

func boolean(field *bool, v string) bool {
	switch strings.ToLower(v) {
	case "true", "1", "yes":
		*field = true
	case "false", "0", "no":
		*field = false
	default:
		return false
	}
	return true
}

func parseLifetime(v string) (time.Duration, bool) {
	var d time.Duration
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		if n < 1 || n > int64(maxLifetime/time.Second) {
			return 0, false
		}
		d = time.Duration(n) * time.Second
	} else if d, err = time.ParseDuration(v); err != nil {
		return 0, false
	}
	return d, d >= time.Second && d <= maxLifetime && d%time.Second == 0
}

// httpsURL parses an address that a token may be sent to.
func httpsURL(v string) (*url.URL, bool) {
	u, err := url.Parse(v)
	ok := err == nil && strings.EqualFold(u.Scheme, "https") && u.Hostname() != "" && u.User == nil &&
		u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && !strings.Contains(v, "#") && validPort(u.Port())
	return u, ok
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 1<<16
}

func hostPort(v string) bool {
	host, port, err := net.SplitHostPort(v)
	return err == nil && host != "" && port != "" && validPort(port) && !strings.ContainsAny(host, " /@")
}

func hasHost(v string, schemes ...string) bool {
	u, err := url.Parse(v)
	return err == nil && slices.Contains(schemes, strings.ToLower(u.Scheme)) && u.Host != ""
}

func databaseURL(v string) bool {
	if path, ok := strings.CutPrefix(v, "sqlite:///"); ok {
		return path != "" && !strings.ContainsRune(path, 0)
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" {
		return false
	}
	scheme, driver, plus := strings.Cut(strings.ToLower(u.Scheme), "+")
	return scheme == "postgres" && !plus || scheme == "postgresql" && (!plus || driver != "")
}
