package ui

import (
	"context"
	"time"

	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// lostFor is how long a window without a resident stays open by itself.
const lostFor = time.Minute

// lostPage is shown when the resident is gone.
type lostPage struct {
	p       *Panel
	root    fyne.CanvasObject
	words   *widget.Label
	closing *widget.Label
	failure slot
	again   *button
	copy    *button
	busy    bool
	until   time.Time
}

func newLostPage(p *Panel) *lostPage {
	l := &lostPage{p: p, words: wrapped(widget.NewLabel("")), closing: quiet(""), failure: newSlot()}
	l.words.Alignment, l.closing.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	label := text.S("panel.lost.connect")
	if p.d.Restart != nil {
		label = text.S("panel.lost.start")
	}
	l.again = p.primary(label, nil, l.start)
	l.copy = p.button(text.S("panel.lost.copy"), theme.ContentCopyIcon(), func() { p.copy(p.post.editor.Text) })
	title := heading(text.S("panel.lost.title"))
	title.Alignment = fyne.TextAlignCenter
	l.root = container.NewVBox(layout.NewSpacer(),
		title, narrow(l.words, 520), narrow(l.failure.box, 520),
		container.NewCenter(container.NewHBox(l.again, l.copy, p.button(text.S("panel.button.close"), nil, p.tryClose))),
		l.closing, layout.NewSpacer(), layout.NewSpacer())
	return l
}

// lose shows that the resident is gone. The window ends by itself after a while,
// unless text would be lost.
func (p *Panel) lose(error) {
	if p.modal != nil {
		p.modal.hide()
	}
	l := p.lost
	p.gone, l.busy = true, false
	l.until = p.now().Add(lostFor)
	words := text.S("panel.lost.what")
	if p.post.unsent() {
		words += " " + text.S("panel.lost.unsent")
	}
	if p.d.Restart == nil {
		words += "\n" + text.S("panel.lost.from.menu")
	}
	l.words.SetText(words)
	show(l.copy, p.post.unsent())
	l.failure.clear()
	l.again.setEnabled(true)
	p.body.Objects = []fyne.CanvasObject{l.root}
	p.body.Refresh()
	p.win.Canvas().Focus(l.again)
	l.tell()
	p.retick()
}

// tick counts the window's own end down.
func (l *lostPage) tick() {
	if !l.busy && !l.p.post.unsent() && l.p.modal == nil && !l.p.now().Before(l.until) {
		l.p.close()
		return
	}
	l.tell()
}

func (l *lostPage) tell() {
	switch left := l.until.Sub(l.p.now()); {
	case l.busy:
		l.closing.SetText(text.S("panel.lost.starting"))
	case l.p.post.unsent():
		l.closing.SetText(text.S("panel.lost.stays"))
	default:
		l.closing.SetText(text.S("panel.lost.closing", int(max(left, 0).Round(time.Second)/time.Second)))
	}
}

// start starts the resident again, or looks whether it is back.
func (l *lostPage) start() {
	l.busy = true
	l.again.setEnabled(false)
	l.failure.clear()
	l.tell()
	if err := l.p.keepUnsent(); err != nil {
		l.failed(err)
		return
	}
	call(l.p, 20*time.Second, func(ctx context.Context) (back bool, err error) {
		if _, err = l.p.d.Service.State(ctx); err == nil {
			return true, nil
		}
		if l.p.d.Restart == nil {
			return false, err
		}
		return false, l.p.d.Restart(ctx)
	}, func(back bool, err error) {
		l.busy = false
		l.again.setEnabled(true)
		switch {
		case err != nil:
			l.failed(err)
		case back:
			l.p.watch()
		default: // it has opened a window of its own, which has the unsent text
			l.p.close()
		}
	})
}

func (l *lostPage) failed(err error) {
	l.busy = false
	l.again.setEnabled(true)
	l.until = l.p.now().Add(lostFor)
	n := Notice{Tone: Bad, What: text.S("panel.lost.not.started"), Detail: err.Error()}
	l.failure.set(n, l.p.noticeBox(n, nil, nil))
	l.tell()
}
