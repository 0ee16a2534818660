package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"gopkg.in/natefinch/lumberjack.v2"
)

// LogKeys are the attributes that a log line keeps; the value of any other is
// written as "[hidden]". To log something new, add its key here, and only if its
// value can never be a secret, a person's name, an address of the web with its
// query, or a summary's text.
var LogKeys = []string{
	"attempt", "client-request-id", "code", "correlation_id", "count", "demo", "err", "error", "file", "host",
	"id", "item", "kind", "method", "number", "op", "outcome", "path", "phase", "pid", "port", "program",
	"provider", "reason", "request-id", "result", "scopes", "session", "setting", "size", "state", "status",
	"suberror", "took", "trace_id", "vault", "verb", "version", "why",
}

// hiddenText stands for what the log does not keep.
const hiddenText = "[hidden]"

// OpenLog opens debrief.log in dir: JSON lines, at most three files of 1 MB, 0600
// in a 0700 folder. Only LogKeys are kept of the attributes. Close the closer last.
func OpenLog(dir string, level slog.Level) (*slog.Logger, io.Closer, error) {
	if err := PrivateDir(dir); err != nil {
		return nil, nil, fmt.Errorf("platform: log: %w", err)
	}
	path := filepath.Join(dir, "debrief.log")
	// lumberjack keeps an older file's mode.
	if err := os.Chmod(path, FileMode); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("platform: log: %w", err)
	}
	file := &lumberjack.Logger{Filename: path, MaxSize: 1, MaxBackups: 2}
	return slog.New(newLogHandler(file, level)), file, nil
}

// newLogHandler writes JSON lines to w as OpenLog does: attributes that are not
// among LogKeys are hidden.
func newLogHandler(w io.Writer, level slog.Leveler) slog.Handler {
	return keepListed{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})}
}

// keepListed hides the value of every attribute that is not listed.
type keepListed struct{ next slog.Handler }

func (h keepListed) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h keepListed) Handle(ctx context.Context, r slog.Record) error {
	kept := slog.NewRecord(r.Time, r.Level, scrub(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		kept.AddAttrs(keep(a))
		return true
	})
	return h.next.Handle(ctx, kept)
}

func (h keepListed) WithAttrs(attrs []slog.Attr) slog.Handler {
	kept := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		kept[i] = keep(a)
	}
	return keepListed{h.next.WithAttrs(kept)}
}

func (h keepListed) WithGroup(name string) slog.Handler { return keepListed{h.next.WithGroup(name)} }

func keep(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		members := value.Group()
		kept := make([]slog.Attr, len(members))
		for i, m := range members {
			kept[i] = keep(m)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(kept...)}
	}
	if !slices.Contains(LogKeys, a.Key) {
		return slog.String(a.Key, hiddenText)
	}
	return slog.Attr{Key: a.Key, Value: plain(value)}
}

// plain makes a value safe to print: a structure is never spelt out, since a
// field added to it later may be a secret.
func plain(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(scrub(v.String()))
	case slog.KindAny:
		switch x := v.Any().(type) {
		case nil:
			return v
		case error:
			return slog.StringValue(scrub(x.Error()))
		case fmt.Stringer:
			return slog.StringValue(scrub(x.String()))
		case []string:
			kept := make([]string, len(x))
			for i, s := range x {
				kept[i] = scrub(s)
			}
			return slog.AnyValue(kept)
		default:
			return slog.StringValue(hiddenText)
		}
	default:
		return v
	}
}

// secretLike finds what slipped into a text: JSON web tokens, and the values of
// OAuth's secret parameters in an address or a form.
var secretLike = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9_.-]*|` +
	`\b(?:code|state|nonce|code_verifier|code_challenge|device_code|access_token|refresh_token|id_token|client_secret|password|assertion)=[^&\s"']+`)

func scrub(s string) string { return secretLike.ReplaceAllString(s, hiddenText) }
