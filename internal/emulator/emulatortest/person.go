// Package emulatortest plays the person at the emulator's sign-in pages, without
// a browser: for tests that need a sign-in to happen.
//
// Start with Person.SignIn, or with Person.EnterCode for a sign-in with a code.
package emulatortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Person is who signs in and what they choose. Without Decline or Cancel they
// pick their account, approve and accept whatever is asked.
type Person struct {
	UPN     string
	Decline bool           // declines the permissions
	Cancel  bool           // cancels on the first page
	Jar     http.CookieJar // the browser's cookies; nil: a throw-away profile

	// Transport is the browser's way to the pages; nil: http.DefaultTransport. A
	// served emulator needs one that trusts its certificate authority.
	Transport http.RoundTripper
}

// Delivery is what the sign-in page hands to the redirect address.
type Delivery struct {
	Method string // GET (query, fragment) or POST (form_post)
	URL    *url.URL
	Values url.Values
}

// Send delivers d as the browser would.
func (d Delivery) Send(ctx context.Context) (*http.Response, error) {
	var body io.Reader
	if d.Method == http.MethodPost {
		body = strings.NewReader(d.Values.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, d.Method, d.URL.String(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "null")
	}
	return http.DefaultClient.Do(r)
}

// SignIn opens the authorize address and goes through the pages until they lead
// back to the redirect address.
func (p Person) SignIn(ctx context.Context, authURL string) (Delivery, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, authURL, nil)
	if err != nil {
		return Delivery{}, err
	}
	d, end, err := p.walk(r)
	if err == nil && d.URL == nil {
		err = fmt.Errorf("emulatortest: the sign-in ends on the page %q", end)
	}
	return d, err
}

// EnterCode opens the page of a sign-in with a code, types the code and goes
// through the pages. It returns the title of the last one.
func (p Person) EnterCode(ctx context.Context, page, code string) (end string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(url.Values{"code": {code}}.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	d, end, err := p.walk(r)
	if err == nil && d.URL != nil {
		err = fmt.Errorf("emulatortest: the sign-in leads to %s", d.URL.Host)
	}
	return end, err
}

// walk goes from page to page until they lead back to an application, or to a
// page on which there is nothing to do, whose title is end.
func (p Person) walk(r *http.Request) (d Delivery, end string, err error) {
	ctx, jar := r.Context(), p.Jar
	if jar == nil {
		jar, _ = cookiejar.New(nil) // never fails without options
	}
	client := &http.Client{
		Jar: jar, Transport: p.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for range 8 {
		page, err := client.Do(r)
		if err != nil {
			return Delivery{}, "", err
		}
		body, err := io.ReadAll(page.Body)
		_ = page.Body.Close()
		if err != nil {
			return Delivery{}, "", err
		}
		if page.StatusCode == http.StatusSeeOther {
			u, err := page.Location()
			if err != nil {
				return Delivery{}, "", err
			}
			values, err := url.ParseQuery(u.RawQuery + u.Fragment)
			return Delivery{http.MethodGet, u, values}, "", err
		}
		if page.StatusCode != http.StatusOK {
			return Delivery{}, "", fmt.Errorf("emulatortest: the page answers %s: %s", page.Status, title(body))
		}
		forms := readForms(string(body))
		if len(forms) == 0 {
			return Delivery{}, title(body), nil
		}
		action, err := r.URL.Parse(forms[0].action)
		if err != nil {
			return Delivery{}, "", err
		}
		if action.Host != r.URL.Host {
			return Delivery{http.MethodPost, action, forms[0].hidden}, "", nil
		}
		values, err := p.choose(forms)
		if err != nil {
			return Delivery{}, "", fmt.Errorf("%w on the page %q", err, title(body))
		}
		if r, err = http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(values.Encode())); err != nil {
			return Delivery{}, "", err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return Delivery{}, "", errors.New("emulatortest: the pages do not end")
}

// choose is the button that the person presses.
func (p Person) choose(forms []form) (url.Values, error) {
	press := func(wanted func(button) bool) (url.Values, bool) {
		for _, f := range forms {
			for _, b := range f.buttons {
				if wanted(b) {
					v := f.hidden
					if b.name != "" {
						v.Set(b.name, b.value)
					}
					return v, true
				}
			}
		}
		return nil, false
	}
	does := func(value string) func(button) bool {
		return func(b button) bool { return b.name == "do" && b.value == value }
	}
	var order []func(button) bool
	if p.Cancel {
		order = append(order, does("cancel"))
	}
	if p.Decline {
		order = append(order, does("decline"))
	}
	order = append(order, func(b button) bool { return b.name == "account" && strings.Contains(b.text, p.UPN) },
		does("approve"), does("accept"), does("other"), does("cancel"))
	for _, wanted := range order {
		if v, ok := press(wanted); ok {
			return v, nil
		}
	}
	return nil, errors.New("emulatortest: nothing to press")
}

type form struct {
	action  string
	hidden  url.Values
	buttons []button
}

type button struct{ name, value, text string }

func readForms(page string) []form {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	var forms []form
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch {
		case n.Data == "form":
			forms = append(forms, form{action: attribute(n, "action"), hidden: url.Values{}})
		case len(forms) == 0:
		case n.Data == "input" && attribute(n, "type") == "hidden":
			forms[len(forms)-1].hidden.Add(attribute(n, "name"), attribute(n, "value"))
		case n.Data == "button":
			f := &forms[len(forms)-1]
			f.buttons = append(f.buttons, button{attribute(n, "name"), attribute(n, "value"), text(n)})
		}
	}
	return forms
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var s strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			s.WriteString(d.Data)
		}
	}
	return s.String()
}

func title(page []byte) string {
	_, rest, _ := strings.Cut(string(page), "<title>")
	t, _, _ := strings.Cut(rest, "</title>")
	return html.UnescapeString(t)
}
