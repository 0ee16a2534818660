package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The reader of settings.env is our own: godotenv replaces $ in values, which
// passwords hold, quotes the file's text in its errors, secrets too, and counts
// no lines. Files that both understand they read alike (see the tests).

// maxFile is far above any settings file a person writes.
const maxFile = 1 << 20

// entry is a NAME=value of the file.
type entry struct {
	name, value string
	line        int
}

func (e entry) where(path string) string { return at(path, e.line) }

func at(path string, line int) string { return path + ":" + strconv.Itoa(line) }

// readDotenv reads the file; a missing one has no entries. What can be read is
// returned along with the first error, an *Error.
func readDotenv(path string) ([]entry, error) {
	data, err := readLimited(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err // Source names the path
		}
		return nil, &Error{Kind: KindFile, Source: path, Err: err}
	}
	entries, line, why := parseDotenv(data)
	if why != "" {
		return entries, &Error{Kind: KindFile, Source: at(path, line), Allowed: why}
	}
	return entries, nil
}

func readLimited(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // reading a pipe would never end
		return nil, errors.New("not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, err
}

// parseDotenv reads lines of the form
//
//	# comment
//	NAME=value            # comment
//	export NAME='value'   taken as it is
//	NAME="value"          \n \r \t \" \\ \$ and \` mean what they do in a shell
//
// A value is on one line, and $ means nothing. line and why tell of the first
// line that is none of these; nothing of the line itself is in why. The lines
// after it are read all the same.
func parseDotenv(data []byte) (entries []entry, line int, why string) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	n := 0
	for row := range strings.Lines(text) {
		n++
		e, empty, wrong := parseLine(strings.TrimRight(row, "\r\n"))
		switch {
		case wrong != "":
			if why == "" {
				line, why = n, wrong
			}
		case !empty:
			e.line = n
			entries = append(entries, e)
		}
	}
	return entries, line, why
}

const blanks = " \t"

func parseLine(row string) (e entry, empty bool, wrong string) {
	if !utf8.ValidString(row) {
		return e, false, "the line is not UTF-8"
	}
	if strings.ContainsFunc(row, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return e, false, "the line holds a control character"
	}
	row = strings.Trim(row, blanks)
	if row == "" || row[0] == '#' {
		return e, true, ""
	}
	if rest, ok := strings.CutPrefix(row, "export"); ok && strings.IndexAny(rest, blanks) == 0 {
		row = strings.TrimLeft(rest, blanks)
	}
	name, value, ok := strings.Cut(row, "=")
	if !ok {
		return e, false, "the line has no = (NAME=value is expected)"
	}
	e.name = strings.TrimRight(name, blanks)
	if !validName(e.name) {
		return e, false, "the line does not begin with a setting's name"
	}
	e.value, wrong = parseValue(strings.TrimLeft(value, blanks))
	return e, false, wrong
}

func validName(name string) bool {
	if name == "" || len(name) > 100 || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	})
}

func parseValue(v string) (value, wrong string) {
	var rest string
	switch {
	case v == "":
		return "", ""
	case v[0] == '\'':
		var closed bool
		if value, rest, closed = strings.Cut(v[1:], "'"); !closed {
			return "", "the quote ' is not closed on its line"
		}
	case v[0] == '"':
		var closed bool
		if value, rest, closed = unquote(v[1:]); !closed {
			return "", `the quote " is not closed on its line`
		}
	default:
		return strings.TrimRight(v[:commentStart(v)], blanks), ""
	}
	if rest = strings.TrimLeft(rest, blanks); rest != "" && rest[0] != '#' {
		return "", "text follows the closing quote"
	}
	return value, ""
}

// commentStart is where the comment of an unquoted value begins: at a # at its
// beginning or after a blank.
func commentStart(v string) int {
	for i := range len(v) {
		if v[i] == '#' && (i == 0 || strings.IndexByte(blanks, v[i-1]) >= 0) {
			return i
		}
	}
	return len(v)
}

// unquote reads up to the closing double quote.
func unquote(v string) (value, rest string, closed bool) {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			return b.String(), v[i+1:], true
		case c == '\\' && i+1 < len(v):
			i++
			switch v[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '"', '\\', '$', '`':
				b.WriteByte(v[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(v[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
