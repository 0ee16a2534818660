package ui

import (
	"strconv"
	"time"

	"debrief/internal/text"
)

// Countdown words what is left of a time: minutes and seconds below an hour,
// then hours and minutes, then days and hours. Nothing left is "0:00".
func Countdown(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	switch {
	case d < time.Hour:
		return text.S("panel.countdown.ms", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return text.S("panel.countdown.h", int(d.Hours()), int(d.Minutes())%60)
	}
	return text.S("panel.countdown.d", int(d.Hours())/24, int(d.Hours())%24)
}

// Moment words a time in loc, with its date.
func Moment(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return text.S("panel.none")
	}
	t = t.In(loc)
	return text.S("panel.moment", weekday(t), t.Day(), month(t), t.Year(), t.Format("15:04:05"))
}

// MomentUTC is the same time as machines write it.
func MomentUTC(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return text.S("panel.moment.utc", t.UTC().Format("2006-01-02 15:04:05"))
}

// Day words the day of t as seen at now, in now's location.
func Day(t, now time.Time) string {
	t = t.In(now.Location())
	switch dayNumber(t) - dayNumber(now) {
	case 0:
		return text.S("panel.day.today")
	case -1:
		return text.S("panel.day.yesterday")
	case 1:
		return text.S("panel.day.tomorrow")
	}
	return text.S("panel.day.other", weekday(t), t.Day(), month(t))
}

// dayNumber counts calendar days, so that two can be subtracted whatever the
// length of the days between them.
func dayNumber(t time.Time) int {
	return int(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func weekday(t time.Time) string {
	return text.S(text.Key("panel.weekday." + strconv.Itoa(int(t.Weekday()))))
}

func month(t time.Time) string {
	return text.S(text.Key("panel.month." + strconv.Itoa(int(t.Month()))))
}
