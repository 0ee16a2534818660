// Package text is the one catalogue of words: everything that a person can see
// in tray, command line, sign-in pages and panel comes from here.
//
// Start with S, which gives the text of a key, and Problem (problem.go), which
// says of a failure what happened and what to do next. Each face has a file.
package text

import (
	"fmt"
	"maps"
)

// Key names a text of the catalogue.
type Key string

var english = merge(trayEnglish, cliEnglish, panelEnglish, signInEnglish, problemEnglish, doctorEnglish)

// S returns the text of key, with its verbs filled by args as fmt.Sprintf does.
// A key that the catalogue does not know comes back as it is.
func S(key Key, args ...any) string {
	t, ok := english[key]
	if !ok {
		return string(key)
	}
	if len(args) == 0 {
		return t
	}
	return fmt.Sprintf(t, args...)
}

func merge(parts ...map[Key]string) map[Key]string {
	all := map[Key]string{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}
