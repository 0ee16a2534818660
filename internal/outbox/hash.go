package outbox

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
)

// listMark is what a text shows of a list: a bullet, a box, a number.
var listMark = regexp.MustCompile(`(?m)^[\s>]*(?:[•◦▪☐☑*-]|\d+[.)])[\s\x{a0}]+`)

// Hash identifies a message by its text, so that it is known again after Teams
// has rewritten its HTML: letters and digits count, while spaces, punctuation,
// list marks and line breaks do not. A text without letters and digits counts by
// its visible characters.
func Hash(plain string) string {
	plain = listMark.ReplaceAllString(plain, "")
	text := keep(plain, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	if text == "" {
		text = keep(plain, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r) })
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func keep(s string, ok func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}, s)
}
