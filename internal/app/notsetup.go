package app

import (
	"context"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/text"
)

// notSetUp stands for the sign-in where the organisation's application is not
// known yet.
type notSetUp struct{}

var errNotSetUp = &state.Problem{Code: text.NoClientID}

func (notSetUp) SignIn(context.Context, auth.Request) (auth.SignedIn, error) {
	return auth.SignedIn{}, errNotSetUp
}

func (notSetUp) Token(context.Context, auth.Account, auth.CacheStore) (auth.Token, bool, error) {
	return auth.Token{}, false, errNotSetUp
}

func (notSetUp) Renew(context.Context, auth.Account, auth.CacheStore, auth.Secret, string) (auth.Token, error) {
	return auth.Token{}, errNotSetUp
}

func (notSetUp) Forget(auth.Account) {}

func (notSetUp) Import([]byte) ([]auth.SignedIn, error) { return nil, errNotSetUp }

func (notSetUp) Redeem(context.Context, auth.SignedIn) (auth.SignedIn, error) {
	return auth.SignedIn{}, errNotSetUp
}

func (notSetUp) Origin(auth.Account) auth.Origin { return auth.Ours }
