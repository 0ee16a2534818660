package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	flowLifetime = 30 * time.Minute
	maxFlows     = 100
	cookieName   = "demo_tenant_session"
)

// flow is one sign-in under way on the pages. It lives in memory only.
type flow struct {
	token  string // unguessable: names the flow in the pages' forms
	made   time.Time
	tenant string

	redirect *url.URL // nil for a device
	mode     string   // query, fragment, form_post
	state    string
	nonce    string
	prompt   string
	hint     string
	scopes   scopeSet
	asked    []string // as they were asked for, offline_access included

	challenge, method string

	device       string // hash of the device code that this sign-in is for; empty: none
	organisation bool   // an administrator consents for everybody

	user      *user
	secondOK  bool // the second factor was given
	consented bool // on this flow's page, for prompt=consent
}

// authorize begins a sign-in.
func (e *Emulator) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	tenant := r.PathValue("tenant")
	if !known(tenant) {
		e.refusePage(w, r, unknownTenant(tenant))
		return
	}
	if !strings.EqualFold(q.Get("client_id"), ClientID) {
		e.refusePage(w, r, unknownClient(q.Get("client_id")))
		return
	}
	redirect, ok := registeredRedirect(q.Get("redirect_uri"))
	if !ok {
		e.refusePage(w, r, wrongRedirect(q.Get("redirect_uri")))
		return
	}
	f := &flow{
		token: random(24), tenant: tenant, redirect: redirect, mode: q.Get("response_mode"),
		state: q.Get("state"), nonce: q.Get("nonce"), prompt: q.Get("prompt"), hint: q.Get("login_hint"),
		challenge: q.Get("code_challenge"), method: q.Get("code_challenge_method"), asked: strings.Fields(q.Get("scope")),
	}
	if f.mode == "" {
		f.mode = "query"
	}
	if !slices.Contains([]string{"query", "fragment", "form_post"}, f.mode) {
		e.refusePage(w, r, oauthErr{code: "invalid_request", number: 70007, text: "The response mode is not supported."})
		return
	}
	if err := e.update(func(s *state) error {
		e.note(s, "state", f.state)
		e.note(s, "nonce", f.nonce)
		return nil
	}); err != nil {
		e.brokenPage(w)
		return
	}
	if o := f.check(q); o != nil {
		e.finishError(w, r, f, *o)
		return
	}
	e.recognise(r, f)
	if f.prompt == "none" {
		e.silent(w, r, f)
		return
	}
	e.mu.Lock()
	f.made = e.clock()
	e.sweepFlows()
	e.flows[f.token] = f
	e.mu.Unlock()
	e.step(w, r, f)
}

// check checks what can be answered on the redirect address.
func (f *flow) check(q url.Values) *oauthErr {
	invalid := func(number int, text string) *oauthErr {
		return &oauthErr{code: "invalid_request", number: number, text: text}
	}
	switch {
	case q.Get("response_type") == "":
		o := missingParameter("response_type")
		return &o
	case q.Get("response_type") != "code":
		return &oauthErr{code: "unsupported_response_type", number: 700054, text: "response_type '" + printable(q.Get("response_type")) + "' is not enabled for the application."}
	case len(f.asked) == 0:
		o := missingParameter("scope")
		return &o
	case !slices.Contains([]string{"", "login", "none", "consent", "select_account"}, f.prompt):
		return invalid(90023, "Unsupported 'prompt' value.")
	}
	if f.challenge != "" {
		if f.method == "" {
			f.method = "plain"
		}
		if f.method != "S256" && f.method != "plain" {
			return invalid(9002314, "The code challenge method is not supported.")
		}
		if len(f.challenge) < 43 || len(f.challenge) > 128 {
			return invalid(50149, "Invalid Code_Challenge parameter.")
		}
	}
	set, number, bad := parseScopes(strings.Join(f.asked, " "))
	if number != 0 {
		o := badScope(number, bad)
		return &o
	}
	f.scopes = set
	return nil
}

