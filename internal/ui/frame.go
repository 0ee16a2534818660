package ui

import (
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// frame is what stands around the pages: the rail with the pages' names, and
// above the page what a person should know now.
type frame struct {
	p       *Panel
	root    fyne.CanvasObject
	nav     map[state.Page]*surface // behind the name of the page that is shown
	pages   *fyne.Container
	demo    *fyne.Container
	chats   *button
	version *widget.Label

	strips  *fyne.Container
	signIn  *signInStrip
	keyring slot
	problem slot
	notice  slot
	fade    timer
	seen    time.Time // problems up to here were dismissed
}

func newFrame(p *Panel) *frame {
	f := &frame{p: p, signIn: newSignInStrip(p), version: quiet("")}
	f.nav = map[state.Page]*surface{}
	page := func(name state.Page, label text.Key, icon fyne.Resource) fyne.CanvasObject {
		b := p.plain(text.S(label), icon, func() { p.show(name) })
		b.Alignment = widget.ButtonAlignLeading
		f.nav[name] = newSurface(colorAccent, 8, space(0, 0))
		return container.NewStack(f.nav[name], b)
	}
	f.chats = p.button(text.S("panel.demo.chats"), nil, p.openDemo)
	f.demo = container.NewVBox(
		container.NewHBox(newChip(text.S("panel.demo.chip"), Warn).root),
		pad(wrapped(quiet(text.S("panel.demo.about"))), -6, 0, -4, -4),
		f.chats)
	f.demo.Hide()
	brand := bold(text.S("panel.title"))
	brand.SizeName = theme.SizeNameSubHeadingText
	var logo fyne.CanvasObject = layout.NewSpacer()
	if p.d.Icon != nil {
		icon := widget.NewIcon(p.d.Icon)
		logo = container.NewGridWrap(fyne.NewSize(30, 30), icon)
	}
	rail := container.NewBorder(
		container.NewVBox(
			pad(container.NewHBox(container.NewCenter(logo), brand), 8, 10, 2, 0),
			page(state.PageSessions, "panel.nav.sessions", theme.AccountIcon()),
			page(state.PagePost, "panel.nav.post", theme.MailComposeIcon())),
		container.NewVBox(f.demo, f.version), nil, nil)
	f.keyring, f.problem, f.notice = newSlot(), newSlot(), newSlot()
	f.strips = container.NewVBox(f.signIn.root, f.keyring.box, f.problem.box, f.notice.box)
	f.pages = container.NewStack(p.sessions.root, p.post.root)
	content := container.NewBorder(f.strips, nil, nil, nil, f.pages)
	f.root = container.NewBorder(nil, nil,
		newSurface(colorRail, 0, minSize(pad(rail, 8, 8, 10, 10), 196, 0)), nil,
		pad(content, 12, 12, 16, 16))
	return f
}

// show turns to a page.
func (f *frame) show(page state.Page) {
	for name, behind := range f.nav {
		show(behind, name == page)
	}
	show(f.p.sessions.root, page == state.PageSessions)
	show(f.p.post.root, page == state.PagePost)
}

// apply shows what the newest state says to every page.
func (f *frame) apply() {
	st := f.p.st
	show(f.demo, st.Demo)
	f.version.SetText(text.S("panel.version", st.Version))
	f.signIn.apply()

	n, canUnlock, bad := KeyringNotice(st.Keyring)
	if !bad {
		f.keyring.clear()
	} else if f.keyring.shows != n {
		var unlock *button
		if canUnlock {
			unlock = f.p.button(text.S("panel.button.unlock"), nil, f.p.unlock)
		}
		f.keyring.set(n, f.p.noticeBox(n, nil, unlock))
	}
	if len(st.Problems) == 0 || !st.Problems[0].At.After(f.seen) {
		f.problem.clear()
	} else if n := ProblemNotice(st.Problems[0]); f.problem.shows != n {
		at := st.Problems[0].At
		f.problem.set(n, f.p.noticeBox(n, func() { f.seen = at; f.problem.clear() }, nil))
	}
}

// goodNews is how long good news stays.
const goodNews = 8 * time.Second

// tell shows a notice above the page until it is dismissed or replaced; good
// news goes by itself.
func (f *frame) tell(n Notice) {
	f.notice.set(n, f.p.noticeBox(n, f.notice.clear, nil))
	f.fade.cancel()
	if n.Tone == Good {
		f.fade.start(f.p, goodNews, f.notice.clear)
	}
}

// fail tells of a failed call; a cancelled one is not told.
func (f *frame) fail(err error) {
	if n, ok := ErrorNotice(err); ok {
		f.tell(n)
	}
}

// dismiss takes the last notice away.
func (f *frame) dismiss() { f.notice.clear() }

// slot is a place for one notice.
type slot struct {
	box   *fyne.Container
	shows Notice
}

func newSlot() slot {
	s := slot{box: container.NewStack()}
	s.box.Hide()
	return s
}

func (s *slot) set(n Notice, o fyne.CanvasObject) {
	s.shows = n
	s.box.Objects = []fyne.CanvasObject{o}
	s.box.Show()
	s.box.Refresh()
}

func (s *slot) clear() {
	s.shows = Notice{}
	s.box.Objects = nil
	s.box.Hide()
}

// noticeBox shows a notice: its words can be selected, and copied by a button.
func (p *Panel) noticeBox(n Notice, dismiss func(), extra *button) fyne.CanvasObject {
	buttons := container.NewHBox()
	if extra != nil {
		buttons.Add(extra)
	}
	buttons.Add(p.copyButton(n.Text))
	if dismiss != nil {
		buttons.Add(p.plain("", theme.CancelIcon(), dismiss))
	}
	return noticeSurface(n, container.NewBorder(nil, nil, noticeIcon(n), container.NewVBox(buttons), noticeWords(n)))
}

// narrowNotice is a noticeBox with its buttons below its words.
func (p *Panel) narrowNotice(n Notice, extra *button) fyne.CanvasObject {
	buttons := container.NewHBox(layout.NewSpacer())
	if extra != nil {
		buttons.Add(extra)
	}
	buttons.Add(p.copyButton(n.Text))
	return noticeSurface(n, container.NewBorder(nil, buttons, noticeIcon(n), nil, noticeWords(n)))
}

func noticeSurface(n Notice, content fyne.CanvasObject) fyne.CanvasObject {
	return pad(newSurface(softOf(n.Tone), 10, pad(content, 2, 2, 4, 4)), 0, 4, 0, 0)
}

func noticeIcon(n Notice) fyne.CanvasObject {
	return container.NewVBox(pad(widget.NewIcon(toneIcon(n.Tone)), 8, 0, 6, 0))
}

func noticeWords(n Notice) fyne.CanvasObject {
	words := stack(selectable(wrapped(bold(n.What))))
	if n.Next != "" {
		words.Add(selectable(wrapped(widget.NewLabel(n.Next))))
	}
	if n.Detail != "" && n.Detail != n.Next {
		detail := selectable(quiet(n.Detail))
		detail.Wrapping = fyne.TextWrapWord
		words.Add(detail)
	}
	return words
}

// copyButton copies what words gives when it is pressed, and says so.
func (p *Panel) copyButton(words func() string) *button {
	var b *button
	b = p.plain(text.S("panel.button.copy"), theme.ContentCopyIcon(), func() {
		p.copy(words())
		b.SetText(text.S("panel.button.copied"))
	})
	return b
}

func toneIcon(t Tone) fyne.Resource {
	switch t {
	case Good:
		return theme.NewSuccessThemedResource(theme.ConfirmIcon())
	case Warn:
		return theme.NewWarningThemedResource(theme.WarningIcon())
	case Bad:
		return theme.NewErrorThemedResource(theme.ErrorIcon())
	}
	return theme.NewThemedResource(theme.InfoIcon())
}

func show(o fyne.CanvasObject, on bool) {
	switch {
	case on && !o.Visible():
		o.Show()
	case !on && o.Visible():
		o.Hide()
	}
}
