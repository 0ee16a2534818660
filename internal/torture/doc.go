// Package torture kills Debrief while it signs in, renews and signs out, again and
// again, and looks after each kill whether something was lost, came back or was
// left behind: the real resident on a bus, a keyring and a tenant of its own.
//
// It is a test only, for Linux: start with TestNothingIsLostWhenTheResidentIsKilled,
// then ledger, which knows what has to be there. `make test` runs it for a few
// kills, `make torture` for a thousand.
package torture
