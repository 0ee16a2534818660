package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// Options of a Client. BaseURL and Tokens are needed.
type Options struct {
	BaseURL   string            // with its version: https://graph.microsoft.com/v1.0
	Transport http.RoundTripper // default: http.DefaultTransport
	Tokens    TokenSource
	Log       *slog.Logger // default: discarded; gets methods, states and request ids
}

// Client talks to Graph for one session. It is safe for concurrent use.
type Client struct {
	base *url.URL
	pipe runtime.Pipeline
	log  *slog.Logger

	mu     sync.Mutex
	date   time.Time // the last Date that the server sent
	seenAt time.Time // when that was, by this computer's clock
}

// New makes a Client. It makes no request.
func New(o Options) (*Client, error) {
	if o.Tokens == nil {
		return nil, errors.New("graph: a token source is needed")
	}
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil || base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("graph: %q is not the https address of a service", o.BaseURL)
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{base: base, log: o.Log}
	c.pipe = runtime.NewPipeline("debrief", "", runtime.PipelineOptions{
		PerCall: []policy.Policy{
			requestIDPolicy{},
			logPolicy{o.Log},
			&tokenPolicy{host: base.Host, tokens: o.Tokens},
		},
		PerRetry: []policy.Policy{
			unsentPolicy{},
		},
	}, &policy.ClientOptions{
		Transport: &transport{o.Transport, base.Host, c.saw},
		Retry:     retryReads(),
		Telemetry: policy.TelemetryOptions{Disabled: true},
	})
	return c, nil
}

// saw keeps the server's clock.
func (c *Client) saw(date time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.date, c.seenAt = date, time.Now()
}

// serverDate is the last Date that the server sent, and its age.
func (c *Client) serverDate() (time.Time, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.date, time.Since(c.seenAt)
}

// dateAge is how old the server's last Date may be to stand for now.
const dateAge = 30 * time.Second

// ServerTime returns a time of the server's clock that is no later than now: a
// message that is posted from now on is no older. It asks when the server has
// not been heard lately.
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	if date, age := c.serverDate(); !date.IsZero() && age < dateAge {
		return date, nil
	}
	var me struct{}
	if err := c.get(ctx, c.url("/me", url.Values{"$select": {"id"}}), nil, &me); err != nil {
		return time.Time{}, err
	}
	date, age := c.serverDate()
	if date.IsZero() || age >= dateAge {
		return time.Time{}, &Error{Status: http.StatusOK, Code: "NoDate"}
	}
	return date, nil
}

// odataQuery writes a query as OData wants it: + is no space, $ stands as it is.
var odataQuery = strings.NewReplacer("+", "%20", "%24", "$")

// url joins an escaped path and a query to the base.
func (c *Client) url(path string, q url.Values) string {
	s := c.base.String() + path
	if len(q) > 0 {
		s += "?" + odataQuery.Replace(q.Encode())
	}
	return s
}

// get reads one JSON answer into v.
func (c *Client) get(ctx context.Context, address string, header http.Header, v any) error {
	req, err := runtime.NewRequest(ctx, http.MethodGet, address)
	if err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	for name, values := range header {
		req.Raw().Header[name] = values
	}
	resp, err := c.pipe.Do(req)
	if err != nil {
		return fmt.Errorf("graph: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return errorOf(resp)
	}
	return decodeJSON(resp, v)
}

// pages reads a collection page by page, following @odata.nextLink, until each
// returns false. More than limit pages are an error: a service that never ends
// is not waited for.
func pages[T any](ctx context.Context, c *Client, address string, header http.Header, limit int, each func([]T) bool) error {
	seen := map[string]bool{}
	for range limit {
		if seen[address] {
			return &Error{Status: http.StatusOK, Code: "LoopingPages"}
		}
		seen[address] = true
		var page struct {
			Value []T    `json:"value"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := c.get(ctx, address, header, &page); err != nil {
			return err
		}
		if !each(page.Value) || page.Next == "" {
			return nil
		}
		next, err := c.base.Parse(page.Next)
		if err != nil || next.Scheme != c.base.Scheme || next.Host != c.base.Host || next.User != nil {
			return &Error{Status: http.StatusOK, Code: "ForeignNextLink"}
		}
		address = next.String()
	}
	return &Error{Status: http.StatusOK, Code: "TooManyPages"}
}
