package ui

import (
	"context"
	"slices"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// detailView shows everything about one session: the record at once, the token
// cache as soon as the resident has read it.
type detailView struct {
	p    *Panel
	root fyne.CanvasObject

	initials, name, email *widget.Label
	status                *chip
	what, next            *widget.Label
	again                 *button
	scroll                *container.Scroll
	body                  *fyne.Container
	counting              []*widget.Label // values of the token facts that count down

	shown  state.Session
	detail *state.SessionDetail
	err    error
	cancel context.CancelFunc
}

func newDetailView(p *Panel) *detailView {
	d := &detailView{p: p, name: truncated(subheading("")), email: truncated(widget.NewLabel("")), status: newChip("", Calm),
		what: selectable(wrapped(widget.NewLabel(""))), next: selectable(wrapped(bold(""))), body: container.New(layout.NewCustomPaddedVBoxLayout(10))}
	d.email.Importance = widget.LowImportance
	var circle fyne.CanvasObject
	circle, d.initials = avatar("", 48)
	d.again = p.primary(text.S("panel.button.again"), theme.LoginIcon(), func() {
		p.signIn(state.SignIn{Hint: d.shown.Email})
	})
	remove := p.button(text.S("panel.sessions.clear"), theme.DeleteIcon(), p.askClearSelected)
	head := container.NewBorder(nil, nil, pad(circle, 0, 0, 0, 4), container.NewVBox(space(0, 4), remove), stack(d.name, d.email))
	state := container.NewVBox(
		container.NewBorder(nil, nil, nil, container.NewVBox(d.again), container.NewHBox(space(2, 0), container.NewCenter(d.status.root))),
		pad(stack(d.what, d.next), -6, 0, 0, 0))
	d.scroll = container.NewVScroll(pad(d.body, 0, 8, 0, 12))
	d.root = container.NewBorder(container.NewVBox(head, state), nil, nil, nil, d.scroll)
	return d
}

// show shows a session. Its detail is asked for when the session or its record
// changed.
func (d *detailView) show(s state.Session) {
	other := s.ID != d.shown.ID
	changed := other || s.Version != d.shown.Version || s.Status != d.shown.Status ||
		!s.Tokens.AccessExpiresAt.Equal(d.shown.Tokens.AccessExpiresAt)
	if !changed {
		return
	}
	d.shown, d.err = s, nil
	if other {
		d.detail = nil
		d.scroll.ScrollToTop()
	}
	d.initials.SetText(Initials(personOf(s)))
	d.name.SetText(personOf(s))
	d.email.SetText(s.Email)
	d.status.set(StatusWord(s.Status), statusTone(s.Status))
	why := Explain(s)
	d.what.SetText(why.What)
	d.next.SetText(why.Next)
	show(d.next, why.Next != "")
	show(d.again, why.SignIn)
	d.fill()
	d.load()
}

func (d *detailView) load() {
	if d.cancel != nil {
		d.cancel()
	}
	id := d.shown.ID
	d.cancel = d.p.loadDetail(id, func(x state.SessionDetail, err error) {
		if id != d.shown.ID || (err != nil && d.p.ctx.Err() != nil) {
			return
		}
		if _, tell := ErrorNotice(err); err != nil && !tell {
			return
		}
		d.err = err
		if err == nil {
			d.detail = &x
		}
		d.fill()
	})
}

// fill builds the cards anew.
func (d *detailView) fill() {
	loc := d.p.now().Location()
	tokens, values := factCard(Tokens(d.shown, d.p.now()))
	d.counting = values
	cards := []fyne.CanvasObject{tokens}
	record := SessionFacts(d.shown, loc)
	times, _ := factCard(record[0])
	account, _ := factCard(record[1])
	cards = append(cards, times, d.cacheCard(), account)
	if d.detail != nil {
		for _, sec := range []Section{PlaceFacts(*d.detail), ClaimFacts(*d.detail)} {
			if len(sec.Facts) > 0 {
				c, _ := factCard(sec)
				cards = append(cards, c)
			}
		}
	}
	d.body.Objects = slices.Concat(cards)
	d.body.Refresh()
}

// cacheCard shows the entries of the token cache, or why they cannot be shown.
func (d *detailView) cacheCard() fyne.CanvasObject {
	title := bold(text.S("panel.facts.cache"))
	switch {
	case d.err != nil:
		n, _ := ErrorNotice(d.err)
		return card(container.NewVBox(title, d.p.noticeBox(n, nil, d.p.button(text.S("panel.button.retry"), nil, d.load))))
	case d.detail == nil:
		return card(container.NewVBox(title, quiet(text.S("panel.loading"))))
	case d.detail.CacheProblem != nil:
		return card(container.NewVBox(title, d.p.noticeBox(ProblemNotice(*d.detail.CacheProblem), nil, nil)))
	case len(d.detail.Cache) == 0:
		return card(container.NewVBox(title, quiet(text.S("panel.cache.none"))))
	}
	box := container.NewVBox(title)
	for i, sec := range CacheSections(*d.detail, d.p.now().Location()) {
		if i > 0 {
			box.Add(widget.NewSeparator())
		}
		kind := selectable(wrapped(widget.NewLabel(sec.Title)))
		kind.Importance = widget.HighImportance
		box.Add(kind)
		if len(sec.Facts) > 0 {
			grid, _ := factGrid(sec.Facts)
			box.Add(pad(grid, -8, 0, 0, 0))
		}
	}
	return card(box)
}

// tick moves the countdowns on.
func (d *detailView) tick() {
	if d.shown.ID == "" {
		return
	}
	for i, f := range Tokens(d.shown, d.p.now()).Facts {
		if i < len(d.counting) && d.counting[i].Text != f.Value {
			d.counting[i].SetText(f.Value)
		}
	}
}

// factCard shows a section; values are the labels of its facts' values.
func factCard(sec Section) (o fyne.CanvasObject, values []*widget.Label) {
	grid, values := factGrid(sec.Facts)
	return card(container.NewVBox(bold(sec.Title), pad(grid, -6, 0, 0, 0))), values
}

func factGrid(facts []Fact) (o fyne.CanvasObject, values []*widget.Label) {
	grid := container.New(factLayout{})
	for _, f := range facts {
		name := wrapped(widget.NewLabel(f.Name))
		name.Importance = widget.LowImportance
		value := selectable(widget.NewLabel(f.Value))
		value.Wrapping = fyne.TextWrapBreak
		if len(f.Value) > 0 && containsSpace(f.Value) {
			value.Wrapping = fyne.TextWrapWord
		}
		values = append(values, value)
		right := stack(value)
		if f.Second != "" {
			second := quiet(f.Second)
			second.Wrapping = fyne.TextWrapWord
			if !containsSpace(f.Second) {
				second.Wrapping = fyne.TextWrapBreak
			}
			right.Add(second)
		}
		grid.Add(name)
		grid.Add(right)
	}
	return grid, values
}

func containsSpace(s string) bool { return slices.Contains([]byte(s), ' ') }

// factLayout sets names beside values: names have a fixed width, values the rest;
// rows are close together.
type factLayout struct{}

const (
	factName = 130
	factGap  = -10
)

func (factLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for i := 0; i+1 < len(objects); i += 2 {
		name, value := objects[i], objects[i+1]
		name.Resize(fyne.NewSize(factName, name.MinSize().Height))
		value.Resize(fyne.NewSize(max(size.Width-factName, 0), value.MinSize().Height))
		h := max(name.MinSize().Height, value.MinSize().Height)
		name.Move(fyne.NewPos(0, y))
		value.Move(fyne.NewPos(factName, y))
		name.Resize(fyne.NewSize(factName, h))
		value.Resize(fyne.NewSize(max(size.Width-factName, 0), h))
		y += h + factGap
	}
}

func (factLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for i := 0; i+1 < len(objects); i += 2 {
		h += max(objects[i].MinSize().Height, objects[i+1].MinSize().Height) + factGap
	}
	return fyne.NewSize(factName+160, max(h-factGap, 0))
}
