package emulator

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // x5t is a SHA-1 thumbprint by RFC 7517
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// accessLifetime is how long an access token holds. Entra draws 60 to 90 minutes;
// here it is the hour that the chats page moves the clock by.
const accessLifetime = time.Hour

// signer signs the tokens of one state.
type signer struct {
	key        *rsa.PrivateKey
	cert       []byte
	thumbprint string // kid and x5t
}

func newSigningKey() (key, cert []byte, err error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, fmt.Errorf("emulator: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Debrief demo tenant, token signing"},
		NotBefore:    time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, k.Public(), k); err != nil {
		return nil, nil, fmt.Errorf("emulator: %w", err)
	}
	if key, err = x509.MarshalPKCS8PrivateKey(k); err != nil {
		return nil, nil, fmt.Errorf("emulator: %w", err)
	}
	return key, cert, nil
}

func newSigner(key, cert []byte) (signer, error) {
	k, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return signer{}, errors.New("no usable signing key")
	}
	private, ok := k.(*rsa.PrivateKey)
	if !ok {
		return signer{}, errors.New("the signing key is not an RSA key")
	}
	c, err := x509.ParseCertificate(cert)
	if err != nil {
		return signer{}, errors.New("no usable signing certificate")
	}
	if public, ok := c.PublicKey.(*rsa.PublicKey); !ok || !public.Equal(private.Public()) {
		return signer{}, errors.New("the signing certificate belongs to another key")
	}
	sum := sha1.Sum(cert) // see the import
	return signer{private, cert, base64.RawURLEncoding.EncodeToString(sum[:])}, nil
}

func (s signer) sign(claims jwt.MapClaims, header map[string]string) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = s.thumbprint
	for k, v := range header {
		t.Header[k] = v
	}
	signed, err := t.SignedString(crypto.Signer(s.key))
	if err != nil {
		return "", fmt.Errorf("emulator: %w", err)
	}
	return signed, nil
}

// accessToken is a Graph access token: version 1, as Graph's are.
func (s signer) accessToken(u user, set scopeSet, session string, cp1 bool, now time.Time) (string, error) {
	claims := jwt.MapClaims{
		"aud": graphAudience, "iss": "https://sts.windows.net/" + u.Tenant + "/",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(accessLifetime).Unix(),
		"acct": 0, "acr": "1", "aio": random(40), "amr": []string{"pwd", "mfa"},
		"app_displayname": ClientName, "appid": ClientID, "appidacr": "0",
		"family_name": u.Surname, "given_name": u.Given, "idtyp": "user", "ipaddr": "192.0.2.10",
		"name": u.Name(), "oid": u.ID, "platf": "8", "puid": "1003200" + strings.ToUpper(u.ID[:9]),
		"rh": "1.AXoA" + random(24) + ".", "scp": set.claim(), "sid": session, "sub": pairwise(u, graphAudience),
		"tenant_region_scope": "EU", "tid": u.Tenant, "unique_name": u.UPN, "upn": u.UPN, "uti": random(16),
		"ver": "1.0", "wids": []string{"b79fbf4d-3ef9-4689-8143-76b194e85509"},
		"xms_st": map[string]string{"sub": pairwise(u, ClientID)}, "xms_tcdt": 1735689600,
	}
	if cp1 {
		claims["xms_cc"] = []string{"CP1"}
	}
	return s.sign(claims, map[string]string{"x5t": s.thumbprint, "nonce": random(32)})
}

// idToken is a version 2 ID token of the sign-in service at login.
func (s signer) idToken(u user, login, session, nonce string, now time.Time) (string, error) {
	claims := jwt.MapClaims{
		"aud": ClientID, "iss": login + "/" + u.Tenant + "/v2.0",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"aio": random(40), "email": u.UPN, "name": u.Name(), "oid": u.ID, "preferred_username": u.UPN,
		"rh": "1.AXoA" + random(24) + ".", "sid": session, "sub": pairwise(u, ClientID),
		"tid": u.Tenant, "uti": random(16), "ver": "2.0",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return s.sign(claims, nil)
}

// pairwise is the subject of u as one application sees it.
func pairwise(u user, app string) string {
	sum := sha256.Sum256([]byte(u.ID + "|" + app))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sessionID is stable for a grant, so that its tokens share it.
func sessionID(grantHash string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(grantHash)).String()
}

// bearer is what Graph knows of a caller.
type bearer struct {
	user    user
	scopes  []string // lower case
	cp1     bool
	notFrom time.Time // nbf
}

func (b bearer) has(anyOf ...string) bool {
	return slices.ContainsFunc(anyOf, func(s string) bool { return slices.Contains(b.scopes, strings.ToLower(s)) })
}

// check verifies an access token by the tenant's clock. refusal is the text that
// Graph refuses it with; empty when the token is good.
func (s signer) check(token string, now time.Time) (who bearer, refusal string) {
	var claims struct {
		jwt.RegisteredClaims
		OID    string   `json:"oid"`
		TID    string   `json:"tid"`
		Scopes string   `json:"scp"`
		Caps   []string `json:"xms_cc"`
	}
	_, err := jwt.ParseWithClaims(token, &claims,
		func(*jwt.Token) (any, error) { return &s.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return bearer{}, "IDX14100: JWT is not well formed, there are no dots (.)."
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return bearer{}, "Signing key is invalid."
	case errors.Is(err, jwt.ErrTokenExpired):
		return bearer{}, "Lifetime validation failed, the token is expired."
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return bearer{}, "Lifetime validation failed, the token is not valid yet."
	case err != nil:
		return bearer{}, "Access token validation failure."
	}
	if !slices.ContainsFunc(claims.Audience, func(a string) bool {
		return a == graphAudience || a == strings.TrimSuffix(graphResource, "/")
	}) {
		return bearer{}, "Access token validation failure. Invalid audience."
	}
	u, ok := userByID(claims.OID)
	if !ok || u.Tenant != claims.TID || claims.Issuer != "https://sts.windows.net/"+u.Tenant+"/" {
		return bearer{}, "Access token validation failure. Invalid issuer."
	}
	return bearer{u, strings.Fields(strings.ToLower(claims.Scopes)), slices.Contains(claims.Caps, "CP1"), claims.NotBefore.Time}, ""
}
