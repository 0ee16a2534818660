package ui

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Deps is what a Panel works with.
type Deps struct {
	App     fyne.App    // needed
	Service api.Service // needed
	// Page is shown first; default: the sessions.
	Page state.Page
	// Icon is the window's; nil: Fyne's own.
	Icon fyne.Resource
	// Demo says what the first snapshot will: this is the demo tenant's window.
	Demo bool
	// Restart starts Debrief again after it went away, with a window of its own,
	// and returns when it answers; nil: the panel can only look whether somebody
	// else did.
	Restart func(context.Context) error
	// Unsent is the file that unsent text goes to when the window has to end
	// without asking; empty: none.
	Unsent string

	// The rest is for tests.
	Dispatch func(func())                              // default fyne.Do
	After    func(time.Duration, func()) (stop func()) // default time.AfterFunc
	Now      func() time.Time                          // default time.Now
}

// Panel is the window. Its fields belong to the interface's goroutine, save
// those of workers.
type Panel struct {
	d       Deps
	ctx     context.Context // of the workers; ended by close
	cancel  context.CancelFunc
	workers sync.WaitGroup
	closed  atomic.Bool

	win     fyne.Window
	st      state.State
	known   bool // a snapshot has come
	gone    bool // the resident went away
	page    state.Page
	focused bool // the window has the keyboard
	tick    timer
	modal   *modal
	asks    bool // whether to clear all is asked as soon as the sessions are known

	body     *fyne.Container
	frame    *frame
	sessions *sessionsPage
	post     *postPage
	lost     *lostPage
	signing  signing
}

// New builds the window. Nothing is asked of the service before Start.
func New(ctx context.Context, d Deps) (*Panel, error) {
	if d.App == nil || d.Service == nil {
		return nil, errors.New("ui: a dependency is missing")
	}
	if d.Page == "" {
		d.Page = state.PageSessions
	}
	if d.Dispatch == nil {
		d.Dispatch = fyne.Do
	}
	if d.After == nil {
		d.After = func(after time.Duration, f func()) func() {
			t := time.AfterFunc(after, f)
			return func() { t.Stop() }
		}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	p := &Panel{d: d, page: d.Page, focused: true}
	p.ctx, p.cancel = context.WithCancel(ctx)

	d.App.Settings().SetTheme(Theme())
	// The first title becomes the window's class (X11), by which the desktop finds
	// its icon: it is always the plain name.
	p.win = d.App.NewWindow(text.S("panel.title"))
	if d.Icon != nil {
		p.win.SetIcon(d.Icon)
	}
	p.sessions = newSessionsPage(p)
	p.post = newPostPage(p)
	p.lost = newLostPage(p)
	p.frame = newFrame(p)
	p.body = container.NewStack(p.frame.root)
	p.win.SetPadded(false)
	p.win.SetContent(p.body)
	p.win.Resize(fyne.NewSize(980, 680))
	p.win.SetCloseIntercept(p.tryClose)
	p.win.SetMainMenu(p.menu())
	p.win.Canvas().SetOnTypedKey(func(ev *fyne.KeyEvent) { p.key(ev) })
	d.App.Lifecycle().SetOnEnteredForeground(func() { p.setFocused(true) })
	d.App.Lifecycle().SetOnExitedForeground(func() { p.setFocused(false) })
	if err := p.bringUnsent(); err != nil {
		n, _ := ErrorNotice(err)
		p.frame.tell(n)
	}
	p.show(d.Page)
	return p, nil
}

// Run shows the window and returns when it is closed. It has to be called on the
// process's first goroutine.
func (p *Panel) Run() {
	p.win.Show()
	p.setTitle(p.d.Demo)
	p.Start()
	p.d.App.Run()
	p.stop()
}

// Start begins to follow the service.
func (p *Panel) Start() {
	context.AfterFunc(p.ctx, func() { p.ui(p.end) })
	p.watch()
}

// Window is the panel's window.
func (p *Panel) Window() fyne.Window { return p.win }

// apply shows a new snapshot.
func (p *Panel) apply(s state.State) {
	before, first := p.st, !p.known
	p.st, p.known = s, true
	if p.gone {
		p.gone = false
		p.body.Objects = []fyne.CanvasObject{p.frame.root}
		p.body.Refresh()
	}
	p.setTitle(s.Demo)
	p.frame.apply()
	p.sessions.apply()
	p.post.apply()
	if !first && s.ShowSeq > before.ShowSeq {
		p.raise()
	}
	p.ask()
	p.retick()
}

func (p *Panel) setTitle(demo bool) {
	title := text.S("panel.title")
	if demo {
		title = text.S("panel.title.demo")
	}
	if p.win.Title() != title {
		p.win.SetTitle(title)
	}
}

// raise brings the window to the front at the page that was asked for.
func (p *Panel) raise() {
	p.win.Show()
	p.win.RequestFocus()
	if p.st.ShowPage != "" {
		p.show(p.st.ShowPage)
	}
}

// show turns to a page.
func (p *Panel) show(page state.Page) {
	if page == state.PageClearAll {
		page = state.PageSessions
		p.asks = true
	}
	p.page = page
	p.frame.show(page)
	if page == state.PagePost {
		p.post.shown()
	}
	p.ask()
	p.retick()
}

// ask asks what the page was opened for.
func (p *Panel) ask() {
	if p.asks && p.known && p.st.Ready {
		p.asks = false
		p.askClearAll()
	}
}

func (p *Panel) setFocused(on bool) {
	p.focused = on
	p.retick()
}

// retick keeps one timer while something counts down on the screen: every second
// while the window has the keyboard, seldom while it has not.
func (p *Panel) retick() {
	counts := p.gone || (p.page == state.PageSessions && len(p.st.Sessions) > 0)
	if !counts || p.closed.Load() {
		p.tick.cancel()
		return
	}
	every := time.Second
	if !p.focused && !p.gone {
		every = 10 * time.Second
	}
	p.tick.start(p, every, func() {
		if p.gone {
			p.lost.tick()
		} else {
			p.sessions.tick()
		}
		p.retick()
	})
}

// tryClose closes the window, after asking where text would be lost.
func (p *Panel) tryClose() {
	if p.modal != nil {
		p.modal.dismiss()
		return
	}
	if !p.post.unsent() {
		p.end()
		return
	}
	p.askUnsent()
}

// end closes the window without asking; unsent text is kept for the next one.
func (p *Panel) end() {
	if err := p.keepUnsent(); err != nil {
		fyne.LogError("unsent text was not kept", err)
	}
	p.close()
}

// close ends the panel. Workers end before the interface does: afterwards there
// is no goroutine that could run what they want shown.
func (p *Panel) close() {
	if p.closed.Swap(true) {
		return
	}
	p.stop()
	p.d.App.Quit()
}

func (p *Panel) stop() {
	p.closed.Store(true)
	p.tick.cancel()
	p.post.debounce.cancel()
	p.cancel()
	ended := make(chan struct{})
	go func() { p.workers.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(time.Second):
	}
}

func (p *Panel) now() time.Time { return p.d.Now() }

// copy puts text on the clipboard.
func (p *Panel) copy(s string) { p.d.App.Clipboard().SetContent(s) }
