package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
)

func TestAProblemsCodeDecidesTheExitCode(t *testing.T) {
	for code, want := range map[text.Code]int{
		text.Wrong: 2, text.AccountAmbiguous: 2, text.SessionAmbiguous: 2, text.MeetingAmbiguous: 2, text.Setting: 2, text.SettingUnknown: 2,
		text.SignInNeeded: 3, text.CacheDamaged: 3, text.SessionChanged: 3, text.OtherClient: 3, text.OtherService: 3,
		text.SessionUnknown: 4, text.AccountUnknown: 4, text.MeetingUnknown: 4, text.PersonUnknown: 4, text.NoChat: 4, text.PostNotFound: 4,
		text.PostUnknown: 5, text.PostQueued: 6, text.SignInCancelled: 7,
		text.SignInDeclined: 1, text.AdminNeeded: 1, text.SignInBlocked: 1, text.SignInTimedOut: 1, text.SignInOther: 1, text.Misconfigured: 1,
		text.NoClientID: 1, text.NoWindow: 1, text.NoDisplay: 1, text.Offline: 1, text.TryLater: 1, text.BadReply: 1, text.KeyringLocked: 1,
		text.KeyringDeclined: 1, text.KeyringAbsent: 1, text.KeyringDamaged: 1, text.KeyringSlow: 1, text.NotAMember: 1, text.NotAllowed: 1,
		text.SummaryEmpty: 1, text.SummaryNotText: 1, text.SummaryTooLarge: 1, text.PostFailed: 1, text.FileUnreadable: 1, text.DiskFull: 1,
		text.Busy: 1, text.NotRunning: 1, text.VersionMismatch: 1, text.HelperMissing: 1, text.Internal: 1, "of_a_newer_debrief": 1,
	} {
		t.Run(string(code), func(t *testing.T) {
			f := full()
			f.err = &state.Problem{Code: code, Args: map[string]string{"detail": "d"}}
			r := f.run(t.Context(), "", false, "meetings", "--json")
			if r.code != want {
				t.Errorf("exit code %d, want %d", r.code, want)
			}
			what, next := text.Problem(code, f.err.(*state.Problem).Args)
			if got := "debrief: " + what + "\n" + next + "\n"; r.stderr != got || r.stdout != "" {
				t.Errorf("said %q and %q, want %q on standard error", r.stdout, r.stderr, got)
			}
		})
	}
}

func TestWhatEndsAVerb(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	cancelling := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for _, c := range []struct {
		name string
		ctx  context.Context
		f    *fake
		args string
		want int
		says string
	}{
		{"Ctrl+C during a sign-in", ended, with(func(f *fake) { f.signIn, f.steps = cancelling, []state.SignInState{} }), "sign-in", 7, "The sign-in was cancelled."},
		{"the sign-in window closed", t.Context(), with(func(f *fake) { f.err, f.steps = problem(text.SignInCancelled), []state.SignInState{} }), "sign-in", 7, "The sign-in was cancelled."},
		{"Ctrl+C while meetings are read", ended, with(func(f *fake) { f.err = context.Canceled }), "meetings", 7, "Cancelled.\n"},
		{"Ctrl+C told as a cancelled call", ended, with(func(f *fake) { f.err = problem(text.Cancelled) }), "meetings", 7, "Cancelled.\n"},
		{"Ctrl+C while a post is waited for", ended, with(func(f *fake) { f.err = context.Canceled }), "post --chat a testdata/version.txt", 7, "If it was queued before, it goes on."},
		{"Ctrl+C with a clear answer", ended, with(func(f *fake) { f.err = problem(text.DiskFull, "path", "/d") }), "meetings", 1, "/d cannot be written."},
		{"a cancelled context that is nobody's", t.Context(), with(func(f *fake) { f.err = context.Canceled }), "meetings", 1, "unexpected"},
		{"a signal to the resident", ended, with(func(f *fake) { f.err = context.Canceled }), "--hidden", 0, ""},
		{"a signal to the emulator", ended, with(func(f *fake) { f.err = context.Canceled }), "emulator --listen localhost:0", 0, ""},
		{"a resident that fails", t.Context(), with(func(f *fake) { f.err = problem(text.Busy, "verb", "post") }), "", 1, "post"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.f.run(c.ctx, "", false, strings.Fields(c.args)...)
			if r.code != c.want || !strings.Contains(r.stderr, c.says) || c.says == "" && r.stderr != "" {
				t.Errorf("exit code %d, %q; want %d, %q", r.code, r.stderr, c.want, c.says)
			}
		})
	}
}

