package vault

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	keySize = 32
	// format is the version of the sealed form that this program writes.
	format = 1
	// prefix opens every sealed text: "debrief:<format>:<base64>".
	prefix = "debrief:"
	// MaxSize is the most that an entry may have, in bytes.
	MaxSize = 8 << 20
)

// seal compresses plain and closes it with AES-256-GCM. The home id, the entry's
// name and the format are bound in: a text moved to another place does not open.
func seal(key []byte, home, name string, plain []byte) (string, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(plain); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	sealed := aead.Seal(nil, nil, b.Bytes(), bound(home, name))
	return prefix + strconv.Itoa(format) + ":" + base64.StdEncoding.EncodeToString(sealed), nil
}

// open undoes seal. ErrNewer for a newer format, ErrCorrupt for everything else
// that does not open; neither tells anything of the content.
func open(key []byte, home, name, text string) ([]byte, error) {
	payload, err := parse(text)
	if err != nil {
		return nil, err
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64", ErrCorrupt)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	packed, err := aead.Open(nil, nil, sealed, bound(home, name))
	if err != nil {
		return nil, fmt.Errorf("%w: the seal does not fit", ErrCorrupt)
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%w: not compressed data", ErrCorrupt)
	}
	if len(plain) > MaxSize {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrCorrupt, MaxSize)
	}
	return plain, nil
}

// parse takes the payload out of a sealed text of a known format.
func parse(text string) (payload string, err error) {
	rest, ok := strings.CutPrefix(text, prefix)
	version, payload, ok2 := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(version, 10, 31)
	switch {
	case !ok || !ok2 || err != nil || n == 0:
		return "", fmt.Errorf("%w: not a sealed text", ErrCorrupt)
	case n > format:
		return "", fmt.Errorf("%w: format %d, this program knows %d", ErrNewer, n, format)
	}
	return payload, nil
}

// bound is what a seal is tied to. No part can hold a zero byte.
func bound(home, name string) []byte {
	return []byte("debrief vault\x00" + strconv.Itoa(format) + "\x00" + home + "\x00" + name)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: sealing key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
