package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
)

var update = flag.Bool("update", false, "write the golden files anew")

// run is a call of the command line over f, and all that came of it.
type run struct {
	code           int
	stdout, stderr string
	options        []Options // of each Connect and Resident
	gaveBack       int
}

func (f *fake) run(ctx context.Context, stdin string, terminal bool, args ...string) run {
	var r run
	var out, errs bytes.Buffer
	r.code = Run(ctx, Deps{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Version: "1.2.3",
		Now: func() time.Time { return noon }, Location: time.FixedZone("here", 2*3600), StdinIsTerminal: terminal,
		Connect: func(_ context.Context, o Options) (api.Service, func(), error) {
			r.options = append(r.options, o)
			return f, func() { r.gaveBack++ }, nil
		},
		Resident: func(ctx context.Context, o Options, show bool) error {
			r.options = append(r.options, o)
			return f.note("resident show=%v", show)
		},
		ReadHidden: func() ([]byte, error) {
			if len(f.types) == 0 {
				return nil, io.EOF
			}
			line := f.types[0]
			f.types = f.types[1:]
			return []byte(line), nil
		},
		Emulator: func(_ context.Context, addr string, out io.Writer) error {
			fmt.Fprintln(out, `{"authority":"x"}`)
			return f.note("emulator %s", addr)
		},
	})
	r.stdout, r.stderr = out.String(), errs.String()
	return r
}

func with(change func(*fake)) *fake {
	f := full()
	change(f)
	return f
}

// steps are what the command line sees of a sign-in.
func steps(list ...state.SignInState) func(*fake) { return func(f *fake) { f.steps = list } }

// typed is a call of the command line.
type typed struct {
	name     string
	f        *fake
	args     string
	stdin    string
	terminal bool
	json     bool
}

// service gives the case's own fake: full where it names none.
func (c typed) service() *fake {
	if c.f == nil {
		return full()
	}
	f := *c.f
	return &f
}

