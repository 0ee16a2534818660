package emulator

import (
	"slices"
	"strings"
)

// graphResource is the audience of Graph's access tokens and the prefix of its
// scopes' long form.
const (
	graphAudience = "00000003-0000-0000-c000-000000000000"
	graphResource = "https://graph.microsoft.com/"
)

// oidcScopes are not permissions of a resource.
var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// permission is one that a person can be asked for.
type permission struct {
	Name  string
	Title string // as the consent page says it
	Admin bool   // only an administrator may consent
}

var permissions = []permission{
	{Name: "User.Read", Title: "Sign you in and read your profile"},
	{Name: "Calendars.Read", Title: "Read your calendars"},
	{Name: "Calendars.ReadBasic", Title: "Read basic details of your calendars"},
	{Name: "Calendars.ReadWrite", Title: "Have full access to your calendars"},
	{Name: "OnlineMeetings.Read", Title: "Read your online meetings"},
	{Name: "OnlineMeetings.ReadWrite", Title: "Read and create your online meetings"},
	{Name: "Chat.ReadBasic", Title: "Read names and members of your chats"},
	{Name: "Chat.Read", Title: "Read your chat messages"},
	{Name: "Chat.ReadWrite", Title: "Read and write your chat messages"},
	{Name: "Chat.Create", Title: "Create chats"},
	{Name: "ChatMessage.Send", Title: "Send chat messages on your behalf"},
	{Name: "OnlineMeetingTranscript.Read.All", Title: "Read all transcripts of online meetings", Admin: true},
	{Name: "OnlineMeetingAiInsight.Read.All", Title: "Read all AI insights of online meetings", Admin: true},
}

// scopeSet is what a request's scope parameter asked for.
type scopeSet struct {
	resource []string // Graph's, as they were spelled, without doubles
	openID   bool
	offline  bool
}

// parseScopes reads a scope parameter. A number that is not 0 is the AADSTS number
// of what is wrong with the scope named bad.
func parseScopes(param string) (set scopeSet, number int, bad string) {
	for _, s := range strings.Fields(param) {
		switch lower := strings.ToLower(s); {
		case lower == "openid":
			set.openID = true
		case lower == "offline_access":
			set.offline = true
		case slices.Contains(oidcScopes, lower):
		default:
			if strings.Contains(s, "://") && !strings.HasPrefix(lower, graphResource) {
				return set, 500011, s
			}
			if _, ok := permissionOf(s); !ok {
				return set, 650053, s
			}
			if !slices.ContainsFunc(set.resource, func(have string) bool { return strings.EqualFold(have, s) }) {
				set.resource = append(set.resource, s)
			}
		}
	}
	return set, 0, ""
}

// short is a scope's name as the scp claim has it.
func short(scope string) string {
	if len(scope) > len(graphResource) && strings.EqualFold(scope[:len(graphResource)], graphResource) {
		return scope[len(graphResource):]
	}
	return scope
}

func permissionOf(scope string) (permission, bool) {
	for _, p := range permissions {
		if strings.EqualFold(p.Name, short(scope)) {
			return p, true
		}
	}
	return permission{}, false
}

// echo is the answer's scope field: the resource scopes as they were spelled and
// the OpenID ones, never offline_access.
func (s scopeSet) echo() string {
	all := slices.Clone(s.resource)
	if s.openID {
		all = append(all, "profile", "openid", "email")
	}
	return strings.Join(all, " ")
}

// claim is the access token's scp.
func (s scopeSet) claim() string {
	names := make([]string, 0, len(s.resource)+3)
	for _, r := range s.resource {
		p, _ := permissionOf(r)
		names = append(names, p.Name)
	}
	if s.openID {
		names = append(names, "openid", "profile", "email")
	}
	return strings.Join(names, " ")
}

// missing are the permissions that the person has not consented to.
func (s scopeSet) missing(consented []string) []permission {
	var found []permission
	for _, r := range s.resource {
		p, _ := permissionOf(r)
		if !slices.Contains(consented, strings.ToLower(p.Name)) {
			found = append(found, p)
		}
	}
	return found
}
