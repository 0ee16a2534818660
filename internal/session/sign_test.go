package session_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"debrief/internal/session"
	"debrief/internal/session/sessiontest"

	"github.com/gowebpki/jcs"
)

var key = bytes.Repeat([]byte{7}, 32)

// stored returns r as a store gives it back after its next save.
func stored(t *testing.T, r session.Record) session.Record {
	t.Helper()
	r.Version++
	b, err := session.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.Decode(r.ID, b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestASignatureIsWorthWhatItsKeyAndRecordSay(t *testing.T) {
	s := session.NewSigner(key)
	good := stored(t, s.Sign(sessiontest.Record()))
	if got := s.Check(good); got != session.Trusted {
		t.Fatalf("got %s of an untouched record, want trusted", got)
	}
	if again := stored(t, s.Sign(good)); s.Check(again) != session.Trusted || again.Version != 2 {
		t.Fatalf("got %s at version %d after a second save, want trusted at 2", s.Check(again), again.Version)
	}
	for name, change := range map[string]func(*session.Record){
		"id":              func(r *session.Record) { r.ID = session.NewID() },
		"version":         func(r *session.Record) { r.Version++ },
		"authenticated":   func(r *session.Record) { r.Authenticated = false },
		"name":            func(r *session.Record) { r.User.Name += "x" },
		"email":           func(r *session.Record) { r.Email = "mallory@example.test" },
		"account":         func(r *session.Record) { r.Account.Environment = "evil.example.test" },
		"return":          func(r *session.Record) { r.ReturnToSummary = nil },
		"device":          func(r *session.Record) { r.Device.ID = "other" },
		"expiry":          func(r *session.Record) { r.ExpiresAt = r.ExpiresAt.Add(time.Second) },
		"permanent":       func(r *session.Record) { r.Permanent = !r.Permanent },
		"scopes":          func(r *session.Record) { r.Tokens.Scopes = append(r.Tokens.Scopes, "Mail.Read") },
		"mac":             func(r *session.Record) { r.Signature.MAC = hex.EncodeToString(make([]byte, 32)) },
		"mac, not hex":    func(r *session.Record) { r.Signature.MAC = "zz" },
		"mac, cut to two": func(r *session.Record) { r.Signature.MAC = r.Signature.MAC[:2] },
	} {
		r := good.Normal()
		change(&r)
		if got := s.Check(r); got != session.Changed {
			t.Errorf("%s: got %s, want changed", name, got)
		}
	}
	other := session.NewSigner(bytes.Repeat([]byte{8}, 32))
	unsigned := good
	unsigned.Signature = nil
	for name, got := range map[string]session.Trust{
		"another key": other.Check(good), "no key": (*session.Signer)(nil).Check(good), "no signature": s.Check(unsigned),
	} {
		if got != session.Unverified {
			t.Errorf("%s: got %s, want unverified", name, got)
		}
	}
}

func TestTheSignatureIsAnHMACOverCanonicalJSON(t *testing.T) {
	r := stored(t, session.NewSigner(key).Sign(sessiontest.Record()))
	b, err := session.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any // as another program would do it, from the stored bytes
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "signature")
	if b, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	if b, err = jcs.Transform(b); err != nil {
		t.Fatal(err)
	}
	k, err := hkdf.Key(sha256.New, key, nil, "debrief session record signature v1", 32)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, k)
	h.Write(b)
	if want := hex.EncodeToString(h.Sum(nil)); r.Signature.MAC != want {
		t.Fatalf("got mac %s, want %s", r.Signature.MAC, want)
	}
	if id := session.NewSigner(key).KeyID(); len(id) != 16 || id != r.Signature.KeyID {
		t.Fatalf("got key id %q, signature says %q", id, r.Signature.KeyID)
	}
}

func TestAShortKeySignsNothing(t *testing.T) {
	s := session.NewSigner(make([]byte, 31))
	if r := s.Sign(sessiontest.Record()); s != nil || r.Signature != nil || s.KeyID() != "" {
		t.Fatalf("got %v and %v, want no signer and no signature", s, r.Signature)
	}
}

func TestTheStoredFormIsStable(t *testing.T) {
	r := sessiontest.Record()
	r.ID, r.Version = "00112233445566778899aabbccddeeff", 3
	got, err := session.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/record.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("got %s\nwant %s", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	const id = "00112233445566778899aabbccddeeff"
	seed, err := os.ReadFile("testdata/record.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range [][]byte{
		seed, seed[:len(seed)/2], nil, []byte("null"), []byte("[]"), []byte(`{"schema":2}`), []byte(`{"schema":1e400}`),
		[]byte(`{"schema":1,"id":"` + id + `","version":9223372036854775807,"expires_at":"0000-01-01T00:00:00+23:59"}`),
	} {
		f.Add(s)
	}
	signer := session.NewSigner(key)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := session.Decode(id, b)
		if err != nil {
			if !errors.Is(err, session.ErrCorrupt) && !errors.Is(err, session.ErrNewer) {
				t.Fatalf("got %v, want ErrCorrupt or ErrNewer", err)
			}
			return
		}
		if signer.Check(r) == session.Trusted {
			t.Fatal("a record that nobody signed is trusted")
		}
		again, err := session.Encode(r)
		if err != nil {
			return // read, and refused when written: a time outside JSON's, for one
		}
		back, err := session.Decode(id, again)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, again)
		}
		twice, err := session.Encode(back)
		if err != nil || !bytes.Equal(twice, again) {
			t.Fatalf("got %s, %v\nwant %s", twice, err, again)
		}
	})
}

func FuzzDecodeTombstone(f *testing.F) {
	const id = "00112233445566778899aabbccddeeff"
	seed, err := session.EncodeTombstone(session.Tombstone{ID: id, ClearedAt: sessiontest.Start, Until: sessiontest.Start, ByDevice: "d"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := session.DecodeTombstone(id, b); err == nil && got.ID != id || err != nil && !errors.Is(err, session.ErrCorrupt) {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}