// cases are the verbs as they are typed; what each prints stands in
// testdata/<name>.txt. JSON is whether standard output has to be that.
var cases = []typed{
	{name: "help", args: "--help"},
	{name: "help-verb", args: "post -h"},
	{name: "help-by-verb", args: "help clear"},
	{name: "version", args: "version"},
	{name: "resident", args: ""},
	{name: "resident-hidden", args: "--demo --hidden"},
	{name: "sign-in", args: "sign-in", f: with(steps(state.SignInState{Method: "embedded"}))},
	{name: "sign-in-hint", args: "--demo sign-in --account zoe@contoso.example --browser system", f: with(steps(state.SignInState{Method: "system"}))},
	{name: "sign-in-device", args: "sign-in --browser device", f: with(steps(state.SignInState{Method: "device", Phase: "opening"},
		state.SignInState{Method: "device", Phase: "waiting", UserCode: "A1B2-\x1bC3D4", VerificationURL: "https://login.example/device", CodeExpiresAt: noon.Add(15 * time.Minute)},
		state.SignInState{Method: "device", Phase: "redeeming"}))},
	{name: "sign-in-fallback", args: "sign-in", f: with(steps(state.SignInState{Method: "embedded", Phase: "opening"},
		state.SignInState{Method: "system", Phase: "opening", InsteadOf: "embedded"}, state.SignInState{Method: "system", Phase: "waiting", InsteadOf: "embedded"}))},
	{name: "sign-in-other", args: "sign-in --account max@contoso.example", f: with(func(f *fake) {
		f.signedIn.Other = true
		steps(state.SignInState{Method: "embedded"})(f)
	})},
	{name: "sign-in-cancelled", args: "sign-in", f: with(func(f *fake) {
		f.err = problem(text.SignInCancelled)
		steps(state.SignInState{Method: "embedded"})(f)
	})},
	{name: "sessions", args: "sessions"},
	{name: "sessions-json", args: "sessions --json", json: true},
	{name: "sessions-none", args: "sessions", f: &fake{}},
	{name: "sessions-none-json", args: "sessions --json", f: &fake{}, json: true},
	{name: "sessions-unreadable", args: "sessions --json", json: true, f: &fake{st: state.State{Unreadable: []state.Unreadable{
		{ID: "01", Path: "/d/quarantine/01.json", Why: "corrupt"}, {ID: "02", Path: "/d/02.json", Why: "newer"}}}}},
	{name: "show", args: "show 012345"},
	{name: "show-json", args: "show 012345 --json", json: true},
	{name: "show-bare", args: "show fedcba", f: with(func(f *fake) {
		f.detail = state.SessionDetail{Session: rude(), CacheProblem: problem(text.KeyringLocked)}
	})},
	{name: "show-bare-json", args: "show fedcba --json", json: true, f: with(func(f *fake) {
		f.detail = state.SessionDetail{Session: rude(), CacheProblem: problem(text.KeyringLocked)}
	})},
	{name: "show-unknown", args: "show 999999", f: with(func(f *fake) { f.err = problem(text.SessionUnknown, "id", "999999") })},
	{name: "clear-ids", args: "clear 012345 fedcba"},
	{name: "clear-expired", args: "clear --expired --this-device"},
	{name: "clear-all-script", args: "clear --all"},
	{name: "clear-all-no", args: "clear --all", terminal: true, stdin: "n\n"},
	{name: "clear-all-enter", args: "clear --all", terminal: true, stdin: "\n"},
	{name: "clear-all-end-of-input", args: "clear --all", terminal: true},
	{name: "clear-all-yes", args: "clear --all --this-device", terminal: true, stdin: "Y\n"},
	{name: "clear-all-unasked", args: "clear --all --yes", terminal: true},
	{name: "clear-none", args: "clear --all", terminal: true, f: &fake{report: state.ClearReport{Clean: true, Lines: []state.ClearLine{{What: "web_profile", Outcome: "nothing"}}}}},
	{name: "clear-unclean", args: "clear 012345", f: with(func(f *fake) {
		f.report.Clean = false
		f.report.Lines[0].Outcome, f.report.Lines[0].Problem = "pending", problem(text.KeyringLocked)
		f.report.Lines[1].Outcome, f.report.Lines[1].Problem = "failed", problem(text.DiskFull, "path", "/d")
	})},
	{name: "export", args: "export 012345 --yes /tmp/cache.json"},
	{name: "export-asked", args: "export 012345 /tmp/cache.json", terminal: true, stdin: "y\n"},
	{name: "export-no", args: "export 012345 /tmp/cache.json", terminal: true, stdin: "n\n"},
	{name: "export-end-of-input", args: "export 012345 /tmp/cache.json", terminal: true},
	{name: "export-unknown", args: "export 999999 /tmp/cache.json --yes", f: with(func(f *fake) { f.err = problem(text.SessionUnknown, "id", "999999") })},
	{name: "export-script", args: "export 012345 /tmp/cache.json"},
	{name: "export-to-standard-output", args: "export 012345 - --yes"},
	{name: "import", args: "import /tmp/../tmp/cache.json"},
	{name: "import-needs", args: "import /tmp/cache.json", f: with(func(f *fake) {
		f.imported.Lines = append(f.imported.Lines,
			state.ImportLine{Account: "eve\x1b[2J@contoso.example", Session: rude().ID, Problem: problem(text.OtherClient, "account", "eve\x1b[2J@contoso.example")},
			state.ImportLine{Account: "max@contoso.example", Session: zoe().ID, Kept: true, Problem: problem(text.Offline)})
	})},
	{name: "import-no-cache", args: "import /tmp/cache.json", f: with(func(f *fake) { f.err = problem(text.NotCache, "path", "/tmp/cache.json") })},
	{name: "import-nothing", args: "import"},
	{name: "sessions-issued-elsewhere", args: "sessions", f: with(func(f *fake) {
		f.sessions[0].Status, f.sessions[0].Why = state.NeedsSignIn, text.OtherClient
		f.sessions[1].Why = text.OtherService
	})},
	{name: "meetings", args: "meetings --account zoe"},
	{name: "meetings-json", args: "meetings --json", json: true},
	{name: "meetings-none", args: "meetings", f: &fake{}},
	{name: "meetings-none-json", args: "meetings --json", f: &fake{}, json: true},
	{name: "meetings-ambiguous", args: "meetings --json", f: with(func(f *fake) {
		f.err = problem(text.AccountAmbiguous, "accounts", "max@contoso.example, zoe@contoso.example")
	})},
	{name: "post", args: "post --meeting Weekly --mention all --account zoe@contoso.example -", stdin: "# Hallo\n"},
	{name: "post-options", args: "post --chat 19:x@thread.v2 --mention Zoë,max@contoso.example --mention none --timeout 5s -", stdin: "a"},
	{name: "post-dry-run", args: "post --meeting Weekly --dry-run -", stdin: "# Hallo\n"},
	{name: "post-dry-run-nobody", args: "post --meeting Weekly --dry-run -", f: with(func(f *fake) { f.posted.Rendered.Mentions = nil })},
	{name: "post-queued", args: "post --meeting Weekly --timeout 0s -", f: with(func(f *fake) { f.posted.Post = &posts()[1] })},
	{name: "post-failed", args: "post --meeting Weekly -", f: with(func(f *fake) { f.posted.Post = &posts()[2] })},
	{name: "post-unknown", args: "post --meeting Weekly -", f: with(func(f *fake) { f.posted.Post.State = state.Unknown })},
	{name: "post-cancelled", args: "post --meeting Weekly -", f: with(func(f *fake) { f.posted.Post.State = state.Cancelled })},
	{name: "post-to-chat", args: "post --chat 19:x -", f: with(func(f *fake) { f.posted.Post.Title = "" })},
	{name: "post-signed-out", args: "post --meeting Weekly -", f: with(func(f *fake) {
		f.err = problem(text.SignInNeeded, "account", "zoe@contoso.example", "post", "dddddddddddddddddddddddddddddddd")
	})},
	{name: "post-draft", args: "post --meeting Weekly -", f: with(func(f *fake) { f.posted.Post.State = state.Draft })},
	{name: "post-empty", args: "post --meeting Weekly -", f: with(func(f *fake) { f.err = problem(text.SummaryEmpty) })},
	{name: "post-huge", args: "post --meeting Weekly -", stdin: strings.Repeat("a", 3<<20), f: with(func(f *fake) {
		f.err = problem(text.SummaryTooLarge, "size", "1024.0 KB", "limit", "28 KB")
	})},
	{name: "post-no-file", args: "post --meeting Weekly testdata/none/such.md"},
	{name: "post-folder", args: "post --meeting Weekly testdata"},
	{name: "outbox", args: "outbox"},
	{name: "outbox-json", args: "outbox --json", json: true},
	{name: "outbox-none", args: "outbox", f: &fake{st: state.State{Ready: true}}},
	{name: "outbox-none-json", args: "outbox --json", f: &fake{st: state.State{Ready: true}}, json: true},
	{name: "outbox-starting", args: "outbox --json", json: true, f: &fake{
		later: []state.State{{}, {Ready: true, Posts: posts()[:1]}}}},
	{name: "doctor", args: "doctor"},
	{name: "doctor-json", args: "doctor --json", json: true},
	{name: "doctor-ill", args: "doctor", f: with(func(f *fake) {
		f.doctor.OK = false
		f.doctor.Checks[0] = state.Check{ID: "keyring", State: string(vault.Locked), Detail: "gnome-keyring", Next: "Run: debrief unlock"}
	})},
	{name: "doctor-ill-json", args: "doctor --json", json: true, f: &fake{doctor: state.Report{Version: "1.2.3"}}},
	{name: "unlock", args: "unlock"},
	{name: "unlock-declined", args: "unlock", f: with(func(f *fake) { f.err = problem(text.KeyringDeclined) })},
	{name: "unlock-passphrase", args: "unlock", stdin: "a few words\n", f: with(func(f *fake) { f.unlock = problem(text.VaultNeedsPassphrase) })},
	{name: "unlock-new", args: "unlock", terminal: true, f: with(func(f *fake) {
		f.types = []string{"a few words", "a few words"}
		f.unlock = problem(text.VaultNotCreated)
	})},
	{name: "unlock-new-differs", args: "unlock", terminal: true, f: with(func(f *fake) { f.types = []string{"a few words", "others"}; f.unlock = problem(text.VaultNotCreated) })},
	{name: "vault", args: "vault --move-to keyring"},
	{name: "vault-to-file", args: "vault --move-to file", terminal: true, f: with(func(f *fake) { f.types = []string{"a few words", "a few words"}; f.needsPhrase = true })},
	{name: "vault-nowhere", args: "vault"},
	{name: "quit", args: "quit", f: with(func(f *fake) { f.watchErr = problem(text.NotRunning) })},
	{name: "quit-not-running", args: "quit", f: with(func(f *fake) { f.err = problem(text.NotRunning) })},
	{name: "quit-other-version", args: "quit", f: with(func(f *fake) { f.watchErr = problem(text.VersionMismatch) })},
	{name: "emulator", args: "emulator --listen localhost:0"},
	{name: "internal", args: "sessions --json", f: with(func(f *fake) { f.err = fmt.Errorf("disk on fire\x1b[31m") })},

	{name: "wrong-verb", args: "--demo sing-in"},
	{name: "wrong-option", args: "sessions --jsno"},
	{name: "wrong-short-option", args: "sessions -j"},
	{name: "wrong-hidden", args: "sessions --hidden"},
	{name: "wrong-value", args: "post --meeting a --timeout soon -"},
	{name: "wrong-no-value", args: "post --meeting"},
	{name: "wrong-timeout", args: "post --meeting a --timeout -1s -"},
	{name: "wrong-no-target", args: "post -"},
	{name: "wrong-two-targets", args: "post --meeting a --chat b -"},
	{name: "wrong-no-file", args: "post --meeting a"},
	{name: "wrong-clear-nothing", args: "clear"},
	{name: "wrong-clear-both", args: "clear --all 012345"},
	{name: "wrong-clear-device", args: "clear 012345 --this-device"},
	{name: "wrong-arguments", args: "meetings today"},
	{name: "wrong-show", args: "show"},
	{name: "wrong-listen", args: "emulator"},
	{name: "wrong-help", args: "help nothing"},
}

