package ui

import (
	"errors"
	"io/fs"
	"os"
	"unicode/utf8"

	"debrief/internal/platform"
)

// The editor's text is lost by nobody but the person: where the window has to
// end without asking (the desktop logs out, Debrief quits), unsent text goes to
// the file Deps.Unsent, and the next window begins with it.

// keepUnsent writes the unsent text to its file, or removes a file whose text is
// not unsent any more.
func (p *Panel) keepUnsent() error {
	switch {
	case p.d.Unsent == "":
		return nil
	case p.post.unsent():
		return platform.WriteFile(p.d.Unsent, []byte(p.post.editor.Text))
	}
	return platform.RemoveFile(p.d.Unsent)
}

// bringUnsent puts the text of an earlier window into the editor.
func (p *Panel) bringUnsent() error {
	if p.d.Unsent == "" {
		return nil
	}
	b, err := os.ReadFile(p.d.Unsent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if utf8.Valid(b) {
		p.post.editor.SetText(string(b))
	}
	return nil
}
