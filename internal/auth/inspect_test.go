package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// sample has the form of a real cache (MSAL Go v1.10.1), with invented secrets.
func sample() string {
	id := jwt(map[string]any{"aud": "cid", "tid": testTID, "name": "Alex", "nonce": "SECRET-NONCE", "exp": 1795474741, "amr": []string{"pwd", "mfa"}})
	at := jwt(map[string]any{"aud": "https://graph.microsoft.com", "exp": 1795474741})
	return `{"AccessToken":{"k1":{"home_account_id":"o.t","environment":"login.microsoftonline.com","realm":"organizations","credential_type":"AccessToken","client_id":"cid","secret":"` + at + `","target":"User.Read ChatMessage.Send","expires_on":"1795474741","extended_expires_on":"1795474741","cached_at":"1795471142","token_type":"Bearer"},
	"k0":{"home_account_id":"o.t","environment":"login.microsoftonline.com","realm":"organizations","client_id":"cid","secret":"OLD-SECRET","target":"User.Read","expires_on":"1700000000","extended_expires_on":"1700000000","cached_at":"1699996400","token_type":"Bearer"}},
	"RefreshToken":{"r":{"home_account_id":"o.t","environment":"login.microsoftonline.com","credential_type":"RefreshToken","client_id":"cid","secret":"RT-SECRET"}},
	"IdToken":{"i":{"home_account_id":"o.t","environment":"login.microsoftonline.com","realm":"organizations","client_id":"cid","secret":"` + id + `"}},
	"Account":{"a":{"home_account_id":"o.t","environment":"login.microsoftonline.com","realm":"organizations","local_account_id":"o","authority_type":"MSSTS","username":"alex@contoso.example","name":"from a newer MSAL"}},
	"AppMetadata":{"m":{"client_id":"cid","environment":"login.microsoftonline.com"}}}`
}

func TestTheInspectorSeesEntriesAndNeverSecrets(t *testing.T) {
	entries, claims, err := ParseCache([]byte(sample()))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	if got, want := strings.Join(kinds, " "), "access_token access_token refresh_token id_token account app_metadata"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	at := entries[1]
	if at.Audience != "https://graph.microsoft.com" || len(at.Scopes) != 2 || !at.ExpiresOn.Equal(time.Unix(1795474741, 0)) || at.ExpiresOn.Location() != time.UTC {
		t.Errorf("access token: got %+v", at)
	}
	rt := entries[2]
	if rt.Size != len("RT-SECRET") || rt.SHA256 != "11e938a5" || !rt.ExpiresOn.IsZero() {
		t.Errorf("refresh token: got %+v", rt)
	}
	if entries[3].ExpiresOn.IsZero() || entries[4].Username != "alex@contoso.example" {
		t.Errorf("ID token or account: got %+v, %+v", entries[3], entries[4])
	}
	if got, want := fmt.Sprint(claims), "[{amr [\"pwd\",\"mfa\"]} {aud cid} {exp 1795474741} {name Alex} {tid "+testTID+"}]"; got != want {
		t.Errorf("claims: got %s, want %s", got, want)
	}
	if strings.Contains(fmt.Sprintf("%+v %+v", entries, claims), "SECRET") {
		t.Error("a secret shows")
	}
}

func TestSpentAccessTokensArePrunedAndNothingElse(t *testing.T) {
	b := pruned([]byte(sample()), time.Unix(1795471142, 0))
	if strings.Contains(string(b), "OLD-SECRET") {
		t.Error("the expired token is still there")
	}
	for _, kept := range []string{"RT-SECRET", "k1", "from a newer MSAL", "AppMetadata"} {
		if !strings.Contains(string(b), kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	if again := pruned(b, time.Unix(1795471142, 0)); string(again) != string(b) {
		t.Error("pruning twice changes bytes")
	}
	b = pruned([]byte(sample()), time.Unix(1795474741, 0).Add(-renewAhead))
	if entries, _, err := ParseCache(b); err != nil || entries[0].Kind != "refresh_token" {
		t.Errorf("five minutes before the expiry: got %v, %v", entries, err)
	}
}

func TestTheInspectorSaysWhenACacheIsDamaged(t *testing.T) {
	for _, b := range []string{"x", "[]", "null", sample()[:100], `{"IdToken":{"i":7}}`} {
		_, _, err := ParseCache([]byte(b))
		if wantKind(t, err, Cache); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.20q: got %v", b, err)
		}
	}
	if entries, claims, err := ParseCache(nil); err != nil || entries != nil || claims != nil {
		t.Errorf("nothing: got %v, %v, %v", entries, claims, err)
	}
}

func FuzzParseCacheNeverShowsASecret(f *testing.F) {
	for _, seed := range []string{sample(), "", "{}", "null", `{"AccessToken":{"a":{"secret":"a.e30.c","expires_on":"9"}}}`,
		`{"IdToken":{"i":{"secret":"a.eyJhIjpbMV19.c"}}}`, `{"AccessToken":{"a":{"expires_on":99999999999999999}}}`, `{"Account":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, _, err := ParseCache(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
			return
		}
		for _, e := range entries {
			if len(e.SHA256) != 8 && e.Size > 0 {
				t.Errorf("got the fingerprint %q", e.SHA256)
			}
		}
		out := pruned(b, time.Unix(1795471142, 0))
		if _, _, err := ParseCache(out); err != nil {
			t.Errorf("pruned to something unreadable: %v", err)
		}
	})
}

func FuzzTheCallbackAcceptsNothingWithoutTheState(f *testing.F) {
	f.Add("code", "error")
	f.Add("", "access_denied")
	f.Fuzz(func(t *testing.T, code, failure string) {
		form := map[string][]string{"code": {code}, "error": {failure}}
		if a, ok := readAnswer(form); ok {
			t.Errorf("both at once: got %+v", a.failure)
		}
		if e := authorizeError(map[string][]string{"error": {failure}, "error_description": {code}}); e.Kind == "" {
			t.Error("an error without a kind")
		}
	})
}
