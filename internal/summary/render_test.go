package summary

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

var (
	adele = Person{"id-adele", "Adele Vance", "AdeleV@contoso.com"}
	alex  = Person{"id-alex", "Alex Wilber", "AlexW@contoso.com"}
	lynne = Person{"id-lynne", "O'Brien, Lynne <Guest>", "lynne@fabrikam.com"}
	team  = []Person{adele, alex, lynne}
)

func TestMarkdownBecomesTheHTMLThatTeamsShows(t *testing.T) {
	tests := []struct{ name, in, html, plain string }{
		{"a paragraph", "Hello, world.", "<p>Hello, world.</p>", "Hello, world."},
		{"a line is a line", "Date: today\nPlace: room 4", "<p>Date: today<br>Place: room 4</p>", "Date: today\nPlace: room 4"},
		{"a hard break", "one  \ntwo\\\nthree", "<p>one<br>two<br>three</p>", "one\ntwo\nthree"},
		{"headings deeper than three", "# One\n\n### Three\n\n##### Five", "<h1>One</h1><h3>Three</h3><h3>Five</h3>", "One\nThree\nFive"},
		{"emphasis", "**bold** *it* ***both*** ~~gone~~ `code <b>`",
			"<p><b>bold</b> <i>it</i> <i><b>both</b></i> <s>gone</s> <code>code &lt;b&gt;</code></p>", "bold it both gone code <b>"},
		{"a tight list", "- one\n- two\n  - deeper\n- three",
			"<ul><li>one</li><li>two<ul><li>deeper</li></ul></li><li>three</li></ul>", "• one\n• two\n  • deeper\n• three"},
		{"a loose list", "1. one\n\n   more\n\n2. two", "<ol><li>one<p>more</p></li><li>two</li></ol>", "1. one\n  more\n2. two"},
		{"a list that starts at three", "3. three\n4. four", "<p>3. three</p><p>4. four</p>", "3. three\n4. four"},
		{"tasks", "- [ ] open\n- [x] done", "<ul><li>☐ open</li><li>☑ done</li></ul>", "• ☐ open\n• ☑ done"},
		{"a table", "| Who | What |\n|---|---|\n| Ann | a\\|b |\n| Bob | |",
			"<ul><li><b>Who:</b> Ann<br><b>What:</b> a|b</li><li><b>Who:</b> Bob</li></ul>",
			"• Who: Ann\n  What: a|b\n• Who: Bob"},
		{"a table of headers only", "| A | B |\n|---|---|", "<ul><li>A<br>B</li></ul>", "• A\n  B"},
		{"a break in a table", "| A |\n|---|\n| x<br>y |", "<ul><li><b>A:</b> x<br>y</li></ul>", "• A: x\n  y"},
		{"links", "[docs](https://example.com/a?b=1&c=2 \"title\") <mailto:a@b.example> www.example.com",
			`<p><a href="https://example.com/a?b=1&amp;c=2">docs</a> <a href="mailto:a@b.example">mailto:a@b.example</a> <a href="http://www.example.com">www.example.com</a></p>`,
			"docs mailto:a@b.example www.example.com"},
		{"an e-mail is a link", "ask adele@contoso.com", `<p>ask <a href="mailto:adele@contoso.com">adele@contoso.com</a></p>`, "ask adele@contoso.com"},
		{"links that Teams may not open keep their text", "[a](javascript:alert(1)) [b](file:///etc/passwd) [c](notes.md) [d](data:text/html,x) [e](//host/x)",
			"<p>a b c d e</p>", "a b c d e"},
		{"pictures are links", "![plan](https://example.com/p.png) ![](https://example.com/q.png) ![local](p.png)",
			`<p><a href="https://example.com/p.png">plan</a> <a href="https://example.com/q.png">https://example.com/q.png</a> local</p>`,
			"plan https://example.com/q.png local"},
		{"a picture in a link", "[![logo](https://example.com/l.png)](https://example.com)", `<p><a href="https://example.com">logo</a></p>`, "logo"},
		{"a quote", "> said\n>\n> - by her", "<blockquote><p>said</p><ul><li>by her</li></ul></blockquote>", "> said\n> • by her"},
		{"code", "```go\nif a < b {\n\n\tx()\n}\n```", "<pre>if a &lt; b {\n\n\tx()\n}</pre>", "if a < b {\n\n\tx()\n}"},
		{"an indented block", "    $ make test", "<pre>$ make test</pre>", "$ make test"},
		{"HTML is text", "<div onclick=\"x()\">hi</div>\n\na <script>alert('x')</script> b",
			"<p>&lt;div onclick=&#34;x()&#34;&gt;hi&lt;/div&gt;</p><p>a &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; b</p>",
			"<div onclick=\"x()\">hi</div>\na <script>alert('x')</script> b"},
		{"a comment is text", "<!-- note -->\nafter", "<p>&lt;!-- note --&gt;</p><p>after</p>", "<!-- note -->\nafter"},
		{"escapes and entities", `\*not bold\* &copy; &amp;lt; 5 < 6 & "q"`, "<p>*not bold* © &amp;lt; 5 &lt; 6 &amp; &#34;q&#34;</p>", `*not bold* © &lt; 5 < 6 & "q"`},
		{"a rule", "a\n\n---\n\nb", "<p>a</p><p>———</p><p>b</p>", "a\n———\nb"},
		{"other scripts and emoji", "会議のまとめ 🎉 مرحبا", "<p>会議のまとめ 🎉 مرحبا</p>", "会議のまとめ 🎉 مرحبا"},
		{"an at-marker that is typed is text", `<at id="0">Adele</at> hi`, "<p>&lt;at id=&#34;0&#34;&gt;Adele&lt;/at&gt; hi</p>", `<at id="0">Adele</at> hi`},
		{"a reference", "[the plan][p]\n\n[p]: https://example.com", `<p><a href="https://example.com">the plan</a></p>`, "the plan"},
		{"line ends of Windows", "# A\r\n\r\n- b\r\n- c\r\n", "<h1>A</h1><ul><li>b</li><li>c</li></ul>", "A\n• b\n• c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Render(tt.in, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if m.HTML != tt.html {
				t.Errorf("HTML of %q\n got %s\nwant %s", tt.in, m.HTML, tt.html)
			}
			if m.Plain != tt.plain {
				t.Errorf("text of %q\n got %q\nwant %q", tt.in, m.Plain, tt.plain)
			}
			if m.Size != len(m.HTML) || len(m.Mentions) != 0 {
				t.Errorf("size %d, mentions %v; want %d, none", m.Size, m.Mentions, len(m.HTML))
			}
		})
	}
}

