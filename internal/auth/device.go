package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// UserCode is what a person types at URL, on any device. It is made to be shown;
// who sees it could sign in to this Debrief, never read the person's tokens.
type UserCode struct {
	Code      string
	URL       string
	ExpiresAt time.Time // UTC
}

const (
	// deviceTime bounds a sign-in with a code: Microsoft's live for 15 minutes.
	deviceTime = 20 * time.Minute
	// askAgainAfter is the wait after an answer that did not come through.
	askAgainAfter = 5 * time.Second
)

// signInByDevice shows a code and asks until the person has signed in with it
// (RFC 8628). This flow has neither redirect nor nonce: that the tokens are this
// sign-in's follows from the device code, which only this process and Microsoft
// know, and that they are for this application is checked as always.
func (c *Client) signInByDevice(ctx context.Context, r Request) (SignedIn, error) {
	cache := &cacheAccessor{}
	client, err := c.msal(cache)
	if err != nil {
		return SignedIn{}, &Error{Kind: Misconfig}
	}
	var options []public.AcquireByDeviceCodeOption
	if r.Claims != "" {
		options = append(options, public.WithClaims(r.Claims))
	}
	device, err := client.AcquireTokenByDeviceCode(ctx, c.o.Scopes, options...)
	if err != nil {
		return SignedIn{}, err
	}
	page, err := url.Parse(device.Result.VerificationURL)
	code := word(device.Result.UserCode)
	if err != nil || !showable(page) || code == "" {
		return SignedIn{}, &Error{Kind: BadReply, Err: errors.New("the code or the address to type it at cannot be shown")}
	}
	r.Progress(Progress{Phase: Waiting, Method: Device, Code: &UserCode{Code: code, URL: page.String(), ExpiresAt: device.Result.ExpiresOn.UTC()}})
	result, err := c.await(ctx, device)
	if err != nil {
		return SignedIn{}, err
	}
	r.Progress(Progress{Phase: Redeeming, Method: Device})
	id, err := readIDToken(result.IDToken.RawToken)
	if err != nil {
		return SignedIn{}, err
	}
	in, err := c.signedIn(result, id)
	if err == nil {
		in.Cache = NewSecret(string(c.tidied(cache.bytes)))
	}
	return in, err
}

// await asks for the tokens until there are some, the code has ended, or ctx has.
// A network that is away for a while ends nothing: MSAL would give up.
func (c *Client) await(ctx context.Context, device public.DeviceCode) (public.AuthResult, error) {
	for {
		var refusal refusedBody
		result, err := device.AuthenticationResult(context.WithValue(ctx, refusedBodyKey{}, &refusal))
		if err == nil {
			return result, nil
		}
		if ctx.Err() != nil {
			return result, ended(ctx)
		}
		if !c.o.Now().Before(device.Result.ExpiresOn) {
			return result, &Error{Kind: TimedOut}
		}
		e := mapped(ctx, err)
		if call, ok := errors.AsType[msalerrors.CallErr](err); ok && call.Resp != nil && e.Code == "" {
			e = refusedError(call.Resp.StatusCode, refusal.body)
		}
		if e.Kind != Offline && e.Kind != Busy {
			return result, e
		}
		t := time.NewTimer(c.askAgain)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// refusedBody takes the body of the last refused request of a context: MSAL reads
// it away where it asks whether to go on waiting.
type refusedBody struct{ body []byte }

type refusedBodyKey struct{}

// noteRefusal keeps resp's body for whoever asked for it with r's context.
func noteRefusal(r *http.Request, resp *http.Response) error {
	kept, ok := r.Context().Value(refusedBodyKey{}).(*refusedBody)
	if !ok || resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return err
	}
	kept.body = body
	resp.Body = rereadable(body, resp.Body)
	return nil
}
