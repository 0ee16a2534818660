package ui

import (
	"context"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// sessionsPage is the inspector: the sessions, and everything about one.
type sessionsPage struct {
	p    *Panel
	root *fyne.Container

	full       fyne.CanvasObject // with sessions
	empty      fyne.CanvasObject // without
	waiting    fyne.CanvasObject // before the first snapshot
	list       *list
	rows       []SessionRow
	count      *widget.Label
	unreadable slot
	clearAll   *button
	signIns    []*button

	chosen string // id
	detail *detailView
}

func newSessionsPage(p *Panel) *sessionsPage {
	s := &sessionsPage{p: p, count: quiet(""), unreadable: newSlot()}
	s.detail = newDetailView(p)
	s.list = p.list(func() int { return len(s.rows) }, newSessionItem, func(id int, o fyne.CanvasObject) {
		if id < len(s.rows) {
			o.(*sessionItem).set(s.rows[id])
		}
	}, func(id int) { s.choose(s.rows[id].ID) })

	signIn := p.button(text.S("panel.button.signin"), theme.LoginIcon(), func() { p.signIn(state.SignIn{}) })
	s.clearAll = p.plain(text.S("panel.sessions.clearAll"), theme.DeleteIcon(), func() { p.askClearAll() })
	left := container.NewBorder(
		container.NewBorder(nil, nil, stack(heading(text.S("panel.sessions.title")), s.count), container.NewVBox(space(0, 4), signIn)),
		container.NewVBox(s.unreadable.box, container.NewHBox(s.clearAll)), nil, nil, pad(s.list, 4, 4, 0, 0))
	s.full = beside(0.4, left, s.detail.root)

	hero := p.primary(text.S("panel.empty.button"), theme.LoginIcon(), func() { p.signIn(state.SignIn{}) })
	s.signIns = []*button{signIn, hero}
	s.empty = emptyState(theme.AccountIcon(), text.S("panel.empty.title"), text.S("panel.empty.what"),
		text.S("panel.empty.keeps"), minSize(hero, 180, 42))
	s.waiting = container.NewCenter(widget.NewLabel(text.S("panel.starting")))
	s.root = container.NewStack(s.waiting, s.empty, s.full)
	s.empty.Hide()
	s.full.Hide()
	return s
}

// emptyState is a whole page that says what is missing and offers the way on.
func emptyState(icon fyne.Resource, title, what, more string, action fyne.CanvasObject) fyne.CanvasObject {
	image := container.NewGridWrap(fyne.NewSize(72, 72),
		newSurface(colorAccent, 36, pad(widget.NewIcon(theme.NewPrimaryThemedResource(icon)), 18, 18, 18, 18)))
	head := heading(title)
	head.Alignment = fyne.TextAlignCenter
	words := wrapped(widget.NewLabel(what))
	words.Alignment = fyne.TextAlignCenter
	box := container.NewVBox(layout.NewSpacer(), container.NewCenter(image), head, narrow(words, 460))
	if action != nil {
		box.Add(pad(container.NewCenter(action), 8, 8, 0, 0))
	}
	if more != "" {
		small := wrapped(quiet(more))
		small.Alignment = fyne.TextAlignCenter
		box.Add(narrow(small, 420))
	}
	box.Add(layout.NewSpacer())
	box.Add(layout.NewSpacer())
	return box
}

// apply shows the newest state.
func (s *sessionsPage) apply() {
	st := s.p.st
	some := len(st.Sessions) > 0
	show(s.waiting, !s.p.known || (!st.Ready && !some))
	show(s.empty, s.p.known && st.Ready && !some)
	show(s.full, some)
	for _, b := range s.signIns {
		b.setEnabled(st.SignIn == nil && s.p.signing.cancel == nil)
	}
	s.rows = SessionRows(st, s.p.now())
	s.count.SetText(SessionCount(len(st.Sessions)))
	if n := UnreadableNotice(st); n.What == "" {
		s.unreadable.clear()
	} else if s.unreadable.shows != n {
		s.unreadable.set(n, s.p.narrowNotice(n, nil))
	}
	at := s.index(s.chosen)
	if at < 0 && some {
		at = 0
		s.chosen = s.rows[0].ID
	}
	s.list.Refresh()
	s.list.choose(at)
	if at < 0 {
		s.chosen = ""
		return
	}
	s.detail.show(st.Sessions[at])
}

func (s *sessionsPage) index(id string) int {
	for i, r := range s.rows {
		if r.ID == id {
			return i
		}
	}
	return -1
}

// choose selects a session, also one that the next snapshot will bring.
func (s *sessionsPage) choose(id string) {
	s.chosen = id
	if at := s.index(id); at >= 0 {
		s.list.choose(at)
		s.detail.show(s.p.st.Sessions[at])
	}
}

// selected is the chosen session.
func (s *sessionsPage) selected() (state.Session, bool) {
	for _, x := range s.p.st.Sessions {
		if x.ID == s.chosen {
			return x, true
		}
	}
	return state.Session{}, false
}

// tick moves the countdowns on.
func (s *sessionsPage) tick() {
	s.rows = SessionRows(s.p.st, s.p.now())
	s.list.Refresh()
	s.detail.tick()
}

func (s *sessionsPage) focus() {
	if s.full.Visible() {
		s.p.focus(s.list)
	} else if s.empty.Visible() {
		s.p.focus(s.signIns[1])
	}
}

// loadDetail asks for everything about a session.
func (p *Panel) loadDetail(id string, done func(state.SessionDetail, error)) context.CancelFunc {
	return call(p, 30*time.Second, func(ctx context.Context) (state.SessionDetail, error) {
		return p.d.Service.Session(ctx, id)
	}, done)
}

// openDemo shows the demo tenant's chats.
func (p *Panel) openDemo() {
	act(p, 20*time.Second, p.d.Service.OpenDemo, func(err error) { p.frame.fail(err) })
}

// unlock asks for the keyring's password; how long that takes is up to the person.
// A file vault's passphrase is typed here.
func (p *Panel) unlock() {
	switch p.st.Keyring.Reason {
	case vault.NeedsPhrase, vault.NotCreated:
		p.askPassphrase(p.st.Keyring.Reason == vault.NotCreated)
		return
	}
	p.frame.tell(Notice{What: text.S("panel.keyring.unlocking")})
	act(p, 0, p.d.Service.Unlock, func(err error) {
		p.frame.dismiss()
		p.frame.fail(err)
	})
}

// sessionItem is a row of the list.
type sessionItem struct {
	widget.BaseWidget
	initials, name, email, access *widget.Label
	status                        *chip
	content                       fyne.CanvasObject
}

func newSessionItem() fyne.CanvasObject {
	i := &sessionItem{name: truncated(bold("")), email: truncated(quiet("")), access: truncated(quiet("")), status: newChip("", Calm)}
	var circle fyne.CanvasObject
	circle, i.initials = avatar("", 38)
	i.content = pad(container.NewBorder(nil, nil, pad(circle, 0, 0, 4, 0), nil,
		container.NewVBox(stack(i.name, i.email), pad(container.NewBorder(nil, nil, container.NewHBox(space(2, 0), container.NewCenter(i.status.root)), nil, i.access), -6, 0, 0, 0))), 2, 6, 2, 2)
	i.ExtendBaseWidget(i)
	return i
}

func (i *sessionItem) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(i.content)
}

func (i *sessionItem) set(r SessionRow) {
	i.initials.SetText(r.Initials)
	i.name.SetText(r.Name)
	email := r.Email
	if r.Device != "" {
		email += " · " + r.Device
	}
	i.email.SetText(email)
	i.status.set(r.Status, r.Tone)
	i.access.SetText(r.Access)
}