func TestPeopleAreMentioned(t *testing.T) {
	const lynneMarked = `O&#39;Brien, Lynne &lt;Guest&gt;`
	tests := []struct {
		name, in string
		mention  []string
		html     string
		who      []Person
	}{
		{"nobody is by default", "Hi Adele", nil, "<p>Hi Adele</p>", nil},
		{"none is nobody", "Hi", []string{"none"}, "<p>Hi</p>", nil},
		{"all are, in a line above", "Hi", []string{"all"},
			`<p><at id="0">Adele Vance</at>, <at id="1">Alex Wilber</at>, <at id="2">` + lynneMarked + `</at></p><p>Hi</p>`, team},
		{"chosen ones are, by name, e-mail or given name", "Hi", []string{"alex wilber", "ADELEV@contoso.com", "Lynne"},
			`<p><at id="0">Alex Wilber</at>, <at id="1">Adele Vance</at>, <at id="2">` + lynneMarked + `</at></p><p>Hi</p>`, []Person{alex, adele, lynne}},
		{"one who is chosen twice is mentioned once", "Hi", []string{"all", "Adele", "@Adele Vance"},
			`<p><at id="0">Adele Vance</at>, <at id="1">Alex Wilber</at>, <at id="2">` + lynneMarked + `</at></p><p>Hi</p>`, team},
		{"a name after @ is", "@Adele Vance owns it, @alex reviews.", nil,
			`<p><at id="0">Adele Vance</at> owns it, <at id="1">Alex Wilber</at> reviews.</p>`, []Person{adele, alex}},
		{"who is named in the text is not named above it", "**@Adele** owns it", []string{"all"},
			`<p><at id="1">Alex Wilber</at>, <at id="2">` + lynneMarked + `</at></p><p><b><at id="0">Adele Vance</at></b> owns it</p>`, []Person{adele, alex, lynne}},
		{"each time that somebody is named is a marker of its own", "@Adele and @Adele", nil,
			`<p><at id="0">Adele Vance</at> and <at id="1">Adele Vance</at></p>`, []Person{adele, adele}},
		{"a longer word is another word", "@Adeleine @Alexander x@Adele @@Adele", nil, "<p>@Adeleine @Alexander x@Adele @@Adele</p>", nil},
		{"code and links are not searched", "`@Adele` [@Adele](https://example.com)", nil,
			`<p><code>@Adele</code> <a href="https://example.com">@Adele</a></p>`, nil},
		{"in a list, a heading and a table", "# @Alex\n\n- @Adele: x\n\n| @Who |\n|--|\n| @Adele |", nil,
			`<h1><at id="0">Alex Wilber</at></h1><ul><li><at id="1">Adele Vance</at>: x</li></ul><ul><li><b>@Who:</b> <at id="2">Adele Vance</at></li></ul>`, []Person{alex, adele, adele}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Render(tt.in, Options{People: team, Mention: tt.mention})
			if err != nil {
				t.Fatal(err)
			}
			if m.HTML != tt.html {
				t.Errorf("HTML of %q\n got %s\nwant %s", tt.in, m.HTML, tt.html)
			}
			var who []Person
			for i, mention := range m.Mentions {
				who = append(who, mention.Person)
				if mention.ID != i {
					t.Errorf("mention %d has the id %d", i, mention.ID)
				}
			}
			if !reflect.DeepEqual(who, tt.who) {
				t.Errorf("mentioned: got %v, want %v", who, tt.who)
			}
			checkMarkers(t, m)
		})
	}
}

