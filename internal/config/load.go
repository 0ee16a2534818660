package config

import (
	"errors"
	"runtime"
	"strings"

	"debrief/internal/platform"
)

// Source is what Load reads.
type Source struct {
	Environ []string // as os.Environ gives it
	Paths   platform.Paths
	Demo    bool
}

// Load reads the settings: the environment first, then settings.env, which need
// not exist and is never written. All that is wrong comes back at once, as
// Errors; the Config then holds the defaults of what was wrong, good enough to
// say so on a screen and for nothing else.
func Load(src Source) (Config, error) {
	l := loader{
		config: defaults(),
		values: map[string]value{},
	}
	l.config.Demo = src.Demo
	l.readFile(src.Paths.Settings())
	l.readEnviron(src.Environ)
	if src.Demo {
		l.forgetRealTenant()
	}
	for _, s := range settings {
		l.apply(s)
	}
	l.finish()
	if len(l.errors) > 0 {
		return l.config, l.errors
	}
	return l.config, nil
}

// HomeOf reads DEBRIEF_HOME, which has to be known before Load can be called.
func HomeOf(environ []string) string {
	home := ""
	for _, entry := range environ {
		if name, v, ok := strings.Cut(entry, "="); ok && envName(name) == homeName {
			home = v
		}
	}
	return home
}

// value is a setting as written somewhere.
type value struct {
	text   string
	origin Origin
	where  string // for people: "environment" or "path:line"
}

type loader struct {
	config Config
	values map[string]value
	errors Errors
}

func (l *loader) notice(kind NoticeKind, name string) {
	l.config.Notices = append(l.config.Notices, Notice{Kind: kind, Name: name})
}

func (l *loader) readFile(path string) {
	entries, err := readDotenv(path)
	if err != nil {
		var one *Error
		if !errors.As(err, &one) {
			one = &Error{Kind: KindFile, Source: path, Err: err}
		}
		l.errors = append(l.errors, one)
	}
	l.take(entries, path)
}

func (l *loader) take(entries []entry, path string) {
	for _, e := range entries {
		where := e.where(path)
		switch {
		case withoutEffect(e.name):
			l.notice(NoEffect, e.name)
		case e.name == homeName:
			l.errors = append(l.errors, &Error{Kind: KindValue, Name: homeName, Value: e.value, Allowed: "set in the environment only: it says where settings.env is", Source: where})
		case find(e.name) == nil:
			l.errors = append(l.errors, &Error{Kind: KindUnknown, Name: e.name, Source: where})
		default:
			if _, again := l.values[e.name]; again {
				l.notice(SetTwice, e.name)
			}
			l.values[e.name] = value{text: e.value, origin: FromFile, where: where}
		}
	}
}

func (l *loader) readEnviron(environ []string) {
	for _, entry := range environ {
		name, text, ok := strings.Cut(entry, "=")
		if !ok {
			continue
		}
		name = envName(name)
		switch {
		case withoutEffect(name):
			l.notice(NoEffect, name)
		case find(name) != nil:
			if text == "" {
				continue // as good as not set, so that settings.env counts
			}
			if old, ok := l.values[name]; ok && old.origin == FromFile && old.text != text {
				l.notice(Overridden, name)
			}
			l.values[name] = value{text: text, origin: FromEnvironment, where: string(FromEnvironment)}
		case strings.HasPrefix(name, "DEBRIEF_"):
			l.errors = append(l.errors, &Error{Kind: KindUnknown, Name: name, Source: string(FromEnvironment)})
		}
	}
}

// envName gives a variable's name as the table has it: Windows does not tell
// case apart.
func envName(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// withoutEffect tells the names of the web application that mean nothing here.
func withoutEffect(name string) bool {
	return name == "FLASK_SECRET_KEY" || strings.HasPrefix(name, "SESSION_COOKIE_")
}

// forgetRealTenant drops what would let the demo reach a real tenant or folder.
func (l *loader) forgetRealTenant() {
	for _, s := range settings {
		if _, set := l.values[s.name]; set && s.notInDemo {
			l.notice(IgnoredInDemo, s.name)
			delete(l.values, s.name)
		}
	}
}

func (l *loader) apply(s setting) {
	l.config.Sources[s.name] = FromDefault
	v, ok := l.values[s.name]
	if !ok || v.text == "" {
		return
	}
	l.config.Sources[s.name] = v.origin
	if s.secret && v.origin == FromFile && v.text == vaultMark {
		*s.secretField(&l.config) = Secret{vault: true}
		return
	}
	if !s.set(&l.config, v.text) {
		l.errors = append(l.errors, &Error{Kind: KindValue, Name: s.name, Value: s.shown(v.text), Allowed: s.allowed, Source: v.where})
	}
}

// finish joins settings that belong together.
func (l *loader) finish() {
	c := &l.config
	if c.Sources["DEBRIEF_GRAPH_URL"] != FromDefault && c.Sources["DEBRIEF_AUTHORITY"] == FromDefault {
		v := l.values["DEBRIEF_GRAPH_URL"]
		l.errors = append(l.errors, &Error{Kind: KindValue, Name: "DEBRIEF_GRAPH_URL", Value: hideUserinfo(v.text), Allowed: "set together with DEBRIEF_AUTHORITY only", Source: v.where})
	}
	pair := clouds[c.Cloud]
	if c.Authority == "" { // a token of the cloud's own sign-in goes to its own Graph only
		c.Authority, c.GraphURL = pair.authority, pair.graph
	}
	if c.GraphURL == "" {
		c.GraphURL = pair.graph
	}
	if c.Demo {
		c.KeyPrefix += "demo:"
	}
	if c.DropFolder != "" {
		l.notice(NotYet, "DEBRIEF_DROP_FOLDER")
	}
	for _, need := range []struct {
		kind    SessionType
		name    string
		missing bool
	}{
		{SessionRedis, "REDIS_URL", c.RedisURL.Empty()},
		{SessionSQL, "DATABASE_URL", c.DatabaseURL.Empty()},
		{SessionMemcached, "SESSION_MEMCACHED", len(c.Memcached) == 0},
	} {
		// A wrong value has been named already.
		if c.SessionType == need.kind && need.missing && c.Sources[need.name] == FromDefault {
			l.errors = append(l.errors, &Error{Kind: KindMissing, Name: need.name, Allowed: find(need.name).allowed, Source: "SESSION_TYPE=" + string(c.SessionType)})
		}
	}
}
