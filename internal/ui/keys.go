package ui

import (
	"debrief/internal/app/state"
	"debrief/internal/text"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// The keys of the panel. They work on every page, whatever has the focus:
//
//	Ctrl+1, Ctrl+2    the page Sessions (focus: its list), the page Post (focus: the editor, or the search)
//	Ctrl+N            sign in (Ctrl+Shift+N: in the system browser)
//	Ctrl+M            the search over the meetings; Enter there selects the first match and goes to the editor
//	Ctrl+E            the editor
//	Ctrl+Enter        post
//	F5, Ctrl+R        read the meetings again
//	Ctrl+D, Delete    clear the selected session (Delete: not while text is edited)
//	Ctrl+Shift+D      clear all sessions
//	Esc               close the dialog, or dismiss the notice
//	Ctrl+W            close the window
//	Tab, Shift+Tab    next, previous; also out of the editor
//	Enter, Space      press the focused button; arrows move in lists and choose at once
//
// In dialogs the safe button has the focus first; Tab reaches the other one.
// Fyne gives a shortcut first to the window's menu and then only to what has the
// focus, so all of them are in the menu.

const ctrl, ctrlShift = fyne.KeyModifierShortcutDefault, fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift

// menu is the window's menu.
func (p *Panel) menu() *fyne.MainMenu {
	item := func(label text.Key, key fyne.KeyName, mod fyne.KeyModifier, action func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(text.S(label), func() {
			if p.modal == nil && !p.gone {
				action()
			}
		})
		if key != "" {
			i.Shortcut = &desktop.CustomShortcut{KeyName: key, Modifier: mod}
		}
		return i
	}
	closing := fyne.NewMenuItem(text.S("panel.menu.close"), p.tryClose)
	closing.IsQuit = true
	closing.Shortcut = &desktop.CustomShortcut{KeyName: fyne.KeyW, Modifier: ctrl}
	return fyne.NewMainMenu(
		fyne.NewMenu(text.S("panel.menu.debrief"),
			item("panel.menu.signin", fyne.KeyN, ctrl, func() { p.signIn(state.SignIn{}) }),
			item("panel.menu.signin.sys", fyne.KeyN, ctrlShift, func() { p.signIn(state.SignIn{Browser: "system"}) }),
			fyne.NewMenuItemSeparator(),
			closing),
		fyne.NewMenu(text.S("panel.menu.view"),
			item("panel.nav.sessions", fyne.Key1, ctrl, func() { p.show(state.PageSessions); p.sessions.focus() }),
			item("panel.nav.post", fyne.Key2, ctrl, func() { p.show(state.PagePost); p.post.focus() })),
		fyne.NewMenu(text.S("panel.menu.session"),
			item("panel.menu.clear", fyne.KeyD, ctrl, func() { p.show(state.PageSessions); p.askClearSelected() }),
			item("panel.menu.clearAll", fyne.KeyD, ctrlShift, func() { p.show(state.PageClearAll) })),
		fyne.NewMenu(text.S("panel.menu.summary"),
			item("panel.menu.search", fyne.KeyM, ctrl, func() { p.show(state.PagePost); p.focus(p.post.search) }),
			item("panel.menu.editor", fyne.KeyE, ctrl, func() { p.show(state.PagePost); p.focus(p.post.editor) }),
			item("panel.menu.refresh", fyne.KeyR, ctrl, p.post.load),
			fyne.NewMenuItemSeparator(),
			item("panel.menu.post", fyne.KeyReturn, ctrl, func() { p.show(state.PagePost); p.post.send() })),
	)
}

// key takes the keys that belong to the whole panel, when the focused widget
// offers them.
func (p *Panel) key(ev *fyne.KeyEvent) bool {
	switch {
	case ev.Name == fyne.KeyEscape && p.modal != nil:
		p.modal.dismiss()
	case ev.Name == fyne.KeyEscape:
		p.frame.dismiss()
	case p.modal != nil || p.gone:
		return false
	case ev.Name == fyne.KeyF5:
		p.show(state.PagePost)
		p.post.load()
	case ev.Name == fyne.KeyDelete && p.page == state.PageSessions:
		p.askClearSelected()
	default:
		return false
	}
	return true
}

// focus gives the keyboard to a widget that can be seen.
func (p *Panel) focus(f fyne.Focusable) {
	if o, ok := f.(fyne.CanvasObject); ok && o.Visible() {
		p.win.Canvas().Focus(f)
	}
}
