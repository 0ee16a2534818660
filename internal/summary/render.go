package summary

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// markdown reads GitHub's Markdown: tables, ~~struck out~~, bare links, task lists.
var markdown = sync.OnceValue(func() parser.Parser {
	return goldmark.New(goldmark.WithExtensions(
		extension.Table, extension.Strikethrough, extension.Linkify, extension.TaskList,
	)).Parser()
})

func parse(source []byte) ast.Node { return markdown().Parse(text.NewReader(source)) }

// maxDepth is how deep quotes and lists are nested in the output; what is deeper
// is shown at this depth.
const maxDepth = 24

// renderer writes a parsed text as Teams' HTML. Blocks write their tags; inline
// content is gathered as runs, so that a name that the parser has split is found.
type renderer struct {
	source   []byte
	people   *directory
	out      strings.Builder
	mentions []Mention
	depth    int
	inLink   bool
	pending  strings.Builder // plain text that is not written yet
	last     rune            // the last character before pending, for word boundaries
	seen     bool            // there is something to read
}

// render returns no HTML when there is nothing to read in it.
func render(source string, people *directory) (string, []Mention) {
	r := &renderer{source: []byte(source), people: people}
	r.blocks(parse(r.source))
	if !r.seen {
		return "", nil
	}
	return r.out.String(), r.mentions
}

func (r *renderer) tag(s string) { r.flush(); r.out.WriteString(s) }

func (r *renderer) wrap(name string, inside func()) {
	r.tag("<" + name + ">")
	inside()
	r.tag("</" + name + ">")
}

func (r *renderer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		r.block(n)
	}
}

func (r *renderer) block(n ast.Node) {
	if r.depth++; r.depth > maxDepth {
		defer func() { r.depth-- }()
		r.flat(n)
		return
	}
	defer func() { r.depth-- }()
	switch n := n.(type) {
	case *ast.Heading:
		r.wrap("h"+strconv.Itoa(min(n.Level, 3)), func() { r.inlines(n) })
	case *ast.Paragraph, *ast.TextBlock:
		r.wrap("p", func() { r.inlines(n) })
	case *ast.ThematicBreak:
		r.wrap("p", func() { r.text("———") })
	case *ast.Blockquote:
		r.wrap("blockquote", func() { r.blocks(n) })
	case *ast.List:
		r.list(n)
	case *extast.Table:
		r.table(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		r.wrap("pre", func() { r.lines(n.Lines()) })
	case *ast.HTMLBlock: // shown as the text that it is
		r.wrap("p", func() {
			all := string(n.Lines().Value(r.source))
			if n.HasClosure() {
				all += string(n.ClosureLine.Value(r.source))
			}
			r.literalLines(all)
		})
	case *ast.LinkReferenceDefinition:
	default:
		r.blocks(n)
	}
}

// flat shows the inside of what is nested too deep, without recursion.
func (r *renderer) flat(n ast.Node) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() != ast.TypeBlock {
			return ast.WalkContinue, nil
		}
		switch n.Kind() {
		case ast.KindParagraph, ast.KindTextBlock, ast.KindHeading, extast.KindTableCell:
			r.wrap("p", func() { r.inlines(n) })
			return ast.WalkSkipChildren, nil
		case ast.KindCodeBlock, ast.KindFencedCodeBlock, ast.KindHTMLBlock:
			r.depth = 0
			r.block(n)
			r.depth = maxDepth + 1
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
}

// list writes items. Teams counts every list from 1, so a list that starts
// elsewhere is written out.
func (r *renderer) list(n *ast.List) {
	if n.IsOrdered() && n.Start != 1 {
		number := n.Start
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			r.tag("<p>")
			r.literal(strconv.Itoa(number) + ". ")
			r.item(item, "</p>")
			number++
		}
		return
	}
	name := "ul"
	if n.IsOrdered() {
		name = "ol"
	}
	r.wrap(name, func() {
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			r.tag("<li>")
			r.item(item, "")
			r.tag("</li>")
		}
	})
}

// item writes the inside of a list item: its first paragraph bare, then the rest
// after end.
func (r *renderer) item(item ast.Node, end string) {
	first := item.FirstChild()
	if first != nil && (first.Kind() == ast.KindParagraph || first.Kind() == ast.KindTextBlock) {
		r.inlines(first)
		first = first.NextSibling()
	}
	r.tag(end)
	for n := first; n != nil; n = n.NextSibling() {
		r.block(n)
	}
}

// table writes each row as a list item of "header: value" lines.
func (r *renderer) table(n *extast.Table) {
	var header []ast.Node
	rows := 0
	r.wrap("ul", func() {
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			cells := children(row)
			if row.Kind() == extast.KindTableHeader {
				header = cells
				continue
			}
			if !slices.ContainsFunc(cells, ast.Node.HasChildren) {
				continue
			}
			rows++
			r.wrap("li", func() { r.row(header, cells) })
		}
		if rows == 0 {
			r.wrap("li", func() { r.row(nil, header) })
		}
	})
}

func (r *renderer) row(header, cells []ast.Node) {
	written := 0
	for i, cell := range cells {
		if cell.FirstChild() == nil {
			continue
		}
		if written > 0 {
			r.tag("<br>")
		}
		written++
		if i < len(header) && header[i].FirstChild() != nil {
			r.wrap("b", func() {
				r.inlines(header[i])
				r.literal(":")
			})
			r.literal(" ")
		}
		r.inlines(cell)
	}
}

func children(n ast.Node) (all []ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		all = append(all, c)
	}
	return all
}

func (r *renderer) lines(lines *text.Segments) {
	r.literal(strings.TrimSuffix(string(lines.Value(r.source)), "\n"))
}

// literalLines writes text whose line breaks are to be seen.
func (r *renderer) literalLines(s string) {
	for i, line := range strings.Split(strings.TrimRight(s, "\n"), "\n") {
		if i > 0 {
			r.tag("<br>")
		}
		r.literal(line)
	}
}
