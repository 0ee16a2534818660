package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	codeLifetime    = 10 * time.Minute
	refreshLifetime = 90 * 24 * time.Hour
)

// token is the token endpoint.
func (e *Emulator) token(w http.ResponseWriter, r *http.Request) {
	if name := r.PathValue("tenant"); !known(name) {
		e.oauthError(w, r, unknownTenant(name))
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		e.oauthError(w, r, missingParameter("grant_type"))
		return
	}
	if err := r.ParseForm(); err != nil {
		e.oauthError(w, r, malformed())
		return
	}
	body, refused, err := e.redeem(r.PathValue("tenant"), r.PostForm)
	switch {
	case err != nil:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("the demo tenant could not write its state\n"))
	case refused != nil:
		e.oauthError(w, r, *refused)
	default:
		writeJSON(w, http.StatusOK, body)
	}
}

// tokenAnswer is a success of the token endpoint.
type tokenAnswer struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope"`
	ExpiresIn    int    `json:"expires_in"`
	ExtExpiresIn int    `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitzero"`
	IDToken      string `json:"id_token,omitzero"`
	ClientInfo   string `json:"client_info,omitzero"`
}

// redeem turns a code, a device code or a refresh token into tokens. An error means that the
// state could not be written.
func (e *Emulator) redeem(authority string, form url.Values) (*tokenAnswer, *oauthErr, error) {
	for _, name := range []string{"grant_type", "client_id"} {
		if form.Get(name) == "" {
			o := missingParameter(name)
			return nil, &o, nil
		}
	}
	if !strings.EqualFold(form.Get("client_id"), ClientID) {
		o := unknownClient(form.Get("client_id"))
		return nil, &o, nil
	}
	var answer *tokenAnswer
	var refused *oauthErr
	var waiting *device
	err := e.update(func(s *state) error {
		at := atCode
		if form.Get("grant_type") == "refresh_token" {
			at = atRenewal
		}
		if o, bad := e.scenario.refusal(at, e.now()); bad {
			refused = &o
			return nil
		}
		g, key, o := e.findGrant(s, form)
		if o == nil && deviceGrant(form.Get("grant_type")) {
			waiting = e.deviceOf(key)
		}
		if o == nil {
			o = allowed(s, g, authority, &form)
		}
		if o != nil {
			refused = o
			return nil
		}
		var err error
		if answer, err = e.issue(s, g, key, form); err == nil && waiting != nil {
			waiting.used = true
		}
		return err
	})
	if err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		if waiting != nil {
			waiting.used = false
		}
		return nil, nil, err
	}
	return answer, refused, nil
}

// findGrant finds what the form's code or refresh token stands for, and uses up a
// code.
func (e *Emulator) findGrant(s *state, form url.Values) (grant, string, *oauthErr) {
	refuse := func(o oauthErr) (grant, string, *oauthErr) { return grant{}, "", &o }
	if deviceGrant(form.Get("grant_type")) {
		if form.Get("device_code") == "" {
			return refuse(missingParameter("device_code"))
		}
		d, o := e.pollDevice(form)
		if o != nil {
			return refuse(*o)
		}
		if from := s.ValidFrom[d.grant.User]; d.grant.Issued.Before(from) {
			return refuse(revoked(d.grant.Issued, from))
		}
		return *d.grant, d.key, nil
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		for _, name := range []string{"code", "redirect_uri"} {
			if form.Get(name) == "" {
				return refuse(missingParameter(name))
			}
		}
		e.note(s, "code_verifier", form.Get("code_verifier"))
		key := hash(form.Get("code"))
		g, ok := s.Codes[key]
		switch {
		case !ok:
			return refuse(badGrant())
		case g.Revoked:
			return refuse(revoked(g.Issued, s.ValidFrom[g.User]))
		case g.Used:
			return refuse(codeUsed())
		case e.now().Sub(g.Issued) > codeLifetime:
			return refuse(codeExpired())
		case g.Redirect != form.Get("redirect_uri"):
			return refuse(invalidGrant(500112, "The reply address does not match the reply address provided when requesting Authorization code."))
		case !verified(g.Challenge, g.Method, form.Get("code_verifier")):
			return refuse(wrongVerifier())
		}
		g.Used = true
		s.Codes[key] = g
		return g, key, nil
	case "refresh_token":
		if form.Get("refresh_token") == "" {
			return refuse(missingParameter("refresh_token"))
		}
		key := hash(form.Get("refresh_token"))
		g, ok := s.Refresh[key]
		switch {
		case !ok:
			return refuse(badGrant())
		case g.Revoked:
			return refuse(revoked(g.Issued, s.ValidFrom[g.User]))
		case e.now().Sub(g.Issued) > refreshLifetime:
			return refuse(inactive(g.Issued))
		}
		return g, key, nil
	}
	return refuse(oauthErr{code: "unsupported_grant_type", number: 70003, text: "The app requested an unsupported grant type '" + printable(form.Get("grant_type")) + "'."})
}

