//go:build linux

package torture

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator"
)

// tenant is `debrief emulator --listen`, a process of its own that outlives every
// kill.
type tenant struct {
	emulator.Ready
	client *http.Client
}

func startTenant(t *testing.T, program, dir string) *tenant {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "emulator", "--listen", "localhost:0")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the emulator ended with %v: %s", err, said.String())
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the emulator says no address: %v: %s", err, said.String())
	}
	n := &tenant{}
	if err := json.Unmarshal(line, &n.Ready); err != nil {
		t.Fatal(err)
	}
	transport, err := trusting(n.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	n.client = &http.Client{Transport: transport, Timeout: patience}
	return n
}

// settings are the environment that points Debrief to the tenant.
func (n *tenant) settings() []string {
	return []string{
		"DEBRIEF_AUTHORITY=" + n.Authority, "DEBRIEF_TENANT=" + n.Tenant, "DEBRIEF_CLIENT_ID=" + n.ClientID,
		"DEBRIEF_GRAPH_URL=" + n.Graph, "SSL_CERT_FILE=" + n.CAFile,
	}
}

// trusting is a way to servers whose certificates an authority in a file vouches for.
func trusting(caFile string) (*http.Transport, error) {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("no certificate in %s", filepath.Base(caFile))
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}, nil
}

// control makes a request of the control channel.
func (n *tenant) control(method, path string, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, n.Control+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+n.ControlKey)
	res, err := n.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status + ": " + string(data))
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, answer)
}

// advance moves the tenant's clock; access tokens live about an hour.
func (n *tenant) advance(d time.Duration) error {
	var answer struct{}
	return n.control(http.MethodPost, "clock", map[string]string{"advance": d.String()}, &answer)
}

// tokenRequests counts the requests for tokens since the start.
func (n *tenant) tokenRequests() (count int, err error) {
	var answer struct{ Requests map[string]int }
	err = n.control(http.MethodGet, "requests", nil, &answer)
	for path, times := range answer.Requests {
		if strings.HasSuffix(path, "/token") {
			count += times
		}
	}
	return count, err
}
