package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/internal/platform"
)

const someID = "0f0f0f0f-1111-2222-3333-444444444444"

// load reads settings of an environment and of a settings.env; none when file is empty.
func load(t *testing.T, file string, environ ...string) (Config, error) {
	t.Helper()
	return Load(source(t, file, environ...))
}

func source(t *testing.T, file string, environ ...string) Source {
	t.Helper()
	paths := platform.Paths{Config: filepath.Join(t.TempDir(), "config")}
	if file != "" {
		if err := platform.WriteFile(paths.Settings(), []byte(file)); err != nil {
			t.Fatal(err)
		}
	}
	return Source{Environ: environ, Paths: paths}
}

func TestWithoutSettingsTheDefaultsCount(t *testing.T) {
	c, err := load(t, "", "HOME=/h", "SESSION_MANAGER=x", "malformed", "SESSION_FILE_DIR=ignored")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Tenant: "organizations", Cloud: CloudGlobal,
		Authority: "https://login.microsoftonline.com", GraphURL: "https://graph.microsoft.com/v1.0",
		Scopes:  []string{"User.Read", "Calendars.Read", "OnlineMeetings.Read", "Chat.Read", "ChatMessage.Send"},
		Browser: BrowserEmbedded, Vault: VaultKeyring, SessionType: SessionFilesystem,
		Permanent: true, Lifetime: 2160 * time.Hour, KeyPrefix: "debrief:", UseSigner: true,
	}
	want.Sources = map[string]Origin{}
	for _, s := range settings {
		want.Sources[s.name] = FromDefault
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if err := c.Unsupported(); err != nil {
		t.Error(err)
	}
}

