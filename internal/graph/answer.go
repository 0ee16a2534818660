package graph

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// errorOf makes an *Error of an answer, whatever its body is.
func errorOf(resp *http.Response) *Error {
	e := &Error{
		Status:          resp.StatusCode,
		RequestID:       clip(resp.Header.Get("request-id")),
		ClientRequestID: clip(resp.Request.Header.Get(clientRequestID)),
		RetryAfter:      retryAfter(resp.Header),
	}
	var body struct {
		Error struct {
			Code       string `json:"code"`
			Message    string `json:"message"`
			InnerError struct {
				Code      string `json:"code"`
				RequestID string `json:"request-id"`
			} `json:"innerError"`
		} `json:"error"`
	}
	data, err := runtime.Payload(resp)
	if err == nil && isJSON(resp) && json.Unmarshal(data, &body) == nil {
		e.Code, e.Inner, e.Message = clip(body.Error.Code), clip(body.Error.InnerError.Code), clip(body.Error.Message)
		if e.RequestID == "" {
			e.RequestID = clip(body.Error.InnerError.RequestID)
		}
	}
	if e.Code == "" {
		e.Code = strings.ReplaceAll(http.StatusText(resp.StatusCode), " ", "")
	}
	return e
}

// decodeJSON reads a successful answer. One that is not JSON comes from
// something between Graph and us, a captive portal say.
func decodeJSON(resp *http.Response, v any) error {
	data, err := runtime.Payload(resp)
	if err == nil && isJSON(resp) {
		err = json.Unmarshal(data, v)
		if err == nil {
			return nil
		}
	}
	e := errorOf(resp)
	e.Code = "UnexpectedAnswer"
	return e
}

func isJSON(resp *http.Response) bool {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// retryAfter reads Retry-After: seconds, or a date, which counts from the
// server's Date, not from this computer's clock. 0: none, or nonsense.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now))
}

// clip bounds a text of the server's and keeps it on one line.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}
