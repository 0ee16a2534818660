package vault

import (
	"bytes"
	"context"
	"errors"
	"strings"
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

func FuzzHead(f *testing.F) {
	h, _, err := cut(strings.Repeat("text", 1000), "b", 2560)
	if err != nil {
		f.Fatal(err)
	}
	good := h.String()
	if back, split, err := parseHead(good); back != h || !split || err != nil {
		f.Fatalf("got %+v, %v, %v, want %+v", back, split, err, h)
	}
	for _, s := range []string{
		good, good[:len(good)-1], good + "0", strings.ToUpper(good), strings.Replace(good, ":b:2:", ":c:2:", 1),
		strings.Replace(good, ":2:", ":02:", 1), strings.Replace(good, ":2:", ":-2:", 1), strings.Replace(good, ":2:", ":32769:", 1),
		strings.Replace(good, ":4000:", ":99999999999999999999:", 1), "", "debrief:1:AAAA", headPrefix, headPrefix + "1", headPrefix + "2:x",
		headPrefix + "0:a:1:1:", strings.Replace(good, ":4000:", ":1:", 1),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, item string) {
		h, split, err := parseHead(item)
		switch {
		case err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer):
			t.Fatalf("got %v, want ErrCorrupt or ErrNewer", err)
		case split != strings.HasPrefix(item, headPrefix):
			t.Fatalf("got split %v of %q", split, item)
		case split && err == nil && (h.String() != item || h.count < 1 || h.count > partsMax || h.length > textMax):
			t.Fatalf("got %+v of %q", h, item)
		}
	})
}

// hostile is a keyring that gives other parts than were written.
type hostile struct {
	Items
	part string
	has  int
}

func (h *hostile) Get(context.Context, string) (string, error) {
	if h.has--; h.has < 0 {
		return "", ErrNotFound
	}
	return h.part, nil
}

func FuzzParts(f *testing.F) {
	f.Add("text", 200, "te", 2)
	f.Add(strings.Repeat("x", 5000), 2560, strings.Repeat("x", 2560), 1)
	f.Add("", 0, "", 0)
	f.Add("x", 100, "x", 1)
	f.Fuzz(func(t *testing.T, text string, limit int, part string, has int) {
		limit = max(1, limit)
		h, parts, err := cut(text, "a", limit)
		if err != nil {
			if !errors.Is(err, ErrTooLarge) {
				t.Fatalf("got %v, want ErrTooLarge", err)
			}
			return
		}
		for _, p := range append(parts, h.String()) {
			if len(p) > limit {
				t.Fatalf("got %d bytes, the limit is %d", len(p), limit)
			}
		}
		if strings.Join(parts, "") != text || !h.fits(text) {
			t.Fatal("the parts are not the text")
		}
		got, err := (shelf{&hostile{part: part, has: has}}).whole(t.Context(), "account", h.String())
		if err == nil && got != text || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Fatalf("got %.40q, %v, want the text or ErrCorrupt", got, err)
		}
	})
}
