package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// logout ends the browser's session. Like Microsoft's, it goes on only to a
// registered address.
func (e *Emulator) logout(w http.ResponseWriter, r *http.Request) {
	if tenant := r.PathValue("tenant"); !known(tenant) {
		e.refusePage(w, r, unknownTenant(tenant))
		return
	}
	if err := r.ParseForm(); err != nil {
		e.refusePage(w, r, malformed())
		return
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		e.mu.Lock()
		delete(e.browsers, hash(cookie.Value))
		e.mu.Unlock()
	}
	http.SetCookie(w, e.cookie("", -1))
	if to, ok := registeredRedirect(r.Form.Get("post_logout_redirect_uri")); ok {
		f := &flow{redirect: to, mode: "query", state: r.Form.Get("state")}
		e.deliver(w, r, f, url.Values{})
		return
	}
	e.render(w, http.StatusOK, "ended", view{Title: "You signed out of your account", Body: "It’s a good idea to close all browser windows."}, false)
}

// cookie is the sign-in page's cookie.
func (e *Emulator) cookie(value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, MaxAge: age, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(e.at.pages, "https:"),
	}
}
