//go:build linux

package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// What the command line prints, as far as the story looks at it. These are the
// contract's words, not Debrief's own types.
type (
	sessionRecord struct {
		ID     string `json:"id"`
		Email  string `json:"email"`
		Status string `json:"status"`
		Tokens struct {
			AccessExpiresAt time.Time `json:"access_expires_at"`
		} `json:"tokens"`
	}
	meeting struct {
		ID        string    `json:"id"`
		Subject   string    `json:"subject"`
		Start     time.Time `json:"start"`
		JoinURL   string    `json:"join_url"`
		Cancelled bool      `json:"cancelled"`
	}
	post struct {
		ID        string `json:"id"`
		State     string `json:"state"`
		MessageID string `json:"message_id"`
		Attempts  int    `json:"attempts"`
	}
	report struct {
		OK     bool `json:"ok"`
		Checks []struct {
			ID     string `json:"id"`
			State  string `json:"state"`
			Detail string `json:"detail"`
			Next   string `json:"next"`
		} `json:"checks"`
	}
)

// check is the state and detail of one of the doctor's checks.
func (r report) check(id string) (state, detail string) {
	for _, c := range r.Checks {
		if c.ID == id {
			return c.State, c.Detail
		}
	}
	return "", ""
}

// program is the installed debrief.
func (t *teller) program() string { return filepath.Join(t.d.Home, ".local/bin/debrief") }

// demo runs a verb on the demo tenant, as a person does in a terminal.
func (t *teller) demo(ctx context.Context, stdin string, args ...string) (result, error) {
	return t.d.run(ctx, t.d.Env(), stdin, append([]string{t.program(), "--demo"}, args...)...)
}

// exits runs a verb that has to exit with code.
func (t *teller) exits(ctx context.Context, code int, stdin string, args ...string) (result, error) {
	r, err := t.demo(ctx, stdin, args...)
	if err == nil && r.code != code {
		err = fmt.Errorf("want exit %d: %s", code, r)
	}
	return r, err
}

// read runs a verb with --json and reads what it prints.
func (t *teller) read(ctx context.Context, into any, args ...string) error {
	r, err := t.demo(ctx, "", append(args, "--json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(r.stdout), into); err != nil {
		return fmt.Errorf("%w: %s", err, r)
	}
	return nil
}

// session is the one session that there is.
func (t *teller) session(ctx context.Context) (sessionRecord, error) {
	var all []sessionRecord
	if err := t.read(ctx, &all, "sessions"); err != nil {
		return sessionRecord{}, err
	}
	if len(all) != 1 {
		return sessionRecord{}, fmt.Errorf("got %d sessions, want 1", len(all))
	}
	return all[0], nil
}

// signedIn is an error unless one session is active.
func (t *teller) signedIn(ctx context.Context) (sessionRecord, error) {
	s, err := t.session(ctx)
	if err == nil && s.Status != "active" {
		err = fmt.Errorf("the session of %s is %q, want active", s.Email, s.Status)
	}
	return s, err
}

// posted waits until the outbox holds n posts, all of them posted in one attempt.
func (t *teller) posted(ctx context.Context, n int) error {
	return until(ctx, startup, fmt.Sprintf("%d posts to be posted", n), func() error {
		var posts []post
		if err := t.read(ctx, &posts, "outbox"); err != nil {
			return err
		}
		if len(posts) != n {
			return fmt.Errorf("the outbox has %d posts", len(posts))
		}
		for _, p := range posts {
			if p.State != "posted" || p.MessageID == "" || p.Attempts != 1 {
				return fmt.Errorf("post %s is %q after %d attempts", p.ID, p.State, p.Attempts)
			}
		}
		return nil
	})
}

// page is the demo tenant's page of chats.
type page struct {
	url  string
	body string
}

// chats reads the page whose address the doctor tells.
func (t *teller) chats(ctx context.Context) (page, error) {
	var r report
	if err := t.read(ctx, &r, "doctor"); err != nil {
		return page{}, err
	}
	_, address := r.check("demo")
	if address == "" {
		return page{}, fmt.Errorf("the doctor tells no address of the demo: %+v", r)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, err
	}
	body, err := fetch(req)
	return page{address, body}, err
}

var pageForm = regexp.MustCompile(`name="form" value="([^"]+)"`)

// anHourOn presses the page's button that moves the tenant's clock an hour on.
func (p page) anHourOn(ctx context.Context) error {
	form := pageForm.FindStringSubmatch(p.body)
	if form == nil {
		return errors.New("the page of the chats has no form")
	}
	values := url.Values{"form": {form[1]}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(p.url, "/")+"/clock", strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = fetch(req)
	return err
}

func fetch(req *http.Request) (string, error) {
	client := http.Client{Timeout: scaled(soon)}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, res.Status)
	}
	return string(body), err
}
