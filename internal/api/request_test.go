package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestARequestThatNoDebriefSendsIsAProblemAndReachesNothing(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		head                     http.Header
		status                   int
		code                     text.Code
		detail                   string
	}{
		{"unknown path", "GET", "/v1/nothing", "", nil, 404, text.Internal, "/v1/nothing"},
		{"path that climbs", "GET", "/v1/../v1/state", "", nil, 404, text.Internal, ".."},
		{"root", "GET", "/", "", nil, 404, text.Internal, ""},
		{"wrong method", "GET", pathClear, "", nil, 405, text.Internal, "POST"},
		{"HEAD", "HEAD", pathState, "", nil, 405, text.Internal, ""},
		{"no version", "GET", pathState, "", http.Header{header: nil}, 400, text.VersionMismatch, "9.9"},
		{"newer version", "GET", pathState, "", http.Header{header: {"2"}}, 400, text.VersionMismatch, "9.9"},
		{"newer version on its own path", "GET", "/v2/state", "", http.Header{header: {"2"}}, 400, text.VersionMismatch, ""},
		{"a web page", "POST", pathQuit, "", http.Header{"Origin": {"https://evil.example"}}, 403, text.Internal, ""},
		{"a web page of no origin", "POST", pathQuit, "", http.Header{"Origin": {"null"}}, 403, text.Internal, ""},
		{"no JSON", "POST", pathSignIn, "hint=a", nil, 500, text.Internal, "request"},
		{"unknown field", "POST", pathClear, `{"all":true,"force":true}`, nil, 500, text.Internal, "force"},
		{"unknown field where none is known", "POST", pathQuit, `{"now":true}`, nil, 500, text.Internal, "now"},
		{"wrong type", "POST", pathClear, `{"all":"yes"}`, nil, 500, text.Internal, "all"},
		{"two values", "POST", pathClear, `{"all":true}{"all":true}`, nil, 500, text.Internal, "more than one"},
		{"cut short", "POST", pathClear, `{"all":tr`, nil, 500, text.Internal, ""},
		{"a list", "POST", pathClear, `[]`, nil, 500, text.Internal, ""},
		{"too large", "POST", pathPost, `{"markdown":"` + strings.Repeat("a", maxBody) + `"}`, nil, 413, text.Internal, "at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := full()
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set(header, Version)
			for k, v := range c.head {
				r.Header[k] = v
			}
			w := httptest.NewRecorder()
			NewServer(f, "9.9", discard()).ServeHTTP(w, r)
			var p problemAnswer
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Problem == nil {
				t.Fatalf("answer %q is no problem: %v", w.Body, err)
			}
			if w.Code != c.status || p.Problem.Code != c.code || !strings.Contains(p.Problem.Detail, c.detail) {
				t.Errorf("got %d %v, want %d %s %q", w.Code, p.Problem, c.status, c.code, c.detail)
			}
			if f.last() != nil {
				t.Errorf("the service was asked %v", f.last())
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
		})
	}
}

func TestVersionAndQuitAreOpenToEveryVersion(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"GET", pathVersion, `{"version":"9.9","api":"1"}`},
		{"POST", pathQuit, `{}`},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header.Set(header, "7")
		w := httptest.NewRecorder()
		NewServer(full(), "9.9", discard()).ServeHTTP(w, r)
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != c.want {
			t.Errorf("%s: got %d %s, want 200 %s", c.path, w.Code, got, c.want)
		}
	}
}

func TestAProblemHasAFittingStatus(t *testing.T) {
	for code, want := range map[text.Code]int{
		text.Internal: 500, text.SessionUnknown: 404, text.SignInNeeded: 401, text.SummaryTooLarge: 413, text.Busy: 503, text.KeyringLocked: 422,
	} {
		if got := status(code); got != want {
			t.Errorf("status(%s) = %d, want %d", code, got, want)
		}
	}
}

func TestAnAnswerThatIsNoProblemIsAnInternalOne(t *testing.T) {
	for _, reply := range []string{
		"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry",
		"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsorry",
	} {
		c := NewClient(func(context.Context) (net.Conn, error) { return answering(reply), nil }, "1")
		_, err := c.State(t.Context())
		if p := problemOf(err); p.Code != text.Internal {
			t.Errorf("%q: got %v, want internal", reply, err)
		}
	}
}

func TestASocketOfSomebodyElseIsNoAbsence(t *testing.T) {
	c := NewClient(func(context.Context) (net.Conn, error) { return nil, platform.ErrForeign }, "1")
	_, err := c.State(t.Context())
	if p := problemOf(err); p.Code != text.Internal || !strings.Contains(p.Detail, platform.ErrForeign.Error()) {
		t.Errorf("got %v, want internal with the reason", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, ` `, `{}`, `null`, `[]`, `{"markdown":"a","mention":["all"],"wait":60000000000}`,
		`{"account":"a","meeting":"m","chat":"c","dry_run":true}`, `{"markdown":1}`, `{"MARKDOWN":"a"}`,
		`{"markdown":"\ud800"}`, "{\"markdown\":\"\xff\"}", `{"wait":1e99}`, `{} {}`, `{"x":1}`, "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var req state.PostRequest
		if decode(data, &req) != nil {
			return
		}
		again, err := encode(req)
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", data, err)
		}
		var got state.PostRequest
		if err := decode(again, &got); err != nil {
			t.Fatalf("%q became %q: %v", data, again, err)
		}
		if len(got.Mention) == 0 {
			got.Mention, req.Mention = nil, nil // omitted when empty
		}
		if !reflect.DeepEqual(got, req) {
			t.Fatalf("%q became %q", data, again)
		}
	})
}

func FuzzServer(f *testing.F) {
	s := NewServer(full(), "1", discard())
	for path, rt := range s.routes {
		if rt.stream == nil {
			f.Add(rt.method, path, []byte(`{"all":true}`))
		}
	}
	f.Add("POST", "/v1/../..", []byte("\x00"))
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body)).WithContext(t.Context())
		r.Method, r.URL.Path = method, path
		r.Header.Set(header, Version)
		if path == pathWatch {
			return // a stream: see the watch tests
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %q %q answered %q", method, path, body, w.Body)
		}
	})
}
