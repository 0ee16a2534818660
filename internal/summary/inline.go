package summary

import (
	"bufio"
	"bytes"
	stdhtml "html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

func (r *renderer) inlines(parent ast.Node) {
	r.flush()
	r.last = 0
	r.children(parent)
	r.flush()
}

func (r *renderer) children(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		r.inline(n)
	}
}

func (r *renderer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		r.text(r.value(n))
		// A line of the text is a line of the message, as it is where people chat.
		if n.SoftLineBreak() || n.HardLineBreak() {
			r.lineBreak()
		}
	case *ast.String:
		r.text(string(n.Value))
	case *ast.CodeSpan:
		r.wrap("code", func() { r.literal(codeText(n, r.source)) })
	case *ast.Emphasis:
		name := "i"
		if n.Level >= 2 {
			name = "b"
		}
		r.wrap(name, func() { r.children(n) })
	case *extast.Strikethrough:
		r.wrap("s", func() { r.children(n) })
	case *ast.Link:
		r.link(destination(n.Destination), func() { r.children(n) })
	case *ast.Image:
		r.image(n)
	case *ast.AutoLink:
		r.autoLink(n)
	case *ast.RawHTML:
		r.rawHTML(string(n.Segments.Value(r.source)))
	case *extast.TaskCheckBox:
		box := "☐ "
		if n.IsChecked {
			box = "☑ "
		}
		r.literal(box)
	default:
		r.children(n)
	}
}

func (r *renderer) lineBreak() {
	r.tag("<br>")
	r.last = '\n'
}

// link writes a link, or only its inside where the address is not one that Teams
// may open, or where a link is open already.
func (r *renderer) link(address string, inside func()) {
	if r.inLink || !allowed(address) {
		inside()
		return
	}
	r.tag(`<a href="` + escape(address) + `">`)
	r.inLink = true
	inside()
	r.flush()
	r.inLink = false
	r.tag("</a>")
}

// image writes a link to the picture: Teams shows only pictures that it holds.
func (r *renderer) image(n *ast.Image) {
	address := destination(n.Destination)
	label := plainInline(n, r.source)
	if strings.TrimSpace(label) == "" {
		label = address
	}
	r.link(address, func() { r.literal(label) })
}

func (r *renderer) autoLink(n *ast.AutoLink) {
	address := string(n.URL(r.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(address), "mailto:") {
		address = "mailto:" + address
	}
	r.link(destination([]byte(address)), func() { r.literal(string(n.Label(r.source))) })
}

// rawHTML shows a tag as the text that it is, save for the line break that
// people write into tables.
func (r *renderer) rawHTML(s string) {
	switch strings.ToLower(strings.Join(strings.Fields(s), "")) {
	case "<br>", "<br/>":
		r.lineBreak()
	default:
		r.literalLines(s)
	}
}

// text adds plain text in which @Name is a mention.
func (r *renderer) text(s string) { r.pending.WriteString(s) }

// literal adds plain text as it is.
func (r *renderer) literal(s string) {
	r.flush()
	r.seen = r.seen || visible(s)
	r.out.WriteString(escape(s))
	r.last, _ = utf8.DecodeLastRuneInString(s)
}

// flush writes the pending text, with mentions.
func (r *renderer) flush() {
	s := r.pending.String()
	if s == "" {
		return
	}
	r.pending.Reset()
	r.seen = r.seen || visible(s)
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '@' || r.inLink {
			continue
		}
		before := r.last
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(s[:i])
		}
		if wordRune(before) || before == '@' {
			continue
		}
		p, length, ok := r.people.mentionAt(s[i+1:])
		if !ok {
			continue
		}
		m := Mention{ID: len(r.mentions), Text: p.Name, Person: p}
		r.mentions = append(r.mentions, m)
		r.out.WriteString(escape(s[from:i]) + m.marker())
		from = i + 1 + length
		i = from - 1
	}
	r.out.WriteString(escape(s[from:]))
	r.last, _ = utf8.DecodeLastRuneInString(s)
}

// value is the text of a node, its escapes and entities resolved.
func (r *renderer) value(n *ast.Text) string { return resolved(n, r.source) }

func resolved(n *ast.Text, source []byte) string {
	value := n.Segment.Value(source)
	if n.IsRaw() {
		return string(value)
	}
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	html.DefaultWriter.Write(w, value)
	_ = w.Flush() // a bytes.Buffer takes everything
	return stdhtml.UnescapeString(b.String())
}

// codeText is the text of a code span, its line breaks as spaces.
func codeText(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(source))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// plainInline is the text below an inline node.
func plainInline(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			b.WriteString(codeText(n, source))
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			b.WriteString(resolved(n, source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.RawHTML:
			b.Write(n.Segments.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// destination is a link's address, escaped as browsers do.
func destination(raw []byte) string { return string(util.URLEscape(raw, true)) }

// linkSchemes are what Teams opens.
var linkSchemes = []string{"http", "https", "mailto"}

func allowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(linkSchemes, strings.ToLower(u.Scheme)) {
		return false
	}
	return u.Host != "" || strings.EqualFold(u.Scheme, "mailto")
}

func escape(s string) string { return stdhtml.EscapeString(s) }