func TestANameThatIsNotClearIsRefused(t *testing.T) {
	people := append([]Person{{"id-2", "Adele Smith", "adeles@contoso.com"}, {"", "No Id", "noid@contoso.com"}}, team...)
	for name, matches := range map[string]int{"Adele": 2, "Nobody": 0, "No Id": 0, "dele": 0} {
		_, err := Render("Hi", Options{People: people, Mention: []string{"alex", name}})
		if e, ok := errors.AsType[*PersonError](err); !ok || e.Name != name || e.Matches != matches {
			t.Errorf("mention of %q: got %v, want a PersonError with %d matches", name, err, matches)
		}
	}
	m, err := Render("@Adele and @Adele Smith", Options{People: people})
	if err != nil || len(m.Mentions) != 1 || m.Mentions[0].Person.ID != "id-2" {
		t.Errorf("a name that two bear mentions nobody: got %v, %v", m.Mentions, err)
	}
}

func TestTextsThatCannotBePostedSayWhy(t *testing.T) {
	for name, in := range map[string]string{
		"nothing": "", "blanks": " \n\t\r\n\u00a0\u200b", "only a reference": "[a]: https://example.com",
		"an empty quote": ">\n>", "an empty list": "-", "joiners": "\u200d\ufe0f",
	} {
		if _, err := Render(in, Options{People: team, Mention: []string{"all"}}); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: got %v, want ErrEmpty", name, err)
		}
	}
	for name, in := range map[string]string{"Latin-1": "caf\xe9", "NUL": "a\x00b", "half a rune": "\xe4\xbc"} {
		if _, err := Render(in, Options{}); !errors.Is(err, ErrNotText) {
			t.Errorf("%s: got %v, want ErrNotText", name, err)
		}
		if _, err := Decode([]byte(in)); !errors.Is(err, ErrNotText) {
			t.Errorf("decoding %s: got %v, want ErrNotText", name, err)
		}
	}
	for name, in := range map[string]string{
		"one byte too much": strings.Repeat("a", Limit-len("<p></p>")+1),
		"escapes count":     strings.Repeat("<", Limit/4),
		"far too much":      strings.Repeat("word ", 1<<20/5),
	} {
		_, err := Render(in, Options{})
		if e, ok := errors.AsType[*TooLargeError](err); !ok || e.Limit != Limit || e.Size <= Limit {
			t.Errorf("%s: got %v, want a TooLargeError above %d", name, err, Limit)
		}
	}
	m, err := Render(strings.Repeat("a", Limit-len("<p></p>")), Options{})
	if err != nil || m.Size != Limit {
		t.Errorf("exactly the limit: got %d, %v", m.Size, err)
	}
	if _, err := Render(strings.Repeat("a", Limit-len("<p></p>")), Options{People: team, Mention: []string{"all"}}); err == nil {
		t.Error("mentions count, but a full message with mentions was rendered")
	}
}

