package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// limited refuses everything but https, and bounds answers: MSAL reads them whole.
type limited struct {
	next   http.RoundTripper
	prefix string // of scopes outside the global cloud
}

const (
	maxAnswer  = 4 << 20
	maxRefusal = 1 << 20
)

var errNotHTTPS = errors.New("the sign-in service names an address that is not https")

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errNotHTTPS
	}
	asked, r := l.askedScopes(r)
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	resp.Body = rebody(io.LimitReader(resp.Body, maxAnswer), resp.Body)
	if err := noteRefusal(r, resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	if len(asked) > 0 && resp.StatusCode == http.StatusOK {
		if err := l.echo(resp, asked); err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
	}
	return resp, nil
}

// askedScopes are the scopes of a token request with l's prefix, and the request
// to send on.
func (l limited) askedScopes(r *http.Request) ([]string, *http.Request) {
	if l.prefix == "" || r.Body == nil || r.Method != http.MethodPost {
		return nil, r
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	form, err2 := url.ParseQuery(string(body))
	if err != nil || err2 != nil {
		return nil, sent
	}
	var asked []string
	for _, s := range strings.Fields(form.Get("scope")) {
		if strings.HasPrefix(s, l.prefix) {
			asked = append(asked, s)
		}
	}
	return asked, sent
}

// echo spells the granted scopes as they were asked for. MSAL takes a scope that
// comes back without its prefix for a declined one, and fails a sign-in that was
// good (AzureAD/microsoft-authentication-library-for-go#416).
func (l limited) echo(resp *http.Response, asked []string) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer map[string]json.RawMessage
	var granted string
	if json.Unmarshal(body, &answer) == nil && json.Unmarshal(answer["scope"], &granted) == nil {
		names := strings.Fields(granted)
		for i, name := range names {
			for _, long := range asked {
				if strings.EqualFold(l.prefix+name, long) {
					names[i] = long
				}
			}
		}
		if spelled, err := json.Marshal(strings.Join(names, " ")); err == nil {
			answer["scope"] = spelled
		}
		if again, err := json.Marshal(answer); err == nil {
			body = again
		}
	}
	resp.Body = rereadable(body, resp.Body)
	resp.ContentLength = int64(len(body))
	if resp.Header != nil {
		resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	return nil
}

func rereadable(body []byte, closer io.Closer) io.ReadCloser {
	return rebody(bytes.NewReader(body), closer)
}

func rebody(r io.Reader, c io.Closer) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{r, c}
}
