package graph

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// logPolicy notes each call by method, state, duration and ids: no address (it
// names chats), no header, no body.
type logPolicy struct{ log *slog.Logger }

func (p logPolicy) Do(req *policy.Request) (*http.Response, error) {
	begin := time.Now()
	resp, err := req.Next()
	attrs := []any{
		"method", req.Raw().Method,
		"took", time.Since(begin).Round(time.Millisecond),
		clientRequestID, req.Raw().Header.Get(clientRequestID),
	}
	if err != nil {
		p.log.Warn("graph gave no answer", attrs...)
		return resp, err
	}
	p.log.Debug("graph answered", append(attrs, "status", resp.StatusCode, "request-id", resp.Header.Get("request-id"))...)
	return resp, nil
}