func TestEverySettingTakesItsValuesAndRefusesOthers(t *testing.T) {
	for _, c := range []struct {
		name string
		get  func(Config) any
		good map[string]any
		bad  []string
	}{
		{"DEBRIEF_CLIENT_ID", func(c Config) any { return c.ClientID },
			map[string]any{someID: someID, "0F0F0F0F-1111-2222-3333-44444444444A": "0f0f0f0f-1111-2222-3333-44444444444a"},
			[]string{"x", someID + "0", "{" + someID + "}", someID + "\n"}},
		{"DEBRIEF_TENANT", func(c Config) any { return c.Tenant },
			map[string]any{"organizations": "organizations", someID: someID, "Contoso.onmicrosoft.com": "contoso.onmicrosoft.com"},
			[]string{"common", "consumers", "contoso", "a/b.com", ".com", "a..b", "-a.com", "x.com/../y"}},
		{"DEBRIEF_CLOUD", func(c Config) any { return c.GraphURL },
			map[string]any{"global": "https://graph.microsoft.com/v1.0", "USGov": "https://graph.microsoft.us/v1.0",
				"usgovdod": "https://dod-graph.microsoft.us/v1.0", "china": "https://microsoftgraph.chinacloudapi.cn/v1.0"},
			[]string{"germany", "global usgov"}},
		{"DEBRIEF_AUTHORITY", func(c Config) any { return c.Authority },
			map[string]any{"https://Login.example": "https://login.example", "https://127.0.0.1:8443/": "https://127.0.0.1:8443", "https://[::1]:1": "https://[::1]:1"},
			[]string{"http://login.example", "login.example", "https://", "https://h/tenant", "https://u:p@h", "https://h?x=1", "https://h?", "https://h#", "https://h:99999", "https://h:0", "://"}},
		{"DEBRIEF_SCOPES", func(c Config) any { return strings.Join(c.Scopes, "+") },
			map[string]any{"User.Read": "User.Read", " User.Read  Chat.ReadWrite ": "User.Read+Chat.ReadWrite", "A,B, C": "A+B+C",
				"https://graph.microsoft.com/User.Read": "https://graph.microsoft.com/User.Read"},
			[]string{" ", ",", "User.Read;Chat.Read", "1x", "http://graph.microsoft.com/User.Read"}},
		{"DEBRIEF_BROWSER", func(c Config) any { return c.Browser },
			map[string]any{"embedded": BrowserEmbedded, "SYSTEM": BrowserSystem, "device": BrowserDevice}, []string{"firefox"}},
		{"DEBRIEF_PROXY", func(c Config) any { return c.Proxy.String() },
			map[string]any{"system": "system", "None": "none", "http://p:8080": "http://p:8080", "socks5://p:1": "socks5://p:1", "http://u:pw@p:8080": "http://u:xxxxx@p:8080"},
			[]string{"p:8080", "ftp://p", "http://", "http://p:x", "http://p/path", "http://p?q"}},
		{"DEBRIEF_VAULT", func(c Config) any { return c.Vault },
			map[string]any{"keyring": VaultKeyring, "file": VaultFile, "memory": VaultMemory}, []string{"plain", "none"}},
		{"DEBRIEF_DROP_FOLDER", func(c Config) any { return c.DropFolder },
			map[string]any{"/drop": "/drop", "/with blank": "/with blank", "off": "", "Off": ""}, []string{"drop", "~/drop", "./x"}},
		{"DEBRIEF_HOME", func(c Config) any { return c.Home }, map[string]any{"/x": "/x", "rel": "rel"}, []string{"a\x00b"}},
		{"SESSION_TYPE", func(c Config) any { return c.SessionType },
			map[string]any{"filesystem": SessionFilesystem, "FileSystem": SessionFilesystem}, []string{"null", "mongodb", "cachelib"}},
		{"SESSION_PERMANENT", func(c Config) any { return c.Permanent },
			map[string]any{"true": true, "FALSE": false, "1": true, "0": false, "Yes": true, "no": false}, []string{"on", "off", "2", "t", " "}},
		{"SESSION_USE_SIGNER", func(c Config) any { return c.UseSigner },
			map[string]any{"true": true, "False": false, "1": true, "0": false, "yes": true, "NO": false}, []string{"y", "nein"}},
		{"PERMANENT_SESSION_LIFETIME", func(c Config) any { return c.Lifetime },
			map[string]any{"1": time.Second, "3600": time.Hour, "720h": 720 * time.Hour, "1h30m": 90 * time.Minute, "315360000": maxLifetime},
			[]string{"0", "-1", "1.5", "90d", "-2h", "0s", "500ms", "1500ms", "315360001", "99999999999999999999", "2562047h", "9223372036854775807", "36028797018967568" /* an hour, were it to wrap */}},
		{"SESSION_KEY_PREFIX", func(c Config) any { return c.KeyPrefix },
			map[string]any{"session:": "session:", "a[1]*?": "a[1]*?"}, []string{"with blank", "tab\t", "ä:", strings.Repeat("x", 101)}},
		{"SESSION_SECRET_KEY", func(c Config) any { return c.SecretKey.Reveal() }, map[string]any{"pa$$ #word": "pa$$ #word"}, []string{"@vault"}},
		{"REDIS_URL", func(c Config) any { return c.RedisURL.Reveal() },
			map[string]any{"redis://h:1/0": "redis://h:1/0", "rediss://u:p$w@h": "rediss://u:p$w@h", "redis://a:1,b:2/0": "redis://a:1,b:2/0", "redis://a:1?addr=b:2": "redis://a:1?addr=b:2"},
			[]string{"h:6379", "http://h", "redis://", "redis:h", "@vault"}},
		{"DATABASE_URL", func(c Config) any { return c.DatabaseURL.Reveal() },
			map[string]any{"postgres://u:p@h/d": "postgres://u:p@h/d", "postgresql://h/d": "postgresql://h/d", "postgresql+psycopg2://h/d": "postgresql+psycopg2://h/d", "sqlite:///x.db": "sqlite:///x.db", "sqlite:////abs": "sqlite:////abs"},
			[]string{"mysql://h/d", "mysql+pymysql://h/d", "postgres+x://h/d", "postgresql+://h/d", "sqlite://", "sqlite:///", "postgres:///d", "h"}},
		{"SESSION_MEMCACHED", func(c Config) any { return strings.Join(c.Memcached, "+") },
			map[string]any{"h:11211": "h:11211", "a:1, b:2": "a:1+b:2", "[::1]:11211": "[::1]:11211"}, []string{"h", "h:", ":1", "h:x", "a:1,,b:2", "a b:1", "h:70000", ","}},
	} {
		for text, want := range c.good {
			got, err := load(t, "", c.name+"="+text)
			if err != nil || c.get(got) != want {
				t.Errorf("%s=%s: got %v, %v; want %v", c.name, text, c.get(got), err, want)
			}
			if got.Sources[c.name] != FromEnvironment {
				t.Errorf("%s=%s: source is %q", c.name, text, got.Sources[c.name])
			}
		}
		for _, text := range c.bad {
			_, err := load(t, "", c.name+"="+text)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Name != c.name || e.Kind != KindValue || e.Source != "environment" || e.Allowed == "" {
				t.Errorf("%s=%s: got %#v; want it refused", c.name, text, err)
				continue
			}
			secret := find(c.name).secret || strings.Contains(text, "@")
			if want := map[bool]string{true: hidden, false: text}[secret]; e.Value != want {
				t.Errorf("%s=%s: the error says %q, want %q", c.name, text, e.Value, want)
			}
		}
	}
}