// stuck is an input that gives nothing until the test ends.
type stuck struct{ until <-chan struct{} }

func (s stuck) Read([]byte) (int, error) { <-s.until; return 0, io.EOF }

func TestCtrlCEndsAVerbThatWaitsForInput(t *testing.T) {
	for _, args := range []string{"post --chat a -", "clear --all"} {
		t.Run(args, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			f := full()
			var errs bytes.Buffer
			code := Run(ctx, Deps{
				Args: strings.Fields(args), Stdin: stuck{t.Context().Done()}, Stdout: io.Discard, Stderr: &errs, StdinIsTerminal: true,
				Connect: func(context.Context, Options) (api.Service, func(), error) { return f, func() {}, nil },
			})
			if code != 7 || !strings.Contains(errs.String(), "Cancelled.") {
				t.Errorf("exit code %d, %q; want 7", code, errs.String())
			}
			if asked := strings.Join(f.asked, ";"); strings.Contains(asked, "clear") || strings.Contains(asked, "post") {
				t.Errorf("asked for %s", asked)
			}
		})
	}
}

func TestTheServiceIsGivenBackWhateverHappens(t *testing.T) {
	for _, c := range cases {
		r := c.service().run(t.Context(), c.stdin, c.terminal, strings.Fields(c.args)...)
		verbs := 0
		for _, o := range r.options {
			if o.Verb != "" {
				verbs++
			}
		}
		if r.gaveBack != verbs || verbs > 1 {
			t.Errorf("%s: connected %d times, gave back %d times", c.name, verbs, r.gaveBack)
		}
	}
}

func TestAVerbThatCannotConnectSaysWhy(t *testing.T) {
	var errs bytes.Buffer
	code := Run(t.Context(), Deps{
		Args: []string{"sessions", "--json"}, Stdout: io.Discard, Stderr: &errs,
		Connect: func(context.Context, Options) (api.Service, func(), error) {
			return nil, nil, problem(text.Setting, "name", "SESSION_TYPE", "value", "floppy", "allowed", "filesystem")
		},
	})
	if code != 2 || !strings.Contains(errs.String(), "SESSION_TYPE is set to floppy") {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}

func TestASummarysBytesReachTheServiceUnchanged(t *testing.T) {
	for _, content := range []string{"# Hallo\r\n\ttab", "caf\xe9", "\ufeffBOM", ""} {
		path := filepath.Join(t.TempDir(), "summary.md")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{path, "-"} {
			f := full()
			f.run(t.Context(), content, false, "post", "--chat", "a", from)
			if len(f.asked) != 1 || !strings.Contains(f.asked[0], "Markdown:"+content+" Mention") {
				t.Errorf("%q from %s: asked for %q", content, from, f.asked)
			}
		}
	}
}

func TestOutboxPicksTheAccountsPosts(t *testing.T) {
	max := posts()[0]
	max.ID, max.Account = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "max@contoso.example"
	st := state.State{Ready: true, Sessions: []state.Session{zoe()}, Posts: append(posts(), max)}
	for _, c := range []struct {
		account    string
		code, want int
	}{
		{"", 2, 0}, {"ZOE@contoso.example", 0, 3}, {"max@contoso.example", 0, 1}, {"012345", 0, 3}, {"0123456789ABCDEF", 0, 3},
		{"01234", 4, 0}, {"eve@contoso.example", 4, 0},
	} {
		r := (&fake{st: st}).run(t.Context(), "", false, "outbox", "--json", "--account", c.account)
		var got []state.Post
		if c.code == 0 {
			if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
				t.Fatal(err)
			}
		}
		if r.code != c.code || len(got) != c.want {
			t.Errorf("%q: exit code %d and %d posts, want %d and %d", c.account, r.code, len(got), c.code, c.want)
		}
		if c.account == "" && !strings.Contains(r.stderr, "max@contoso.example, zoe@contoso.example") {
			t.Errorf("the accounts are not listed: %q", r.stderr)
		}
	}
}

func TestOutboxWaitsForAResidentThatStarts(t *testing.T) {
	f := &fake{later: []state.State{{}}, watchErr: problem(text.NotRunning)}
	if r := f.run(t.Context(), "", false, "outbox"); r.code != 1 || !strings.Contains(r.stderr, "not running") {
		t.Errorf("a resident that went: exit code %d, %q", r.code, r.stderr)
	}
}

