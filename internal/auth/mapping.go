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
	Claims        string          `json:"claims"`
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
	if call.Resp == nil {
		return &Error{Kind: BadReply}
	}
	var data []byte
	if call.Resp.Body != nil {
		if b, err := io.ReadAll(io.LimitReader(call.Resp.Body, maxRefusal)); err == nil {
			data = b
		}
	}
	return refusedError(call.Resp.StatusCode, data)
}

// refusedError reads the answer of the token endpoint, or of what stands before it.
func refusedError(status int, data []byte) *Error {
	e := &Error{Kind: BadReply}
	var body oauthError
	if json.Unmarshal(data, &body) == nil {
		e.Code, e.SubError = word(body.Error), word(body.SubError)
		e.TraceID, e.CorrelationID = word(body.TraceID), word(body.CorrelationID)
		e.Claims = demand(body.Claims)
		var numbers []int
		if json.Unmarshal(body.ErrorCodes, &numbers) == nil && len(numbers) > 0 {
			e.Number = numbers[0]
		}
	}
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

// demand lets through the JSON object of a claims parameter.
func demand(claims string) string {
	var object map[string]json.RawMessage
	if len(claims) > maxClaims || json.Unmarshal([]byte(claims), &object) != nil || len(object) == 0 {
		return ""
	}
	return claims
}

// maxClaims is more than any challenge has, and fits into an address.
const maxClaims = 4 << 10

// authorizeError reads the failure that came to the callback, state checked.
//
// Microsoft's page has one answer for everybody who goes back without an approval:
// access_denied with the subcode cancel, be it the Cancel of any page or the
// "Return to the application" of the page that asks for an administrator. That is
// told as cancelled, in words that name the administrator's link too (OnPage);
// AdminNeeded is told where the answer says so itself (90094, 90095).
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
// what shares an error and has another next step: an administrator's approval, a
// rule or an account's state that no new sign-in mends, a request to slow down.
func kindOf(code, sub string, number int) Kind {
	switch number {
	case 90094, 90095:
		return AdminNeeded
	case 50105, 50057, 50053: // not assigned, disabled, locked
		return Blocked
	case 50196: // a loop of requests
		return Busy
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
	case "access_denied", "authorization_declined":
		return Declined
	case "expired_token": // a device code
		return TimedOut
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

// Why tells apart, for the words, what a Kind has several causes of.
type Why string

const (
	Unknown    Why = ""
	OnPage     Why = "page"       // Cancelled: on Microsoft's page
	Challenged Why = "challenge"  // SignInNeeded: something about the sign-in changed, and a renewal does not do
	Factor     Why = "factor"     // SignInNeeded: a second factor
	Revoked    Why = "revoked"    // SignInNeeded: a password was changed, or an administrator ended it
	Inactive   Why = "inactive"   // SignInNeeded: not used for too long
	Frequency  Why = "frequency"  // SignInNeeded: the organisation wants it this often
	Consent    Why = "consent"    // SignInNeeded: a permission was not granted, or taken back
	Elsewhere  Why = "elsewhere"  // SignInNeeded: the account is not of this organisation
	Unmanaged  Why = "device"     // Blocked: the computer is not managed by the organisation
	Unassigned Why = "unassigned" // Blocked: the person may not use the application
	Disabled   Why = "disabled"   // Blocked: the account is
	Locked     Why = "locked"     // Blocked: the account is
)

// Why tells more of the Kind, or Unknown.
func (e *Error) Why() Why {
	switch e.Kind {
	case Cancelled:
		if e.Code != "" {
			return OnPage
		}
	case Blocked:
		switch e.Number {
		case 53000, 53001:
			return Unmanaged
		case 50105:
			return Unassigned
		case 50057:
			return Disabled
		case 50053:
			return Locked
		}
	case SignInNeeded:
		return e.whySignIn()
	}
	return Unknown
}

func (e *Error) whySignIn() Why {
	switch e.SubError {
	case "basic_action", "additional_action":
		return Factor
	case "token_expired":
		return Frequency
	case "consent_required":
		return Consent
	case "user_password_expired":
		return Revoked
	}
	switch e.Number {
	case 50076, 50079, 50078:
		return Factor
	case 50173:
		return Revoked
	case 70043:
		return Frequency
	case 700082, 70008:
		return Inactive
	case 65001:
		return Consent
	case 50020, 50034, 51004:
		return Elsewhere
	}
	if e.Claims != "" {
		return Challenged
	}
	return Unknown
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
