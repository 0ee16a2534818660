//go:build linux

package interop

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/app"
	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/emulator"
	"debrief/internal/emulator/emulatortest"
	"debrief/internal/graph"
	"debrief/internal/session"
	"debrief/internal/session/filestore"
	"debrief/internal/vault"
	"debrief/internal/vault/memory"
)

// Under Microsoft's own names, which have no port, the export is read as it is.
func TestOtherLibrariesReadWhatDebriefExports(t *testing.T) {
	export := filepath.Join(t.TempDir(), "cache.json")
	transport := signInAndExport(t, export)
	do := task{
		Do: "read", Authority: "https://" + emulator.LoginHost + "/" + emulator.TenantID,
		ClientID: emulator.ClientID, Scopes: auth.DefaultScopes, Cache: export,
	}
	for _, l := range []library{python, node} {
		t.Run(l.name, func(t *testing.T) {
			found := reads(t, l, do)
			if found.Accounts[0][0] != emulator.Adele || !strings.HasSuffix(found.Accounts[0][1], "."+emulator.TenantID) {
				t.Errorf("found %q, want %s of her tenant", found.Accounts[0], emulator.Adele)
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+emulator.GraphHost+"/v1.0/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+found.Token)
			res, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("Graph answers the token that was found with %s", res.Status)
			}
		})
	}
}

// signInAndExport signs Adele in, in a Debrief of this process over the demo
// tenant, and exports her session. It returns the way to the tenant.
func signInAndExport(t *testing.T, export string) http.RoundTripper {
	t.Helper()
	emu, err := emulator.Open(emulator.Options{Dir: filepath.Join(t.TempDir(), "tenant")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = emu.Close() })
	dir := t.TempDir()
	store, err := filestore.Open(filestore.Options{Dir: filepath.Join(dir, "sessions")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	sealed, err := vault.Open(vault.Options{Items: memory.New(), HomeID: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sealed.Close() })
	client, err := auth.New(auth.Options{
		ClientID: emulator.ClientID, Tenant: emulator.TenantID, Authority: "https://" + emulator.LoginHost,
		Transport: emu.RoundTripper(), OpenBrowser: browse(t), TimeLimit: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Deps{
		Version: "test", Device: session.Device{ID: strings.Repeat("d", 32), Name: "desk"}, Lifetime: time.Hour, UseSigner: true,
		Browser: auth.System, DataDir: dir, ConfigDir: dir, Store: store, Vault: sealed, Auth: client,
		Graph: func(tokens graph.TokenSource) (app.Graph, error) {
			return graph.New(graph.Options{BaseURL: "https://" + emulator.GraphHost + "/v1.0", Transport: emu.RoundTripper(), Tokens: tokens})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	in, err := a.SignIn(t.Context(), state.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Export(t.Context(), state.Export{ID: in.Session.ID, Path: export}); err != nil {
		t.Fatal(err)
	}
	return emu.RoundTripper()
}

// browse is Adele in the system's browser. The browser's starter does not wait for
// her: the last page comes when Debrief has taken what she brought.
func browse(t *testing.T) func(context.Context, string) error {
	var adele sync.WaitGroup
	t.Cleanup(adele.Wait)
	return func(ctx context.Context, url string) error {
		adele.Go(func() {
			if err := visit(ctx, url); err != nil && ctx.Err() == nil {
				t.Errorf("the sign-in in the browser: %v", err)
			}
		})
		return nil
	}
}

func visit(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultTransport.RoundTrip(r) // Debrief's own page leads to Microsoft's
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	d, err := emulatortest.Person{UPN: emulator.Adele}.SignIn(ctx, res.Header.Get("Location"))
	if err != nil {
		return err
	}
	if res, err = d.Send(ctx); err != nil {
		return err
	}
	return res.Body.Close()
}
