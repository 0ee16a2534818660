package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// oauthErr is a refusal of the sign-in service.
type oauthErr struct {
	status int // 0: 400
	code   string
	number int
	text   string
	sub    string // suberror
	uri    bool   // has an error_uri
	claims string // JSON, as text
}

// description is error_description, with the ids that support asks for.
func (o oauthErr) description(trace, correlation string, now time.Time) string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", o.number, o.text, trace, correlation, stamp(now))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func (o oauthErr) link() string {
	if !o.uri {
		return ""
	}
	return fmt.Sprintf("https://%s/error?code=%d", LoginHost, o.number)
}

// oauthError answers a request of the token endpoint or of discovery.
func (e *Emulator) oauthError(w http.ResponseWriter, r *http.Request, o oauthErr) {
	trace, correlation := w.Header().Get("X-Ms-Request-Id"), correlationID(r)
	now := e.Now()
	body := map[string]any{
		"error": o.code, "error_description": o.description(trace, correlation, now), "error_codes": []int{o.number},
		"timestamp": stamp(now), "trace_id": trace, "correlation_id": correlation,
	}
	if o.uri {
		body["error_uri"] = o.link()
	}
	if o.sub != "" {
		body["suberror"] = o.sub
	}
	if o.claims != "" {
		body["claims"] = o.claims
	}
	if o.status == 0 {
		o.status = http.StatusBadRequest
	}
	writeJSON(w, o.status, body)
}

// loginFault answers as a fault wants.
func (e *Emulator) loginFault(w http.ResponseWriter, r *http.Request, f *Fault) {
	code := f.Code
	if code == "" {
		code = "temporarily_unavailable"
	}
	w.Header().Set("X-Ms-Request-Id", uuid.NewString())
	w.Header().Set("Date", e.Now().Format(http.TimeFormat))
	e.oauthError(w, r, oauthErr{status: f.Status, code: code, number: 90033, text: "A transient error has occurred. Please try again."})
}

// correlationID echoes the client's request id where it sent a usable one.
func correlationID(r *http.Request) string {
	if id, err := uuid.Parse(r.Header.Get("Client-Request-Id")); err == nil {
		return id.String()
	}
	return uuid.NewString()
}

func unknownTenant(name string) oauthErr {
	return oauthErr{code: "invalid_tenant", number: 90002, uri: true,
		text: fmt.Sprintf("Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", printable(name))}
}

func unknownClient(id string) oauthErr {
	return oauthErr{code: "unauthorized_client", number: 700016, uri: true,
		text: fmt.Sprintf("Application with identifier '%s' was not found in the directory 'Contoso'.", printable(id))}
}

func missingParameter(name string) oauthErr {
	return oauthErr{code: "invalid_request", number: 900144,
		text: fmt.Sprintf("The request body must contain the following parameter: '%s'.", name)}
}

func badScope(number int, scope string) oauthErr {
	if number == 500011 {
		return oauthErr{code: "invalid_resource", number: number, uri: true,
			text: fmt.Sprintf("The resource principal named %s was not found in the tenant named Contoso.", printable(scope))}
	}
	return oauthErr{code: "invalid_scope", number: number,
		text: fmt.Sprintf("The application '%s' asked for scope '%s' that doesn't exist on the resource '%s'.", ClientName, printable(scope), graphAudience)}
}

func notConsented() oauthErr {
	return oauthErr{code: "invalid_grant", number: 65001, sub: "consent_required",
		text: fmt.Sprintf("The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", ClientID, ClientName)}
}

func revoked(issued, validFrom time.Time) oauthErr {
	return oauthErr{code: "invalid_grant", number: 50173, sub: "bad_token", uri: true,
		text: fmt.Sprintf("The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '%s' and the TokensValidFrom date (before which tokens are not valid) for this user is '%s'.", iso7(issued), iso7(validFrom))}
}

func inactive(issued time.Time) oauthErr {
	return oauthErr{code: "invalid_grant", number: 700082, sub: "bad_token", uri: true,
		text: fmt.Sprintf("The refresh token has expired due to inactivity. The token was issued on %s and was inactive for 90.00:00:00.", iso7(issued))}
}

func invalidGrant(number int, text string) oauthErr {
	return oauthErr{code: "invalid_grant", number: number, text: text}
}

// refusal is what a scenario answers at the token endpoint, if anything.
func refusal(s Scenario, grantType string, now time.Time) (oauthErr, bool) {
	switch {
	case s == SignInUnavailable:
		return oauthErr{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", number: 90033,
			text: "A transient error has occurred. Please try again."}, true
	case s == publicClientRefused:
		return oauthErr{status: http.StatusUnauthorized, code: "invalid_client", number: 7000218, uri: true,
			text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}, true
	case s == Blocked:
		return oauthErr{code: "invalid_grant", number: 53003, sub: "message_only", uri: true,
			text:   "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
			claims: `{"access_token":{"capolids":{"essential":true,"values":["6f1c1d2e-58b1-4c3a-9a8e-0d6e5f7b4a21"]}}}`}, true
	case s == NeedsMFA && grantType == "refresh_token":
		return oauthErr{code: "interaction_required", number: 50076, sub: "basic_action", uri: true,
			text: fmt.Sprintf("Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'.", graphAudience)}, true
	case s == SignInFrequency && grantType == "refresh_token":
		return oauthErr{code: "invalid_grant", number: 70043, sub: "token_expired",
			text: fmt.Sprintf("The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on %s and the maximum allowed lifetime for this request is 32400.", iso7(now.Add(-10*time.Hour)))}, true
	}
	return oauthErr{}, false
}

// iso7 is a time with the seven digits that .NET prints.
func iso7(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// printable is what a caller sent, fit for a message: short, without controls.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return s
}