// registeredRedirect checks an address against http://localhost, the one that is
// registered: any port, no other path.
func registeredRedirect(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" || u.Hostname() != "localhost" || u.User != nil ||
		u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, false
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, false
		}
	}
	return u, true
}

// recognise takes the person from the browser's cookie, where the request allows it.
func (e *Emulator) recognise(r *http.Request, f *flow) {
	if f.prompt == "login" || f.prompt == "select_account" {
		return
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return
	}
	e.mu.Lock()
	id := e.browsers[hash(cookie.Value)]
	e.mu.Unlock()
	for _, u := range usersOf(f.tenant) {
		if u.ID == id && (f.hint == "" || strings.EqualFold(f.hint, u.UPN)) {
			f.user, f.secondOK = &u, true
		}
	}
}

// silent answers prompt=none.
func (e *Emulator) silent(w http.ResponseWriter, r *http.Request, f *flow) {
	if f.user == nil {
		e.finishError(w, r, f, oauthErr{code: "login_required", number: 50058, uri: true,
			text: "A silent sign-in request was sent but no user is signed in."})
		return
	}
	if len(e.missing(f)) > 0 {
		o := notConsented()
		o.code = "consent_required"
		e.finishError(w, r, f, o)
		return
	}
	e.finish(w, r, f)
}

func (e *Emulator) missing(f *flow) []permission {
	e.mu.Lock()
	defer e.mu.Unlock()
	return f.scopes.missing(e.st.consented(*f.user))
}

// step shows the page that f needs next, or its result.
func (e *Emulator) step(w http.ResponseWriter, r *http.Request, f *flow) {
	if f.user == nil {
		e.accountPage(w, r, f)
		return
	}
	scenario := e.currentScenario()
	if o, ok := scenario.refusal(atAuthorize, e.Now()); ok {
		e.refuseFlow(w, r, f, o)
		return
	}
	missing := e.missing(f)
	adminOnly := slices.ContainsFunc(missing, func(p permission) bool { return p.Admin })
	switch {
	case scenario == Blocked:
		e.signInPage(w, r, f, "blocked", nil)
	case f.user.MFA && !f.secondOK:
		e.signInPage(w, r, f, "second", nil)
	case f.organisation && !f.user.Admin:
		e.signInPage(w, r, f, "admin", f.scopes.missing(nil))
	case f.organisation && !f.consented:
		e.signInPage(w, r, f, "organisation", f.scopes.missing(nil))
	case f.organisation:
		e.grantAll(w, r, f)
	case len(missing) > 0 && (adminOnly || scenario == NeedsAdmin):
		e.signInPage(w, r, f, "admin", missing)
	case len(missing) > 0, f.prompt == "consent" && !f.consented:
		if len(missing) == 0 {
			missing = f.scopes.missing(nil)
		}
		e.signInPage(w, r, f, "consent", missing)
	default:
		e.finish(w, r, f)
	}
}

// action is what a person did on a page.
func (e *Emulator) action(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		e.refusePage(w, r, malformed())
		return
	}
	e.mu.Lock()
	e.sweepFlows()
	f, ok := e.flows[r.PostForm.Get("flow")]
	e.mu.Unlock()
	if !ok {
		e.refusePage(w, r, flowEnded())
		return
	}
	// The flow is copied, so that a second click works on what its page showed.
	next := *f
	switch r.PostForm.Get("do") {
	case "pick":
		for _, u := range usersOf(f.tenant) {
			if u.ID == r.PostForm.Get("account") {
				next.user = &u
			}
		}
	case "other":
		next.user, next.hint, next.prompt = nil, "", "select_account"
	case "approve":
		next.secondOK = f.user != nil
	case "accept":
		if f.user == nil {
			break
		}
		if !f.organisation {
			if err := e.consent(f); err != nil {
				e.brokenPage(w)
				return
			}
		}
		next.consented = true
	case "decline":
		e.finishError(w, r, f, declined())
		return
	case "cancel":
		e.finishCancel(w, r, f)
		return
	}
	e.mu.Lock()
	e.flows[next.token] = &next
	e.mu.Unlock()
	e.step(w, r, &next)
}

