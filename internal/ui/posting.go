package ui

import (
	"context"
	"errors"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
)

// waitForPost is how long a post is waited for; it goes on after that.
const waitForPost = time.Minute

// unsent tells whether the editor holds text that is nowhere else: text that
// waits in the outbox is safe there.
func (o *postPage) unsent() bool {
	if strings.TrimSpace(o.editor.Text) == "" {
		return false
	}
	return o.pending == "" || o.editor.Text != o.sent.Markdown
}

// request is what would be posted now.
func (o *postPage) request() state.PostRequest {
	req := state.PostRequest{Target: o.where(), Markdown: o.editor.Text}
	if o.people.all() {
		req.Mention = []string{"all"}
	}
	return req
}

// edited prepares the preview once typing rests.
func (o *postPage) edited() {
	if o.preview == nil || o.people == nil {
		return
	}
	if strings.TrimSpace(o.editor.Text) == "" || o.account == "" {
		o.debounce.cancel()
		o.preview.empty()
		o.size.SetText("")
		o.ready()
		return
	}
	o.debounce.start(o.p, 400*time.Millisecond, func() {
		req := o.request()
		req.DryRun = true
		name := text.S("panel.post.you")
		if s, ok := o.session(); ok {
			name = personOf(s)
		}
		o.preview.render(req, name, func(r state.Rendered) { o.size.SetText(Size(r)) })
	})
	o.ready()
}

// ready lets Post be pressed whenever nothing is on its way.
func (o *postPage) ready() {
	busy := o.sending != nil || (o.pending != "" && o.editor.Text == o.sent.Markdown && o.target.ID == o.sent.Meeting)
	o.post.setEnabled(!busy)
}

// send posts the summary, or says what is missing. The text stays in the editor
// until it is posted.
func (o *postPage) send() {
	if o.post.Disabled() || !o.main.Visible() {
		return
	}
	switch {
	case o.target.ID == "":
		o.tell(Notice{Tone: Warn, What: text.S("panel.post.choose")})
		o.p.focus(o.search)
		return
	case noChat(o.target):
		o.tell(Notice{Tone: Warn, What: text.S("panel.post.nochat"), Next: text.S("panel.post.nochat.next")})
		return
	case strings.TrimSpace(o.editor.Text) == "":
		o.tell(ProblemNotice(state.Problem{Code: text.SummaryEmpty}))
		o.p.focus(o.editor)
		return
	}
	req := o.request()
	req.Wait = waitForPost
	o.sent, o.pending, o.reported = req, "", state.Post{}
	before := map[string]bool{}
	for _, x := range o.p.st.Posts {
		before[x.ID] = true
	}
	o.tell(Notice{What: text.S("panel.post.posting")})
	o.sending = call(o.p, waitForPost+30*time.Second, func(ctx context.Context) (state.PostResult, error) {
		return o.p.d.Service.Post(ctx, req)
	}, func(r state.PostResult, err error) {
		o.sending = nil
		o.bar.Stop()
		show(o.bar, false)
		show(o.stop, false)
		switch {
		case err == nil && r.Post != nil:
			o.report(*r.Post)
		case errors.Is(err, context.Canceled):
			o.stopped(before)
		case err != nil:
			o.failed(err)
		}
		o.ready()
	})
	show(o.bar, true)
	o.bar.Start()
	show(o.stop, true)
	o.ready()
}

// stopped tells that nobody waits any more. A post that was queued meanwhile is
// followed, so that the same text is not posted twice.
func (o *postPage) stopped(before map[string]bool) {
	o.tell(Notice{Tone: Warn, What: text.S("panel.post.stopped")})
	for _, x := range o.p.st.Posts {
		if !before[x.ID] {
			o.report(x)
			return
		}
	}
}

func (o *postPage) failed(err error) {
	n, tell := ErrorNotice(err)
	if !tell {
		o.result.clear()
		return
	}
	if p, ok := errors.AsType[*state.Problem](err); ok && p.Code == text.SignInNeeded {
		s, _ := o.session()
		again := o.p.button(text.S("panel.button.again"), nil, func() { o.p.signIn(state.SignIn{Hint: s.Email}) })
		o.result.set(n, o.p.noticeBox(n, o.result.clear, again))
		return
	}
	o.tell(n)
}

// report shows where a post stands. A posted text leaves the editor.
func (o *postPage) report(x state.Post) {
	o.reported = x
	o.pending = ""
	if Underway(x) {
		o.pending = x.ID
	}
	n := PostNotice(x, subjectOf(o.target), o.p.now())
	if x.State == state.Posted && o.editor.Text == o.sent.Markdown {
		o.editor.SetText("")
	}
	o.tell(n)
	o.ready()
}

// follow reports the pending post when the newest state knows more of it.
func (o *postPage) follow() {
	if o.pending == "" || o.sending != nil {
		return
	}
	for _, x := range o.p.st.Posts {
		if x.ID == o.pending && (x.State != o.reported.State || x.Reason != o.reported.Reason) {
			o.report(x)
			return
		}
	}
}

func (o *postPage) tell(n Notice) { o.result.set(n, o.p.noticeBox(n, o.result.clear, nil)) }
