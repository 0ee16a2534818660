package vault

import (
	"bytes"
	"errors"
	"testing"
)

var fuzzKey = bytes.Repeat([]byte{9}, keySize)

func FuzzOpenSealed(f *testing.F) {
	good, err := seal(fuzzKey, "home", "a/cache", []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	if plain, err := open(fuzzKey, "home", "a/cache", good); err != nil || string(plain) != "secret" {
		f.Fatalf("got %q, %v, want the secret", plain, err)
	}
	for _, s := range []string{good, good[:len(good)-4], "", "debrief:", "debrief:1:", "debrief:2:x", "debrief:01:AAAA", "debrief:99999999999:", "debrief:1:" + good} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := open(fuzzKey, "home", "a/cache", text)
		switch {
		case err == nil && string(plain) != "secret":
			t.Fatalf("a forged text opens: %q", plain)
		case err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer):
			t.Fatalf("got %v, want ErrCorrupt or ErrNewer", err)
		}
	})
}

func FuzzDecodeIndex(f *testing.F) {
	x := index{place: place{"keyring", "gnome-keyring", "login"}}.with("b/cache").with("a/cache")
	good, err := x.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range [][]byte{
		good, good[:len(good)/2], nil, []byte("null"), []byte(`{"version":2}`), []byte(`{"version":1,"names":[]}`),
		[]byte(`{"version":1,"names":["a","a","../b"]}`), []byte(`{"version":1,"kind":7,"names":[]}`),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := decodeIndex(b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
				t.Fatalf("got %v, want ErrCorrupt or ErrNewer", err)
			}
			return
		}
		again, err := x.encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeIndex(again)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		for _, n := range x.Names {
			if !back.has(n) || back.without(n).has(n) {
				t.Fatalf("%q is lost or stays", n)
			}
		}
	})
}
