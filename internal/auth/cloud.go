package auth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// globalGraph is the one Graph whose scopes have short names.
const globalGraph = "graph.microsoft.com"

// clouds are the Graph hosts that take the tokens of a sign-in host
// (learn.microsoft.com, Graph, national cloud deployments).
var clouds = map[string][]string{
	"login.microsoftonline.com":        {globalGraph},
	"login.microsoftonline.us":         {"graph.microsoft.us", "dod-graph.microsoft.us"},
	"login.partner.microsoftonline.cn": {"microsoftgraph.chinacloudapi.cn"},
	"login.chinacloudapi.cn":           {"microsoftgraph.chinacloudapi.cn"},
}

// openID are the scopes that belong to no resource, and never have a prefix.
var openID = []string{"openid", "profile", "email", "offline_access"}

// Scopes spells the names of Graph's permissions for the Graph at base: in short
// for the global cloud's, and for one that is not Microsoft's; with the host for a
// national cloud's, where a short name would mean the global one. Names that have
// a host already stay as they are.
func Scopes(names []string, base string) []string {
	prefix := scopePrefix(base)
	list := make([]string, 0, len(names))
	for _, name := range names {
		if !strings.Contains(name, "://") && !slices.Contains(openID, strings.ToLower(name)) {
			name = prefix + name
		}
		list = append(list, name)
	}
	return list
}

// scopePrefix is what stands before a permission's name for the Graph at base.
func scopePrefix(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	for _, hosts := range clouds {
		if host != globalGraph && slices.Contains(hosts, host) {
			return "https://" + host + "/"
		}
	}
	return ""
}

// paired refuses a sign-in host and a Graph host that Microsoft runs for different
// clouds. Hosts that are not Microsoft's are the configuration's to pair.
func paired(authority, graph string) error {
	u, err := url.Parse(graph)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return errors.New("auth: Graph's address is not https")
	}
	host := strings.ToLower(u.Host)
	takes, known := clouds[authority]
	for _, hosts := range clouds {
		if known && slices.Contains(hosts, host) && !slices.Contains(takes, host) {
			return fmt.Errorf("auth: the sign-in service %s and the Graph %s are not of one cloud", authority, host)
		}
	}
	return nil
}

// shown are granted scopes by the names of their permissions.
func (c *Client) shown(granted []string) []string {
	list := make([]string, 0, len(granted))
	for _, s := range granted {
		list = append(list, strings.TrimPrefix(s, c.prefix))
	}
	return list
}
