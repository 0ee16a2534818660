package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// Version is the version of the local API. It grows when an older client or
// server would misread the other; the paths' /v1 grows with it. pathVersion and
// pathQuit never change and are open to every version, so that a newer Debrief
// can always ask an older one what it is and to quit.
const Version = "1"

// header carries Version in every request and every answer.
const header = "Debrief-Api"

const (
	pathState        = "/v1/state"
	pathWatch        = "/v1/state/watch"
	pathSignIn       = "/v1/sign-in"
	pathCancelSignIn = "/v1/sign-in/cancel"
	pathSessions     = "/v1/sessions"
	pathSession      = "/v1/session"
	pathClear        = "/v1/clear"
	pathExport       = "/v1/export"
	pathImport       = "/v1/import"
	pathUnlock       = "/v1/unlock"
	pathOpenVault    = "/v1/vault/open"
	pathMoveVault    = "/v1/vault/move"
	pathMeetings     = "/v1/meetings"
	pathPeople       = "/v1/people"
	pathPost         = "/v1/post"
	pathDoctor       = "/v1/doctor"
	pathShow         = "/v1/show"
	pathOpenDemo     = "/v1/demo/open"
	pathQuit         = "/v1/quit"
	pathVersion      = "/v1/version"
)

const (
	// maxSummary is the largest summary that travels, in bytes.
	maxSummary = 1 << 20
	// maxBody bounds a request. A summary of maxSummary quotes and line ends is
	// twice as long in JSON; one of control characters, longer still, is refused.
	maxBody = 2<<20 + 64<<10
	// maxAnswer bounds what a client reads of one answer.
	maxAnswer = 32 << 20
)

// nothing is the body of requests and answers that say nothing: {}.
type nothing struct{}

type sessionRequest struct {
	ID string `json:"id"`
}

type meetingsRequest struct {
	Account string `json:"account,omitempty"`
}

type showRequest struct {
	Page state.Page `json:"page,omitempty"`
}

type versionAnswer struct {
	Version string `json:"version"` // of the program
	API     string `json:"api"`
}

// problemAnswer is the body of every answer that is not 200, and the last line
// of a watch that failed.
type problemAnswer struct {
	Problem *state.Problem `json:"problem"`
}

// watchLine is a line of the state's stream: a snapshot, or the problem that
// ended it.
type watchLine struct {
	problemAnswer
	state.State
}

// decode reads one JSON value into v and refuses unknown fields and anything
// that follows. No bytes at all leave v as it is.
func decode(data []byte, v any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// encode gives v as JSON in one line. Characters stay as they are, for a
// summary's length in bytes should not grow on its way.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// problemOf gives err as the problem that travels in its place.
func problemOf(err error) *state.Problem {
	if p, ok := errors.AsType[*state.Problem](err); ok {
		return p
	}
	return &state.Problem{Code: text.Internal, Detail: err.Error()}
}

// statuses are the HTTP statuses of the problems that have a fitting one, for
// those who look at the API with other tools; Client goes by the code alone.
var statuses = map[text.Code]int{
	text.Internal:         http.StatusInternalServerError,
	text.VersionMismatch:  http.StatusBadRequest,
	text.Wrong:            http.StatusBadRequest,
	text.SessionAmbiguous: http.StatusBadRequest,
	text.AccountAmbiguous: http.StatusBadRequest,
	text.MeetingAmbiguous: http.StatusBadRequest,
	text.SummaryEmpty:     http.StatusBadRequest,
	text.SummaryNotText:   http.StatusBadRequest,
	text.SummaryTooLarge:  http.StatusRequestEntityTooLarge,
	text.SignInNeeded:     http.StatusUnauthorized,
	text.NotAllowed:       http.StatusForbidden,
	text.NotAMember:       http.StatusForbidden,
	text.SessionUnknown:   http.StatusNotFound,
	text.AccountUnknown:   http.StatusNotFound,
	text.MeetingUnknown:   http.StatusNotFound,
	text.PostNotFound:     http.StatusNotFound,
	text.Busy:             http.StatusServiceUnavailable,
	text.NotRunning:       http.StatusServiceUnavailable,
	text.Offline:          http.StatusServiceUnavailable,
	text.TryLater:         http.StatusServiceUnavailable,
}

func status(code text.Code) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusUnprocessableEntity
}

// wrong is a request that no Debrief sends.
func wrong(format string, args ...any) *state.Problem {
	return &state.Problem{Code: text.Internal, Detail: "api: " + fmt.Sprintf(format, args...)}
}