// consent remembers that the person accepts what f asks for; what only an
// administrator may grant stays ungranted.
func (e *Emulator) consent(f *flow) error {
	return e.update(func(s *state) error {
		if e.scenario == NeedsAdmin {
			return nil
		}
		for _, p := range f.scopes.missing(s.consented(*f.user)) {
			if !p.Admin {
				s.Consents[f.user.ID] = append(s.Consents[f.user.ID], strings.ToLower(p.Name))
			}
		}
		return nil
	})
}

// finish ends f with a code, or lets its device in.
func (e *Emulator) finish(w http.ResponseWriter, r *http.Request, f *flow) {
	code, cookie := "1.AXoA"+random(420), random(32)
	g := grant{User: f.user.ID, Tenant: f.user.Tenant, Client: ClientID, Scopes: f.asked}
	err := e.update(func(s *state) error {
		delete(e.flows, f.token)
		e.note(s, "cookie", cookie)
		if len(e.browsers) >= maxFlows {
			clear(e.browsers)
		}
		e.browsers[hash(cookie)] = f.user.ID
		g.Issued = e.now()
		if f.device != "" {
			return nil
		}
		e.note(s, "code", code)
		e.nonces[hash(code)] = f.nonce
		g.Redirect, g.Challenge, g.Method = f.redirect.String(), f.challenge, f.method
		s.Codes[hash(code)] = g
		return nil
	})
	if err != nil {
		e.brokenPage(w)
		return
	}
	http.SetCookie(w, e.cookie(cookie, 0))
	if f.device != "" {
		e.endDevice(w, r, f, &g)
		return
	}
	e.deliver(w, r, f, url.Values{"code": {code}, "session_state": {uuid.NewString()}})
}

// refuseFlow ends f as a scenario wants: on a page of its own, or back at the
// application.
func (e *Emulator) refuseFlow(w http.ResponseWriter, r *http.Request, f *flow, o oauthErr) {
	if o.number == 65001 {
		o.code = "consent_required" // as authorize calls it
	}
	if o.page {
		e.drop(f)
		e.refusePage(w, r, o)
		return
	}
	e.finishError(w, r, f, o)
}

// finishCancel ends f as Microsoft's Cancel does: without a description.
func (e *Emulator) finishCancel(w http.ResponseWriter, r *http.Request, f *flow) {
	e.drop(f)
	e.deliver(w, r, f, url.Values{"error": {"access_denied"}, "error_subcode": {"cancel"}})
}

func (e *Emulator) finishError(w http.ResponseWriter, r *http.Request, f *flow, o oauthErr) {
	e.drop(f)
	v := url.Values{"error": {o.code}, "error_description": {o.description(uuid.NewString(), correlationID(r), e.Now())}}
	if o.uri {
		v.Set("error_uri", o.link())
	}
	e.deliver(w, r, f, v)
}

// deliver hands the result to the redirect address, in the way that was asked for.
// A device is told when it asks.
func (e *Emulator) deliver(w http.ResponseWriter, r *http.Request, f *flow, result url.Values) {
	if f.device != "" {
		e.endDevice(w, r, f, nil)
		return
	}
	if f.state != "" {
		result.Set("state", f.state)
	}
	if f.mode == "form_post" {
		e.formPostPage(w, r, f, result)
		return
	}
	target := *f.redirect
	if target.Path == "" {
		target.Path = "/"
	}
	address := target.String()
	switch {
	case len(result) == 0:
	case f.mode == "query":
		address += "?" + result.Encode()
	default:
		address += "#" + result.Encode()
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (e *Emulator) drop(f *flow) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.flows, f.token)
}

// sweepFlows forgets sign-ins that nobody finished; the caller holds the lock.
func (e *Emulator) sweepFlows() {
	now := e.clock()
	for k, f := range e.flows {
		if now.Sub(f.made) > flowLifetime {
			delete(e.flows, k)
		}
	}
	if len(e.flows) >= maxFlows {
		clear(e.flows)
	}
}