func TestEveryVerbPrintsWhatItsGoldenFileSays(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := c.service()
			r := f.run(t.Context(), c.stdin, c.terminal, strings.Fields(c.args)...)
			if c.json && !json.Valid([]byte(r.stdout)) || !c.json && strings.Contains(c.args, "--json") && r.stdout != "" {
				t.Errorf("standard output is not JSON and nothing else:\n%s", r.stdout)
			}
			if strings.ContainsAny(r.stdout+r.stderr, "\x1b\u202e") || strings.Contains(r.stdout+r.stderr, "cli.") {
				t.Errorf("what is printed steers the terminal, or lacks its words:\n%s%s", r.stdout, r.stderr)
			}
			var connected []string
			for _, o := range r.options {
				connected = append(connected, fmt.Sprintf("%+v", o))
			}
			got := fmt.Sprintf("$ debrief %s\n[exit code %d]\n[asked: %s]\n[with: %s]\n[standard output]\n%s[standard error]\n%s",
				c.args, r.code, strings.ReplaceAll(strings.Join(f.asked, "; "), "\n", "\\n"), strings.Join(connected, "; "), r.stdout, r.stderr)
			golden(t, filepath.Join("testdata", c.name+".txt"), got)
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (write anew with -update)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestEveryGoldenFileBelongsToACase(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.ContainsFunc(cases, func(c typed) bool { return c.name+".txt" == file.Name() }) {
			t.Errorf("testdata/%s belongs to no case", file.Name())
		}
	}
}
