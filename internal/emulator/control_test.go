package emulator

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

func TestTheControlChannelNeedsItsKey(t *testing.T) {
	s := serveTenant(t, ServeOptions{})
	key := s.ControlKey
	for name, header := range map[string]string{
		"nothing": "", "another key": "Bearer " + random(32), "a part of it": "Bearer " + key[:20], "another kind": "Basic " + key, "no kind": key,
	} {
		for path, method := range map[string]string{"secrets": "GET", "requests": "GET", "": "GET", "reset": "POST", "nothing": "GET"} {
			r, err := http.NewRequestWithContext(t.Context(), method, s.Control+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", header)
			response, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || response.StatusCode != http.StatusUnauthorized || bytes.Contains(body, []byte(key)) {
				t.Errorf("%s, %s: %d %s %v", name, path, response.StatusCode, body, err)
			}
		}
	}
}

func TestTheControlChannelRefusesWhatItDoesNotKnow(t *testing.T) {
	s := serveTenant(t, ServeOptions{})
	for _, c := range [][2]string{
		{"clock", `{"advance":"soon"}`}, {"clock", `{"advnce":"1h"}`}, {"clock", `{"advance":"1h"}{}`}, {"clock", `x`},
		{"scenario", `{"name":"rain"}`}, {"revoke", `{"user":"nobody@contoso.example"}`},
		{"faults", `{}`}, {"faults", `[{"path":"("}]`}, {"faults", `[{"status":700}]`}, {"faults", `[{"stauts":503}]`},
	} {
		if status, answer := s.steer(t, c[0], c[1]); status != http.StatusBadRequest || answer["error"] == "" {
			t.Errorf("%s %s: %d %v", c[0], c[1], status, answer)
		}
	}
	if status, answer := s.steer(t, "messages?chat=19:nothing", ""); status != http.StatusBadRequest {
		t.Errorf("messages of an unknown chat: %d %v", status, answer)
	}
	before := s.do(t, "", "")
	if before["scenario"] != "" || before["notice"] != "" || !strings.HasPrefix(before["chats"].(string), s.Authority+"/demo/") {
		t.Errorf("the overview: %v", before)
	}
	if response, err := s.client.Get(before["chats"].(string)); err != nil || response.StatusCode != 200 {
		t.Errorf("the chats page: %v", err)
	}
}

func TestMessagesAndFaultsOverTheControlChannel(t *testing.T) {
	s := serveTenant(t, ServeOptions{})
	token := signInOverTLS(t, s, s.msal(t, &memoryCache{}), strings.Fields(testScopes), Adele).AccessToken
	request := func(method, path, body string) (int, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.Graph+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		response, err := s.client.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		data, err := io.ReadAll(response.Body)
		return response.StatusCode, string(data) + response.Header.Get("Retry-After"), err
	}
	post := func() (int, string, error) {
		return request("POST", "/chats/"+LaunchChat+"/messages", `{"body":{"contentType":"html","content":"<p>hello</p>"}}`)
	}
	posted := func(chat string) int {
		list := s.do(t, "messages?chat="+chat, "")["messages"].([]any)
		for _, m := range list {
			if m := m.(map[string]any); m["content"] != "<p>hello</p>" || m["chat_id"] != LaunchChat {
				t.Errorf("message %v", m)
			}
		}
		return len(list)
	}
	if posted("") != 0 {
		t.Fatal("something was posted already")
	}
	s.do(t, "faults", `[{"method":"POST","path":"/messages$","status":429,"retry_after":"7","count":2}]`)
	for range 2 {
		if status, body, err := post(); err != nil || status != 429 || !strings.HasSuffix(body, "7") {
			t.Fatalf("throttled: %d %s %v", status, body, err)
		}
	}
	if status, _, err := post(); err != nil || status != 201 || posted(LaunchChat) != 1 {
		t.Fatalf("after the fault: %d %v", status, err)
	}
	s.do(t, "faults", `[{"method":"POST","reset":true,"after_commit":true}]`)
	if _, _, err := post(); !errors.Is(err, syscall.ECONNRESET) || posted(LaunchChat) != 2 {
		t.Errorf("a connection that breaks after the effect: %v, %d messages", err, posted(LaunchChat))
	}
	s.do(t, "faults", `[{"path":"/me$","truncate":true},{"path":"/me$","body":"<html>Pay for the Wi-Fi","status":200},{"path":"/me$","delay":"1ms"}]`)
	if _, _, err := request("GET", "/me", ""); err == nil {
		t.Error("a truncated answer was read whole")
	}
	if _, body, err := request("GET", "/me", ""); err != nil || !strings.Contains(body, "Wi-Fi") {
		t.Errorf("the captive portal: %q %v", body, err)
	}
	if status, _, err := request("GET", "/me", ""); err != nil || status != 200 {
		t.Errorf("after them: %d %v", status, err)
	}
	for _, list := range []string{"/chats/" + LaunchChat + "/messages?$top=1", "/me/chats?$top=2"} {
		s.do(t, "faults", `[{"empty_page":true}]`)
		status, body, err := request("GET", list, "")
		if err != nil || status != 200 || !strings.Contains(body, `"value":[]`) || !strings.Contains(body, "@odata.nextLink") {
			t.Errorf("%s: an empty page with a next one: %d %s %v", list, status, body, err)
		}
	}
	s.do(t, "faults", `[{"count":100,"status":503}]`)
	s.do(t, "faults", `[]`)
	if status, _, err := request("GET", "/me", ""); err != nil || status != 200 {
		t.Errorf("the faults were not cleared: %d %v", status, err)
	}
	if got := s.do(t, "requests", "")["requests"].(map[string]any)["GET /v1.0/me"]; got != 4.0 {
		t.Errorf("GET /v1.0/me was counted %v times, want 4", got)
	}
}

func FuzzControl(f *testing.F) {
	for _, seed := range []string{
		`[{"method":"POST","path":"/messages$","count":3,"status":429,"retry_after":"7","delay":"1s","reset":true}]`,
		`{"advance":"61m"}`, `{"name":"mfa"}`, `{"user":"AdeleV@contoso.example"}`, ``, `null`, `[null]`, `[{"path":"("}]`,
	} {
		f.Add("faults", seed)
		f.Add("scenario", seed)
	}
	e, err := Open(Options{Dir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	h := e.control("key")
	f.Fuzz(func(t *testing.T, path, body string) {
		if path != "faults" && path != "scenario" {
			path = "faults"
		}
		r := httptest.NewRequest("POST", controlPath+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer key")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%s %q: %d", path, body, w.Code)
		}
	})
}
