package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"unicode/utf8"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
)

// Client is the resident's Service in another process. Each call dials anew and
// leaves nothing behind; ending its context ends the use case in the resident.
// Where no resident answers, every method fails with the problem NotRunning.
type Client struct {
	http    *http.Client
	version string
}

var _ Service = (*Client)(nil)

// NewClient makes a client that reaches the resident by dial. version is this
// program's.
func NewClient(dial func(context.Context) (net.Conn, error), version string) *Client {
	return &Client{
		version: version,
		http: &http.Client{
			Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					conn, err := dial(ctx)
					if err != nil {
						return nil, dialError{err}
					}
					return conn, nil
				},
				// One connection a call: none stays open, and nothing is sent twice.
				DisableKeepAlives: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Version returns the version of the program that answers, whatever version of
// the API it speaks.
func (c *Client) Version(ctx context.Context) (string, error) {
	a, err := ask[versionAnswer](ctx, c, http.MethodGet, pathVersion, nil)
	return a.Version, err
}

// State implements Service.
func (c *Client) State(ctx context.Context) (state.State, error) {
	return ask[state.State](ctx, c, http.MethodGet, pathState, nil)
}

// SignIn implements Service.
func (c *Client) SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
	return ask[state.SignedIn](ctx, c, http.MethodPost, pathSignIn, req)
}

// CancelSignIn implements Service.
func (c *Client) CancelSignIn(ctx context.Context) error { return c.tell(ctx, pathCancelSignIn, nil) }

// Sessions implements Service.
func (c *Client) Sessions(ctx context.Context) ([]state.Session, error) {
	return ask[[]state.Session](ctx, c, http.MethodGet, pathSessions, nil)
}

// Session implements Service.
func (c *Client) Session(ctx context.Context, id string) (state.SessionDetail, error) {
	return ask[state.SessionDetail](ctx, c, http.MethodPost, pathSession, sessionRequest{id})
}

// Clear implements Service.
func (c *Client) Clear(ctx context.Context, req state.Clear) (state.ClearReport, error) {
	return ask[state.ClearReport](ctx, c, http.MethodPost, pathClear, req)
}

// Export implements Service.
func (c *Client) Export(ctx context.Context, req state.Export) error {
	return c.tell(ctx, pathExport, req)
}

// Import implements Service.
func (c *Client) Import(ctx context.Context, req state.Import) (state.Imported, error) {
	return ask[state.Imported](ctx, c, http.MethodPost, pathImport, req)
}

// Unlock implements Service.
func (c *Client) Unlock(ctx context.Context) error { return c.tell(ctx, pathUnlock, nil) }

// OpenVault implements Service.
func (c *Client) OpenVault(ctx context.Context, req state.OpenVault) error {
	return c.tell(ctx, pathOpenVault, req)
}

// MoveVault implements Service.
func (c *Client) MoveVault(ctx context.Context, req state.MoveVault) (state.MovedVault, error) {
	return ask[state.MovedVault](ctx, c, http.MethodPost, pathMoveVault, req)
}

// Meetings implements Service.
func (c *Client) Meetings(ctx context.Context, account string) ([]state.Meeting, error) {
	return ask[[]state.Meeting](ctx, c, http.MethodPost, pathMeetings, meetingsRequest{account})
}

// People implements Service.
func (c *Client) People(ctx context.Context, target state.Target) ([]state.Person, error) {
	return ask[[]state.Person](ctx, c, http.MethodPost, pathPeople, target)
}

// Post implements Service. What JSON could not carry faithfully is refused here.
func (c *Client) Post(ctx context.Context, req state.PostRequest) (state.PostResult, error) {
	if !utf8.ValidString(req.Markdown) {
		return state.PostResult{}, &state.Problem{Code: text.SummaryNotText}
	}
	if len(req.Markdown) > maxSummary {
		return state.PostResult{}, &state.Problem{Code: text.SummaryTooLarge, Args: map[string]string{
			"size":  strconv.Itoa(len(req.Markdown)>>10) + " KB",
			"limit": strconv.Itoa(maxSummary>>10) + " KB",
		}}
	}
	return ask[state.PostResult](ctx, c, http.MethodPost, pathPost, req)
}

// Doctor implements Service.
func (c *Client) Doctor(ctx context.Context) (state.Report, error) {
	return ask[state.Report](ctx, c, http.MethodGet, pathDoctor, nil)
}

// Show implements Service.
func (c *Client) Show(ctx context.Context, page state.Page) error {
	return c.tell(ctx, pathShow, showRequest{page})
}

// OpenDemo implements Service.
func (c *Client) OpenDemo(ctx context.Context) error { return c.tell(ctx, pathOpenDemo, nil) }

// Quit implements Service. A resident of another version understands it too.
func (c *Client) Quit(ctx context.Context) error { return c.tell(ctx, pathQuit, nil) }

func (c *Client) tell(ctx context.Context, path string, req any) error {
	_, err := ask[nothing](ctx, c, http.MethodPost, path, req)
	return err
}

// ask makes one request and reads its answer.
func ask[A any](ctx context.Context, c *Client, method, path string, req any) (A, error) {
	var answer, none A
	resp, err := c.do(ctx, method, path, req)
	if err != nil {
		return none, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return none, gone(ctx, err)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return none, wrong("answer to %s: %v", path, err)
	}
	return answer, nil
}

// do sends a request; an answer other than 200 is its problem. The caller closes
// the body.
func (c *Client) do(ctx context.Context, method, path string, req any) (*http.Response, error) {
	var body []byte
	if req != nil {
		var err error
		if body, err = encode(req); err != nil {
			return nil, wrong("request: %v", err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://debrief"+path, bytes.NewReader(body))
	if err != nil {
		return nil, wrong("request: %v", err)
	}
	r.Header.Set(header, Version)
	r.Header.Set("User-Agent", "debrief/"+c.version)
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, gone(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, gone(ctx, err)
	}
	var p problemAnswer
	if err := json.Unmarshal(data, &p); err != nil || p.Problem == nil {
		return nil, wrong("%s answered %s", path, resp.Status)
	}
	return nil, p.Problem
}

// dialError is a failure to reach the resident, as dial told it.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

// gone says why no answer came: the caller's context ended, no resident runs, or
// it went before its answer. Only a dial can fail in ways that are no absence:
// the socket of somebody else, say.
func gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[dialError](err); ok &&
		!errors.Is(err, platform.ErrNotServed) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
		return wrong("%v", err)
	}
	return &state.Problem{Code: text.NotRunning, Detail: err.Error()}
}
