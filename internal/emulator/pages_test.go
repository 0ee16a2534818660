package emulator

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// fetch asks the pages' listener, without following redirects.
func fetch(t *testing.T, method, address string, header http.Header, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(data)
}

func TestEveryPageIsPrivate(t *testing.T) {
	e, _ := start(t)
	for name, address := range map[string]string{
		"accounts": authURL(e), "form_post": authURL(e, "prompt", "none", "response_mode", "form_post"),
		"refused": authURL(e, "client_id", "x"), "chats": e.URL(), "nothing": e.at.pages + "/",
	} {
		_, h, body := fetch(t, "GET", address, nil, "")
		for header, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"} {
			if got := h.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", name, csp)
		}
		if strings.Contains(csp, "script-src") != (name == "form_post") {
			t.Errorf("%s: policy %q", name, csp)
		}
		if outside := regexp.MustCompile(`(?:src|href)="https?:`).FindString(body); outside != "" {
			t.Errorf("%s: the page loads from outside: %s", name, outside)
		}
	}
}

func TestAForeignHostNameIsRefused(t *testing.T) {
	e, _ := start(t)
	port := e.listener.Addr().String()[strings.LastIndex(e.listener.Addr().String(), ":"):]
	for host, want := range map[string]int{
		"evil.example" + port: http.StatusMisdirectedRequest, "localhost.evil.example" + port: http.StatusMisdirectedRequest,
		"192.0.2.1" + port: http.StatusMisdirectedRequest, "localhost" + port: http.StatusOK, "[::1]" + port: http.StatusOK, "127.0.0.1" + port: http.StatusOK,
	} {
		if got, _, _ := fetch(t, "GET", e.URL(), http.Header{"Host": {host}}, ""); got != want {
			t.Errorf("host %s: got %d, want %d", host, got, want)
		}
	}
}

func TestFormsNeedTheirToken(t *testing.T) {
	e, _ := start(t)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	before := e.Now()
	if status, _, _ := fetch(t, "POST", e.URL()+"clock", form, "form=guess"); status != http.StatusForbidden {
		t.Errorf("clock: %d, want 403", status)
	}
	if status, _, _ := fetch(t, "POST", e.URL()+"reset", form, ""); status != http.StatusForbidden {
		t.Errorf("reset: %d, want 403", status)
	}
	if got := e.Now(); !got.Equal(before) {
		t.Errorf("the clock moved to %v", got)
	}
	if status, _, body := fetch(t, "POST", e.at.pages+"/signin", form, url.Values{"flow": {"guess"}, "do": {"accept"}}.Encode()); status != http.StatusBadRequest || !strings.Contains(body, "has ended") {
		t.Errorf("sign-in: %d %q", status, body)
	}
	if status, _, _ := fetch(t, "GET", e.at.pages+"/demo/guess/", nil, ""); status != http.StatusNotFound {
		t.Errorf("chats without the key: %d, want 404", status)
	}
	if status, _, _ := fetch(t, "POST", e.at.pages+"/demo/guess/reset", form, "form="+e.pageForm); status != http.StatusNotFound {
		t.Errorf("reset without the key: %d, want 404", status)
	}
}

func TestThePagesWorkByKeyboard(t *testing.T) {
	e, _ := start(t)
	_, _, body := fetch(t, "GET", authURL(e), nil, "")
	if strings.Count(body, " autofocus") != 1 || !regexp.MustCompile(`value="`+adele.ID+`" autofocus`).MatchString(body) {
		t.Errorf("the first account has no focus:\n%s", body)
	}
	if !strings.Contains(body, "Demo tenant</b> – not Microsoft") {
		t.Error("the page does not say that it is the demo tenant's")
	}
	flow := regexp.MustCompile(`name="flow" value="([^"]+)"`).FindStringSubmatch(body)[1]
	_, _, body = fetch(t, "POST", e.at.pages+"/signin", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		url.Values{"flow": {flow}, "do": {"pick"}, "account": {adele.ID}}.Encode())
	if strings.Count(body, " autofocus") != 1 || !strings.Contains(body, `value="accept" class="primary" autofocus`) {
		t.Errorf("Accept has no focus:\n%s", body)
	}
	_, _, body = fetch(t, "GET", authURL(e, "login_hint", Lee), nil, "")
	if !regexp.MustCompile(`value="` + lee.ID + `" autofocus`).MatchString(body) {
		t.Errorf("the hinted account has no focus:\n%s", body)
	}
	_, _, body = fetch(t, "GET", authURL(e, "login_hint", Lee, "prompt", ""), nil, "")
	if !strings.Contains(body, "Continue as Lee") || strings.Contains(body, Adele) {
		t.Errorf("a hint without prompt does not lead to that account:\n%s", body)
	}
}

func TestTheFormPostPageIsSafeFromWhatItCarries(t *testing.T) {
	e, _ := start(t)
	_, h, body := fetch(t, "GET", authURL(e, "prompt", "none", "response_mode", "form_post", "state", `"><script>alert(1)</script>`), nil, "")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, `action="http://localhost:18400"`) {
		t.Errorf("page:\n%s", body)
	}
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://localhost:18400;") {
		t.Errorf("policy %q", csp)
	}
}

func TestTheChatsPageShowsWhatWasPosted(t *testing.T) {
	e, clock := start(t)
	a := as(t, e, Adele)
	if status, body := a.post(CritiqueChat, `<h3>Notes &amp; <b>more</b></h3><script>alert(1)</script>`); status != 201 {
		t.Fatalf("post: %d %v", status, body)
	}
	clock.move(1e9)
	text := `{"importance":"high","body":{"content":"<b>not bold</b>"}}`
	if status, _, body := a.do("POST", "/chats/"+StandupChat+"/messages", text); status != 201 {
		t.Fatalf("post: %d %v", status, body)
	}
	_, _, page := fetch(t, "GET", e.URL(), nil, "")
	for _, want := range []string{"<h3>Notes &amp; <b>more</b></h3>", "&lt;b&gt;not bold&lt;/b&gt;", "Important!", "10:00", "Mon 23 November 2026 UTC"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "alert(1)") {
		t.Error("a script reached the page")
	}
	if standup, critique := strings.Index(page, "<h2>Daily stand-up"), strings.Index(page, "<h2>Design critique"); standup > critique {
		t.Error("the newest chat is not first")
	}
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)[1]
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	status, h, _ := fetch(t, "POST", e.URL()+"clock", header, url.Values{"form": {form}}.Encode())
	if status != http.StatusSeeOther || !strings.HasSuffix(e.URL(), h.Get("Location")) {
		t.Errorf("clock: %d to %q", status, h.Get("Location"))
	}
	if _, _, page = fetch(t, "GET", e.URL(), nil, ""); !strings.Contains(page, "11:00") || !strings.Contains(page, "1 h ahead") {
		t.Error("the clock did not move on the page")
	}
	if status, _, _ := fetch(t, "POST", e.URL()+"reset", header, url.Values{"form": {form}}.Encode()); status != http.StatusSeeOther {
		t.Errorf("reset: %d", status)
	}
	if _, _, page = fetch(t, "GET", e.URL(), nil, ""); strings.Contains(page, "not bold") || strings.Contains(page, "ahead") {
		t.Error("reset left something behind")
	}
}
