package emulator

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
)

func TestSanitiseDropsTagsAndKeepsText(t *testing.T) {
	for in, want := range map[string]string{
		`<p>a <b>b</b> <i>c</i></p>`:                           `<p>a <b>b</b> <i>c</i></p>`,
		`<div>a<span style="x">b</span></div>`:                 `ab`,
		`<table><tr><td>1</td><td>2</td></tr></table>`:         `12`,
		`<script>alert(1)</script>x<style>p{}</style>`:         `x`,
		`<a href="https://e.example/?a=1&b=2" onclick=x>l</a>`: `<a href="https://e.example/?a=1&amp;b=2">l</a>`,
		`<a href=" javascript:alert(1)">l</a>`:                 `<a>l</a>`,
		`<at id="0" onmouseover=x>Jane</at>`:                   `<at id="0">Jane</at>`,
		`<p>open <b>bold`:                                      `<p>open <b>bold</b></p>`,
		`</div></section></article>text`:                       `text`,
		`<img src=x onerror=alert(1)>`:                         ``,
		`<svg><p>x</p><script>y</script></svg>z`:               `<p>x</p>z`,
		`a &lt;script&gt; & b`:                                 `a &lt;script&gt; &amp; b`,
		`<br>`:                                                 `<br>`,
		`<!-- c --><textarea><b>x</textarea>`:                  `&lt;b&gt;x`,
		``:                                                     ``,
	} {
		if got := sanitise(in); got != want {
			t.Errorf("sanitise(%q): got %q, want %q", in, got, want)
		}
	}
}

func FuzzSanitise(f *testing.F) {
	for _, seed := range []string{
		`<p>a <at id="0">Jane</at></p>`, `<a href="java&#115;cript:x">`, `<svg><style><img src=x onerror=alert(1)>`, `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
		`<pre>` + "\n\n" + `x</pre>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<table><b>x<tr>y`, `<a><p><a>`, "\x00\xff<p\x00>", `<plaintext><b>`, `<ul><li><ul></li>`, strings.Repeat("<b>", 600),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := sanitise(in)
		if utf8.ValidString(in) && !utf8.ValidString(out) {
			t.Fatalf("sanitise(%q) is not UTF-8: %q", in, out)
		}
		var open []string
		z := html.NewTokenizer(strings.NewReader(out))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			token := z.Token()
			switch kind {
			case html.TextToken:
			case html.StartTagToken:
				if !slices.Contains(allowedTags, token.Data) {
					t.Fatalf("sanitise(%q) keeps <%s>: %q", in, token.Data, out)
				}
				for _, a := range token.Attr {
					if a.Key != allowedAttributes[token.Data] || a.Key == "href" && !safeLink(a.Val) {
						t.Fatalf("sanitise(%q) keeps %s=%q of <%s>", in, a.Key, a.Val, token.Data)
					}
				}
				if token.Data != "br" {
					open = append(open, token.Data)
				}
			case html.EndTagToken:
				if len(open) == 0 || open[len(open)-1] != token.Data {
					t.Fatalf("sanitise(%q) is not balanced: %q", in, out)
				}
				open = open[:len(open)-1]
			default:
				t.Fatalf("sanitise(%q) keeps %v", in, token)
			}
		}
		if len(open) != 0 {
			t.Fatalf("sanitise(%q) leaves %v open: %q", in, open, out)
		}
		markers(out)
	})
}
