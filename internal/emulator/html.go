package emulator

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// allowedTags are the elements that a Teams message keeps; of the others the text
// stays.
var allowedTags = []string{
	"p", "br", "b", "strong", "i", "em", "a", "ul", "ol", "li", "h1", "h2", "h3",
	"pre", "code", "blockquote", "at", "attachment",
}

// droppedWhole are the elements whose content goes with them.
var droppedWhole = []string{"script", "style", "template", "iframe", "noscript", "noembed", "noframes", "object", "head", "title", "math", "svg"}

// allowedAttributes are what the elements keep.
var allowedAttributes = map[string]string{"a": "href", "at": "id", "attachment": "id"}

// sanitise is what a chat keeps of posted HTML: allowed elements, balanced, and
// the text of all others.
func sanitise(content string) string {
	var out strings.Builder
	for _, n := range parseHTML(content) {
		writeClean(&out, n)
	}
	return out.String()
}

func parseHTML(content string) []*html.Node {
	body := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(content), body)
	if err != nil { // more nesting than the parser takes: keep the letters
		return []*html.Node{{Type: html.TextNode, Data: content}}
	}
	return nodes
}

func writeClean(out *strings.Builder, n *html.Node) {
	if n.Type == html.TextNode {
		out.WriteString(html.EscapeString(n.Data))
		return
	}
	if n.Type != html.ElementNode || slices.Contains(droppedWhole, n.Data) {
		return
	}
	keep := n.Namespace == "" && slices.Contains(allowedTags, n.Data)
	if keep {
		out.WriteString("<" + n.Data)
		for _, a := range n.Attr {
			if a.Namespace == "" && a.Key == allowedAttributes[n.Data] && (n.Data != "a" || safeLink(a.Val)) {
				out.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
			}
		}
		out.WriteString(">")
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		writeClean(out, child)
	}
	if keep && n.Data != "br" {
		out.WriteString("</" + n.Data + ">")
	}
}

func safeLink(address string) bool {
	lower := strings.ToLower(address)
	return strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "mailto:")
}

// markers are the texts of the `<at id="N">` elements and the ids of the
// attachment elements of a message.
func markers(content string) (mentions map[int]string, attachments []string) {
	mentions = map[int]string{}
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key != "id" {
				continue
			}
			if n.Data == "attachment" {
				attachments = append(attachments, a.Val)
			}
			if id, err := strconv.Atoi(a.Val); n.Data == "at" && err == nil {
				mentions[id] = textOf(n)
			}
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	for _, n := range parseHTML(content) {
		walk(n)
	}
	return mentions, attachments
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var text strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		text.WriteString(textOf(child))
	}
	return text.String()
}
