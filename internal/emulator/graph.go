package emulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// call is one request to Graph whose token is good.
type call struct {
	e      *Emulator
	w      http.ResponseWriter
	r      *http.Request
	who    bearer
	status int // of the success; 0: 200
}

// graphRoutes serves Graph's host. Each route names the scopes of which the token
// needs one.
func (e *Emulator) graphRoutes() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, handle func(*call), anyOf ...string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if c, ok := e.admit(w, r, anyOf); ok {
				handle(c)
			}
		})
	}
	chats := []string{"Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"}
	route("GET /oidc/userinfo", e.userInfo, "openid")
	route("GET /v1.0/me", e.me, "User.Read")
	route("GET /v1.0/me/calendarView", e.calendarView, "Calendars.Read", "Calendars.ReadBasic", "Calendars.ReadWrite")
	route("GET /v1.0/me/onlineMeetings", e.onlineMeetings, "OnlineMeetings.Read", "OnlineMeetings.ReadWrite")
	route("GET /v1.0/me/chats", e.listChats, chats...)
	route("GET /v1.0/chats/{chat}", e.getChat, chats...)
	route("GET /v1.0/chats/{chat}/members", e.listMembers, chats...)
	route("GET /v1.0/chats/{chat}/messages", e.listMessages, "Chat.Read", "Chat.ReadWrite")
	route("POST /v1.0/chats/{chat}/messages", e.postMessage, "ChatMessage.Send", "Chat.ReadWrite")
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		e.graphError(w, r, http.StatusBadRequest, "BadRequest",
			fmt.Sprintf("Resource not found for the segment '%s'.", printable(segments[len(segments)-1])), "")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.graphHeaders(w, r)
		mux.ServeHTTP(w, r)
	})
}

func (e *Emulator) graphHeaders(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	id := uuid.NewString()
	h.Set("Request-Id", id)
	h.Set("Client-Request-Id", cmp.Or(printable(r.Header.Get("Client-Request-Id")), id))
	h.Set("X-Ms-Ags-Diagnostic", `{"ServerInfo":{"DataCenter":"Demo tenant","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"DEBRIEF"}}`)
	h.Set("Date", e.Now().Format(http.TimeFormat))
	h.Set("OData-Version", "4.0")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
}

// admit checks the token and its scopes.
func (e *Emulator) admit(w http.ResponseWriter, r *http.Request, anyOf []string) (*call, bool) {
	challenge := `Bearer realm="", authorization_uri="` + e.at.login + `/common/oauth2/authorize", client_id="` + graphAudience + `"`
	refuse := func(text string) (*call, bool) {
		w.Header().Set("WWW-Authenticate", challenge)
		e.graphError(w, r, http.StatusUnauthorized, "InvalidAuthenticationToken", text, "")
		return nil, false
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token == "" || !strings.EqualFold(kind, "Bearer") {
		return refuse("Access token is empty.")
	}
	e.mu.Lock()
	sign, now := e.signer, e.now()
	e.mu.Unlock()
	who, refusal := sign.check(token, now)
	if refusal != "" {
		return refuse(refusal)
	}
	e.mu.Lock()
	validFrom, revoked := e.st.ValidFrom[who.user.ID]
	e.mu.Unlock()
	if revoked && who.cp1 && who.notFrom.Unix() < validFrom.Unix() {
		claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, validFrom.Unix())
		w.Header().Set("WWW-Authenticate", challenge+`, error="insufficient_claims", error_description="Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp", claims="`+
			base64.StdEncoding.EncodeToString([]byte(claims))+`"`)
		e.graphError(w, r, http.StatusUnauthorized, "InvalidAuthenticationToken",
			"Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp", "")
		return nil, false
	}
	if !who.has(anyOf...) {
		e.graphError(w, r, http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "")
		return nil, false
	}
	return &call{e: e, w: w, r: r, who: who}, true
}

// graphError writes Graph's error envelope.
func (e *Emulator) graphError(w http.ResponseWriter, r *http.Request, status int, code, message, inner string) {
	more := map[string]any{}
	if inner != "" {
		more["code"] = inner
	}
	e.graphErrorInner(w, r, status, code, message, more)
}

func (e *Emulator) graphErrorInner(w http.ResponseWriter, r *http.Request, status int, code, message string, inner map[string]any) {
	all := map[string]any{
		"date": e.Now().Format("2006-01-02T15:04:05"), "request-id": w.Header().Get("Request-Id"),
		"client-request-id": w.Header().Get("Client-Request-Id"),
	}
	maps.Copy(all, inner)
	writeJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": message, "innerError": all}})
}

// graphFault answers as a fault wants.
func (e *Emulator) graphFault(w http.ResponseWriter, r *http.Request, f *Fault) {
	e.graphHeaders(w, r)
	code := f.Code
	if code == "" {
		code = map[int]string{
			401: "InvalidAuthenticationToken", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests",
			502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout",
		}[f.Status]
	}
	e.graphError(w, r, f.Status, cmp.Or(code, "InternalServerError"), "A fault of the demo tenant.", "")
}

