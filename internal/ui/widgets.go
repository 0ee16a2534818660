package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// surface is a rounded area of a theme colour with something on it.
type surface struct {
	widget.BaseWidget
	color   fyne.ThemeColorName
	border  fyne.ThemeColorName // empty: none
	radius  float32
	content fyne.CanvasObject
}

func newSurface(color fyne.ThemeColorName, radius float32, content fyne.CanvasObject) *surface {
	s := &surface{color: color, radius: radius, content: content}
	s.ExtendBaseWidget(s)
	return s
}

// card is a surface for a group of things.
func card(content fyne.CanvasObject) *surface {
	s := newSurface(colorCard, 12, pad(content, 10, 10, 8, 8))
	s.border = theme.ColorNameSeparator
	return s
}

func (s *surface) CreateRenderer() fyne.WidgetRenderer {
	r := &surfaceRenderer{s: s, rect: canvas.NewRectangle(theme.Color(s.color))}
	r.apply()
	return r
}

type surfaceRenderer struct {
	s    *surface
	rect *canvas.Rectangle
}

func (r *surfaceRenderer) apply() {
	r.rect.FillColor = theme.Color(r.s.color)
	r.rect.CornerRadius = r.s.radius
	if r.s.border != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = theme.Color(r.s.border), 1
	}
}
func (r *surfaceRenderer) Destroy() {}
func (r *surfaceRenderer) Layout(size fyne.Size) {
	r.rect.Resize(size)
	r.s.content.Resize(size)
}
func (r *surfaceRenderer) MinSize() fyne.Size { return r.s.content.MinSize() }
func (r *surfaceRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.rect, r.s.content}
}
func (r *surfaceRenderer) Refresh() {
	r.apply()
	r.rect.Refresh()
	r.s.content.Refresh()
}

// chip is a short word on a coloured pill.
type chip struct {
	root  *surface
	label *widget.Label
}

func newChip(word string, tone Tone) *chip {
	l := widget.NewLabelWithStyle(word, fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	l.SizeName = theme.SizeNameCaptionText
	c := &chip{label: l}
	c.root = newSurface(softOf(tone), 9, pad(l, -5, -5, 0, 0))
	c.set(word, tone)
	return c
}

func (c *chip) set(word string, tone Tone) {
	c.label.Importance = importanceOf(tone)
	c.label.SetText(word)
	c.root.color = softOf(tone)
	c.root.Refresh()
}

func importanceOf(t Tone) widget.Importance {
	switch t {
	case Good:
		return widget.SuccessImportance
	case Warn:
		return widget.WarningImportance
	case Bad:
		return widget.DangerImportance
	}
	return widget.MediumImportance
}

// avatar shows a person's initials in a circle.
func avatar(initials string, size float32) (fyne.CanvasObject, *widget.Label) {
	l := widget.NewLabelWithStyle(initials, fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	l.Importance = widget.HighImportance
	circle := newSurface(colorAccent, size/2, container.NewCenter(l))
	return container.NewCenter(container.NewGridWrap(fyne.NewSize(size, size), circle)), l
}

func heading(s string) *widget.Label {
	l := widget.NewLabelWithStyle(s, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	l.SizeName = theme.SizeNameHeadingText
	return l
}

func subheading(s string) *widget.Label {
	l := widget.NewLabelWithStyle(s, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	l.SizeName = theme.SizeNameSubHeadingText
	return l
}

func bold(s string) *widget.Label {
	return widget.NewLabelWithStyle(s, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
}

// quiet is a small label in the placeholder colour.
func quiet(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.SizeName = theme.SizeNameCaptionText
	l.Importance = widget.LowImportance
	return l
}

// wrapped lets a label break its lines at words.
func wrapped(l *widget.Label) *widget.Label {
	l.Wrapping = fyne.TextWrapWord
	return l
}

// truncated lets a label end in an ellipsis where it has no room.
func truncated(l *widget.Label) *widget.Label {
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// selectable lets a label's text be selected and copied.
func selectable(l *widget.Label) *widget.Label {
	l.Selectable = true
	return l
}

// pad puts space around something; negative space takes a label's own away.
func pad(o fyne.CanvasObject, top, bottom, left, right float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

// stack puts labels below each other, closer than a VBox does.
func stack(objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(-12), objects...)
}

// space is nothing of a size.
func space(w, h float32) fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSize(w, h))
	return r
}

// minSize gives something at least a size.
func minSize(o fyne.CanvasObject, w, h float32) fyne.CanvasObject {
	return container.NewStack(space(w, h), o)
}

// narrow keeps a wrapping text at a readable width, in the middle.
func narrow(o fyne.CanvasObject, width float32) fyne.CanvasObject {
	return container.NewHBox(layout.NewSpacer(), minSize(o, width, 0), layout.NewSpacer())
}

// shares divides its space between two things: the first gets a share of it,
// but never less than it needs.
type shares struct {
	first    float32
	vertical bool
	gap      float32
}

func beside(first float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(shares{first: first, gap: 18}, left, right)
}

func above(first float32, top, bottom fyne.CanvasObject) *fyne.Container {
	return container.New(shares{first: first, gap: 8, vertical: true}, top, bottom)
}

func (s shares) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	a, b := objects[0], objects[1]
	if s.vertical {
		h := max((size.Height-s.gap)*s.first, a.MinSize().Height)
		a.Resize(fyne.NewSize(size.Width, h))
		b.Resize(fyne.NewSize(size.Width, max(size.Height-s.gap-h, 0)))
		b.Move(fyne.NewPos(0, h+s.gap))
		return
	}
	w := max((size.Width-s.gap)*s.first, a.MinSize().Width)
	a.Resize(fyne.NewSize(w, size.Height))
	b.Resize(fyne.NewSize(max(size.Width-s.gap-w, 0), size.Height))
	b.Move(fyne.NewPos(w+s.gap, 0))
}

func (s shares) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	if s.vertical {
		return fyne.NewSize(max(a.Width, b.Width), a.Height+s.gap+b.Height)
	}
	return fyne.NewSize(a.Width+s.gap+b.Width, max(a.Height, b.Height))
}
