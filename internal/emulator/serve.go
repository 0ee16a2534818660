package emulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"debrief/internal/platform"
)

const (
	caFile   = "ca.pem"
	lockFile = "serve.lock"
)

// ServeOptions are the options of Serve.
type ServeOptions struct {
	// Addr is the loopback address to listen on, "localhost:0" or "127.0.0.1:8443":
	// what stands before the port is the host that all addresses name.
	Addr string
	// Dir is the folder of the durable state, for one process at a time; "": a
	// temporary one, removed at the end.
	Dir string
	// Out gets one line of JSON, a Ready, when everything answers. Required.
	Out io.Writer
	// Now is the machine's clock, which the tenant's clock counts from; time.Now by
	// default.
	Now func() time.Time
}

// Ready is the line that Serve prints. The first five are values of settings.
type Ready struct {
	Authority string `json:"authority"` // DEBRIEF_AUTHORITY: the origin
	Tenant    string `json:"tenant"`    // DEBRIEF_TENANT
	ClientID  string `json:"client_id"` // DEBRIEF_CLIENT_ID
	Graph     string `json:"graph"`     // DEBRIEF_GRAPH_URL
	CAFile    string `json:"ca_file"`   // SSL_CERT_FILE: new at each start
	// Control is where the tenant is steered, by requests that bear ControlKey.
	Control    string `json:"control"`
	ControlKey string `json:"control_key"`
}

// Serve offers the sign-in service, Graph and the pages to other programs: over
// TLS, on one origin of this computer only, until ctx ends, which is no error. Its
// certificate is of an authority that is made at each start and whose key is not
// kept.
func Serve(ctx context.Context, o ServeOptions) (err error) {
	if o.Out == nil {
		return errors.New("emulator: nowhere to say the address")
	}
	l, err := listenLoopback(o.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // closed by the server, unless that never began

	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "debrief-emulator-"); err != nil {
			return fmt.Errorf("emulator: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	} else {
		if dir, err = filepath.Abs(dir); err == nil {
			err = platform.PrivateDir(dir)
		}
		if err != nil {
			return fmt.Errorf("emulator: %w", err)
		}
	}
	lock, err := platform.Lock(filepath.Join(dir, lockFile), "emulator")
	if errors.Is(err, platform.ErrLocked) {
		return fmt.Errorf("emulator: another emulator works in %s", dir)
	}
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()

	e, err := load(dir, o.Now)
	if err != nil {
		return err
	}
	certificate, ca, err := makeCertificate(time.Now())
	if err != nil {
		return err
	}
	ready := Ready{
		Authority: originOf(o.Addr, l), Tenant: TenantID, ClientID: ClientID,
		CAFile: filepath.Join(dir, caFile), ControlKey: random(32),
	}
	ready.Graph, ready.Control = ready.Authority+"/v1.0", ready.Authority+controlPath
	if err := platform.WriteFile(ready.CAFile, ca); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	e.at = places{ready.Authority, ready.Authority, ready.Authority}
	secure := tls.NewListener(l, &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}, // a fault can break a connection of its own
	})
	e.serveOn(secure, e.oneOrigin(ready.ControlKey))
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := json.NewEncoder(o.Out).Encode(ready); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-e.served:
		return errors.New("emulator: the listener ended")
	}
}

// originOf is the address that l is reached at, under the host that was asked for.
func originOf(addr string, l net.Listener) string {
	host, _, _ := net.SplitHostPort(addr) // listenLoopback did it
	return "https://" + net.JoinHostPort(strings.ToLower(host), strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// oneOrigin tells everything apart by its path.
func (e *Emulator) oneOrigin(controlKey string) http.Handler {
	pages, control := e.pages(), e.control(controlKey)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, page := e.page.Handler(r)
		switch path := r.URL.Path; {
		case page != "" || !loopbackHost(r.Host):
			pages.ServeHTTP(w, r)
		case strings.HasPrefix(path, controlPath):
			control.ServeHTTP(w, r)
		default:
			toGraph := strings.HasPrefix(path, "/v1.0/") || strings.HasPrefix(path, "/beta/") || strings.HasPrefix(path, "/oidc/")
			e.overWire(w, r, toGraph)
		}
	})
}

// overWire answers a request of a service; a fault can break its connection.
func (e *Emulator) overWire(w http.ResponseWriter, r *http.Request, toGraph bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		breakOff(w)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	a := &answer{header: http.Header{}}
	if err := e.serve(a, r, toGraph, len(body)); err != nil {
		breakOff(w)
		return
	}
	a.WriteHeader(http.StatusOK)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	content := a.body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(a.status)
	if a.truncated {
		content = content[:len(content)/2] // the server sees that it is short, and hangs up
	}
	_, _ = w.Write(content)
}

// breakOff resets the connection.
func breakOff(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if secure, ok := c.(*tls.Conn); ok {
		if plain, ok := secure.NetConn().(*net.TCPConn); ok {
			_ = plain.SetLinger(0)
			_ = plain.Close()
		}
	}
	_ = c.Close()
}
