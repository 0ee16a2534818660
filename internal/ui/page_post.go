package ui

import (
	"context"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// postPage posts a summary: the meetings on the left, the text and its preview
// on the right. What happens when it is posted is in posting.go.
type postPage struct {
	p    *Panel
	root *fyne.Container

	main    fyne.CanvasObject
	instead *fyne.Container // what is shown where nothing can be posted yet
	why     string          // what instead shows

	account    string // session id
	accounts   []string
	picker     *choice
	pickerRow  fyne.CanvasObject
	pickerFill bool // the picker is being filled: its changes are nobody's choice

	search      *entry
	refresh     *button
	list        *list
	listWords   *widget.Label
	listFailure slot
	meetings    []state.Meeting
	rows        []MeetingRow
	loadedFor   string // account
	loading     context.CancelFunc

	target state.Meeting // ID empty: none chosen
	to     *widget.Label
	toTime *widget.Label

	editor  *entry
	preview *preview
	people  *peopleView
	result  slot
	size    *widget.Label
	post    *button
	stop    *button
	bar     *widget.Activity

	debounce timer
	sending  context.CancelFunc
	sent     state.PostRequest // the last one
	pending  string            // id of a post that may still be posted by itself
	reported state.Post
}

func newPostPage(p *Panel) *postPage {
	o := &postPage{p: p, size: quiet(""), to: truncated(bold("")), toTime: quiet(""), bar: widget.NewActivity(),
		listFailure: newSlot(), result: newSlot(), listWords: wrapped(quiet(""))}
	o.buildMeetings()
	o.picker = p.choice(nil, func(string) {
		if !o.pickerFill && o.picker.SelectedIndex() >= 0 {
			o.setAccount(o.accounts[o.picker.SelectedIndex()])
			o.shown()
		}
	})
	o.pickerRow = container.NewHBox(widget.NewLabel(text.S("panel.post.account")), minSize(o.picker, 300, 0))
	o.pickerRow.Hide()

	o.editor = p.entry(true)
	o.editor.SetPlaceHolder(text.S("panel.post.placeholder"))
	o.editor.OnChanged = func(string) { o.edited() }
	o.preview = newPreview(p)
	o.people = newPeopleView(p, o.edited)
	o.post = p.primary(text.S("panel.post.button"), theme.MailSendIcon(), o.send)
	o.stop = p.button(text.S("panel.post.stop"), nil, func() {
		if o.sending != nil {
			o.sending()
		}
	})
	o.stop.Hide()
	o.bar.Hide()

	texts := above(0.56, o.editor, o.preview.root)
	bottom := container.NewVBox(o.people.root, o.result.box,
		container.NewBorder(nil, nil, o.size, container.NewHBox(container.NewCenter(o.bar), o.stop, minSize(o.post, 120, 38))))
	right := container.NewBorder(pad(stack(o.to, o.toTime), 0, 0, -4, 0), bottom, nil, nil, texts)

	left := container.NewBorder(
		container.NewVBox(container.NewBorder(nil, nil, nil, o.refresh, bold(text.S("panel.post.meetings"))), o.search),
		nil, nil, nil,
		pad(container.NewStack(o.list, container.NewVBox(o.listFailure.box, o.listWords)), 4, 0, 0, 0))
	o.main = beside(0.34, left, right)
	o.instead = container.NewStack()
	head := container.NewBorder(nil, nil, heading(text.S("panel.post.title")), container.NewVBox(o.pickerRow))
	o.root = container.NewBorder(head, nil, nil, nil, container.NewStack(o.main, o.instead))
	o.main.Hide()
	o.aim(state.Meeting{})
	return o
}

// apply shows the newest state.
func (o *postPage) apply() {
	st := o.p.st
	ids, names := Accounts(st)
	o.accounts = ids
	if indexOf(ids, o.account) < 0 {
		o.setAccount(FirstAccount(st))
	}
	o.pickerFill = true
	o.picker.Options = names
	o.picker.SetSelectedIndex(indexOf(ids, o.account))
	o.pickerFill = false
	show(o.pickerRow, len(ids) > 1)
	o.settle()
	o.follow()
	if o.p.page == state.PagePost {
		o.shown()
	}
}

// settle shows the page, or what is missing to use it. Text that was typed stays
// in sight whatever is missing.
func (o *postPage) settle() {
	why, action := "", func() {}
	s, found := o.session()
	switch {
	case !o.p.known:
		why = "starting"
	case !found:
		why = "nobody"
		action = func() { o.p.signIn(state.SignIn{}) }
	case (s.Status == state.NeedsSignIn || s.Status == state.Expired) && !o.unsent():
		why = "again:" + s.Email
		action = func() { o.p.signIn(state.SignIn{Hint: s.Email}) }
	}
	if why == "nobody" && o.unsent() {
		why = ""
	}
	show(o.main, why == "")
	show(o.instead, why != "")
	if why == o.why {
		return
	}
	o.why = why
	signIn := func(key text.Key) fyne.CanvasObject {
		return minSize(o.p.primary(text.S(key), theme.LoginIcon(), action), 180, 42)
	}
	switch {
	case why == "":
		o.instead.Objects = nil
	case why == "starting":
		o.instead.Objects = []fyne.CanvasObject{container.NewCenter(widget.NewLabel(text.S("panel.starting")))}
	case why == "nobody":
		o.instead.Objects = []fyne.CanvasObject{emptyState(theme.MailComposeIcon(), text.S("panel.post.signin.title"),
			text.S("panel.post.signin.what"), "", signIn("panel.empty.button"))}
	default:
		o.instead.Objects = []fyne.CanvasObject{emptyState(theme.AccountIcon(), text.S("panel.post.again.title", personOf(s)),
			Explain(s).What, Explain(s).Next, signIn("panel.button.again"))}
	}
	o.instead.Refresh()
}

// session is the one to post with.
func (o *postPage) session() (state.Session, bool) {
	for _, s := range o.p.st.Sessions {
		if s.ID == o.account {
			return s, true
		}
	}
	return state.Session{}, false
}

func (o *postPage) setAccount(id string) {
	if o.account == id {
		return
	}
	o.account = id
	o.stopLoading()
	o.meetings, o.loadedFor = nil, ""
	o.aim(state.Meeting{})
	o.fillMeetings()
}

func (o *postPage) aim(m state.Meeting) {
	o.target = m
	o.people.forget()
	if m.ID == "" {
		o.to.SetText(text.S("panel.post.choose"))
		o.toTime.SetText("")
		o.edited()
		return
	}
	row := meetingRow(m, o.p.now().Location())
	o.to.SetText(text.S("panel.post.to", row.Subject))
	when := Day(m.Start, o.p.now()) + ", " + row.Time
	if row.Marks != "" {
		when += " · " + row.Marks
	}
	o.toTime.SetText(when)
	if row.NoChat {
		n := Notice{Tone: Warn, What: text.S("panel.post.nochat"), Next: text.S("panel.post.nochat.next")}
		o.result.set(n, o.p.noticeBox(n, o.result.clear, nil))
	} else {
		o.result.clear()
		o.people.load(o.where())
	}
	o.edited()
}

func (o *postPage) where() state.Target {
	return state.Target{Account: o.account, Meeting: o.target.ID}
}

func (o *postPage) focus() {
	if o.target.ID != "" {
		o.p.focus(o.editor)
	} else {
		o.p.focus(o.search)
	}
}

func indexOf(all []string, one string) int {
	for i, s := range all {
		if s == one {
			return i
		}
	}
	return -1
}
