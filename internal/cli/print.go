package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"debrief/internal/text"
)

// json prints v, and nothing else, on standard output.
func (c *command) json(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return c.print(escaped(b.String()))
}

// escaped gives JSON whose strings hold what would steer a terminal as \u… only;
// the encoder leaves some of it as it is.
func escaped(json string) string {
	var b strings.Builder
	for _, r := range json {
		if r != '\n' && steers(r) {
			fmt.Fprintf(&b, "\\u%04x", r) // all of them are below U+10000
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// print puts s on standard output as it is.
func (c *command) print(s string) error {
	_, err := c.Stdout.Write([]byte(s))
	return err
}

// line prints a text of the catalogue as a line.
func (c *command) line(key text.Key, args ...any) error { return c.print(text.S(key, args...) + "\n") }

// orEmpty gives a list that is [] in JSON even where there is nothing in it.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// table collects rows and aligns their cells.
type table struct {
	b strings.Builder
	w *tabwriter.Writer
}

func newTable(head text.Key) *table {
	t := &table{}
	t.w = tabwriter.NewWriter(&t.b, 0, 0, 3, ' ', 0)
	if head != "" {
		fmt.Fprintln(t.w, text.S(head))
	}
	return t
}

// row adds a line. What came from outside cannot break the table or the terminal.
func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = clean(cell)
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

func (t *table) String() string {
	_ = t.w.Flush() // into memory
	lines := strings.Split(t.b.String(), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

// clean takes out what would steer a terminal or turn the reading direction:
// names and subjects are chosen by others.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return ' '
		}
		return r
	}, s)
}

func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// short is an id as people type it.
func short(id string) string { return id[:min(8, len(id))] }

// clock gives a time as people read it; none where it is zero.
func (c *command) clock(t time.Time) string {
	if t.IsZero() {
		return text.S(text.CLINever)
	}
	return t.In(c.Location).Format("2006-01-02 15:04")
}

// countdown gives a time and how far away it is.
func (c *command) countdown(t time.Time) string {
	if t.IsZero() {
		return text.S(text.CLINever)
	}
	if d := t.Sub(c.Now()); d >= 0 {
		return text.S(text.CLIIn, c.clock(t), span(d))
	}
	return text.S(text.CLIAgo, c.clock(t), span(c.Now().Sub(t)))
}

// span gives a duration in its largest fitting unit.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return text.S(text.CLIDays, int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return text.S(text.CLIHours, int(d/time.Hour))
	case d >= 2*time.Minute:
		return text.S(text.CLIMinutes, int(d/time.Minute))
	}
	return text.S(text.CLISeconds, int(d/time.Second))
}

// kilobytes gives a size as Teams' limits are told.
func kilobytes(n int) string { return fmt.Sprintf("%.1f KB", float64(n)/1024) }
