package ui

import (
	"context"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
)

// signing is the sign-in that this panel asked for.
type signing struct {
	cancel    context.CancelFunc // nil: none
	req       state.SignIn
	next      *state.SignIn // asked for as soon as the present one has ended
	cancelled bool
}

// signIn asks for a sign-in. One that is under way is ended first.
func (p *Panel) signIn(req state.SignIn) {
	switch {
	case p.signing.cancel != nil:
		p.signing.next = &req
		p.endSignIn()
	case p.st.SignIn != nil:
		p.signing.next = &req
		p.endSignIn()
	default:
		p.startSignIn(req)
	}
}

func (p *Panel) startSignIn(req state.SignIn) {
	p.frame.dismiss()
	p.signing = signing{req: req}
	p.signing.cancel = call(p, 0, func(ctx context.Context) (state.SignedIn, error) {
		return p.d.Service.SignIn(ctx, req)
	}, func(done state.SignedIn, err error) {
		ended := p.signing
		p.signing = signing{}
		p.frame.signIn.apply()
		p.sessions.apply()
		switch {
		case ended.next != nil:
			p.startSignIn(*ended.next)
		case err != nil && ended.cancelled:
		case err != nil:
			p.signInFailed(err)
		case done.Other:
			p.sessions.choose(done.Session.ID)
			p.frame.tell(Notice{Tone: Warn, What: text.S("panel.signin.other", done.Session.Email, req.Hint), Next: text.S("panel.signin.other.next")})
		default:
			p.sessions.choose(done.Session.ID)
			p.frame.tell(Notice{Tone: Good, What: text.S("panel.signin.done", personOf(done.Session))})
		}
	})
	p.frame.signIn.apply()
	p.sessions.apply()
}

func (p *Panel) signInFailed(err error) {
	if _, tell := ErrorNotice(err); !tell {
		p.frame.tell(Notice{What: text.S("panel.signin.cancelled")})
		return
	}
	p.frame.fail(err)
}

// endSignIn ends the sign-in that is under way, whoever asked for it.
func (p *Panel) endSignIn() {
	p.signing.cancelled = true
	p.frame.signIn.apply()
	mine := p.signing.cancel != nil
	act(p, 20*time.Second, p.d.Service.CancelSignIn, func(err error) {
		next := p.signing.next
		if mine || p.signing.cancel != nil {
			// Its own end follows, and starts what is next. Should the resident not
			// know it any more, ending the call ends it.
			if p.signing.cancel != nil && p.signing.cancelled {
				p.signing.cancel()
			}
			return
		}
		p.signing = signing{}
		p.frame.signIn.apply()
		if err != nil {
			p.frame.fail(err)
			return
		}
		if next != nil {
			p.startSignIn(*next)
		}
	})
}

// signInStrip tells of a sign-in under way, on every page.
type signInStrip struct {
	p       *Panel
	root    *surface
	title   *widget.Label
	words   *widget.Label
	bar     *widget.Activity
	browser *button
	cancel  *button
}

func newSignInStrip(p *Panel) *signInStrip {
	s := &signInStrip{p: p, title: bold(""), words: wrapped(widget.NewLabel("")), bar: widget.NewActivity()}
	s.cancel = p.button(text.S("panel.button.cancel"), nil, func() {
		p.signing.next = nil
		p.endSignIn()
	})
	s.browser = p.button(text.S("panel.signin.browser"), nil, func() {
		req := p.signing.req
		if p.st.SignIn != nil && req.Hint == "" {
			req.Hint = p.st.SignIn.Hint
		}
		req.Browser = "system"
		p.signIn(req)
	})
	buttons := container.NewVBox(layout.NewSpacer(), container.NewHBox(s.browser, s.cancel), layout.NewSpacer())
	s.root = newSurface(colorAccent, 10, pad(
		container.NewBorder(nil, nil, pad(container.NewCenter(s.bar), 0, 0, 6, 2), buttons, stack(s.title, s.words)), 2, 2, 4, 8))
	s.root.Hide()
	return s
}

// apply shows the sign-in of the newest state, or the one just asked for.
func (s *signInStrip) apply() {
	under, mine := s.p.st.SignIn, s.p.signing.cancel != nil
	if under == nil && !mine {
		s.root.Hide()
		s.bar.Stop()
		return
	}
	method, phase, hint := s.p.signing.req.Browser, "opening", s.p.signing.req.Hint
	if under != nil {
		method, phase, hint = under.Method, under.Phase, under.Hint
	}
	title := text.S("panel.signin.title")
	if strings.TrimSpace(hint) != "" {
		title = text.S("panel.signin.title.hint", hint)
	}
	s.title.SetText(title)
	s.words.SetText(SignInWords(method, phase, s.p.signing.cancelled))
	show(s.browser, method != "system" && (phase == "opening" || phase == "waiting"))
	s.browser.setEnabled(!s.p.signing.cancelled)
	s.cancel.setEnabled(!s.p.signing.cancelled)
	if !s.root.Visible() {
		s.root.Show()
		s.bar.Start()
	}
}

// SignInWords say what a sign-in under way waits for.
func SignInWords(method, phase string, cancelled bool) string {
	switch {
	case cancelled:
		return text.S("panel.signin.cancelling")
	case phase == "redeeming" || phase == "storing":
		return text.S(text.Key("panel.signin." + phase))
	case phase == "waiting":
		switch method {
		case "system", "device":
			return text.S(text.Key("panel.signin." + method))
		}
		return text.S("panel.signin.embedded")
	}
	return text.S("panel.signin.opening")
}