// verified checks the PKCE verifier. A code without a challenge takes none.
func verified(challenge, method, verifier string) bool {
	if challenge == "" {
		return verifier == ""
	}
	want := verifier
	if method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		want = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(challenge), []byte(want)) == 1
}

// allowed checks the asked scopes and the tenant; a form without scopes gets the
// grant's.
func allowed(s *state, g grant, authority string, form *url.Values) *oauthErr {
	if t, ok := tenantOf(authority); ok && t.ID != g.Tenant {
		o := invalidGrant(50020, "User account from identity provider does not exist in tenant '"+t.Name+"' and cannot access the application in that tenant.")
		return &o
	}
	if form.Get("scope") == "" {
		form.Set("scope", strings.Join(g.Scopes, " "))
	}
	set, number, bad := parseScopes(form.Get("scope"))
	if number != 0 {
		o := badScope(number, bad)
		return &o
	}
	if u, ok := userByID(g.User); !ok || len(set.missing(s.consented(u))) > 0 {
		o := notConsented()
		return &o
	}
	return nil
}

// issue makes the tokens of a grant whose checks have passed.
func (e *Emulator) issue(s *state, g grant, key string, form url.Values) (*tokenAnswer, error) {
	u, _ := userByID(g.User)
	now := e.now()
	set, _, _ := parseScopes(form.Get("scope"))
	access, err := e.signer.accessToken(u, set, sessionID(key), declaresCP1(form.Get("claims")), now)
	if err != nil {
		return nil, err
	}
	e.note(s, "access_token", access)
	seconds := int(accessLifetime / time.Second)
	a := &tokenAnswer{TokenType: "Bearer", Scope: set.echo(), ExpiresIn: seconds, ExtExpiresIn: seconds, AccessToken: access}
	if set.openID {
		a.IDToken, err = e.signer.idToken(u, e.at.login, sessionID(key), e.nonces[key], now)
		if err != nil {
			return nil, err
		}
		e.note(s, "id_token", a.IDToken)
	}
	delete(e.nonces, key)
	if slices.Contains(g.Scopes, "offline_access") {
		a.RefreshToken = "1.AXoA" + random(750)
		e.note(s, "refresh_token", a.RefreshToken)
		s.Refresh[hash(a.RefreshToken)] = grant{User: g.User, Tenant: g.Tenant, Client: g.Client, Scopes: g.Scopes, Issued: now}
	}
	if form.Get("client_info") == "1" {
		info, err := json.Marshal(map[string]string{"uid": u.ID, "utid": u.Tenant})
		if err != nil {
			return nil, err
		}
		a.ClientInfo = base64.RawURLEncoding.EncodeToString(info)
	}
	return a, nil
}

// declaresCP1 reports whether a claims parameter says that the client handles
// continuous access evaluation.
func declaresCP1(claims string) bool {
	var c struct {
		AccessToken struct {
			Caps struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	return json.Unmarshal([]byte(claims), &c) == nil && contains(c.AccessToken.Caps.Values, "CP1")
}
