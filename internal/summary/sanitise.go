package summary

import (
	"regexp"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// elements are the subset of HTML that Teams shows.
var elements = []string{
	"p", "br", "b", "strong", "i", "em", "s", "a", "ul", "ol", "li",
	"h1", "h2", "h3", "blockquote", "code", "pre", "at",
}

// sanitise is the second wall behind render, which writes nothing else: what is
// not in the subset does not pass, whatever render may have overlooked.
func sanitise(html string) string { return wall().Sanitize(html) }

var wall = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(elements...)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^[0-9]{1,4}$`)).OnElements("at")
	p.AllowURLSchemes(linkSchemes...)
	p.RequireParseableURLs(true)
	return p
})
