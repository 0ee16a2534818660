//go:build linux

package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// library is one of Microsoft's libraries, and the script that drives it.
type library struct {
	name    string
	command func(t *testing.T) []string
	env     func(caFile string) []string
}

var python = library{
	name: "MSAL for Python",
	command: func(t *testing.T) []string {
		// Debian's package belongs to Debian's Python, whatever else is on the path.
		for _, program := range []string{"/usr/bin/python3", "python3"} {
			if exec.CommandContext(t.Context(), program, "-c", "import msal").Run() == nil {
				return []string{program, "testdata/msal_python.py"}
			}
		}
		t.Fatal("there is no MSAL for Python here: run make test")
		return nil
	},
	// The script names the file itself.
	env: func(string) []string { return nil },
}

var node = library{
	name: "MSAL for Node",
	command: func(t *testing.T) []string {
		if _, err := os.Stat(filepath.Join(nodeDir, "node_modules/@azure/msal-node/package.json")); err != nil {
			t.Fatal("there is no MSAL for Node in build/interop: run make test")
		}
		return []string{"node", "testdata/msal_node.mjs"}
	},
	env: func(caFile string) []string {
		return []string{"MSAL_NODE=" + absolute(nodeDir), "NODE_EXTRA_CA_CERTS=" + caFile}
	},
}

const nodeDir = "../../build/interop"

func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// task is what a script is told to do.
type task struct {
	Do        string   `json:"do"`
	Authority string   `json:"authority"` // with the tenant
	ClientID  string   `json:"client_id"`
	Scopes    []string `json:"scopes"`
	Cache     string   `json:"cache"` // the file to read or to write
	Known     bool     `json:"known"` // the authority is none of Microsoft's
	CAFile    string   `json:"ca_file,omitempty"`
	People    []string `json:"people,omitempty"`
}

// line is what a script says; each has some of it.
type line struct {
	Accounts [][2]string `json:"accounts"` // sign-in name and home account id
	Token    string      `json:"token"`
	Username string      `json:"username"`
	Cached   *bool       `json:"cached"`
	Open     string      `json:"open"`
	Page     string      `json:"page"`
	Code     string      `json:"code"`
	Revoke   string      `json:"revoke"`
	Error    string      `json:"error"`
	SubError string      `json:"suberror"`
	Why      string      `json:"why"`
}

// script is a library at work.
type script struct {
	t      *testing.T
	name   string
	in     io.WriteCloser
	out    *bufio.Scanner
	stderr *bytes.Buffer
	wait   func() error
}

// play starts the library's script on a task.
func (l library) play(t *testing.T, do task) *script {
	t.Helper()
	argv := l.command(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(environ(t), l.env(do.CAFile)...)
	s := &script{t: t, name: l.name, stderr: &bytes.Buffer{}}
	cmd.Stderr = s.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in, s.out = in, bufio.NewScanner(out)
	s.out.Buffer(nil, 1<<20)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v: run make test", l.name, err)
	}
	s.wait = sync.OnceValue(cmd.Wait)
	t.Cleanup(func() { _ = in.Close(); _ = s.wait() })
	s.tell(do)
	return s
}

// environ is the environment without what would steer the libraries past the
// authority that the test names: proxies and other certificates.
func environ(t *testing.T) []string {
	t.Helper()
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		name = strings.ToUpper(name)
		return strings.HasSuffix(name, "_PROXY") || strings.HasSuffix(name, "CA_BUNDLE") || strings.HasPrefix(name, "NODE_") ||
			strings.HasPrefix(name, "SSL_CERT_") || strings.HasPrefix(name, "PYTHON") || strings.HasPrefix(name, "DEBRIEF_")
	})
	return append(env, "HOME="+t.TempDir(), "NO_PROXY=localhost", "PYTHONDONTWRITEBYTECODE=1")
}

func (s *script) tell(v any) {
	s.t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		_, err = s.in.Write(append(b, '\n'))
	}
	if err != nil {
		s.t.Fatalf("%s listens no more: %v\n%s", s.name, err, s.complaint())
	}
}

func (s *script) hear() line {
	s.t.Helper()
	if !s.out.Scan() {
		s.t.Fatalf("%s ended: %v\n%s", s.name, s.out.Err(), s.complaint())
	}
	var l line
	if err := json.Unmarshal(s.out.Bytes(), &l); err != nil {
		s.t.Fatalf("%s said %q: %v", s.name, s.out.Text(), err)
	}
	if l.Why != "" {
		s.t.Fatalf("%s failed: %s %s: %s", s.name, l.Error, l.SubError, l.Why)
	}
	return l
}

// complaint is what the script wrote on standard error by its end.
func (s *script) complaint() string {
	_ = s.in.Close()
	err := s.wait()
	return fmt.Sprintf("%v\n%s", err, s.stderr)
}

// ended waits for the script's good end.
func (s *script) ended() {
	s.t.Helper()
	_ = s.in.Close()
	if err := s.wait(); err != nil {
		s.t.Errorf("%s ended with %v:\n%s", s.name, err, s.stderr)
	}
}
