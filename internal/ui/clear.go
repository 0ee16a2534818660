package ui

import (
	"context"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// askClearSelected asks whether to clear the chosen session.
func (p *Panel) askClearSelected() {
	s, ok := p.sessions.selected()
	if !ok || p.modal != nil {
		return
	}
	who := personOf(s)
	if s.Email != "" && s.Email != who {
		who += " (" + s.Email + ")"
	}
	p.askClear(text.S("panel.clear.title", who), nil, text.S("panel.clear.button"),
		func() state.Clear { return state.Clear{IDs: []string{s.ID}} })
}

// askClearAll asks whether to clear all sessions, saying how many that are.
func (p *Panel) askClearAll() {
	if len(p.st.Sessions) == 0 || p.modal != nil {
		return
	}
	count := wrapped(bold(ClearAllText(p.st, true)))
	extra := container.NewVBox(count)
	this := p.check(text.S("panel.clear.this"), func(on bool) { count.SetText(ClearAllText(p.st, on)) })
	this.Checked = true
	if OtherDevices(p.st) {
		extra.Add(this)
	}
	p.askClear(text.S("panel.clear.all.title"), extra, text.S("panel.clear.all.button"),
		func() state.Clear { return state.Clear{All: true, ThisDevice: this.Checked} })
}

func (p *Panel) askClear(title string, extra fyne.CanvasObject, label string, req func() state.Clear) {
	body := container.NewVBox()
	if extra != nil {
		body.Add(extra)
	}
	body.Add(wrapped(widget.NewLabel(text.S("panel.clear.what"))))
	body.Add(wrapped(quiet(text.S("panel.clear.microsoft"))))
	var m *modal
	cancel := p.button(text.S("panel.button.cancel"), nil, func() { m.dismiss() })
	do := p.button(label, theme.DeleteIcon(), func() { p.clear(m, req()) })
	do.Importance = widget.DangerImportance
	m = p.openModal(title, body, []fyne.CanvasObject{cancel, do}, cancel)
}

// clear clears sessions and shows the report in the dialog that asked.
func (p *Panel) clear(m *modal, req state.Clear) {
	var stop context.CancelFunc
	cancel := p.button(text.S("panel.button.cancel"), nil, func() { stop() })
	bar := widget.NewProgressBarInfinite()
	m.fixed = true
	m.set(text.S("panel.clear.working"), bar, []fyne.CanvasObject{cancel}, cancel)
	stop = call(p, 2*time.Minute, func(ctx context.Context) (state.ClearReport, error) {
		return p.d.Service.Clear(ctx, req)
	}, func(r state.ClearReport, err error) {
		bar.Stop()
		m.fixed = false
		n := ClearNotice(r)
		if err != nil {
			var tell bool
			if n, tell = ErrorNotice(err); !tell {
				m.hide()
				return
			}
		}
		lines := selectable(wrapped(widget.NewLabel(n.Next)))
		body := container.NewStack(lines)
		if n.Detail != "" {
			body = container.NewVBox(lines, selectable(wrapped(quiet(n.Detail))))
		}
		scroll := container.NewVScroll(body)
		scroll.SetMinSize(fyne.NewSize(modalWidth-28, 220))
		done := p.primary(text.S("panel.button.close"), nil, m.dismiss)
		m.set(n.What, scroll, []fyne.CanvasObject{p.copyButton(n.Text), done}, done)
	})
}

// askUnsent asks before a window with unsent text is closed.
func (p *Panel) askUnsent() {
	var m *modal
	keep := p.primary(text.S("panel.unsent.keep"), nil, func() { m.dismiss() })
	discard := p.button(text.S("panel.unsent.discard"), nil, func() {
		p.post.editor.SetText("")
		p.end()
	})
	discard.Importance = widget.DangerImportance
	m = p.openModal(text.S("panel.unsent.title"), wrapped(widget.NewLabel(text.S("panel.unsent.what"))),
		[]fyne.CanvasObject{discard, keep}, keep)
}