func TestGraphURLCountsWithItsAuthorityOnly(t *testing.T) {
	const authority = "DEBRIEF_AUTHORITY=https://login.example:1"
	for text, want := range map[string]string{
		"https://Graph.example/v1.0":       "https://graph.example/v1.0",
		"https://127.0.0.1:1/graph/v1.0/":  "https://127.0.0.1:1/graph/v1.0",
		"https://graph.example/beta":       "https://graph.example/beta",
		"https://graph.example":            "",
		"https://graph.example/v2.0":       "",
		"https://graph.example/%2e/v1.0?x": "",
		"https://u@graph.example/v1.0":     "",
		"http://graph.example/v1.0":        "",
	} {
		c, err := load(t, "", authority, "DEBRIEF_GRAPH_URL="+text)
		if (err == nil) != (want != "") || want != "" && c.GraphURL != want {
			t.Errorf("%s: got %q, %v; want %q", text, c.GraphURL, err, want)
		}
	}
	c, err := load(t, "", "DEBRIEF_GRAPH_URL=https://graph.example/v1.0")
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Name != "DEBRIEF_GRAPH_URL" || !strings.Contains(e.Allowed, "DEBRIEF_AUTHORITY") {
		t.Errorf("alone: got %v", err)
	}
	if c.GraphURL != "https://graph.microsoft.com/v1.0" {
		t.Errorf("alone, it still counts: %q", c.GraphURL)
	}
	c, err = load(t, "", "DEBRIEF_GRAPH_URL=https://graph.example/v1.0", "DEBRIEF_AUTHORITY=http://not.https")
	if err == nil || c.GraphURL != "https://graph.microsoft.com/v1.0" {
		t.Errorf("with a refused authority: got %q, %v", c.GraphURL, err)
	}
}

