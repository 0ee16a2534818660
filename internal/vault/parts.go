package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A sealed text that is too large for one item is cut into parts, which lie in one
// of two slots: "<account>/a/0", "<account>/a/1", … or "<account>/b/0", …; the item
// at <account> itself is then a head, which names the slot that counts. A write
// fills the other slot and switches the head, so one of both texts is whole at
// every instant.

const (
	// headPrefix opens every head:
	// "debrief-parts:<version>:<slot>:<count>:<length>:<SHA-256 of the text>".
	headPrefix  = "debrief-parts:"
	headVersion = 1
	partsMax    = 1 << 15
	// textMax is more than the largest entry has when it is sealed.
	textMax = MaxSize/3*4 + MaxSize/8
)

var slots = [...]string{"a", "b"}

// head tells where the parts of a text lie and what they amount to.
type head struct {
	slot   string
	count  int
	length int
	sum    [sha256.Size]byte
}

func (h head) String() string {
	return fmt.Sprintf("%s%d:%s:%d:%d:%x", headPrefix, headVersion, h.slot, h.count, h.length, h.sum)
}

// parseHead gives no head and no error for an item that is a sealed text itself.
// ErrNewer for a newer version, ErrCorrupt for what is a head and cannot be right.
func parseHead(item string) (h head, is bool, err error) {
	rest, is := strings.CutPrefix(item, headPrefix)
	if !is {
		return head{}, false, nil
	}
	version, rest, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(version, 10, 31)
	switch {
	case err != nil || n == 0:
		return head{}, true, fmt.Errorf("%w: not a head of parts", ErrCorrupt)
	case n > headVersion:
		return head{}, true, fmt.Errorf("%w: parts of version %d, this program knows %d", ErrNewer, n, headVersion)
	}
	fields := strings.Split(rest, ":")
	if len(fields) != 4 || fields[0] != slots[0] && fields[0] != slots[1] {
		return head{}, true, fmt.Errorf("%w: not a head of parts", ErrCorrupt)
	}
	h.slot = fields[0]
	h.count, _ = strconv.Atoi(fields[1])
	h.length, _ = strconv.Atoi(fields[2])
	sum, err := hex.DecodeString(fields[3])
	if err != nil || len(sum) != len(h.sum) || h.count < 1 || h.count > partsMax || h.length < h.count || h.length > textMax {
		return head{}, true, fmt.Errorf("%w: not a head of parts", ErrCorrupt)
	}
	copy(h.sum[:], sum)
	if h.String() != item {
		return head{}, true, fmt.Errorf("%w: not a head of parts", ErrCorrupt)
	}
	return h, true, nil
}

// cut makes the parts of text for a slot, none longer than limit, and their head.
// A sealed text is ASCII: a byte is a character to every keyring.
func cut(text, slot string, limit int) (h head, parts []string, err error) {
	h = head{slot: slot, length: len(text), sum: sha256.Sum256([]byte(text))}
	for len(text) > 0 {
		n := min(limit, len(text))
		parts, text = append(parts, text[:n]), text[n:]
	}
	h.count = len(parts)
	if h.count > partsMax || len(h.String()) > limit {
		return head{}, nil, fmt.Errorf("%w: %d bytes in parts of %d", ErrTooLarge, h.length, limit)
	}
	return h, parts, nil
}

// fits reports whether text is the one that was cut.
func (h head) fits(text string) bool {
	return len(text) == h.length && sha256.Sum256([]byte(text)) == h.sum
}

// other is the slot that is not h's: the one to write next.
func (h head) other() string {
	if h.slot == slots[0] {
		return slots[1]
	}
	return slots[0]
}

func partOf(account, slot string, n int) string {
	return account + "/" + slot + "/" + strconv.Itoa(n)
}

// likePart reports whether an entry of this name could lie where another's parts do.
func likePart(name string) bool {
	rest, n := "", strings.LastIndexByte(name, '/')
	if n < 0 {
		return false
	}
	rest, name = name[:n], name[n+1:]
	for _, slot := range slots {
		if strings.HasSuffix(rest, "/"+slot) {
			return strings.Trim(name, "0123456789") == ""
		}
	}
	return false
}
