package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// modal is a dialog over the window. Esc does what its dismiss does.
type modal struct {
	p         *Panel
	pop       *widget.PopUp
	holder    *fyne.Container
	onDismiss func() // before it closes; nil: nothing
	fixed     bool   // it cannot be dismissed now
}

const modalWidth = 480

// openModal shows a dialog with a title, a body and buttons; focus has the
// keyboard first.
func (p *Panel) openModal(title string, body fyne.CanvasObject, buttons []fyne.CanvasObject, focus fyne.Focusable) *modal {
	if p.modal != nil {
		p.modal.hide()
	}
	m := &modal{p: p, holder: container.NewStack()}
	p.modal = m
	m.pop = widget.NewModalPopUp(m.holder, p.win.Canvas())
	m.pop.Show()
	m.set(title, body, buttons, focus)
	return m
}

// set replaces what the dialog shows.
func (m *modal) set(title string, body fyne.CanvasObject, buttons []fyne.CanvasObject, focus fyne.Focusable) {
	row := container.NewHBox(append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)...)
	content := container.NewBorder(wrapped(subheading(title)), pad(row, 10, 0, 0, 0), nil, nil, body)
	m.holder.Objects = []fyne.CanvasObject{space(modalWidth, 0), pad(content, 12, 12, 14, 14)}
	m.holder.Refresh()
	// Wrapped text knows its height only at its width, so measure it there.
	m.pop.Resize(fyne.NewSize(modalWidth, m.pop.MinSize().Height))
	m.pop.Resize(m.pop.MinSize())
	m.p.win.Canvas().Focus(focus)
}

func (m *modal) dismiss() {
	if m.fixed {
		return
	}
	if m.onDismiss != nil {
		m.onDismiss()
	}
	m.hide()
}

func (m *modal) hide() {
	m.pop.Hide()
	if m.p.modal == m {
		m.p.modal = nil
	}
}
