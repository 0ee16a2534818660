package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const token = "0.AXoAsecretlooking-refresh-token_1234567890"

type holdsSecret struct{ Token string }

type saysSecret struct{}

func (saysSecret) LogValue() slog.Value { return slog.StringValue(token) }

func TestOnlyListedAttributesKeepTheirValues(t *testing.T) {
	listed, unlisted := "state", "token"
	for name, log := range map[string]func(*slog.Logger){
		"an unlisted key":             func(l *slog.Logger) { l.Info("m", unlisted, token) },
		"the record's own names":      func(l *slog.Logger) { l.Info("m", "msg", token, "time", token, "level", token, "source2", token) },
		"an empty key":                func(l *slog.Logger) { l.Info("m", "", token) },
		"a value without a key":       func(l *slog.Logger) { l.Info("m", []any{token}...) },
		"With":                        func(l *slog.Logger) { l.With(unlisted, token).Info("m") },
		"a group":                     func(l *slog.Logger) { l.Info("m", slog.Group("g", unlisted, token)) },
		"a group with a listed name":  func(l *slog.Logger) { l.Info("m", slog.Group(listed, unlisted, token)) },
		"a group without a name":      func(l *slog.Logger) { l.Info("m", slog.Group("", unlisted, token)) },
		"a group in a group":          func(l *slog.Logger) { l.Info("m", slog.Group("g", slog.Group("h", unlisted, token))) },
		"WithGroup":                   func(l *slog.Logger) { l.WithGroup(listed).Info("m", unlisted, token) },
		"WithGroup and With":          func(l *slog.Logger) { l.WithGroup("g").With(unlisted, token).Info("m") },
		"a LogValuer":                 func(l *slog.Logger) { l.Info("m", unlisted, saysSecret{}) },
		"a structure, listed":         func(l *slog.Logger) { l.Info("m", listed, holdsSecret{token}) },
		"a pointer, listed":           func(l *slog.Logger) { l.Info("m", listed, &holdsSecret{token}) },
		"a map, listed":               func(l *slog.Logger) { l.Info("m", listed, map[string]string{"a": token}) },
		"bytes, listed":               func(l *slog.Logger) { l.Info("m", listed, []byte(token)) },
		"an error, unlisted":          func(l *slog.Logger) { l.Info("m", "error2", errors.New(token)) },
		"a case that only looks like": func(l *slog.Logger) { l.Info("m", "State", token) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log(slog.New(newLogHandler(&out, slog.LevelDebug)))
			wantJSONLine(t, out.String())
			if strings.Contains(out.String(), "secretlooking") {
				t.Errorf("the log holds the secret: %s", out.String())
			}
		})
	}
}

func TestWhatIsListedIsKeptAsItIs(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newLogHandler(&out, slog.LevelInfo))
	log.Debug("not this one")
	log.With("session", "abc").Warn("renewed", "took", time.Second, "attempt", 3, "err", fmt.Errorf("a: %w", errors.New("b")),
		"scopes", []string{"User.Read"}, slog.Group("g", "state", "ready"), "demo", true)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	delete(got, "time")
	want := map[string]any{"level": "WARN", "msg": "renewed", "session": "abc", "took": 1e9, "attempt": 3.0, "err": "a: b",
		"scopes": []any{"User.Read"}, "g": map[string]any{"state": "ready"}, "demo": true}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestTokensAndCodesAreCutOutOfTexts(t *testing.T) {
	const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJzZWNyZXRsb29raW5nIn0.c2VjcmV0bG9va2luZw"
	for _, text := range []string{
		"got " + jwt + " from it",
		`Get "http://localhost:1/?code=secretlooking&state=secretlooking": refused`,
		"body grant_type=x&refresh_token=secretlooking",
		"code_verifier=secretlooking",
	} {
		var out bytes.Buffer
		log := slog.New(newLogHandler(&out, slog.LevelInfo))
		log.Info(text, "err", errors.New(text), "reason", text, "scopes", []string{text})
		if s := out.String(); strings.Contains(s, "secretlooking") || strings.Contains(s, "eyJ") || strings.Count(s, "[hidden]") < 4 {
			t.Errorf("%q became %s", text, s)
		}
	}
	const plain = "status code 404, decode=7, state: ready"
	if got := scrub(plain); got != plain {
		t.Errorf("%q became %q", plain, got)
	}
}

func TestTheListOfLogKeysIsSortedAndHoldsEachOnce(t *testing.T) {
	if !slices.IsSorted(LogKeys) || len(slices.Compact(slices.Clone(LogKeys))) != len(LogKeys) {
		t.Errorf("LogKeys: %q", LogKeys)
	}
}

func TestLogFilesArePrivateFewAndSmall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	if err := PrivateDir(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "debrief.log")
	if err := os.WriteFile(path, []byte("older\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	log, closer, err := OpenLog(dir, slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 1000)
	for range 5000 { // 5 MB
		log.Info("m", "reason", line)
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	// Older files are removed in the background.
	eventually(t, "three files are left", func() bool {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		return err == nil && len(names) == 3
	})
	for _, name := range namesIn(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1<<20 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != FileMode {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(data)) {
		wantJSONLine(t, l)
	}
}

func FuzzNoValueOfAnUnlistedKeyIsLogged(f *testing.F) {
	f.Add("token", "msg", "g")
	f.Add("access_token", "", "")
	f.Add("State", "time", "state")
	f.Add("", "level", "err")
	f.Fuzz(func(t *testing.T, key, other, group string) {
		if slices.Contains(LogKeys, key) || slices.Contains(LogKeys, other) {
			return
		}
		const mark = "MARK-5f2c"
		for _, part := range []string{key, other, group} {
			if strings.Contains(part, mark) {
				return
			}
		}
		var out bytes.Buffer
		log := slog.New(newLogHandler(&out, slog.LevelInfo))
		log.With(key, mark).WithGroup(group).Info("m", other, mark, slog.Group(group, key, mark), "err", holdsSecret{mark})
		if strings.Contains(out.String(), mark) {
			t.Errorf("logged: %s", out.String())
		}
		wantJSONLine(t, out.String())
	})
}

func wantJSONLine(t *testing.T, line string) {
	t.Helper()
	if !strings.HasSuffix(line, "\n") || strings.Count(line, "\n") != 1 || !json.Valid([]byte(line)) {
		t.Errorf("not one line of JSON: %q", line)
	}
}
