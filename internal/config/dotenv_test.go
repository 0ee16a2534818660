package config

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

func TestDotenvValues(t *testing.T) {
	for text, want := range map[string]string{
		"A=b":                             "b",
		"A = b ":                          "b",
		"  export A=b":                    "b",
		"export\tA=b":                     "b",
		"A=":                              "",
		"A=   ":                           "",
		"A=b c":                           "b c",
		"A=b # comment":                   "b",
		"A=b # one # two":                 "b",
		"A=b#c":                           "b#c",
		"A=# comment":                     "",
		"A=b=c":                           "b=c",
		"A=redis://:p$w@h/0":              "redis://:p$w@h/0",
		"A=$HOME/${HOME}":                 "$HOME/${HOME}",
		"A='b # $HOME \\n' # c":           `b # $HOME \n`,
		`A="b # $HOME"#c`:                 "b # $HOME",
		`A="a\n\r\t\"\\\$\` + "`" + `\x"`: "a\n\r\t\"\\$`\\x",
		"A=\"it's\"":                      "it's",
		"A='say \"x\"'":                   `say "x"`,
		"A=it's":                          "it's",
		`A=C:\new`:                        `C:\new`,
		"\ufeffA=b":                       "b",
		"A=b\r\n":                         "b",
		"A=ä":                             "ä",
		"# c\n\n \t\nA=b\n#":              "b",
	} {
		entries, line, why := parseDotenv([]byte(text))
		if why != "" || len(entries) != 1 || entries[0].name != "A" || entries[0].value != want {
			t.Errorf("%q: got %+v, line %d %s; want %q", text, entries, line, why, want)
		}
	}
}

func TestABrokenSettingsFileIsSaidWithItsLine(t *testing.T) {
	const secret = "SECRETVALUE"
	for name, c := range map[string]struct {
		text string
		line string
		why  string
	}{
		"a truncated double quote": {"A=b\nREDIS_URL=\"redis://:" + secret, ":2", "not closed"},
		"a truncated single quote": {"\n\nA='" + secret + "\nDEBRIEF_TENANT=a.example", ":3", "not closed"},
		"an escaped last quote":    {`A="` + secret + `\"`, ":1", "not closed"},
		"text after a quote":       {"A='b'" + secret, ":1", "follows the closing quote"},
		"no equals sign":           {secret, ":1", "no ="},
		"no name":                  {"=" + secret, ":1", "name"},
		"a name with a dash":       {"A-B=" + secret, ":1", "name"},
		"a name with a blank":      {"A B=" + secret, ":1", "name"},
		"not UTF-8":                {"A=b\nB=\xff" + secret, ":2", "UTF-8"},
		"UTF-16":                   {"A\x00=\x00b\x00\n\x00", ":1", "control character"},
		"a control character":      {"A=\x01" + secret, ":1", "control character"},
		"an old Mac's line end":    {"A=b\rB=" + secret, ":1", "control character"},
	} {
		src := source(t, c.text)
		cfg, err := Load(src)
		var e *Error
		for _, one := range err.(Errors) {
			if one.Kind == KindFile {
				e = one
			}
		}
		if e == nil || e.Source != src.Paths.Settings()+c.line || !strings.Contains(e.Error(), c.why) {
			t.Errorf("%s: got %v; want line %s, %q", name, err, c.line, c.why)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error holds the secret: %v", name, err)
		}
		if cfg.KeyPrefix != "debrief:" {
			t.Errorf("%s: no defaults: %+v", name, cfg)
		}
	}
}

func TestAnUnreadableSettingsFileIsSaid(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"a folder":                    func(path string) error { return os.MkdirAll(path, 0o700) },
		"a link to nowhere in a loop": func(path string) error { return os.Symlink(path, path) },
		"far too large":               func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("#", maxFile+1)), 0o600) },
		"a file as its folder": func(path string) error {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				return err
			}
			return os.WriteFile(filepath.Dir(path), nil, 0o600)
		},
	} {
		src := source(t, "")
		if err := os.MkdirAll(src.Paths.Config, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := put(src.Paths.Settings()); err != nil {
			t.Fatal(err)
		}
		_, err := Load(src)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != KindFile || e.Source != src.Paths.Settings() || e.Err == nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Files without our reader's reasons to differ ($ and what it refuses) have to
// mean the same to godotenv, which many other programs use.
func TestOtherReadersReadTheSame(t *testing.T) {
	for _, text := range []string{
		"A=b\nB = c\nexport C=d\n\n# x\nD='e f'\nE=\"g h\" # y\nF=i # z\nG=\nH=a#b\nI=\"x\\ny\"\r\nJ=https://h/p?q=1\nK=a=b",
		"\n\n  A='#'\n\tB=\"#\"\n",
	} {
		want, err := godotenv.Unmarshal(text)
		if err != nil {
			t.Fatal(err)
		}
		entries, _, why := parseDotenv([]byte(text))
		got := map[string]string{}
		for _, e := range entries {
			got[e.name] = e.value
		}
		if why != "" || !maps.Equal(got, want) {
			t.Errorf("%q:\ngot  %q %s\nwant %q", text, got, why, want)
		}
	}
}

func FuzzSettingsFile(f *testing.F) {
	for _, seed := range []string{"", "A=b", "DEBRIEF_TENANT=a.example # c\n", "A='", `A="\`, "export A", "\ufeff", "A=\"a\\\"b\"#",
		"REDIS_URL=@vault\nSESSION_TYPE=redis", "SESSION_COOKIE_X=1", "PERMANENT_SESSION_LIFETIME=1h", "\x00\xff\n=\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, line, why := parseDotenv(data)
		if lines := strings.Count(string(data), "\n") + 1; (why == "") != (line == 0) || line > lines || len(entries) > lines {
			t.Fatalf("%d entries, line %d of %d, %q", len(entries), line, lines, why)
		}
		for _, e := range entries {
			if !validName(e.name) || !utf8.ValidString(e.value) || e.line < 1 {
				t.Fatalf("entry %+v", e)
			}
			// Whatever one reads can be written down again, and then reads the same.
			again, _, why := parseDotenv([]byte(e.name + "=" + quoted(e.value)))
			if why != "" || len(again) != 1 || again[0].value != e.value {
				t.Fatalf("%q became %+v %s", e.value, again, why)
			}
		}
		l := loader{config: defaults(), values: map[string]value{}}
		l.take(entries, "settings.env")
		for _, s := range settings {
			l.apply(s)
		}
		l.finish()
		if c := l.config; c.Lifetime < time.Second || !strings.HasPrefix(c.Authority, "https://") || !strings.HasPrefix(c.GraphURL, "https://") || len(c.Scopes) == 0 {
			t.Fatalf("config %+v", c)
		}
		_ = l.errors.Error()
	})
}

func quoted(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(v) + `"`
}
