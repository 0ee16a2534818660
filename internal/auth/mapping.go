package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"debrief/internal/text"
)

// oauthError is what Microsoft's token endpoint says of a failure.
type oauthError struct {
	Error         string          `json:"error"`
	SubError      string          `json:"suberror"`
	ErrorCodes    json.RawMessage `json:"error_codes"`
	TraceID       string          `json:"trace_id"`
	CorrelationID string          `json:"correlation_id"`
}

// mapped makes an *Error of whatever ended a call. MSAL's texts are never taken
// over: they can hold the whole answer, tokens included.
func mapped(ctx context.Context, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	if call, ok := errors.AsType[msalerrors.CallErr](err); ok {
		return callError(call)
	}
	if errors.Is(err, errNotHTTPS) {
		return &Error{Kind: BadReply, Err: errNotHTTPS}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return &Error{Kind: Offline, Err: u.Err} // without the address
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &Error{Kind: Offline}
	}
	// What is left is MSAL's judgement of an answer that it could not use, in a
	// text that may quote it.
	return &Error{Kind: BadReply}
}

// ended tells why ctx is over.
func ended(ctx context.Context) *Error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errTimeLimit) || errors.Is(cause, context.DeadlineExceeded) {
		return &Error{Kind: TimedOut}
	}
	return &Error{Kind: Cancelled}
}

// callError reads the answer of a refused request. MSAL's body can be read once.
func callError(call msalerrors.CallErr) *Error {
	e := &Error{Kind: BadReply}
	if call.Resp == nil {
		return e
	}
	var body oauthError
	if call.Resp.Body != nil {
		data, err := io.ReadAll(io.LimitReader(call.Resp.Body, 1<<20))
		if err == nil && json.Unmarshal(data, &body) == nil {
			e.Code, e.SubError = word(body.Error), word(body.SubError)
			e.TraceID, e.CorrelationID = word(body.TraceID), word(body.CorrelationID)
			var numbers []int
			if json.Unmarshal(body.ErrorCodes, &numbers) == nil && len(numbers) > 0 {
				e.Number = numbers[0]
			}
		}
	}
	status := call.Resp.StatusCode
	switch {
	case e.Code != "":
		e.Kind = kindOf(e.Code, e.SubError, e.Number)
		if e.Kind == BadReply && status >= 500 {
			e.Kind = Busy
		}
	case status == http.StatusTooManyRequests || status >= 500:
		e.Kind = Busy
	}
	return e
}

// authorizeError reads the failure that came to the callback, state checked.
func authorizeError(form url.Values) *Error {
	e := &Error{Code: word(form.Get("error")), SubError: word(form.Get("error_subcode"))}
	description := form.Get("error_description")
	if m := aadsts.FindStringSubmatch(description); m != nil {
		e.Number, _ = strconv.Atoi(m[1])
	}
	if m := traceID.FindStringSubmatch(description); m != nil {
		e.TraceID = m[1]
	}
	if m := correlationID.FindStringSubmatch(description); m != nil {
		e.CorrelationID = m[1]
	}
	e.Kind = kindOf(e.Code, e.SubError, e.Number)
	if e.Code == "access_denied" && e.Kind == Declined && (e.SubError == "cancel" || description == "") {
		// The page's Cancel, also on "Need admin approval", has no description.
		e.Kind = Cancelled
	}
	return e
}

var (
	aadsts        = regexp.MustCompile(`^AADSTS([0-9]{4,8})\b`)
	traceID       = regexp.MustCompile(`Trace ID: ([0-9a-fA-F-]{36})\b`)
	correlationID = regexp.MustCompile(`Correlation ID: ([0-9a-fA-F-]{36})\b`)
	wordForm      = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// word lets through what has the form of a code or an id. Whatever else stands in
// its place is not Microsoft's, and not for logs.
func word(s string) string {
	if wordForm.MatchString(s) {
		return s
	}
	return ""
}

// kindOf decides by error and suberror, as Microsoft asks ("error codes" in the
// identity platform's documentation). The number only tells apart, for the words,
// an administrator's approval and a rule from the person's own decision.
func kindOf(code, sub string, number int) Kind {
	switch number {
	case 90094, 90095: // admin approval needed
		return AdminNeeded
	}
	switch code {
	case "invalid_grant", "interaction_required", "login_required":
		if sub == "message_only" || number == 53003 || number == 53000 || number == 53001 {
			return Blocked
		}
		return SignInNeeded
	case "consent_required":
		if sub == "" {
			return AdminNeeded
		}
		return SignInNeeded
	case "access_denied":
		return Declined
	case "unauthorized_client", "invalid_client", "invalid_scope", "invalid_resource", "invalid_request",
		"invalid_tenant", "invalid_instance", "unsupported_grant_type", "unsupported_response_type":
		return Misconfig
	case "temporarily_unavailable", "server_error", "slow_down":
		return Busy
	case "":
		return BadReply
	}
	return BadReply
}

// Problem is the code of the words that tell a person of the failure.
func (e *Error) Problem() text.Code {
	if code, ok := problemOf[e.Kind]; ok {
		return code
	}
	return text.Internal
}

var problemOf = map[Kind]text.Code{
	Cancelled:    text.SignInCancelled,
	Declined:     text.SignInDeclined,
	AdminNeeded:  text.AdminNeeded,
	SignInNeeded: text.SignInNeeded,
	Blocked:      text.SignInBlocked,
	Misconfig:    text.Misconfigured,
	Offline:      text.Offline,
	Busy:         text.TryLater,
	TimedOut:     text.SignInTimedOut,
	NoWindow:     text.NoWindow,
	BadReply:     text.BadReply,
	Cache:        text.CacheDamaged,
	Internal:     text.Internal,
}
