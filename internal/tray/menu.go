// Package tray is Debrief's icon in the system tray: a menu, a tooltip and a
// state, over fyne.io/systray, the library behind Fyne's own system tray.
//
// Start with Menu, a pure function of the published state, and Run, which shows
// it.
package tray

import (
	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"
)

// Action is what choosing an item does.
type Action string

const (
	Open     Action = "open"
	Post     Action = "post"
	Inspect  Action = "inspect"
	SignIn   Action = "sign-in"
	Cancel   Action = "cancel"
	Account  Action = "account" // Arg: the session's id
	ClearAll Action = "clear-all"
	Unlock   Action = "unlock"
	Demo     Action = "demo"
	Quit     Action = "quit"
)

// Item is a line of the menu. An item without an action is a heading and cannot
// be chosen; the zero Item is a separator.
type Item struct {
	Label  string
	Action Action
	Arg    string
}

// Separator reports whether the item is one.
func (i Item) Separator() bool { return i == Item{} }

// Menu is the tray's menu in this state.
func Menu(s state.State) []Item {
	items := []Item{
		{Label: text.S(text.TrayOpen), Action: Open},
		{Label: text.S(text.TrayPost), Action: Post},
		{Label: text.S(text.TrayInspect), Action: Inspect},
		{},
	}
	if len(s.Sessions) == 0 {
		items = append(items, Item{Label: text.S(text.TrayNoAccount)})
	}
	for _, x := range s.Sessions {
		name := x.Email
		if name == "" {
			name = x.ID[:6]
		}
		if !x.ThisDevice {
			name = text.S(text.TrayElsewhere, name, x.Device.Name)
		}
		items = append(items, Item{Label: text.S(text.TrayAccount, name, words(x)), Action: Account, Arg: x.ID})
	}
	if s.SignIn != nil {
		items = append(items, Item{Label: text.S(text.TrayCancel), Action: Cancel})
	} else {
		items = append(items, Item{Label: text.S(text.TraySignIn), Action: SignIn})
	}
	if s.Keyring.State == vault.Locked || s.Keyring.State == vault.Declined {
		items = append(items, Item{Label: text.S(text.TrayUnlock), Action: Unlock})
	}
	items = append(items, Item{})
	if s.DemoURL != "" {
		items = append(items, Item{Label: text.S(text.TrayDemo), Action: Demo})
	}
	return append(items,
		Item{Label: text.S(text.TrayClearAll), Action: ClearAll},
		Item{},
		Item{Label: text.S(text.TrayQuit), Action: Quit},
	)
}

var statusWords = map[state.Status]text.Key{
	state.Active: text.StatusActive, state.NeedsSignIn: text.StatusNeeds, state.Expired: text.StatusExpired,
	state.Pending: text.StatusPending, state.Changed: text.StatusChanged, state.Newer: text.StatusNewer,
	state.Unverified: text.StatusUnverified,
}

// words tells a session's status in words.
func words(s state.Session) string {
	if s.EndsSoon {
		return text.S(text.StatusEndsSoon)
	}
	return text.S(statusWords[s.Status])
}

// Look is what the icon shows besides its menu.
type Look struct {
	Attention bool // somebody should look
	Tooltip   string
}

// Icon is the tray's look in this state. The tooltip names what needs attention
// first, else who is signed in.
func Icon(s state.State) Look {
	name := text.S(text.AppName)
	if s.Demo {
		name = text.S(text.AppNameDemo)
	}
	if len(s.Problems) > 0 {
		what, _ := text.Problem(s.Problems[0].Code, s.Problems[0].Args)
		return Look{Attention: true, Tooltip: text.S(text.TipAttention, name, what)}
	}
	if s.SignIn != nil {
		return Look{Tooltip: text.S(text.TipAttention, name, text.S(text.TraySigningIn))}
	}
	active, who := 0, ""
	for _, x := range s.Sessions {
		if x.Why != "" {
			continue // it was imported so, and its person was told
		}
		switch x.Status {
		case state.Active, state.Unverified:
			if active++; active == 1 {
				who = x.Email
			}
		case state.NeedsSignIn, state.Changed, state.Pending:
			return Look{Attention: true, Tooltip: text.S(text.TipAttention, name, x.Email+": "+words(x))}
		}
	}
	switch active {
	case 0:
		return Look{Tooltip: text.S(text.TipNobody, name)}
	case 1:
		return Look{Tooltip: text.S(text.TipReady, name, who)}
	}
	return Look{Tooltip: text.S(text.TipSeveral, name, active)}
}
