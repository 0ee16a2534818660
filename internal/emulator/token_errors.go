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
	page   bool   // at authorize it is shown on a page and never redirected
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
	return oauthErr{code: "invalid_tenant", number: 90002, uri: true, page: true,
		text: fmt.Sprintf("Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.", printable(name))}
}

func unknownClient(id string) oauthErr {
	return oauthErr{code: "unauthorized_client", number: 700016, uri: true, page: true,
		text: fmt.Sprintf("Application with identifier '%s' was not found in the directory 'Contoso'.", printable(id))}
}

func wrongRedirect(address string) oauthErr {
	return oauthErr{code: "invalid_request", number: 50011, uri: true, page: true,
		text: fmt.Sprintf("The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'.", printable(address), ClientID)}
}

func malformed() oauthErr {
	return oauthErr{code: "invalid_request", number: 9002313, uri: true, text: "Invalid request. Request is malformed or invalid."}
}

func flowEnded() oauthErr {
	return oauthErr{code: "invalid_request", number: 90100, text: "This sign-in has ended. Go back to the application and start it again."}
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

func badGrant() oauthErr { return invalidGrant(70000, "Provided grant is invalid or malformed.") }

func codeUsed() oauthErr {
	return invalidGrant(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
}

func codeExpired() oauthErr {
	return invalidGrant(70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.")
}

func wrongVerifier() oauthErr {
	return invalidGrant(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
}

func declined() oauthErr {
	return oauthErr{code: "access_denied", number: 65004, uri: true, text: "User declined to consent to access the app."}
}

func invalidGrant(number int, text string) oauthErr {
	return oauthErr{code: "invalid_grant", number: number, text: text}
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
