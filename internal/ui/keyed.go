package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Fyne gives a key to the widget that has the focus and to nobody else. The
// widgets here are Fyne's own, which first ask the panel whether the key is one
// of its own (keys.go). In all of them Enter does what Space does, and Tab
// leaves, so that the whole window can be used by keyboard.

// keyHook answers whether it took a key.
type keyHook func(*fyne.KeyEvent) bool

// button is a button with the panel's keys.
type button struct {
	widget.Button
	hook keyHook
}

func (p *Panel) button(label string, icon fyne.Resource, tapped func()) *button {
	b := &button{hook: p.key}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// primary is the button that a page or dialog is about.
func (p *Panel) primary(label string, icon fyne.Resource, tapped func()) *button {
	b := p.button(label, icon, tapped)
	b.Importance = widget.HighImportance
	return b
}

// plain is a button without a background.
func (p *Panel) plain(label string, icon fyne.Resource, tapped func()) *button {
	b := p.button(label, icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

func (b *button) TypedKey(ev *fyne.KeyEvent) {
	switch {
	case ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter:
		if !b.Disabled() {
			b.Tapped(nil)
		}
	case !b.hook(ev):
		b.Button.TypedKey(ev)
	}
}

func (b *button) setEnabled(on bool) {
	if on == !b.Disabled() {
		return
	}
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

// check is a check box with the panel's keys.
type check struct {
	widget.Check
	hook keyHook
}

func (p *Panel) check(label string, changed func(bool)) *check {
	c := &check{hook: p.key}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

func (c *check) TypedKey(ev *fyne.KeyEvent) {
	if ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter {
		c.SetChecked(!c.Checked)
		return
	}
	if !c.hook(ev) {
		c.Check.TypedKey(ev)
	}
}

// entry is a text field with the panel's keys. onEnter, where set, takes Enter.
type entry struct {
	widget.Entry
	hook    keyHook
	onEnter func()
	onDown  func()
}

func (p *Panel) entry(multiLine bool) *entry {
	e := &entry{hook: p.key}
	e.MultiLine = multiLine
	e.Wrapping = fyne.TextWrapOff
	e.Scroll = fyne.ScrollNone
	if multiLine {
		e.Wrapping = fyne.TextWrapWord
		e.Scroll = fyne.ScrollVerticalOnly
	}
	e.ExtendBaseWidget(e)
	return e
}

// AcceptsTab is false: Tab goes on to the next widget, also from the editor.
func (e *entry) AcceptsTab() bool { return false }

func (e *entry) TypedKey(ev *fyne.KeyEvent) {
	enter := ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter
	switch {
	case enter && e.onEnter != nil:
		e.onEnter()
	case ev.Name == fyne.KeyDown && e.onDown != nil:
		e.onDown()
	case ev.Name != fyne.KeyDelete && e.hook(ev):
	default:
		e.Entry.TypedKey(ev)
	}
}

// list is a list with the panel's keys: the arrows select at once, Enter does
// what a double click would.
type list struct {
	widget.List
	hook     keyHook
	selected int
	onEnter  func()
	skip     func(id int) bool // rows that are headings
}

func (p *Panel) list(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject), chosen func(int)) *list {
	l := &list{hook: p.key, selected: -1}
	l.Length, l.CreateItem, l.UpdateItem, l.HideSeparators = length, create, update, true
	l.OnSelected = func(id int) {
		if l.skip != nil && l.skip(id) {
			l.Unselect(id)
			if l.selected >= 0 {
				l.Select(l.selected)
			}
			return
		}
		l.selected = id
		l.Highlight(id) // the arrows go on from here
		chosen(id)
	}
	l.ExtendBaseWidget(l)
	return l
}

func (l *list) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyDown:
		l.move(1)
	case fyne.KeyUp:
		l.move(-1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if l.onEnter != nil {
			l.onEnter()
		}
	default:
		if !l.hook(ev) {
			l.List.TypedKey(ev)
		}
	}
}

// move selects the next row in a direction that is no heading.
func (l *list) move(step int) {
	for id := l.selected + step; id >= 0 && id < l.Length(); id += step {
		if l.skip == nil || !l.skip(id) {
			l.Select(id)
			return
		}
	}
}

// choose selects row id without telling anybody, or none for -1.
func (l *list) choose(id int) {
	told := l.OnSelected
	l.OnSelected = nil
	switch {
	case id < 0:
		l.UnselectAll()
	case id != l.selected:
		l.Select(id)
		l.Highlight(id)
	}
	l.selected = id
	l.OnSelected = told
}

// choice is a drop-down list with the panel's keys.
type choice struct {
	widget.Select
	hook keyHook
}

func (p *Panel) choice(options []string, changed func(string)) *choice {
	c := &choice{hook: p.key}
	c.Options, c.OnChanged = options, changed
	c.ExtendBaseWidget(c)
	return c
}

func (c *choice) TypedKey(ev *fyne.KeyEvent) {
	if !c.hook(ev) {
		c.Select.TypedKey(ev)
	}
}
