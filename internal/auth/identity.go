package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// idToken is what Debrief reads from the decoded ID token. MSAL's own account
// keeps the authority's tenant ("organizations"), not the person's.
type idToken struct {
	Audience string `json:"aud"`
	Nonce    string `json:"nonce"`
	TenantID string `json:"tid"`
	ObjectID string `json:"oid"`
	Name     string `json:"name"`
	Username string `json:"preferred_username"`
	Email    string `json:"email"`
}

// readIDToken decodes the claims. The signature is not checked: the token came
// over TLS from the token endpoint itself (OpenID Connect Core 3.1.3.7, 6).
func readIDToken(raw string) (idToken, error) {
	var id idToken
	claims, err := jwtClaims(raw)
	if err != nil || json.Unmarshal(claims, &id) != nil {
		return idToken{}, badToken("the ID token cannot be read")
	}
	return id, nil
}

// answers tells whether the token belongs to the sign-in that nonce was made for.
func (id idToken) answers(nonce string) error {
	if nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return badToken("the ID token answers another sign-in")
	}
	return nil
}

// check tells whether the token is for this application and names a person.
func (id idToken) check(clientID string) error {
	switch {
	case id.Audience != clientID:
		return badToken("the ID token is for another application")
	case id.TenantID == "" || id.ObjectID == "":
		return badToken("the ID token names no tenant or person")
	}
	return nil
}

func badToken(why string) *Error { return &Error{Kind: BadReply, Err: errors.New(why)} }

// jwtClaims returns the JSON in the middle of a token.
func jwtClaims(raw string) ([]byte, error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return nil, errors.New("not a JWT")
	}
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
}