func TestDecodeReadsTextHoweverItWasSaved(t *testing.T) {
	got, err := Decode([]byte("\xef\xbb\xbfa\r\nb\rc\n"))
	if err != nil || got != "a\nb\nc\n" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err = Decode(make([]byte, MaxInput+1))
	if e, ok := errors.AsType[*TooLargeError](err); !ok || e.Limit != MaxInput {
		t.Errorf("above the cap: got %v", err)
	}
	if _, err := Decode([]byte("\xff\xfeH\x00i\x00")); !errors.Is(err, ErrNotText) {
		t.Errorf("UTF-16: got %v, want ErrNotText", err)
	}
}

func TestTextOfReadsWhatTeamsRewrites(t *testing.T) {
	for in, want := range map[string]string{
		"<div>a&nbsp;b</div><div>c</div>":                                     "a\u00a0b\nc",
		`<p>ok <emoji id="smile" alt="🙂" title="Smile"></emoji></p>`:          "ok 🙂",
		`<p>x<attachment id="1"></attachment></p>`:                            "x",
		"<p>a\n   b</p>\n<p>c</p>":                                            "a b\nc",
		`<p><at id="0">Adele Vance</at>&nbsp;hi</p>`:                          "@Adele Vance\u00a0hi",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>":     "a b\nc",
		"<ul><li><p>one</p></li><li>two</li></ul></ul></blockquote></script>": "• one\n• two",
		"<style>p{}</style><script>x()</script>y":                             "y",
		"a<br/>b": "a\nb",
		"":        "",
	} {
		if got := TextOf(in); got != want {
			t.Errorf("TextOf(%q)\n got %q\nwant %q", in, got, want)
		}
	}
}

// Deep or repetitive texts must neither break the renderer nor keep it busy.
func TestHostileTextsAreRenderedOrRefusedInTime(t *testing.T) {
	for name, unit := range map[string]string{
		"quotes": ">", "brackets": "[", "links": "[a](", "emphasis": "*a **b ", "lists": "- ", "backticks": "`a``", "tags": "<a ", "pictures": "![",
		"tables": "|a", "entities": "&#0;", "underscores": "_a", "mentions": "@Adele ", "strikes": "~~a", "parentheses": "[a](((",
	} {
		t.Run(name, func(t *testing.T) {
			for _, suffix := range []string{"", "x", "\n|-|-|\n"} {
				in := strings.Repeat(unit, 6_000/len(unit)) + suffix
				m, err := Render(in, Options{People: team})
				if err == nil {
					checkSubset(t, m.HTML)
				} else if _, ok := errors.AsType[*TooLargeError](err); !ok && !errors.Is(err, ErrEmpty) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
