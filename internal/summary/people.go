package summary

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PersonError is a name in Options.Mention that stands for nobody (Matches 0) or
// for several people.
type PersonError struct {
	Name    string
	Matches int
}

func (e *PersonError) Error() string {
	if e.Matches == 0 {
		return fmt.Sprintf("summary: nobody in the chat is called %q", e.Name)
	}
	return fmt.Sprintf("summary: %d people in the chat are called %q", e.Matches, e.Name)
}

// directory finds people by what they are called.
type directory struct {
	people []Person
	names  []name // longest first: what @ may be followed by
}

type name struct {
	folded string
	person int
}

func newDirectory(people []Person) *directory {
	d := &directory{}
	seen := map[string]bool{}
	for _, p := range people {
		p.Name = strings.Join(strings.Fields(strings.Map(printable, p.Name)), " ")
		if p.ID == "" || seen[p.ID] || p.Name == "" && p.Email == "" {
			continue
		}
		if p.Name == "" {
			p.Name = p.Email
		}
		seen[p.ID] = true
		d.people = append(d.people, p)
	}
	// A name that two people bear names nobody in a text: who is meant is not known.
	bearers := map[string][]int{}
	for i, p := range d.people {
		full := fold(p.Name)
		bearers[full] = append(bearers[full], i)
		if given := fold(givenName(p.Name)); given != full {
			bearers[given] = append(bearers[given], i)
		}
	}
	for folded, who := range bearers {
		if len(who) == 1 {
			d.names = append(d.names, name{folded, who[0]})
		}
	}
	slices.SortFunc(d.names, func(a, b name) int {
		if c := len(b.folded) - len(a.folded); c != 0 {
			return c
		}
		return strings.Compare(a.folded, b.folded)
	})
	return d
}

func printable(r rune) rune {
	if !unicode.IsGraphic(r) && !unicode.IsSpace(r) || r == utf8.RuneError {
		return -1
	}
	return r
}

// givenName is the first word of a name, or the one after the comma of "Vance,
// Adele".
func givenName(full string) string {
	if _, after, ok := strings.Cut(full, ","); ok {
		full = strings.TrimSpace(after)
	}
	word, _, _ := strings.Cut(full, " ")
	return word
}

// fold makes letters of both cases equal, rune by rune.
func fold(s string) string {
	return strings.Map(foldRune, s)
}

func foldRune(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// chosen resolves Options.Mention, in the order given, each person once.
func (d *directory) chosen(entries []string) ([]Person, error) {
	var told []Person
	add := func(p Person) {
		if !slices.Contains(told, p) {
			told = append(told, p)
		}
	}
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		switch strings.ToLower(entry) {
		case "", "none":
			continue
		case "all":
			for _, p := range d.people {
				add(p)
			}
			continue
		}
		p, err := d.one(strings.TrimPrefix(entry, "@"))
		if err != nil {
			return nil, err
		}
		add(p)
	}
	return told, nil
}

// one finds the person that a full name, an e-mail or else a given name means.
func (d *directory) one(called string) (Person, error) {
	called = strings.Join(strings.Fields(called), " ")
	for _, called2 := range []func(Person) string{
		func(p Person) string { return p.Email },
		func(p Person) string { return p.Name },
		func(p Person) string { return givenName(p.Name) },
	} {
		var found []Person
		for _, p := range d.people {
			if s := called2(p); s != "" && fold(s) == fold(called) {
				found = append(found, p)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], nil
		}
		return Person{}, &PersonError{called, len(found)}
	}
	return Person{}, &PersonError{Name: called}
}

// mentionAt finds the person whose name stands at the start of s, which follows
// an @, and how many bytes the name takes.
func (d *directory) mentionAt(s string) (p Person, length int, ok bool) {
	for _, n := range d.names {
		length, ok := prefixFold(s, n.folded)
		if !ok {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(s[length:]); length < len(s) && wordRune(next) {
			continue
		}
		return d.people[n.person], length, true
	}
	return Person{}, 0, false
}

// prefixFold reports whether s starts with folded, and the length of that start.
func prefixFold(s, folded string) (int, bool) {
	i := 0
	for _, want := range folded {
		got, size := utf8.DecodeRuneInString(s[i:])
		if size == 0 || foldRune(got) != want {
			return 0, false
		}
		i += size
	}
	return i, true
}

func wordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || r == '_'
}

// mentionLine names above the text those of told whom the text does not mention.
func mentionLine(told []Person, mentions []Mention) (line string, all []Mention) {
	all = mentions
	var markers []string
	for _, p := range told {
		if slices.ContainsFunc(mentions, func(m Mention) bool { return m.Person.ID == p.ID }) {
			continue
		}
		m := Mention{ID: len(all), Text: p.Name, Person: p}
		all = append(all, m)
		markers = append(markers, m.marker())
	}
	if len(markers) == 0 {
		return "", all
	}
	return "<p>" + strings.Join(markers, ", ") + "</p>", all
}

func (m Mention) marker() string {
	return fmt.Sprintf(`<at id="%d">%s</at>`, m.ID, escape(m.Text))
}
