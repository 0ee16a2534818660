package graph

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/uuid"
)

const clientRequestID = "client-request-id"

// requestIDPolicy gives each call an id by which Microsoft's support finds it;
// the tries of one call share it. azcore's own policy sends the header
// x-ms-client-request-id, which Graph does not read.
type requestIDPolicy struct{}

func (requestIDPolicy) Do(req *policy.Request) (*http.Response, error) {
	req.Raw().Header.Set(clientRequestID, uuid.NewString())
	return req.Next()
}
