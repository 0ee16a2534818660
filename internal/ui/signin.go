package ui

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
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
	n, tell := ErrorNotice(err)
	if pr, ok := errors.AsType[*state.Problem](err); ok && !tell && pr.Args["why"] != "" {
		p.frame.tell(n) // it says more than that it was cancelled
		return
	}
	if !tell {
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
	device  *button
	cancel  *button

	code     *widget.Label // to be typed on another device
	codeRow  *fyne.Container
	copyCode *button
	openPage *button
}

func newSignInStrip(p *Panel) *signInStrip {
	s := &signInStrip{p: p, title: bold(""), words: wrapped(widget.NewLabel("")), bar: widget.NewActivity()}
	s.cancel = p.button(text.S("panel.button.cancel"), nil, func() {
		p.signing.next = nil
		p.endSignIn()
	})
	by := func(method string) func() {
		return func() {
			req := p.signing.req
			if p.st.SignIn != nil && req.Hint == "" {
				req.Hint = p.st.SignIn.Hint
			}
			req.Browser = method
			p.signIn(req)
		}
	}
	s.browser = p.button(text.S("panel.signin.browser"), nil, by("system"))
	s.device = p.button(text.S("panel.signin.by_code"), nil, by("device"))
	s.code = selectable(heading(""))
	s.copyCode = p.button(text.S("panel.signin.copy"), theme.ContentCopyIcon(), func() {
		if u := p.st.SignIn; u != nil {
			p.copy(u.UserCode)
		}
	})
	s.openPage = p.button(text.S("panel.signin.open"), nil, s.open)
	s.codeRow = container.NewHBox(s.code, s.copyCode, s.openPage)
	buttons := container.NewVBox(layout.NewSpacer(), container.NewHBox(s.browser, s.device, s.cancel), layout.NewSpacer())
	s.root = newSurface(colorAccent, 10, pad(
		container.NewBorder(nil, nil, pad(container.NewCenter(s.bar), 0, 0, 6, 2), buttons, container.NewVBox(stack(s.title, s.words), s.codeRow)), 2, 2, 4, 8))
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
	words := SignInWords(method, phase, s.p.signing.cancelled)
	coded := under != nil && under.UserCode != "" && !s.p.signing.cancelled
	switch {
	case coded:
		words = text.S("panel.signin.code", under.VerificationURL, under.CodeExpiresAt.In(s.p.now().Location()).Format("15:04"))
		s.code.SetText(under.UserCode)
	case under != nil && under.InsteadOf != "" && phase == "waiting" && !s.p.signing.cancelled:
		words = text.S("panel.signin.instead") + " " + words
	}
	s.words.SetText(words)
	show(s.codeRow, coded)
	early := phase == "opening" || phase == "waiting"
	show(s.browser, method != "system" && early)
	show(s.device, method != "device" && early)
	s.browser.setEnabled(!s.p.signing.cancelled)
	s.device.setEnabled(!s.p.signing.cancelled)
	s.cancel.setEnabled(!s.p.signing.cancelled)
	if !s.root.Visible() {
		s.root.Show()
		s.bar.Start()
	}
}

// open shows the page on which the code is typed in this computer's browser.
func (s *signInStrip) open() {
	under := s.p.st.SignIn
	if under == nil {
		return
	}
	page, err := url.Parse(under.VerificationURL)
	if err == nil {
		err = s.p.d.App.OpenURL(page)
	}
	if err != nil {
		s.p.frame.fail(&state.Problem{Code: text.NoBrowser})
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
