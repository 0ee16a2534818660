package session

// Trust is what a record's signature says of it.
type Trust string

const (
	Trusted    Trust = "trusted"    // the known key made this signature
	Unverified Trust = "unverified" // the key is not at hand, or another key signed
	Changed    Trust = "changed"    // the known key did not make this signature: never used
)
