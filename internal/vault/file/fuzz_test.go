package file

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"

	"debrief/internal/vault"

	"filippo.io/age"
	"filippo.io/age/armor"
)

var fuzzKey = bytes.Repeat([]byte{9}, keySize)

func FuzzOpenItem(f *testing.F) {
	good, err := sealItem(fuzzKey, "home/a", "secret")
	if err != nil {
		f.Fatal(err)
	}
	if got, err := openItem(fuzzKey, "home/a", good); err != nil || got != "secret" {
		f.Fatalf("got %q, %v, want the secret", got, err)
	}
	for _, s := range [][]byte{good, good[:len(good)-1], nil, []byte("debrief-file:1:"), []byte("debrief-file:2:x"), []byte("debrief-file:0:x")} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := openItem(fuzzKey, "home/a", b)
		switch {
		case err == nil && got != "secret":
			t.Fatalf("a forged file opens: %q", got)
		case err != nil && !errors.Is(err, vault.ErrCorrupt) && !errors.Is(err, vault.ErrNewer):
			t.Fatalf("got %v, want ErrCorrupt or ErrNewer", err)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	good, err := wrap(fuzzKey, []byte("phrase"), 1)
	if err != nil {
		f.Fatal(err)
	}
	if got, err := unwrap(good, []byte("phrase")); err != nil || !bytes.Equal(got, fuzzKey) {
		f.Fatalf("got %x, %v, want the key", got, err)
	}
	for _, s := range [][]byte{good, good[:len(good)/2], nil, []byte(armor.Header), []byte(armor.Header + "\n" + armor.Footer)} {
		f.Add(s)
	}
	known := []error{ErrWrongPassphrase, vault.ErrCorrupt, vault.ErrNewer, vault.ErrTruncated}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := inspect(b)
		if err == nil {
			var got []byte
			if got, err = unwrap(b, []byte("phrase")); err == nil && !bytes.Equal(got, fuzzKey) {
				t.Fatalf("a forged file opens: %x", got)
			}
		}
		for _, k := range known {
			if err == nil || errors.Is(err, k) {
				return
			}
		}
		t.Fatalf("got %v, want one of %v", err, known)
	})
}

func TestAKeyFileOfANewerDebriefIsNewer(t *testing.T) {
	whole := base64.StdEncoding.EncodeToString(fuzzKey)
	for content, want := range map[string]error{
		fmt.Sprintf("debrief-vault:2:%s\n", whole): vault.ErrNewer,
		"debrief-vault:2:something else":           vault.ErrNewer,
		"debrief-vault:1:" + whole[:40] + "\n":     vault.ErrCorrupt,
		"debrief-vault:1:" + whole + whole:         vault.ErrCorrupt,
		"another file that this passphrase opens":  vault.ErrCorrupt,
		"": vault.ErrCorrupt,
		"debrief-vault:99999999999999999999:" + whole: vault.ErrCorrupt,
	} {
		to, err := age.NewScryptRecipient("phrase")
		if err != nil {
			t.Fatal(err)
		}
		to.SetWorkFactor(1)
		var b bytes.Buffer
		a := armor.NewWriter(&b)
		w, err := age.Encrypt(a, to)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write([]byte(content))
		if err := errors.Join(err, w.Close(), a.Close()); err != nil {
			t.Fatal(err)
		}
		if err := inspect(b.Bytes()); err != nil {
			t.Fatal(err)
		}
		if _, err := unwrap(b.Bytes(), []byte("phrase")); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", content, err, want)
		}
	}
}
