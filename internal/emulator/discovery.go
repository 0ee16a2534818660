package emulator

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// loginRoutes serves the sign-in service's host, without the pages that a browser
// shows (see pages).
func (e *Emulator) loginRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /common/discovery/instance", e.instance)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", e.configuration)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", e.keys)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", e.token)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", e.deviceCode)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "the demo tenant has no such page", http.StatusNotFound)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace := uuid.NewString()
		h := w.Header()
		h.Set("X-Ms-Request-Id", trace)
		h.Set("Cache-Control", "no-store, no-cache")
		h.Set("Pragma", "no-cache")
		h.Set("Date", e.Now().Format(http.TimeFormat))
		h.Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// instance answers which hosts are one cloud.
func (e *Emulator) instance(w http.ResponseWriter, r *http.Request) {
	endpoint, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	own := hostOf(e.at.login)
	hosts := []string{own}
	if own == LoginHost {
		hosts = append(hosts, "login.windows.net", "login.microsoft.com", "sts.windows.net")
	}
	if err != nil || !contains(hosts, endpoint.Host) {
		e.oauthError(w, r, oauthErr{status: http.StatusBadRequest, code: "invalid_instance", number: 50049,
			text: "Unknown or invalid instance."})
		return
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(endpoint.Path, "/"), "/")
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": e.at.login + "/" + url.PathEscape(first) + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{
			{"preferred_network": own, "preferred_cache": hosts[min(1, len(hosts)-1)], "aliases": hosts},
			{"preferred_network": "login.partner.microsoftonline.cn", "preferred_cache": "login.partner.microsoftonline.cn", "aliases": []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
			{"preferred_network": "login.microsoftonline.us", "preferred_cache": "login.microsoftonline.us", "aliases": []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
		},
	})
}

// authority is what a path's tenant stands for: what the endpoints and what the
// issuer hold in its place.
func (e *Emulator) authority(w http.ResponseWriter, r *http.Request) (endpoint, issuer string, ok bool) {
	name := r.PathValue("tenant")
	if t, found := tenantOf(name); found {
		return t.ID, t.ID, true
	}
	if shared(name) {
		return strings.ToLower(name), "{tenantid}", true
	}
	e.oauthError(w, r, unknownTenant(name))
	return "", "", false
}

func (e *Emulator) configuration(w http.ResponseWriter, r *http.Request) {
	tenant, issuer, ok := e.authority(w, r)
	if !ok {
		return
	}
	base := e.at.login + "/" + tenant
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                e.at.login + "/" + issuer + "/v2.0",
		"authorization_endpoint":                e.at.pages + "/" + tenant + "/oauth2/v2.0/authorize",
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"end_session_endpoint":                  e.at.pages + "/" + tenant + "/oauth2/v2.0/logout",
		"kerberos_endpoint":                     base + "/kerberos",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"userinfo_endpoint":                     e.at.graph + "/oidc/userinfo",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"request_uri_parameter_supported":       false,
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
		"cloud_graph_host_name":                 "graph.windows.net",
		"msgraph_host":                          hostOf(e.at.graph),
		"rbac_url":                              "https://pas.windows.net",
		"claims_supported": []string{"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
			"aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"},
	})
}

func (e *Emulator) keys(w http.ResponseWriter, r *http.Request) {
	_, issuer, ok := e.authority(w, r)
	if !ok {
		return
	}
	e.mu.Lock()
	s := e.signer
	e.mu.Unlock()
	public := s.key.PublicKey
	writeJSON(w, http.StatusOK, map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "kid": s.thumbprint, "x5t": s.thumbprint,
		"n":      base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e":      base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
		"x5c":    []string{base64.StdEncoding.EncodeToString(s.cert)},
		"issuer": e.at.login + "/" + issuer + "/v2.0",
	}}})
}

// hostOf is the host, with its port, of an origin.
func hostOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	return host
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if strings.EqualFold(have, s) {
			return true
		}
	}
	return false
}

// writeJSON answers with v. A body that cannot be made is a bug that the tests of
// each answer would meet.
func writeJSON(w http.ResponseWriter, status int, v any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}