func (c *call) fail(status int, code, message, inner string) {
	c.e.graphError(c.w, c.r, status, code, message, inner)
}

func (c *call) failInner(status int, code, message string, inner map[string]any) {
	c.e.graphErrorInner(c.w, c.r, status, code, message, inner)
}

// ok answers with body, which the call owns.
func (c *call) ok(entity string, body map[string]any) {
	body["@odata.context"] = c.e.at.graph + "/v1.0/$metadata#" + entity
	writeJSON(c.w, cmp.Or(c.status, http.StatusOK), body)
}

// top reads $top.
func (c *call) top(otherwise, most int) (int, bool) {
	text := c.r.URL.Query().Get("$top")
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		c.fail(http.StatusBadRequest, "BadRequest", fmt.Sprintf("Invalid value for $top: it must be between 1 and %d.", most), "")
		return 0, false
	}
	return n, true
}

// next is the address of the following page: this one's with another skip token.
func (c *call) next(token string) string {
	q := c.r.URL.Query()
	q.Set("$skiptoken", token)
	return c.e.at.graph + c.r.URL.EscapedPath() + "?" + q.Encode()
}

// page answers with a part of items.
func (c *call) page(entity string, items []map[string]any, otherwise, most int) {
	top, ok := c.top(otherwise, most)
	if !ok {
		return
	}
	from := 0
	if token := c.r.URL.Query().Get("$skiptoken"); token != "" {
		text, ok := openToken(token)
		n, err := strconv.Atoi(text)
		if !ok || err != nil || n < 0 {
			c.fail(http.StatusBadRequest, "BadRequest", "The skip token is not valid.", "")
			return
		}
		from = min(n, len(items))
	}
	to := min(from+top, len(items))
	if emptyPage(c.r) && from < len(items) {
		to = from
	}
	body := map[string]any{"value": append([]map[string]any{}, items[from:to]...)}
	if to < len(items) {
		body["@odata.nextLink"] = c.next(sealToken(strconv.Itoa(to)))
	}
	c.ok(entity, body)
}

// sealToken makes a skip token that nobody is tempted to calculate with.
func sealToken(text string) string {
	sum := sha256.Sum256([]byte("skip|" + text))
	return base64.RawURLEncoding.EncodeToString(append(sum[:6:6], text...))
}

func openToken(token string) (string, bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < 6 || sealToken(string(b[6:])) != token {
		return "", false
	}
	return string(b[6:]), true
}

// unsorted brings items into an order that means nothing, always the same.
func unsorted(items []map[string]any) {
	key := func(item map[string]any) string { return hash(item["id"].(string)) }
	slices.SortFunc(items, func(a, b map[string]any) int { return strings.Compare(key(a), key(b)) })
}

var preference = regexp.MustCompile(`([A-Za-z][A-Za-z.\-]*)(?:\s*=\s*(?:"([^"]*)"|([^",;\s]+)))?`)

// preferences reads the Prefer headers.
func (c *call) preferences() map[string]string {
	found := map[string]string{}
	for _, line := range c.r.Header.Values("Prefer") {
		for _, m := range preference.FindAllStringSubmatch(line, -1) {
			found[strings.ToLower(m[1])] = m[2] + m[3]
		}
	}
	return found
}

func (c *call) prefers(name string) bool {
	_, ok := c.preferences()[name]
	return ok
}

// me is the signed-in person.
func (e *Emulator) me(c *call) {
	u := c.who.user
	body := map[string]any{
		"businessPhones": []string{u.Phone}, "displayName": u.Name(), "givenName": u.Given, "jobTitle": u.Job, "mail": u.UPN,
		"mobilePhone": nil, "officeLocation": u.Office, "preferredLanguage": "en-US", "surname": u.Surname,
		"userPrincipalName": u.UPN, "id": u.ID,
	}
	c.ok("users/$entity", c.selected(body))
}

// userInfo is OpenID's own answer about the person.
func (e *Emulator) userInfo(c *call) {
	u := c.who.user
	writeJSON(c.w, http.StatusOK, map[string]any{
		"sub": pairwise(u, ClientID), "name": u.Name(), "family_name": u.Surname, "given_name": u.Given, "email": u.UPN,
		"picture": c.e.at.graph + "/v1.0/me/photo/$value",
	})
}

// selected keeps what $select names, and the id.
func (c *call) selected(item map[string]any) map[string]any {
	sel := c.r.URL.Query().Get("$select")
	if sel == "" {
		return item
	}
	kept := map[string]any{}
	if id, ok := item["id"]; ok {
		kept["id"] = id
	}
	for name := range strings.SplitSeq(sel, ",") {
		if v, ok := item[strings.TrimSpace(name)]; ok {
			kept[strings.TrimSpace(name)] = v
		}
	}
	return kept
}

func outlookTime(t time.Time) string { return t.Format("2006-01-02T15:04:05.0000000") }
