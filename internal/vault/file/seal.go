package file

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"debrief/internal/vault"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	version = 1
	// keyPrefix opens what vault.age holds: "debrief-vault:<version>:<base64>\n".
	keyPrefix = "debrief-vault:"
	// itemPrefix opens every item's file: "debrief-file:<version>:<sealed bytes>".
	itemPrefix = "debrief-file:"
	// ageIntro opens every age file, whatever its version.
	ageIntro = "age-encryption.org/v"
	// factorMax is the most scrypt cost that is paid: 1 GB.
	factorMax = 20
)

// wrap makes vault.age. It is armored, because a cut then shows without the
// passphrase, and a wrong passphrase and a cut file need different words.
func wrap(key, passphrase []byte, factor int) ([]byte, error) {
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, err
	}
	to.SetWorkFactor(factor)
	var b bytes.Buffer
	a := armor.NewWriter(&b)
	w, err := age.Encrypt(a, to)
	if err != nil {
		return nil, err
	}
	content := fmt.Appendf(nil, "%s%d:%s\n", keyPrefix, version, base64.StdEncoding.EncodeToString(key))
	defer clear(content)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// inspect tells a file that is cut, newer or no vault.age from one that a
// passphrase may open.
func inspect(b []byte) error {
	text := strings.TrimSpace(string(b))
	if !strings.HasPrefix(text, armor.Header) {
		if strings.HasPrefix(armor.Header, text) {
			return fmt.Errorf("%w: vault.age", vault.ErrTruncated)
		}
		return fmt.Errorf("%w: vault.age is not an age file", vault.ErrCorrupt)
	}
	if !strings.HasSuffix(text, "\n"+armor.Footer) {
		return fmt.Errorf("%w: vault.age", vault.ErrTruncated)
	}
	start := make([]byte, len(ageIntro)+2)
	if _, err := io.ReadFull(armor.NewReader(bytes.NewReader(b)), start); err != nil {
		return fmt.Errorf("%w: vault.age: %v", vault.ErrCorrupt, err)
	}
	switch v, ok := strings.CutPrefix(string(start), ageIntro); {
	case !ok:
		return fmt.Errorf("%w: vault.age is not an age file", vault.ErrCorrupt)
	case v != "1\n":
		return fmt.Errorf("%w: vault.age has a newer age format", vault.ErrNewer)
	}
	return nil
}

// unwrap opens vault.age.
func unwrap(b, passphrase []byte) ([]byte, error) {
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(factorMax)
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(b)), id)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrWrongPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("%w: vault.age: %v", vault.ErrCorrupt, err)
	}
	content, err := io.ReadAll(io.LimitReader(r, 1<<16))
	defer clear(content)
	if err != nil {
		return nil, fmt.Errorf("%w: vault.age: %v", vault.ErrCorrupt, err)
	}
	payload, err := versioned(content, keyPrefix)
	if err != nil {
		return nil, fmt.Errorf("%w: vault.age", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(string(payload), "\n"))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%w: vault.age holds no key", vault.ErrCorrupt)
	}
	return key, nil
}

// versioned takes the payload out of "<prefix><version>:<payload>".
func versioned(b []byte, prefix string) ([]byte, error) {
	rest, ok := bytes.CutPrefix(b, []byte(prefix))
	number, payload, found := bytes.Cut(rest, []byte(":"))
	n, err := strconv.ParseUint(string(number), 10, 31)
	switch {
	case !ok || !found || err != nil || n == 0:
		return nil, vault.ErrCorrupt
	case n > version:
		return nil, vault.ErrNewer
	}
	return payload, nil
}

// sealItem closes an item. Its account and the version are bound in: a file that is
// put under another name does not open.
func sealItem(key []byte, account, secret string) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	head := fmt.Appendf(nil, "%s%d:", itemPrefix, version)
	return aead.Seal(head, nil, []byte(secret), bound(account)), nil
}

func openItem(key []byte, account string, b []byte) (string, error) {
	sealed, err := versioned(b, itemPrefix)
	if err != nil {
		return "", fmt.Errorf("%w: its file", err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, nil, sealed, bound(account))
	if err != nil {
		return "", fmt.Errorf("%w: its file's seal does not fit", vault.ErrCorrupt)
	}
	return string(plain), nil
}

func bound(account string) []byte {
	return []byte("debrief file vault\x00" + strconv.Itoa(version) + "\x00" + account)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: file key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