func TestTheEnvironmentComesBeforeTheFile(t *testing.T) {
	c, err := load(t, "DEBRIEF_TENANT=file.example\nSESSION_PERMANENT=no\nDEBRIEF_CLOUD=china\nDEBRIEF_BROWSER=\n",
		"DEBRIEF_TENANT=first.example", "DEBRIEF_TENANT=env.example", "DEBRIEF_CLOUD=")
	if err != nil {
		t.Fatal(err)
	}
	if c.Tenant != "env.example" || c.Permanent || c.Cloud != CloudChina || c.Browser != BrowserEmbedded {
		t.Errorf("got %+v", c)
	}
	for name, want := range map[string]Origin{"DEBRIEF_TENANT": FromEnvironment, "SESSION_PERMANENT": FromFile,
		"DEBRIEF_CLOUD": FromFile, "DEBRIEF_BROWSER": FromDefault} {
		if got := c.Sources[name]; got != want {
			t.Errorf("source of %s: got %q, want %q", name, got, want)
		}
	}
	if want := []Notice{{Overridden, "DEBRIEF_TENANT"}}; !slices.Equal(c.Notices, want) {
		t.Errorf("notices: got %v, want %v", c.Notices, want)
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	const secret = "SECRETVALUE"
	src := source(t, "DEBRIEF_TENNANT=x\nDEBRIEF_HOME=/x\nSESSION_FILE_DIR="+secret+"\nSESSION_PERMANENT=maybe\n",
		"DEBRIEF_CLOUD=moon", "DEBRIEF_TYPO="+secret, "REDIS_URL=http://u:"+secret+"@h", "SESSION_TYPE=sqlalchemy", "OTHER=x")
	_, err := Load(src)
	all, ok := errors.AsType[Errors](err)
	if !ok {
		t.Fatalf("got %v, want Errors", err)
	}
	file := src.Paths.Settings()
	want := []string{
		"unknown DEBRIEF_TENNANT " + file + ":1",
		"value DEBRIEF_HOME " + file + ":2",
		"unknown SESSION_FILE_DIR " + file + ":3",
		"unknown DEBRIEF_TYPO environment",
		"value DEBRIEF_CLOUD environment",
		"value SESSION_PERMANENT " + file + ":4",
		"value REDIS_URL environment",
		"missing DATABASE_URL SESSION_TYPE=sql",
	}
	var got []string
	for _, e := range all {
		got = append(got, fmt.Sprintf("%s %s %s", e.Kind, e.Name, e.Source))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, all), secret) {
		t.Errorf("the errors hold the secret: %v", err)
	}
}

func TestTheDemoForgetsTheRealTenant(t *testing.T) {
	src := source(t, "DEBRIEF_TENANT=real.example\n",
		"DEBRIEF_CLIENT_ID=not even one", "DEBRIEF_AUTHORITY=https://login.example", "DEBRIEF_GRAPH_URL=https://graph.example/v1.0",
		"DEBRIEF_DROP_FOLDER=/drop", "SESSION_KEY_PREFIX=Mine-1:", "SESSION_PERMANENT=no")
	src.Demo = true
	c, err := Load(src)
	if err != nil {
		t.Fatal(err)
	}
	if c.ClientID != "" || c.Tenant != "organizations" || c.Authority != clouds[CloudGlobal].authority ||
		c.GraphURL != clouds[CloudGlobal].graph || c.DropFolder != "" {
		t.Errorf("the real tenant shows: %+v", c)
	}
	if !c.Demo || c.KeyPrefix != "Mine-1:demo:" || c.Permanent {
		t.Errorf("got %+v", c)
	}
	if got, want := c.TablePrefix(), "_ine_1_demo_"; got != want {
		t.Errorf("table prefix: got %q, want %q", got, want)
	}
	var ignored []string
	for _, n := range c.Notices {
		if n.Kind == IgnoredInDemo {
			ignored = append(ignored, n.Name)
		}
	}
	want := []string{"DEBRIEF_CLIENT_ID", "DEBRIEF_TENANT", "DEBRIEF_AUTHORITY", "DEBRIEF_GRAPH_URL", "DEBRIEF_DROP_FOLDER"}
	if !slices.Equal(ignored, want) {
		t.Errorf("ignored: got %q, want %q", ignored, want)
	}
}

func TestTheWebApplicationsNamesAreTakenWithoutEffect(t *testing.T) {
	c, err := load(t, "SESSION_COOKIE_SECURE=whatever\nDEBRIEF_TENANT=a.example\nDEBRIEF_TENANT=b.example\n",
		"FLASK_SECRET_KEY=k", "SESSION_COOKIE_NAME=n", "DEBRIEF_DROP_FOLDER=/drop")
	if err != nil {
		t.Fatal(err)
	}
	want := []Notice{{NoEffect, "SESSION_COOKIE_SECURE"}, {SetTwice, "DEBRIEF_TENANT"}, {NoEffect, "FLASK_SECRET_KEY"},
		{NoEffect, "SESSION_COOKIE_NAME"}, {NotYet, "DEBRIEF_DROP_FOLDER"}}
	if !slices.Equal(c.Notices, want) {
		t.Errorf("notices: got %v, want %v", c.Notices, want)
	}
	if c.Tenant != "b.example" {
		t.Errorf("tenant: got %q, want the last one", c.Tenant)
	}
}

