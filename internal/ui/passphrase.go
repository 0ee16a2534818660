package ui

import (
	"context"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// askPassphrase asks for a file vault's passphrase, twice where it is chosen.
func (p *Panel) askPassphrase(create bool) {
	if p.modal != nil {
		return
	}
	phrase, again := widget.NewPasswordEntry(), widget.NewPasswordEntry()
	phrase.SetPlaceHolder(text.S("panel.passphrase"))
	again.SetPlaceHolder(text.S("panel.passphrase.again"))
	title, what, label := text.S("panel.passphrase.title"), text.S("panel.passphrase.what"), text.S("panel.button.unlock")
	if create {
		title, what, label = text.S("panel.passphrase.new"), text.S("panel.passphrase.new.what"), text.S("panel.passphrase.choose")
	}
	wrong := wrapped(widget.NewLabel(""))
	wrong.Hide()
	body := container.NewVBox(wrapped(widget.NewLabel(what)), phrase)
	if create {
		body.Add(again)
	}
	body.Add(wrong)
	tell := func(words string) {
		wrong.SetText(words)
		wrong.Show()
		p.win.Canvas().Focus(phrase)
	}
	var m *modal
	var open func(string)
	cancel := p.button(text.S("panel.button.cancel"), nil, func() { m.dismiss() })
	do := p.primary(label, nil, func() { open("") })
	open = func(string) {
		if create && phrase.Text != again.Text {
			tell(text.S("panel.passphrase.differs"))
			return
		}
		req := state.OpenVault{Passphrase: state.Passphrase(phrase.Text), New: create}
		m.fixed = true
		do.Disable()
		act(p, time.Minute, func(ctx context.Context) error { return p.d.Service.OpenVault(ctx, req) }, func(err error) {
			clear(req.Passphrase)
			m.fixed = false
			do.Enable()
			if n, bad := ErrorNotice(err); bad {
				tell(n.What + " " + n.Next)
				return
			}
			phrase.SetText("")
			again.SetText("")
			m.hide()
		})
	}
	phrase.OnSubmitted, again.OnSubmitted = open, open
	m = p.openModal(title, body, []fyne.CanvasObject{cancel, do}, phrase)
}
