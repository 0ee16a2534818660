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

// preview shows a summary as the chat will: who says it, and its text.
type preview struct {
	p       *Panel
	root    fyne.CanvasObject
	state   *widget.Label
	who     *widget.Label
	initial *widget.Label
	text    *widget.Label
	message fyne.CanvasObject
	failure slot
	cancel  context.CancelFunc
}

func newPreview(p *Panel) *preview {
	v := &preview{p: p, state: wrapped(quiet("")), who: bold(""), text: selectable(wrapped(widget.NewLabel(""))), failure: newSlot()}
	var circle fyne.CanvasObject
	circle, v.initial = avatar("", 30)
	v.message = container.NewVBox(container.NewHBox(circle, v.who), pad(v.text, -10, 0, 34, 0))
	title := quiet(text.S("panel.post.preview"))
	title.TextStyle.Bold = true
	scroll := container.NewVScroll(container.NewVBox(v.failure.box, v.state, v.message))
	scroll.SetMinSize(fyne.NewSize(200, 90))
	s := newSurface(colorCard, 10, pad(container.NewBorder(title, nil, nil, nil, scroll), 0, 4, 6, 6))
	s.border = theme.ColorNameSeparator
	v.root = s
	v.empty()
	return v
}

// empty shows what the preview is for.
func (v *preview) empty() { v.say(text.S("panel.post.preview.empty")) }

func (v *preview) say(words string) {
	if v.cancel != nil {
		v.cancel()
		v.cancel = nil
	}
	v.failure.clear()
	v.message.Hide()
	v.state.SetText(words)
	v.state.Show()
}

// render asks how req would look. The last preview stays until the answer.
func (v *preview) render(req state.PostRequest, who string, done func(state.Rendered)) {
	if v.cancel != nil {
		v.cancel()
	}
	if !v.message.Visible() {
		v.say(text.S("panel.post.preview.wait"))
	}
	current := true
	stop := call(v.p, 30*time.Second, func(ctx context.Context) (state.Rendered, error) {
		r, err := v.p.d.Service.Post(ctx, req)
		return r.Rendered, err
	}, func(r state.Rendered, err error) {
		n, tell := ErrorNotice(err)
		switch {
		case !current, err != nil && !tell:
			return
		case err != nil:
			v.say("")
			v.state.Hide()
			v.failure.set(n, v.p.noticeBox(n, nil, nil))
			return
		}
		v.failure.clear()
		v.state.Hide()
		v.initial.SetText(Initials(who))
		v.who.SetText(who)
		v.text.SetText(r.Plain)
		v.message.Show()
		done(r)
	})
	v.cancel = func() { current = false; stop() }
}

// peopleView is the choice of whom to mention, with their names.
type peopleView struct {
	p      *Panel
	root   *fyne.Container
	box    *check
	names  *widget.Label
	cancel context.CancelFunc
}

func newPeopleView(p *Panel, changed func()) *peopleView {
	v := &peopleView{p: p, names: truncated(quiet(""))}
	v.box = p.check(text.S("panel.post.mention.all"), func(bool) { changed() })
	v.root = container.NewBorder(nil, nil, v.box, nil, v.names)
	return v
}

func (v *peopleView) all() bool { return v.box.Checked }

func (v *peopleView) forget() {
	if v.cancel != nil {
		v.cancel()
		v.cancel = nil
	}
	v.names.SetText("")
}

// load asks who reads the chat. Not knowing is no failure here: posting says it.
func (v *peopleView) load(target state.Target) {
	v.forget()
	v.names.SetText(text.S("panel.post.people.wait"))
	current := true
	stop := call(v.p, 30*time.Second, func(ctx context.Context) ([]state.Person, error) {
		return v.p.d.Service.People(ctx, target)
	}, func(people []state.Person, err error) {
		if !current {
			return
		}
		if n, tell := ErrorNotice(err); err != nil {
			if tell {
				v.names.SetText(n.What)
			}
			return
		}
		v.names.SetText(PeopleText(people))
	})
	v.cancel = func() { current = false; stop() }
}
