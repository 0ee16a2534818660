//go:build linux

package interop

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"debrief/internal/auth"
	"debrief/internal/emulator"
	"debrief/internal/emulator/emulatortest"
)

// program is the built debrief, as the story uses it.
func program(t *testing.T) string {
	t.Helper()
	path := absolute(filepath.Join(cmp.Or(os.Getenv("STORY_BIN"), "../../build/test-bin"), "debrief"))
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make test", err)
	}
	return path
}

// tenant is `debrief emulator --listen` at work.
type tenant struct {
	emulator.Ready
	browser *http.Transport // trusts its certificate
}

func serve(t *testing.T) tenant {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), "emulator", "--listen", "localhost:0")
	cmd.Env = environ(t)
	out := start(t, cmd)
	var e tenant
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&e.Ready); err != nil {
		t.Fatalf("the emulator said no address: %v", err)
	}
	ca, err := os.ReadFile(e.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	e.browser = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(e.browser.CloseIdleConnections)
	return e
}

// start starts a program that a signal ends with the test, and gives its standard
// output.
func start(t *testing.T, cmd *exec.Cmd) io.Reader {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // t's context has ended by now
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v\n%s", cmd.Args, err, stderr.String())
		}
	})
	return out
}

func (e tenant) task(do, cache string, people ...string) task {
	return task{
		Do: do, Authority: e.Authority + "/" + e.Tenant, ClientID: e.ClientID, Scopes: auth.DefaultScopes, // what Debrief asks for is consented then
		Cache: cache, Known: true, CAFile: e.CAFile, People: people,
	}
}

// me is who Graph takes the token's bearer for.
func (e tenant) me(t *testing.T, token string) string {
	t.Helper()
	var who struct{ UserPrincipalName string }
	e.request(t, http.MethodGet, e.Graph+"/me", token, nil, &who)
	return who.UserPrincipalName
}

// steer asks the control channel.
func (e tenant) steer(t *testing.T, what string, body any) {
	t.Helper()
	e.request(t, http.MethodPost, e.Control+what, e.ControlKey, body, nil)
}

func (e tenant) request(t *testing.T, method, url, bearer string, body, into any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	res, err := (&http.Client{Transport: e.browser}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %s", method, r.URL.Path, res.Status, err, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s %s: %v", method, r.URL.Path, err)
		}
	}
}

// signsIn plays a script's sign-ins to their end: the first of people in a
// browser, the second with a code.
func (e tenant) signsIn(t *testing.T, l library, cache string, people ...string) {
	t.Helper()
	s := l.play(t, e.task("sign-in", cache, people...))
	d, err := emulatortest.Person{UPN: people[0], Transport: e.browser}.SignIn(t.Context(), s.hear().Open)
	if err != nil {
		t.Fatal(err)
	}
	params := map[string]string{}
	for name := range d.Values {
		params[name] = d.Values.Get(name)
	}
	s.tell(params)
	first := s.hear()

	device := s.hear()
	if end, err := (emulatortest.Person{UPN: people[1], Transport: e.browser}).EnterCode(t.Context(), device.Page, device.Code); err != nil {
		t.Fatalf("the code ends on %q: %v", end, err)
	}
	s.tell(struct{}{})
	second, renewed := s.hear(), s.hear()
	for i, got := range []line{first, second, renewed} {
		want := people[i%2]
		if who := e.me(t, got.Token); got.Username != want || who != want {
			t.Errorf("token %d of %s is of %q, for Graph of %q, want %q", i, l.name, got.Username, who, want)
		}
	}
	if renewed.Token == first.Token {
		t.Errorf("%s renewed nothing", l.name)
	}

	e.steer(t, "revoke", map[string]string{"user": s.hear().Revoke})
	s.tell(struct{}{})
	if refused := s.hear(); refused.Error != "invalid_grant" {
		t.Errorf("%s took the refusal of a revoked token as %q %q, want invalid_grant", l.name, refused.Error, refused.SubError)
	}
	s.ended()
}

// resident is a Debrief of its own at work, on an organisation's tenant as far as
// it knows.
type resident struct {
	t   *testing.T
	env []string
}

func newResident(t *testing.T, e tenant) resident {
	t.Helper()
	home, err := os.MkdirTemp("", "interop") // its socket's path has 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	r := resident{t: t, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "DEBRIEF_HOME=" + filepath.Join(home, "debrief"),
		"DEBRIEF_VAULT=memory", "DEBRIEF_CLIENT_ID=" + e.ClientID, "DEBRIEF_TENANT=" + e.Tenant, "DEBRIEF_AUTHORITY=" + e.Authority,
		"DEBRIEF_GRAPH_URL=" + e.Graph, "SSL_CERT_FILE=" + e.CAFile,
	}}
	cmd := exec.CommandContext(t.Context(), program(t), "--hidden")
	cmd.Env = r.env
	drained := make(chan struct{})
	out := start(t, cmd)
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, out) }()
	t.Cleanup(sync.OnceFunc(func() { <-drained }))
	// A verb that came before the resident would hold the folder itself.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(30 * time.Second); ; {
		if sockets, _ := filepath.Glob(filepath.Join(home, "debrief", "run", "*.sock")); len(sockets) > 0 {
			return r
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the resident does not listen")
		}
	}
}

// run runs a verb that has to exit with code, and returns what it prints.
func (r resident) run(code int, args ...string) (stdout string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), program(r.t), args...)
	cmd.Env = r.env
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		r.t.Fatalf("debrief %s: %v, want exit %d\n%s%s", args, err, code, out.String(), errs.String())
	}
	return out.String()
}

// listed is a session as `sessions --json` tells it.
type listed struct {
	ID, Email, Status, Why string
	Account                struct {
		ClientID    string `json:"client_id"`
		Environment string
	}
}

func (r resident) sessions() map[string]listed {
	r.t.Helper()
	var all []listed
	if err := json.Unmarshal([]byte(r.run(0, "sessions", "--json")), &all); err != nil {
		r.t.Fatal(err)
	}
	by := map[string]listed{}
	for _, s := range all {
		by[s.Email] = s
	}
	return by
}
