package summary

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// TextOf is the text that a person reads in a message's HTML: a line for each
// paragraph, heading and list item, with bullets, numbers and quote marks. HTML
// that Teams has rewritten (div for p, an element for an emoji) reads the same.
func TextOf(message string) string {
	t := &reader{}
	z := html.NewTokenizer(strings.NewReader(message))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return t.done()
		case html.TextToken:
			t.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			t.end(string(name))
		}
	}
}

// reader gathers lines.
type reader struct {
	lines  []string
	line   strings.Builder
	marked bool  // the line holds nothing but its mark
	lists  []int // per open list: the next number, or -1 for bullets
	quotes int
	pre    int
	hidden int // inside script, style and the like
}

func (t *reader) text(s string) {
	if t.hidden > 0 {
		return
	}
	if t.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				t.newline()
			}
			t.put(line)
		}
		return
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
	s = b.String()
	if t.line.Len() == 0 || t.marked || strings.HasSuffix(t.line.String(), " ") {
		s = strings.TrimPrefix(s, " ")
	}
	t.put(s)
}

func (t *reader) put(s string) {
	if s == "" {
		return
	}
	if t.line.Len() == 0 {
		t.line.WriteString(strings.Repeat("> ", t.quotes))
		if !t.marked {
			t.line.WriteString(strings.Repeat("  ", len(t.lists)))
		}
	}
	t.marked = false
	t.line.WriteString(s)
}

// mark begins a list item's line.
func (t *reader) mark(s string) {
	t.flush()
	t.line.WriteString(strings.Repeat("> ", t.quotes) + strings.Repeat("  ", max(0, len(t.lists)-1)) + s)
	t.marked = true
}

func (t *reader) flush() {
	if t.line.Len() == 0 {
		return
	}
	t.lines = append(t.lines, strings.TrimRight(t.line.String(), " "))
	t.line.Reset()
	t.marked = false
}

// newline ends a line that may be empty.
func (t *reader) newline() {
	if t.line.Len() == 0 {
		t.lines = append(t.lines, "")
	}
	t.flush()
}

func (t *reader) start(tok html.Token) {
	switch tok.Data {
	case "br":
		t.flush()
	case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr":
		if !t.marked {
			t.flush()
		}
	case "ul":
		t.flush()
		t.lists = append(t.lists, -1)
	case "ol":
		t.flush()
		t.lists = append(t.lists, 1)
	case "li":
		bullet := "• "
		if n := len(t.lists); n > 0 && t.lists[n-1] > 0 {
			bullet = strconv.Itoa(t.lists[n-1]) + ". "
			t.lists[n-1]++
		}
		t.mark(bullet)
	case "blockquote":
		t.flush()
		t.quotes++
	case "pre", "codeblock":
		t.flush()
		t.pre++
	case "at":
		t.put("@")
	case "emoji", "img":
		for _, a := range tok.Attr {
			if a.Key == "alt" {
				t.put(a.Val)
			}
		}
	case "script", "style", "title", "head":
		if tok.Type == html.StartTagToken {
			t.hidden++
		}
	}
}

func (t *reader) end(name string) {
	switch name {
	case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "li":
		t.flush()
	case "td", "th":
		t.put(" ")
	case "ul", "ol":
		t.flush()
		t.lists = t.lists[:max(0, len(t.lists)-1)]
	case "blockquote":
		t.flush()
		t.quotes = max(0, t.quotes-1)
	case "pre", "codeblock":
		t.flush()
		t.pre = max(0, t.pre-1)
	case "script", "style", "title", "head":
		t.hidden = max(0, t.hidden-1)
	}
}

func (t *reader) done() string {
	t.flush()
	return strings.Join(t.lines, "\n")
}
