package graph

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// tokenPolicy puts the bearer token on requests to the one host that it is for.
// A 401 is answered once with a new token, with or without a claims challenge:
// the machine's clock may be wrong, or the token was revoked. A 401 has had no
// effect, so this goes for posts too.
type tokenPolicy struct {
	host   string
	tokens TokenSource
}

func (p *tokenPolicy) Do(req *policy.Request) (*http.Response, error) {
	if req.Raw().URL.Scheme != "https" || req.Raw().URL.Host != p.host {
		return nil, errForeignHost
	}
	ctx := req.Raw().Context()
	token, err := p.tokens.Token(ctx)
	if err != nil {
		return nil, &tokenError{err}
	}
	resp, err := p.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	claims := ""
	for _, header := range resp.Header.Values("WWW-Authenticate") {
		if claims = claimsChallenge(header); claims != "" {
			break
		}
	}
	runtime.Drain(resp)
	token, err = p.tokens.Renew(ctx, token, claims)
	if err != nil {
		return nil, &tokenError{err}
	}
	return p.send(req, token)
}

// send sends a copy, so that the token does not stay in a request that outlives
// the call.
func (p *tokenPolicy) send(req *policy.Request, token string) (*http.Response, error) {
	try := req.Clone(req.Raw().Context())
	if err := try.RewindBody(); err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	try.Raw().Header.Set("Authorization", "Bearer "+token)
	return try.Next()
}

var errForeignHost = errors.New("refused to send a token to another host")

// tokenError is a failure to get a token: nothing was sent to Graph.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "token: " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }
