package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// adminConsent is the page on which an administrator grants permissions for
// everybody in their organisation.
func (e *Emulator) adminConsent(w http.ResponseWriter, r *http.Request) {
	q, tenant := r.URL.Query(), r.PathValue("tenant")
	redirect, ok := registeredRedirect(q.Get("redirect_uri"))
	switch {
	case !known(tenant):
		e.refusePage(w, r, unknownTenant(tenant))
		return
	case !strings.EqualFold(q.Get("client_id"), ClientID):
		e.refusePage(w, r, unknownClient(q.Get("client_id")))
		return
	case !ok:
		e.refusePage(w, r, wrongRedirect(q.Get("redirect_uri")))
		return
	}
	f := &flow{
		token: random(24), tenant: tenant, redirect: redirect, mode: "query", state: q.Get("state"),
		prompt: "select_account", organisation: true, asked: strings.Fields(q.Get("scope")),
	}
	if q.Get("scope") == "" || strings.EqualFold(q.Get("scope"), graphResource+".default") {
		f.asked = nil
		for _, p := range permissions {
			f.asked = append(f.asked, p.Name)
		}
	}
	set, number, bad := parseScopes(strings.Join(f.asked, " "))
	if number != 0 {
		e.refusePage(w, r, badScope(number, bad))
		return
	}
	f.scopes = set
	e.mu.Lock()
	f.made = e.clock()
	e.sweepFlows()
	e.flows[f.token] = f
	e.mu.Unlock()
	e.step(w, r, f)
}

// grantAll ends an administrator's consent.
func (e *Emulator) grantAll(w http.ResponseWriter, r *http.Request, f *flow) {
	err := e.update(func(s *state) error {
		delete(e.flows, f.token)
		for _, p := range f.scopes.missing(s.Organisations[f.user.Tenant]) {
			s.Organisations[f.user.Tenant] = append(s.Organisations[f.user.Tenant], strings.ToLower(p.Name))
		}
		return nil
	})
	if err != nil {
		e.brokenPage(w)
		return
	}
	e.deliver(w, r, f, url.Values{"admin_consent": {"True"}, "tenant": {f.user.Tenant}, "scope": {strings.Join(f.asked, " ")}})
}
