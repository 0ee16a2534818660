package auth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// windowless is a computer that can show no sign-in window.
type windowless struct{ why error }

func (w windowless) Open(context.Context, Page) (WindowRun, error) { return nil, noWindow(w.why) }

// browser is a system's browser in which a agrees.
func (a *authority) browser() func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		resp, err := loopbackClient.Do(r)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		go a.agrees()(ctx, Page{URL: resp.Header.Get("Location")}, nil)
		return nil
	}
}

func TestTheBrowserTakesOverWhereNoWindowCanBeShown(t *testing.T) {
	for name, window := range map[string]Window{
		"the program is missing":     HelperWindow{},
		"the program does not start": HelperWindow{Program: "/nowhere/debrief-signin", ProfileRoot: t.TempDir()},
		"no display":                 windowless{errors.New("no display")},
		"none at all":                nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			c, _ := newTestClient(t, a, func(o *Options) { o.Window, o.OpenBrowser = window, a.browser() })
			var steps []string
			_, err := c.SignIn(t.Context(), Request{Progress: func(p Progress) { steps = append(steps, string(p.Method)+" "+p.Phase) }})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"embedded opening", "system opening", "system waiting", "system redeeming"}
			if !slices.Equal(steps, want) {
				t.Errorf("got %v, want %v", steps, want)
			}
		})
	}
}

func TestWhereNeitherWindowNorBrowserIsThereBothAreNamed(t *testing.T) {
	a := newAuthority(t)
	c, _ := newTestClient(t, a, func(o *Options) {
		o.Window = windowless{errors.New("no display")}
		o.OpenBrowser = func(context.Context, string) error { return errors.New("no browser") }
	})
	_, err := c.SignIn(t.Context(), Request{})
	e := wantKind(t, err, NoWindow)
	for _, part := range []string{"no display", "no browser"} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%v does not name %q", e, part)
		}
	}
}

func TestAnythingButAMissingWindowIsNoReasonForTheBrowser(t *testing.T) {
	for _, kind := range []Kind{Cancelled, TimedOut} {
		a := newAuthority(t)
		c, _ := newTestClient(t, a, func(o *Options) {
			o.Window = refusing{kind}
			o.OpenBrowser = func(context.Context, string) error {
				t.Errorf("%s: the browser was opened", kind)
				return nil
			}
		})
		_, err := c.SignIn(t.Context(), Request{})
		wantKind(t, err, kind)
	}
}

type refusing struct{ kind Kind }

func (r refusing) Open(context.Context, Page) (WindowRun, error) { return nil, &Error{Kind: r.kind} }
