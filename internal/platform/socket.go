package platform

import "errors"

// ErrNotServed means that nobody serves the local API of these folders.
var ErrNotServed = errors.New("platform: nobody serves the local API here")

// ErrForeign means that the local API of these folders is served by another
// user: nothing was sent to them.
var ErrForeign = errors.New("platform: the local API here is another user's")
