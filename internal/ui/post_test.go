package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// postBench is the page Post with Megan's meetings, and what a post answers.
func postBench(t *testing.T, answer func(context.Context, state.PostRequest) (state.PostResult, error)) *bench {
	t.Helper()
	svc := &service{
		meetings: func(string) ([]state.Meeting, error) { return meetingsOfToday(), nil },
		people: func(state.Target) ([]state.Person, error) {
			return []state.Person{{Name: "Megan Bowen", Me: true}, {Name: "Alex Wilber"}, {Name: "Robin Counts", Guest: true}}, nil
		},
		post: answer,
	}
	b := newBench(t, svc, func(d *Deps) { d.Page = state.PagePost })
	b.state(signedIn(megan()))
	b.shows("Retrospective")
	b.shows("Alex Wilber")
	return b
}

func (b *bench) write(s string) {
	b.t.Helper()
	b.shortcut(fyne.KeyE, ctrl)
	if b.win.Canvas().Focused() != fyne.Focusable(b.post.editor) {
		b.t.Fatal("Ctrl+E did not give the editor the focus")
	}
	b.post.editor.SetText(b.post.editor.Text + s)
}

func TestASummaryIsPostedAndLeavesTheEditor(t *testing.T) {
	var sent state.PostRequest
	b := postBench(t, func(_ context.Context, req state.PostRequest) (state.PostResult, error) {
		sent = req
		return state.PostResult{Post: &state.Post{ID: "p1", State: state.Posted, Title: "Weekly"}}, nil
	})
	b.golden("post")
	b.shortcut(fyne.KeyM, ctrl)
	test.Type(b.post.search, "week")
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	b.shows("To the chat of “Weekly”")
	b.write("**Ship** on Friday")
	test.Tap(b.post.people.box)
	b.pass(time.Second)
	b.shows("0 of 24 KB")
	b.shows("Alex Wilber")
	b.golden("preview")
	b.shortcut(fyne.KeyReturn, ctrl)
	b.shows("Posted at 14:30 in “Weekly”.")
	if b.post.editor.Text != "" {
		t.Errorf("the editor still holds %q", b.post.editor.Text)
	}
	if sent.Meeting != "m1" || sent.Account != meganID || sent.Markdown != "**Ship** on Friday" || strings.Join(sent.Mention, ",") != "all" || sent.Wait <= 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestTheTextStaysUntilItIsPosted(t *testing.T) {
	problem := func(code text.Code) error { return &state.Problem{Code: code} }
	failed := func(s state.PostState, reason text.Code) *state.Post {
		return &state.Post{ID: "p1", State: s, Title: "Design review", Reason: string(reason)}
	}
	for name, c := range map[string]struct {
		post  *state.Post
		err   error
		shows string
	}{
		"failed":         {failed(state.Failed, text.NotAMember), nil, "Not posted in “Design review”."},
		"unknown":        {failed(state.Unknown, ""), nil, "It is not certain whether the summary arrived"},
		"queued":         {failed(state.Queued, text.Offline), nil, "Queued for “Design review”"},
		"kept as draft":  {failed(state.Draft, text.SignInNeeded), nil, "Kept as a draft"},
		"sign-in needed": {nil, problem(text.SignInNeeded), "[Sign in again…]"},
		"too large":      {nil, problem(text.SummaryTooLarge), "too large"},
		"a broken call":  {nil, context.DeadlineExceeded, "[Copy]"},
	} {
		t.Run(name, func(t *testing.T) {
			b := postBench(t, func(context.Context, state.PostRequest) (state.PostResult, error) {
				return state.PostResult{Post: c.post}, c.err
			})
			b.write("summary")
			b.shortcut(fyne.KeyReturn, ctrl)
			b.until("posting is over", func() bool { return b.post.sending == nil })
			b.shows(c.shows)
			if b.post.editor.Text != "summary" {
				t.Errorf("the editor holds %q", b.post.editor.Text)
			}
			if waits := c.post != nil && c.post.State == state.Queued; b.post.unsent() == waits {
				t.Errorf("unsent is %v", !waits)
			}
		})
	}
}

func TestAQueuedTextIsNotPostedTwiceAndLeavesTheEditorWhenItIsPosted(t *testing.T) {
	queued := state.Post{ID: "p1", State: state.Queued, Title: "Design review", Reason: string(text.Offline)}
	b := postBench(t, func(context.Context, state.PostRequest) (state.PostResult, error) {
		return state.PostResult{Post: &queued}, nil
	})
	b.write("summary")
	b.press("Post")
	b.shows("Queued for “Design review”")
	b.press2(t, "Post")
	if b.post.unsent() {
		t.Error("text that waits in the outbox counts as unsent")
	}
	s := b.st
	queued.State, queued.Reason = state.Posted, ""
	s.Posts = []state.Post{queued}
	b.state(s)
	b.shows("Posted at 14:30")
	if b.post.editor.Text != "" {
		t.Errorf("the editor still holds %q", b.post.editor.Text)
	}
	if n := b.svc.called("post"); n != 1 {
		t.Errorf("posted %d times, want once", n)
	}
}

// press2 checks that a button cannot be pressed.
func (b *bench) press2(t *testing.T, label string) {
	t.Helper()
	for _, o := range b.objects() {
		if x, ok := o.(*button); ok && x.Text == label && x.Disabled() {
			b.post.send() // Ctrl+Enter
			return
		}
	}
	t.Errorf("%q can be pressed in\n%s", label, b.visible())
}

func TestWaitingForAPostCanBeStopped(t *testing.T) {
	b := postBench(t, func(ctx context.Context, _ state.PostRequest) (state.PostResult, error) {
		<-ctx.Done()
		return state.PostResult{}, ctx.Err()
	})
	b.write("summary")
	b.press("Post")
	b.press("Stop waiting")
	b.shows("Stopped waiting.")
	if b.post.editor.Text != "summary" {
		t.Errorf("the editor holds %q", b.post.editor.Text)
	}
}

func TestWhatIsMissingIsSaidInsteadOfPosting(t *testing.T) {
	b := postBench(t, nil)
	b.shortcut(fyne.KeyReturn, ctrl)
	b.shows("The summary is empty.")
	b.write("summary")
	b.post.chooseMeeting("m3")
	b.shortcut(fyne.KeyReturn, ctrl)
	b.shows("This meeting has no chat.")
	if b.svc.called("post") != 0 {
		t.Error("something was posted")
	}
}

func TestWithoutASessionThePostPageOffersToSignIn(t *testing.T) {
	b := newBench(t, &service{}, func(d *Deps) { d.Page = state.PagePost })
	b.state(signedIn())
	b.golden("post_nobody")
	b.press("Sign in")
	b.until("sign-in", func() bool { return b.svc.called("sign-in  ") == 1 })
}

func TestTextStaysInSightWhenItsSessionEnds(t *testing.T) {
	b := postBench(t, nil)
	b.write("summary")
	b.state(signedIn())
	b.shows("|summary")
	gone := megan()
	gone.Status = state.NeedsSignIn
	b.state(signedIn(gone))
	b.shows("|summary")
}

func TestWithSeveralSessionsTheAccountIsChosen(t *testing.T) {
	svc := &service{meetings: func(string) ([]state.Meeting, error) { return meetingsOfToday(), nil }}
	b := newBench(t, svc, func(d *Deps) { d.Page = state.PagePost })
	other := adele()
	other.Status = state.Active
	b.state(signedIn(other, megan()))
	b.shows("<adele@contoso.example>")
	b.post.picker.SetSelected("megan@contoso.example")
	b.until("Megan's meetings", func() bool { return svc.called("meetings "+meganID) == 1 })
	if svc.called("meetings "+adeleID) != 1 {
		t.Errorf("calls: %q", svc.calls)
	}
}

func TestMeetingsThatCannotBeReadSayWhyAndCanBeAskedForAgain(t *testing.T) {
	fail := true
	svc := &service{meetings: func(string) ([]state.Meeting, error) {
		if fail {
			return nil, &state.Problem{Code: text.Offline}
		}
		return nil, nil
	}}
	b := newBench(t, svc, func(d *Deps) { d.Page = state.PagePost })
	b.state(signedIn(megan()))
	what, _ := text.Problem(text.Offline, nil)
	b.shows(what)
	fail = false
	b.press("Try again")
	b.shows("No meetings from the last days to tomorrow.")
	b.showsNot(what)
}

func TestTabLeavesTheEditorAndEnterStartsALine(t *testing.T) {
	b := postBench(t, nil)
	b.write("one")
	if b.post.editor.AcceptsTab() {
		t.Error("the editor keeps Tab for itself")
	}
	b.post.editor.CursorColumn = 3
	b.post.editor.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if got, want := b.post.editor.Text, "one\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
