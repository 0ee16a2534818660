package window_test

import (
	"testing"

	"debrief/internal/auth/window"
)

func TestOnlyWhatTheOrderAllowsIsLoaded(t *testing.T) {
	order := window.Order{Allow: []string{"https", "http://localhost:34329", "http://127.0.0.1:8080"}}
	for uri, want := range map[string]bool{
		"https://login.microsoftonline.com/organizations": true,
		"HTTPS://Login.Example/":                          true,
		"http://localhost:34329/":                         true,
		"http://localhost:34329/?code=x":                  true,
		"http://127.0.0.1:8080/authorize":                 true,
		"about:blank":                                     true,
		"about:srcdoc":                                    true,
		"http://localhost:34330/":                         false,
		"http://localhost/":                               false,
		"http://127.0.0.1:34329/":                         false,
		"http://login.microsoftonline.com/":               false,
		"http://localhost:34329@evil.example/":            false,
		"http://localhost:34329.evil.example/":            false,
		"https://user@evil.example/":                      false,
		"file:///etc/passwd":                              false,
		"javascript:alert(1)":                             false,
		"data:text/html,hello":                            false,
		"msauth://app":                                    false,
		"blob:https://login.example/1":                    false,
		"":                                                false,
		"https://":                                        false,
		"https":                                           false,
		"http://[::1":                                     false,
	} {
		if got := order.Allowed(uri); got != want {
			t.Errorf("Allowed(%q): got %v, want %v", uri, got, want)
		}
	}
}

func TestAnOrderWithoutHTTPSAllowsItsOriginsOnly(t *testing.T) {
	order := window.Order{Allow: []string{"http://localhost:1"}}
	if order.Allowed("https://login.example/") {
		t.Error("https was loaded without being allowed")
	}
	if !order.Allowed("http://localhost:1/x") {
		t.Error("the allowed origin was refused")
	}
}

func TestHostIsWhatTheTitleShows(t *testing.T) {
	for uri, want := range map[string]string{
		"https://Login.Microsoftonline.com/a?b#c": "login.microsoftonline.com",
		"http://127.0.0.1:8080/":                  "127.0.0.1:8080",
		"about:blank":                             "",
		"https://login.microsoftonline.com@evil/": "",
	} {
		if got := window.Host(uri); got != want {
			t.Errorf("Host(%q): got %q, want %q", uri, got, want)
		}
	}
}

func FuzzAllowedNeverLeavesTheOrder(f *testing.F) {
	for _, seed := range []string{"http://localhost:1/", "https://a", "http://localhost:1@b/", "//x", "http:/\\localhost:1", "http://LOCALHOST:1"} {
		f.Add(seed)
	}
	order := window.Order{Allow: []string{"http://localhost:1"}}
	f.Fuzz(func(t *testing.T, uri string) {
		if order.Allowed(uri) && window.Origin(uri) != "http://localhost:1" && uri != "about:blank" && uri != "about:srcdoc" {
			t.Errorf("Allowed(%q) with the origin %q", uri, window.Origin(uri))
		}
	})
}
