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

func (o *postPage) buildMeetings() {
	o.search = o.p.entry(false)
	o.search.SetPlaceHolder(text.S("panel.post.search"))
	o.search.OnChanged = func(string) { o.fillMeetings() }
	o.search.onEnter = o.firstMatch
	o.search.onDown = func() { o.p.focus(o.list) }
	o.refresh = o.p.plain(text.S("panel.post.refresh"), theme.ViewRefreshIcon(), o.load)
	o.list = o.p.list(func() int { return len(o.rows) }, newMeetingItem, func(id int, x fyne.CanvasObject) {
		if id < len(o.rows) {
			x.(*meetingItem).set(o.rows[id])
		}
	}, func(id int) { o.chooseMeeting(o.rows[id].ID) })
	o.list.skip = func(id int) bool { return id < len(o.rows) && o.rows[id].Day != "" }
	o.list.onEnter = func() { o.p.focus(o.editor) }
}

// shown reads the meetings when the page is first seen with an account.
func (o *postPage) shown() {
	if o.account != "" && o.loadedFor != o.account && o.loading == nil && o.main.Visible() {
		o.load()
	}
}

// load reads the meetings again.
func (o *postPage) load() {
	if o.account == "" {
		return
	}
	o.stopLoading()
	account := o.account
	o.loadedFor = account
	o.listFailure.clear()
	o.refresh.setEnabled(false)
	current := true
	stop := call(o.p, time.Minute, func(ctx context.Context) ([]state.Meeting, error) {
		return o.p.d.Service.Meetings(ctx, account)
	}, func(meetings []state.Meeting, err error) {
		if !current {
			return
		}
		o.loading = nil
		o.refresh.setEnabled(true)
		if n, tell := ErrorNotice(err); tell {
			o.listFailure.set(n, o.p.narrowNotice(n, o.p.button(text.S("panel.button.retry"), nil, o.load)))
			o.fillMeetings()
			return
		}
		o.meetings = meetings
		if o.target.ID == "" {
			o.chooseMeeting(LatestMeeting(meetings, o.p.now()))
		}
		o.fillMeetings()
	})
	o.loading = func() { current = false; stop() }
	o.fillMeetings()
}

// stopLoading gives a reading of meetings up; its answer is not waited for.
func (o *postPage) stopLoading() {
	if o.loading != nil {
		o.loading()
		o.loading = nil
	}
	o.refresh.setEnabled(true)
}

// fillMeetings shows the meetings that match the search, or why there are none.
func (o *postPage) fillMeetings() {
	o.rows = MeetingRows(o.meetings, o.search.Text, o.p.now())
	words := ""
	switch {
	case len(o.rows) > 0 || o.listFailure.box.Visible():
	case o.loading != nil:
		words = text.S("panel.post.loading")
	case len(o.meetings) > 0:
		words = text.S("panel.post.nomatch", o.search.Text)
	case o.loadedFor != "":
		words = text.S("panel.post.none")
	}
	o.listWords.SetText(words)
	show(o.listWords, words != "")
	show(o.list, len(o.rows) > 0)
	o.list.Refresh()
	at := -1
	for i, r := range o.rows {
		height := float32(meetingHeight)
		if r.Day != "" {
			height = dayHeight
		}
		o.list.SetItemHeight(i, height)
		if r.ID != "" && r.ID == o.target.ID {
			at = i
		}
	}
	o.list.choose(at)
}

// firstMatch chooses the first meeting that the search found.
func (o *postPage) firstMatch() {
	for i, r := range o.rows {
		if r.ID != "" {
			o.list.choose(i)
			o.chooseMeeting(r.ID)
			o.p.focus(o.editor)
			return
		}
	}
}

// chooseMeeting makes a meeting the target.
func (o *postPage) chooseMeeting(id string) {
	for _, m := range o.meetings {
		if m.ID == id && id != "" && m.ID != o.target.ID {
			o.aim(m)
		}
	}
}

// meetingItem is a row of the list of meetings: a day or a meeting.
type meetingItem struct {
	widget.BaseWidget
	day, subject, time, marks *widget.Label
	meeting                   fyne.CanvasObject
	content                   fyne.CanvasObject
}

const meetingHeight, dayHeight = 52, 34

func newMeetingItem() fyne.CanvasObject {
	i := &meetingItem{day: bold(""), subject: truncated(widget.NewLabel("")), time: quiet(""), marks: truncated(quiet(""))}
	i.day.SizeName = theme.SizeNameCaptionText
	i.day.Importance = widget.HighImportance
	i.marks.Importance = widget.WarningImportance
	i.meeting = stack(i.subject, container.NewBorder(nil, nil, i.time, nil, i.marks))
	i.content = container.NewStack(i.meeting, container.NewBorder(nil, i.day, nil, nil))
	i.ExtendBaseWidget(i)
	return i
}

func (i *meetingItem) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(i.content)
}

func (i *meetingItem) set(r MeetingRow) {
	show(i.day, r.Day != "")
	show(i.meeting, r.Day == "")
	i.day.SetText(r.Day)
	i.subject.SetText(r.Subject)
	i.subject.Importance = widget.MediumImportance
	if r.NoChat {
		i.subject.Importance = widget.LowImportance
	}
	i.subject.Refresh()
	i.time.SetText(r.Time)
	i.marks.SetText(r.Marks)
}
