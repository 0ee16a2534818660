package vault

import "context"

// Items is one keyring as its library sees it: texts under account names, whose
// meaning and sealing are not its business. Calls may overlap; each is bounded in
// time by the implementation, none asks the person, save Unlock. A call that came
// back as Slow may still take effect; until it has ended, every later call is
// refused as Slow too, so nothing is overtaken by it.
type Items interface {
	// Probe looks afresh what state the keyring is in. It has no effect that a
	// person sees, but may start the keyring's own program.
	Probe(ctx context.Context) Status
	// Unlock asks the person where that is needed, as long as ctx allows.
	Unlock(ctx context.Context) Status
	// Get returns an item's text. ErrNotFound only from a keyring that is ready;
	// *StateError when it is not.
	Get(ctx context.Context, account string) (string, error)
	// Set writes an item as a whole, over an older one: at every instant one of
	// both is there. *StateError, ErrTooLarge.
	Set(ctx context.Context, account, secret string) error
	// Delete removes an item. ErrNotFound, *StateError.
	Delete(ctx context.Context, account string) error
	// Limit is the most bytes that an item of any account may have; 0 means that
	// none is known. It never changes.
	Limit() int
	// Kind is "keyring", "file" or "memory".
	Kind() string
	// Where names an item's place for a person. It makes no call.
	Where(account string) string
}
