// Package summary makes of a Markdown text the message that Teams shows: HTML of
// the small subset that survives there, with mentions, and its plain text.
//
// Start with Decode, which reads a file's bytes, and Render. TextOf gives the
// text of any message's HTML, ours or one that Teams has rewritten.
package summary

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limit is the most bytes that a rendered message may have, mentions counted.
// Teams takes about 28 KB (Microsoft's "Limits and specifications for Teams") and
// does not say how exactly it counts; 24 KiB leave it room.
const Limit = 24 << 10

// MaxInput is the most bytes that Decode reads.
const MaxInput = 1 << 20

// maxMarkdown is the most that is parsed: far more than can become Limit bytes,
// and little enough that no text keeps the parser busy for long.
const maxMarkdown = 64 << 10

// Errors about the text itself.
var (
	ErrEmpty   = errors.New("summary: the text is empty")
	ErrNotText = errors.New("summary: the bytes are not UTF-8 text")
)

// TooLargeError is a text that does not fit into one message. Size is of the
// rendered message, or of the text where that alone is too much.
type TooLargeError struct{ Size, Limit int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("summary: %d bytes are more than %d", e.Size, e.Limit)
}

// Options of Render.
type Options struct {
	// People can be mentioned: the members of the chat.
	People []Person
	// Mention names who is told of the message: "all", "none", or names and
	// e-mails of People. Whoever the text does not name as @Name is named in a
	// line above it. Empty: nobody but those.
	Mention []string
}

// Person is someone who can be mentioned.
type Person struct{ ID, Name, Email string }

// Message is a rendered summary.
type Message struct {
	HTML     string
	Plain    string // TextOf(HTML)
	Mentions []Mention
	Size     int // bytes that count against Limit
}

// Mention is one marker `<at id="ID">Text</at>` of the HTML.
type Mention struct {
	ID     int
	Text   string
	Person Person
}

// Decode reads a summary's bytes: UTF-8, with or without a byte order mark, lines
// ending in any way. ErrNotText for anything else, a *TooLargeError above MaxInput.
func Decode(data []byte) (string, error) {
	if len(data) > MaxInput {
		return "", &TooLargeError{Size: len(data), Limit: MaxInput}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := check(string(data)); err != nil {
		return "", err
	}
	return normal(string(data)), nil
}

func check(s string) error {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return ErrNotText
	}
	return nil
}

func normal(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// Render makes the message. It fails with ErrEmpty, ErrNotText, a *TooLargeError
// or a *PersonError; the text is never cut.
func Render(markdown string, o Options) (Message, error) {
	if err := check(markdown); err != nil {
		return Message{}, err
	}
	markdown = normal(markdown)
	if !visible(markdown) {
		return Message{}, ErrEmpty
	}
	if len(markdown) > maxMarkdown {
		return Message{}, &TooLargeError{Size: len(markdown), Limit: Limit}
	}
	people := newDirectory(o.People)
	told, err := people.chosen(o.Mention)
	if err != nil {
		return Message{}, err
	}
	body, mentions := render(markdown, people)
	if body == "" {
		return Message{}, ErrEmpty
	}
	line, mentions := mentionLine(told, mentions)
	m := Message{HTML: sanitise(line + body), Mentions: mentions}
	m.Plain = TextOf(m.HTML)
	if m.Size = size(m); m.Size > Limit {
		return Message{}, &TooLargeError{Size: m.Size, Limit: Limit}
	}
	return m, nil
}

// size counts what Teams counts: the HTML, and each mention as Graph's JSON
// holds it.
func size(m Message) int {
	const frame = len(`{"id":,"mentionText":,"mentioned":{"user":{"id":,"displayName":,"userIdentityType":"aadUser"}}},`) + 3
	n := len(m.HTML)
	for _, mention := range m.Mentions {
		n += frame
		for _, s := range []string{mention.Text, mention.Person.ID, mention.Person.Name} {
			quoted, _ := json.Marshal(s) // strings always marshal
			n += len(quoted)
		}
	}
	return n
}

// visible reports whether a person would see anything of s.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Mn, r) && r != '\u2800' && r != '\u3164'
	})
}
