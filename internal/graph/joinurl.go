package graph

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// meetingThread is the form of a meeting chat's id. A channel meeting's thread
// ends in "tacv2": it is a channel, not a chat.
var meetingThread = regexp.MustCompile(`^19:meeting_[A-Za-z0-9_=+-]{1,256}@thread\.v2$`)

// teamsHosts are the hosts whose join addresses name a thread: by cloud, Global,
// GCC High, DoD and China.
var teamsHosts = []string{"teams.microsoft.com", "gov.teams.microsoft.us", "dod.teams.microsoft.us", "teams.microsoftonline.cn"}

// chatOfJoinURL reads the id of a meeting's chat from its classic join address,
// https://teams.microsoft.com/l/meetup-join/<thread>/0?context=…, or returns "".
// The newer short addresses (/meet/…) hold none.
func chatOfJoinURL(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" || !slices.Contains(teamsHosts, strings.ToLower(u.Host)) {
		return ""
	}
	segments := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	if len(segments) < 3 || segments[0] != "l" || segments[1] != "meetup-join" {
		return ""
	}
	thread, err := url.PathUnescape(segments[2])
	if err != nil || !meetingThread.MatchString(thread) {
		return ""
	}
	return thread
}
