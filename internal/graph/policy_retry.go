package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// timeLimit is how long one try may take, its answer's body included.
const timeLimit = 30 * time.Second

// maxWait is the longest Retry-After that a call waits for; a longer one comes
// back as an *Error.
const maxWait = 20 * time.Second

// retryReads is azcore's retry policy as it fits reads: three more tries after a
// failed connection, a throttling or a server's failure, honouring Retry-After.
func retryReads() policy.RetryOptions {
	return policy.RetryOptions{
		MaxRetries: 3, TryTimeout: timeLimit, RetryDelay: 800 * time.Millisecond, MaxRetryDelay: maxWait,
		ShouldRetry: func(resp *http.Response, err error) bool {
			if err != nil {
				return !distrusted(err)
			}
			return slices.Contains([]int{408, 429, 500, 502, 503, 504}, resp.StatusCode)
		},
	}
}

// oncePosted is the policy for posts: another try only when nothing left this
// computer. Even a 429, which has had no effect, goes back to the caller: the
// outbox waits better than a request.
func oncePosted(ctx context.Context) context.Context {
	o := retryReads()
	o.ShouldRetry = func(_ *http.Response, err error) bool {
		_, unsent := errors.AsType[*unsentError](err)
		return unsent && !distrusted(err)
	}
	return policy.WithRetryOptions(ctx, o)
}