func TestWhatThisVersionCannotDoIsSaid(t *testing.T) {
	for name, environ := range map[string][]string{
		"SESSION_TYPE": {"SESSION_TYPE=redis", "REDIS_URL=redis://h"},
	} {
		c, err := load(t, "", environ...)
		if err != nil {
			t.Errorf("%q: %v", environ, err)
			continue
		}
		e, ok := errors.AsType[*Error](c.Unsupported())
		if !ok || e.Name != name || e.Kind != KindUnsupported || !strings.Contains(e.Allowed, "in this version") {
			t.Errorf("%q: got %v", environ, c.Unsupported())
		}
	}
	c, err := load(t, "SESSION_SECRET_KEY=@vault\n")
	if err != nil || !c.SecretKey.InVault() || c.SecretKey.Empty() || c.SecretKey.Reveal() != "" {
		t.Fatalf("@vault: got %v; in vault %v", err, c.SecretKey.InVault())
	}
	if e, ok := errors.AsType[*Error](c.Unsupported()); !ok || e.Name != "SESSION_SECRET_KEY" {
		t.Errorf("@vault: got %v", c.Unsupported())
	}
}

func TestAStoreNeedsItsAddress(t *testing.T) {
	for kind, name := range map[string]string{"redis": "REDIS_URL", "sql": "DATABASE_URL", "sqlalchemy": "DATABASE_URL", "memcached": "SESSION_MEMCACHED"} {
		_, err := load(t, "", "SESSION_TYPE="+kind)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindMissing || e.Name != name {
			t.Errorf("%s: got %v, want %s missing", kind, err, name)
		}
	}
}

func TestHomeIsTheLastOfTheEnvironment(t *testing.T) {
	if got := HomeOf([]string{"DEBRIEF_HOME=/a", "XDEBRIEF_HOME=/x", "DEBRIEF_HOME=/b=c"}); got != "/b=c" {
		t.Errorf("got %q", got)
	}
}

func TestEverySettingIsWhatTheHandbookNames(t *testing.T) {
	want := strings.Fields(`DEBRIEF_CLIENT_ID DEBRIEF_TENANT DEBRIEF_CLOUD DEBRIEF_AUTHORITY DEBRIEF_GRAPH_URL DEBRIEF_SCOPES
		DEBRIEF_BROWSER DEBRIEF_PROXY DEBRIEF_HOME DEBRIEF_VAULT DEBRIEF_DROP_FOLDER SESSION_TYPE SESSION_PERMANENT
		PERMANENT_SESSION_LIFETIME SESSION_KEY_PREFIX SESSION_USE_SIGNER SESSION_SECRET_KEY REDIS_URL DATABASE_URL SESSION_MEMCACHED`)
	got := map[string]bool{}
	for _, s := range settings {
		got[s.name] = true
	}
	if len(settings) != len(want) || !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("got %q", slices.Sorted(maps.Keys(got)))
	}
}

func TestASettingsFileIsNeverWritten(t *testing.T) {
	src := source(t, "NONSENSE\n'")
	if _, err := Load(src); err == nil {
		t.Fatal("nonsense was read")
	}
	if got, err := os.ReadFile(src.Paths.Settings()); err != nil || string(got) != "NONSENSE\n'" {
		t.Errorf("file: %q, %v", got, err)
	}
	entries, err := os.ReadDir(src.Paths.Config)
	if err != nil || len(entries) != 1 {
		t.Errorf("folder: %v, %v", entries, err)
	}
}
