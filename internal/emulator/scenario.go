package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scenario is a rule of the organisation, or a state of the sign-in service, that
// sign-in and renewal meet. Beside the named ones there is one for each refusal of
// the service: "AADSTS50057" answers every request for tokens with it,
// "AADSTS50057@code" only those of a sign-in, "AADSTS50057@renewal" only those with
// a refresh token, and "AADSTS50057@authorize" ends the sign-in on its pages.
type Scenario string

// The named scenarios.
const (
	Normal              Scenario = ""
	NeedsAdmin          Scenario = "needs_admin"       // only an administrator may consent
	NeedsMFA            Scenario = "mfa"               // renewal wants a second factor
	Blocked             Scenario = "blocked"           // conditional access forbids sign-in and renewal
	SignInFrequency     Scenario = "sign_in_frequency" // renewal wants a new sign-in
	SignInUnavailable   Scenario = "unavailable"       // the token endpoint answers 503
	publicClientRefused Scenario = "no_public_client"  // "allow public client flows" is off
)

// Where a refusal is met.
const (
	atTokens    = "" // any request for tokens
	atAuthorize = "authorize"
	atCode      = "code" // a code or a device code is redeemed
	atRenewal   = "renewal"
)

// rule is the refusal that a scenario stands for.
type rule struct {
	number int
	at     string
}

var named = map[Scenario]rule{
	Normal: {}, NeedsAdmin: {}, // the pages and the consents answer
	NeedsMFA: {50076, atRenewal}, Blocked: {53003, atTokens}, SignInFrequency: {70043, atRenewal},
	SignInUnavailable: {90033, atTokens}, publicClientRefused: {7000218, atTokens},
}

// rule finds what s means; ok is false where there is no such scenario.
func (s Scenario) rule() (r rule, ok bool) {
	if r, ok = named[s]; ok {
		return r, true
	}
	digits, prefixed := strings.CutPrefix(string(s), "AADSTS")
	digits, r.at, _ = strings.Cut(digits, "@")
	n, err := strconv.Atoi(digits)
	if !prefixed || err != nil || !slices.Contains([]string{atTokens, atAuthorize, atCode, atRenewal}, r.at) {
		return rule{}, false
	}
	r.number = n
	_, ok = refusalOf(n, time.Time{})
	return r, ok
}

// refusal is what s answers at a place, if anything.
func (s Scenario) refusal(at string, now time.Time) (oauthErr, bool) {
	r, ok := s.rule()
	if !ok || r.number == 0 || r.at != at && (r.at != atTokens || at == atAuthorize) {
		return oauthErr{}, false
	}
	return refusalOf(r.number, now)
}

// SetScenario switches to the named scenario.
func (e *Emulator) SetScenario(name string) error {
	s := Scenario(name)
	if _, ok := s.rule(); !ok {
		return fmt.Errorf("emulator: no scenario %q", name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.scenario = s
	return nil
}

func (e *Emulator) currentScenario() Scenario {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.scenario
}

func refusalOf(number int, now time.Time) (oauthErr, bool) {
	for _, o := range refusals(now) {
		if o.number == number {
			return o, true
		}
	}
	return oauthErr{}, false
}

// refusals are what the sign-in service can answer, with the texts, numbers and
// suberrors that were seen of Microsoft's
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func refusals(now time.Time) []oauthErr {
	const guid = "6f1c1d2e-58b1-4c3a-9a8e-0d6e5f7b4a21"
	policy := `{"access_token":{"capolids":{"essential":true,"values":["` + guid + `"]}}}`
	resource := "'" + graphAudience + "'"
	app := "'" + ClientID + "'(" + ClientName + ")"
	person := "{EUII Hidden}"
	policyBlock := func(number int, text string) oauthErr {
		return oauthErr{code: "invalid_grant", number: number, sub: "message_only", uri: true, claims: policy, page: true, text: text}
	}
	factor := func(number int, text string) oauthErr {
		return oauthErr{code: "interaction_required", number: number, sub: "basic_action", uri: true, text: text}
	}
	ofPerson := func(number int, text string) oauthErr {
		return oauthErr{code: "invalid_grant", number: number, uri: true, page: true, text: text}
	}
	return []oauthErr{
		wrongRedirect("http://localhost/other"), unknownClient(guid),
		{code: "unauthorized_client", number: 700038, uri: true, page: true, text: guid + " is not a valid application identifier."},
		{code: "unauthorized_client", number: 700011, uri: true, page: true, text: "Application with identifier " + guid + " was not found in the directory."},
		unknownTenant("nowhere.example"),
		{code: "invalid_request", number: 90014, text: "The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for the login request."},
		missingParameter("grant_type"), malformed(),
		{code: "unsupported_grant_type", number: 70003, text: "The app requested an unsupported grant type 'password'."},
		{code: "invalid_scope", number: 70011, text: "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid."},
		badScope(650053, "Everything.Read"), badScope(500011, "https://nothing.example"),
		{status: http.StatusUnauthorized, code: "invalid_client", number: 7000218, uri: true,
			text: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},

		badGrant(), codeExpired(), codeUsed(), wrongVerifier(),
		inactive(now.Add(-refreshLifetime)), revoked(now.Add(-time.Hour), now),
		{code: "invalid_grant", number: 70043, sub: "token_expired",
			text: fmt.Sprintf("The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on %s and the maximum allowed lifetime for this request is 32400.", iso7(now.Add(-10*time.Hour)))},
		notConsented(), declined(),
		{code: "access_denied", number: 90094, uri: true, text: "Admin consent is required for the permissions requested by this application."},
		{code: "consent_required", number: 90095, uri: true, text: "Admin consent is required for the permissions requested by this application. Admin consent request may be sent to the admin."},

		factor(50076, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access "+resource+"."),
		factor(50079, "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access "+resource+"."),
		factor(50078, "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access "+resource+"."),
		policyBlock(53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
		policyBlock(53000, "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune."),
		policyBlock(53001, "Device is not in required device state: domain_joined. Conditional Access policy requires a domain joined device, and the device is not domain joined."),

		ofPerson(50105, "Your administrator has configured the application "+app+" to block users unless they are specifically granted ('assigned') access to the application. The signed in user '"+person+"' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator."),
		ofPerson(50020, "User account '"+person+"' from identity provider 'https://sts.windows.net/"+tenants[1].ID+"/' does not exist in tenant 'Contoso' and cannot access the application "+app+" in that tenant."),
		ofPerson(50034, "The user account "+person+" does not exist in the "+TenantID+" directory. To sign into this application, the account must be added to the directory."),
		ofPerson(51004, "The user account "+person+" does not exist in the "+TenantID+" directory. To sign into this application, the account must be added to the directory."),
		ofPerson(50057, "The user account is disabled."),
		ofPerson(50053, "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
		ofPerson(50126, "Error validating credentials due to invalid username or password."),
		{code: "login_required", number: 50058, uri: true, text: "A silent sign-in request was sent but no user is signed in."},
		{code: "unauthorized_client", number: 50194, uri: true, page: true, text: "Application " + app + " is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant."},
		{code: "invalid_instance", number: 50049, uri: true, text: "Unknown or invalid instance."},
		{code: "invalid_grant", number: 50196, uri: true, text: "The server terminated an operation because it encountered a client request loop. Please contact your app vendor."},
		{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", number: 90033, text: "A transient error has occurred. Please try again."},
		{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", number: 90055, text: "The server terminated an operation because it encountered excessive requests. Please try again."},
	}
}