// brokenPipe takes nothing.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	for _, args := range []string{"version", "sessions", "sessions --json", "show 012345", "clear 012345", "meetings", "outbox", "doctor", "post --chat a -", "unlock", "sign-in"} {
		f := full()
		var errs bytes.Buffer
		code := Run(t.Context(), Deps{
			Args: strings.Fields(args), Stdin: strings.NewReader("a"), Stdout: brokenPipe{}, Stderr: &errs, Now: noon.UTC,
			Connect: func(context.Context, Options) (api.Service, func(), error) { return f, func() {}, nil },
		})
		if code != 1 || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%s: exit code %d, %q; want 1", args, code, errs.String())
		}
	}
}

func TestWithoutAnEmulatorItsVerbIsNotThere(t *testing.T) {
	var out, errs bytes.Buffer
	d := Deps{Args: []string{"--help"}, Stdout: &out, Stderr: &errs}
	if code := Run(t.Context(), d); code != 0 || strings.Contains(out.String(), "emulator") {
		t.Errorf("exit code %d, help:\n%s", code, out.String())
	}
	d.Args = []string{"emulator", "--listen", "localhost:0"}
	if code := Run(t.Context(), d); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

func TestHelpNamesEveryVerb(t *testing.T) {
	out := full().run(t.Context(), "", false, "--help").stdout
	for _, verb := range []string{"sign-in", "sessions", "show", "clear", "meetings", "post", "outbox", "doctor", "unlock", "quit", "version", "emulator"} {
		if !regexp.MustCompile(`(?m)^  ` + verb + ` +\w`).MatchString(out) {
			t.Errorf("help does not tell of %s:\n%s", verb, out)
		}
		if r := full().run(t.Context(), "", false, verb, "--help"); r.code != 0 || !strings.Contains(r.stdout, "Usage: debrief [--demo] "+verb) {
			t.Errorf("%s --help: exit code %d:\n%s", verb, r.code, r.stdout)
		}
	}
}

func TestEveryWordOfTheCommandLineExistsAndIsUsed(t *testing.T) {
	catalogue, err := os.ReadFile("../text/cli.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(data)
		}
	}
	keys := regexp.MustCompile(`(?m)^\t(CLI\w+) +Key = "(.*)"`).FindAllStringSubmatch(string(catalogue), -1)
	if len(keys) < 100 {
		t.Fatalf("%d keys found, want all", len(keys))
	}
	for _, k := range keys {
		if !strings.HasSuffix(k[2], ".") && text.S(text.Key(k[2])) == k[2] {
			t.Errorf("%s has no words", k[1])
		}
		if !regexp.MustCompile(`text\.` + k[1] + `\b`).MatchString(code.String()) {
			t.Errorf("nothing uses %s", k[1])
		}
	}
}

func TestATimeIsToldWithItsDistance(t *testing.T) {
	c := &command{Deps: Deps{Now: noon.UTC, Location: noon.Location()}}
	for in, want := range map[time.Duration]string{
		0: "2026-05-04 12:00 (in 0 s)", 119 * time.Second: "2026-05-04 12:01 (in 119 s)", 2 * time.Minute: "2026-05-04 12:02 (in 2 min)",
		119 * time.Minute: "2026-05-04 13:59 (in 119 min)", 47 * time.Hour: "2026-05-06 11:00 (in 47 h)", 48 * time.Hour: "2026-05-06 12:00 (in 2 days)",
		-90 * time.Second: "2026-05-04 11:58 (90 s ago)", -72 * time.Hour: "2026-05-01 12:00 (3 days ago)",
	} {
		if got := c.countdown(noon.Add(in)); got != want {
			t.Errorf("countdown(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestFilesAreNamedFromHereWhereverTheResidentWorks(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	f := full()
	f.run(t.Context(), "", false, "export", "012345", "sub/cache.json", "--yes")
	f.run(t.Context(), "", false, "import", "cache.json")
	want := []string{
		"export 0123456789abcdef0123456789abcdef to " + filepath.Join(dir, "sub", "cache.json"),
		"import " + filepath.Join(dir, "cache.json"),
	}
	for _, w := range want {
		if !slices.Contains(f.asked, w) {
			t.Errorf("asked for %q, want %q", f.asked, w)
		}
	}
}
