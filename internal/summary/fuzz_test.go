package summary

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"golang.org/x/net/html"
)

func FuzzRender(f *testing.F) {
	minutes, err := os.ReadFile("testdata/minutes.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(minutes), "", "@Adele", "**@Alex Wilber**", "<script>alert(1)</script>", "[x](javascript:alert(1))", "a\r\nb\x00",
		"| a | b |\n|--|--|\n| c |", "- - - 1. x", "> > ```\n<at id=\"7\">x</at>", "![a[b](c)](https://d.example)", "<https://e.example/\"onload=x>",
		"&lt;at id=\"0\"&gt;", "\\<p>", "~~a~b~~", "[`@Adele`](mailto:x@y.example?subject=\"><img src=x>)",
	} {
		f.Add(seed, "all")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, in, mention string) {
		m, err := Render(in, Options{People: team, Mention: []string{mention}})
		if err != nil {
			if _, ok := errors.AsType[*TooLargeError](err); ok || errors.Is(err, ErrEmpty) || errors.Is(err, ErrNotText) {
				return
			}
			if _, ok := errors.AsType[*PersonError](err); ok {
				return
			}
			t.Fatalf("an error of no known kind: %v", err)
		}
		checkSubset(t, m.HTML)
		checkMarkers(t, m)
		bare, err := Render(in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := letters(bare.Plain), letters(textOfMarkdown(normal(in))); got != want {
			t.Errorf("the text changed\n got %q\nwant %q\nHTML %s", got, want, bare.HTML)
		}
	})
}

func FuzzTextOf(f *testing.F) {
	f.Add("<p>a<br>b</p>")
	f.Add("</ul></blockquote><li><pre>\n\n<at>")
	f.Fuzz(func(t *testing.T, in string) { TextOf(in) })
}

// checkSubset fails unless the HTML is well formed and holds nothing but the
// elements and attributes that Teams shows.
func checkSubset(t *testing.T, s string) {
	t.Helper()
	var open []string
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		kind := z.Next()
		tok := z.Token()
		switch kind {
		case html.ErrorToken:
			if len(open) != 0 {
				t.Errorf("not closed: %v in %s", open, s)
			}
			return
		case html.CommentToken, html.DoctypeToken:
			t.Errorf("%v in %s", tok, s)
		case html.StartTagToken, html.SelfClosingTagToken:
			if !slices.Contains(elements, tok.Data) {
				t.Errorf("element %s in %s", tok.Data, s)
			}
			for _, a := range tok.Attr {
				switch {
				case tok.Data == "a" && a.Key == "href":
					if !strings.HasPrefix(a.Val, "http://") && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "mailto:") {
						t.Errorf("link to %q", a.Val)
					}
				case tok.Data == "at" && a.Key == "id":
				default:
					t.Errorf("attribute %s of %s in %s", a.Key, tok.Data, s)
				}
			}
			if tok.Data != "br" {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Errorf("end of %s while %v are open in %s", tok.Data, open, s)
				return
			}
			open = open[:len(open)-1]
		}
	}
}

// checkMarkers fails unless each mention has exactly one marker, with its text.
func checkMarkers(t *testing.T, m Message) {
	t.Helper()
	found := map[int]string{}
	z := html.NewTokenizer(strings.NewReader(m.HTML))
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		if tok.Type != html.StartTagToken || tok.Data != "at" {
			continue
		}
		if len(tok.Attr) != 1 {
			t.Fatalf("a marker without an id in %s", m.HTML)
		}
		id, err := strconv.Atoi(tok.Attr[0].Val)
		if _, twice := found[id]; err != nil || twice {
			t.Errorf("marker %q is no number or there twice in %s", tok.Attr[0].Val, m.HTML)
		}
		z.Next()
		found[id] = z.Token().Data
	}
	if len(found) != len(m.Mentions) {
		t.Errorf("%d markers for %d mentions in %s", len(found), len(m.Mentions), m.HTML)
	}
	for _, mention := range m.Mentions {
		if found[mention.ID] != mention.Text {
			t.Errorf("marker %d holds %q, want %q", mention.ID, found[mention.ID], mention.Text)
		}
	}
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// textOfMarkdown gathers the text of a document from goldmark's tree, by itself.
func textOfMarkdown(in string) string {
	source := []byte(in)
	var b strings.Builder
	var header []string
	_ = ast.Walk(parse(source), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *extast.TableHeader: // repeated in each row that has the cell
			header = nil
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				header = append(header, inlineText(c, source))
			}
			if !filledRow(n) {
				b.WriteString(strings.Join(header, ""))
			}
			return ast.WalkSkipChildren, nil
		case *extast.TableCell:
			i := 0
			for c := n.PreviousSibling(); c != nil; c = c.PreviousSibling() {
				i++
			}
			if n.FirstChild() != nil && i < len(header) {
				b.WriteString(header[i])
			}
			b.WriteString(inlineText(n, source))
			return ast.WalkSkipChildren, nil
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
			b.WriteString(inlineText(n, source))
			return ast.WalkSkipChildren, nil
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			b.Write(n.Lines().Value(source))
		case *ast.HTMLBlock:
			b.Write(n.Lines().Value(source))
			if n.HasClosure() {
				b.Write(n.ClosureLine.Value(source))
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

func inlineText(parent ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(parent, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			if _, code := n.Parent().(*ast.CodeSpan); code {
				b.Write(n.Segment.Value(source))
			} else {
				b.WriteString(resolved(n, source))
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.Image:
			if s := plainInline(n, source); strings.TrimSpace(s) == "" {
				b.WriteString(destination(n.Destination))
				return ast.WalkSkipChildren, nil
			}
		case *ast.RawHTML:
			if s := string(n.Segments.Value(source)); !isBreak(s) {
				b.WriteString(s)
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// filledRow reports whether a row with text follows the header.
func filledRow(header ast.Node) bool {
	for row := header.NextSibling(); row != nil; row = row.NextSibling() {
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			if cell.HasChildren() {
				return true
			}
		}
	}
	return false
}

func isBreak(s string) bool {
	s = strings.ToLower(strings.Join(strings.Fields(s), ""))
	return s == "<br>" || s == "<br/>"
}
