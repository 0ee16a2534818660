//go:build linux

package torture

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/emulator"
	"debrief/internal/session"
)

// A check that finds nothing proves nothing, unless it finds what is there.
func TestEveryBreachIsFound(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	if err := w.ready(ctx); err != nil {
		t.Fatal(err)
	}
	in, err := w.client.SignIn(ctx, state.SignIn{Hint: emulator.Adele, Browser: "system"})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.check(ctx, newLedger(), &tested{}); len(got) > 0 {
		t.Fatalf("a sound session: got %q", got)
	}
	put := func(name, content string) func() {
		path := filepath.Join(w.paths.Data, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return func() { _ = os.RemoveAll(path) }
	}
	tool := func(stdin string, args ...string) {
		cmd := exec.Command("secret-tool", args...)
		cmd.Env, cmd.Stdin = w.desk.Env(), strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("secret-tool: %v: %s", err, out)
		}
	}
	other := session.NewID()
	for _, c := range []struct {
		name   string
		breach func(l *ledger) (undo func())
		want   string
	}{
		{"an item of no session", func(*ledger) func() {
			tool("x", "store", "--label=x", "service", service, "username", "home/"+other+"/cache")
			return func() { tool("", "clear", "service", service, "username", "home/"+other+"/cache") }
		}, "the keyring holds"},
		{"half a record", func(*ledger) func() { return put("sessions/"+other+".json", `{"id":"`+other) }, "put aside"},
		{"half a tombstone", func(*ledger) func() { return put("sessions/"+other+".cleared.json", `{"id":"`+other) }, "is torn"},
		{"a tombstone of another", func(*ledger) func() {
			return put("sessions/"+other+".cleared.json", `{"id":"`+in.Session.ID+`","cleared_at":"2030-01-01T00:00:00Z"}`)
		}, "neither a record nor a tombstone"},
		{"an unfinished clear", func(*ledger) func() { return put("clearing.json", "[]") }, "still marked as unfinished"},
		{"a cleared session", func(l *ledger) func() {
			l.cleared(in.Session.ID)
			return func() {}
		}, "is back"},
		{"a lost session", func(l *ledger) func() {
			reported, _ := l.signInAsked(emulator.Alex)
			reported(other, emulator.Alex)
			return func() {}
		}, "is lost"},
		{"a lost account", func(l *ledger) func() {
			l.holds[emulator.Alex] = true
			return func() {}
		}, "was signed in and has no session"},
		{"a lost renewal", func(l *ledger) func() {
			if err := w.tenant.advance(2 * time.Hour); err != nil {
				t.Fatal(err)
			}
			l.used(in.Session.ID, l.now())
			return func() {}
		}, "lost a token that was reported got"},
		{"a signing key that is gone", func(*ledger) func() {
			items, err := w.desk.KeyringItems(ctx, service)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range items {
				if strings.HasSuffix(item, "/device/signing") {
					tool("", "clear", "service", service, "username", item)
				}
			}
			return func() {}
		}, "the keyring holds"},
		{"a session that cannot be used", func(*ledger) func() {
			var answer struct{}
			if err := w.tenant.control(http.MethodPost, "revoke", map[string]string{"user": emulator.Adele}, &answer); err != nil {
				t.Fatal(err)
			}
			if err := w.tenant.advance(2 * time.Hour); err != nil {
				t.Fatal(err)
			}
			return func() {}
		}, "cannot be used"},
	} {
		l := newLedger()
		undo := c.breach(l)
		if got := strings.Join(w.check(ctx, l, &tested{}), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want it to say %q", c.name, got, c.want)
		}
		undo()
		if err := os.RemoveAll(filepath.Join(w.paths.Data, "sessions", "quarantine")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLedgerClaimsWhatIsCertainOnly(t *testing.T) {
	const adele, alex = "adele", "alex"
	for _, c := range []struct {
		name   string
		happen func(l *ledger)
		listed map[string]string
		want   string
	}{
		{"a sign-in that was not reported may be there", func(l *ledger) { l.signInAsked(adele) }, map[string]string{"1": adele}, ""},
		{"or not", func(l *ledger) { l.signInAsked(adele) }, nil, ""},
		{"one that was reported has to", func(l *ledger) { signIn(l, adele, "1") }, nil, "1 was reported signed in and is lost"},
		{"a sign-in under way may replace it", func(l *ledger) { signIn(l, adele, "1"); l.signInAsked(adele) }, map[string]string{"2": adele}, ""},
		{"but not by nothing", func(l *ledger) { signIn(l, adele, "1"); l.signInAsked(adele) }, nil, "adele was signed in and has no session"},
		{"nor by two", func(l *ledger) { signIn(l, adele, "1"); l.signInAsked(adele) }, map[string]string{"1": adele, "2": adele}, "adele has 2 sessions"},
		{"a replaced one stays away", func(l *ledger) { signIn(l, adele, "1"); signIn(l, adele, "2") }, map[string]string{"1": adele}, "1 was reported cleared and is back"},
		{"a clear under way may be done", func(l *ledger) { signIn(l, adele, "1"); l.clearAsked(adele) }, nil, ""},
		{"one that was reported is", func(l *ledger) { signIn(l, adele, "1"); l.clearAsked(adele)("1") }, map[string]string{"1": adele}, "1 was reported cleared and is back"},
		{"another's clear touches nothing", func(l *ledger) { signIn(l, adele, "1"); l.clearAsked(alex) }, nil, "1 was reported signed in and is lost"},
		{"a sign-in during a clear of everything may be swept away", func(l *ledger) {
			reported, _ := l.signInAsked(adele)
			ended := l.sweepAsked()
			reported("1", adele)
			ended()
		}, nil, ""},
		{"one after it may not", func(l *ledger) { l.sweepAsked()(); signIn(l, adele, "1") }, nil, "1 was reported signed in and is lost"},
		{"a sign-in that two share is told once", func(l *ledger) {
			first, _ := l.signInAsked(adele)
			second, _ := l.signInAsked(alex)
			first("1", adele)
			l.clearAsked(adele)("1")
			second("1", adele)
		}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLedger()
			c.happen(l)
			got := strings.Join(l.settle(c.listed), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func signIn(l *ledger, account, id string) {
	reported, _ := l.signInAsked(account)
	reported(id, account)
}
