package emulator

import (
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

var (
	//go:embed pages/pages.html
	pagesHTML string
	//go:embed pages/style.css
	styleCSS string

	templates = template.Must(template.New("pages").Parse(pagesHTML))
)

// pages serves what a browser shows: the sign-in pages and the page of the chats.
// They are reached over loopback by name or number only, so that a foreign site
// cannot point its own name here (DNS rebinding).
func (e *Emulator) pages() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Pragma", "no-cache")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		if !loopbackHost(r.Host) {
			http.Error(w, "this page is for this computer only", http.StatusMisdirectedRequest)
			return
		}
		e.count(r)
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		e.page.ServeHTTP(w, r)
	})
}

func (e *Emulator) pageRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", e.authorize)
	mux.HandleFunc("GET /{tenant}/v2.0/adminconsent", e.adminConsent)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/logout", e.logout)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/logout", e.logout)
	mux.HandleFunc("GET /devicelogin", e.devicePage)
	mux.HandleFunc("POST /devicelogin", e.deviceEnter)
	mux.HandleFunc("POST /signin", e.action)
	mux.HandleFunc("GET /demo/{key}/{$}", e.chatsPage)
	mux.HandleFunc("POST /demo/{key}/clock", e.chatsClock)
	mux.HandleFunc("POST /demo/{key}/reset", e.chatsReset)
	return mux
}

func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// view is what every page's template gets.
type view struct {
	Style template.CSS
	Nonce string
	Title string
	Flow  string // token of the sign-in's forms
	Body  any
}

// render writes a page. forms are the origins, each after a space, that its forms
// end at besides the page's own.
func (e *Emulator) render(w http.ResponseWriter, status int, name string, v view, script bool, forms ...string) {
	v.Style, v.Nonce = template.CSS(styleCSS), random(16) // our own file
	csp := "default-src 'none'; style-src 'nonce-" + v.Nonce + "'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
	for _, f := range forms {
		csp += f
	}
	if script {
		csp += "; script-src 'nonce-" + v.Nonce + "'"
	}
	var page strings.Builder
	if err := templates.ExecuteTemplate(&page, name, v); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", csp)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page.String()))
}

// origin is what a form that ends at the redirect address is allowed to reach:
// nothing for a device, whose sign-in ends on a page.
func (f *flow) origin() string {
	if f.redirect == nil {
		return ""
	}
	return " http://" + f.redirect.Host
}

// accountPage asks who signs in: all accounts, or the hinted one.
func (e *Emulator) accountPage(w http.ResponseWriter, r *http.Request, f *flow) {
	accounts := slices.Clone(usersOf(f.tenant))
	hinted := slices.IndexFunc(accounts, func(u user) bool { return strings.EqualFold(u.UPN, f.hint) })
	if hinted >= 0 && f.prompt != "select_account" {
		e.render(w, http.StatusOK, "continue", view{Title: "Continue as " + accounts[hinted].Name(), Flow: f.token, Body: accounts[hinted]}, false, f.origin())
		return
	}
	if hinted > 0 {
		first := accounts[hinted]
		accounts = slices.Insert(slices.Delete(accounts, hinted, hinted+1), 0, first)
	}
	e.render(w, http.StatusOK, "accounts", view{Title: "Pick an account", Flow: f.token, Body: accounts}, false, f.origin())
}

// signInPage shows a page about the person who signs in.
func (e *Emulator) signInPage(w http.ResponseWriter, r *http.Request, f *flow, name string, asked []permission) {
	titles := map[string]string{
		"second": "Approve the sign-in", "consent": "Permissions requested",
		"admin": "Approval required", "organisation": "Permissions requested for your organisation", "blocked": "You cannot access this right now",
	}
	body := struct {
		User    user
		App     string
		Asked   []permission
		Offline bool
	}{*f.user, ClientName, asked, f.scopes.offline}
	e.render(w, http.StatusOK, name, view{Title: titles[name], Flow: f.token, Body: body}, false, f.origin())
}

// formPostPage posts the result to the redirect address by itself.
func (e *Emulator) formPostPage(w http.ResponseWriter, r *http.Request, f *flow, result url.Values) {
	body := struct {
		Action template.URL
		Fields url.Values
		Done   bool
	}{template.URL(f.redirect.String()), result, result.Has("code")} // checked by registeredRedirect
	e.render(w, http.StatusOK, "form_post", view{Title: "Back to " + ClientName, Body: body}, true, f.origin())
}

// refusePage shows an error that must not reach the redirect address.
func (e *Emulator) refusePage(w http.ResponseWriter, r *http.Request, o oauthErr) {
	body := struct {
		Text          string
		Number        int
		Trace, Moment string
	}{o.text, o.number, uuid.NewString(), stamp(e.Now())}
	e.render(w, http.StatusBadRequest, "refused", view{Title: "Sorry, but we’re having trouble signing you in", Body: body}, false)
}

func (e *Emulator) brokenPage(w http.ResponseWriter) {
	http.Error(w, "the demo tenant could not write its state", http.StatusInternalServerError)
}
