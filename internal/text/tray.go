package text

// The tray's words.
const (
	AppName          Key = "app.name"
	DemoTitle        Key = "app.demo_title"
	NoLocalAPI       Key = "app.no_local_api"
	NoTray           Key = "app.no_tray"
	EndedBadly       Key = "app.ended_badly"
	AppNameDemo      Key = "app.name.demo"
	TrayOpen         Key = "tray.open"
	TrayPost         Key = "tray.post"
	TrayInspect      Key = "tray.inspect"
	TraySignIn       Key = "tray.sign_in"
	TraySigningIn    Key = "tray.signing_in"
	TrayCancel       Key = "tray.cancel"
	TrayNoAccount    Key = "tray.no_account"
	TrayAccount      Key = "tray.account"
	TrayElsewhere    Key = "tray.elsewhere"
	TrayClearAll     Key = "tray.clear_all"
	TrayUnlock       Key = "tray.unlock"
	TrayDemo         Key = "tray.demo"
	TrayQuit         Key = "tray.quit"
	TipReady         Key = "tray.tip.ready"
	TipAttention     Key = "tray.tip.attention"
	TipSeveral       Key = "tray.tip.several"
	TipNobody        Key = "tray.tip.nobody"
	StatusActive     Key = "status.active"
	StatusEndsSoon   Key = "status.ends_soon"
	StatusNeeds      Key = "status.needs_sign_in"
	StatusExpired    Key = "status.expired"
	StatusPending    Key = "status.pending"
	StatusChanged    Key = "status.changed"
	StatusNewer      Key = "status.newer"
	StatusUnverified Key = "status.unverified"
)

var trayEnglish = map[Key]string{
	AppName:          "Debrief",
	DemoTitle:        "%s – demo",
	NoLocalAPI:       "Other programs cannot reach Debrief here:",
	NoTray:           "There is no message bus here, so Debrief has no tray icon and no keyring.",
	EndedBadly:       "Debrief has ended, but could not put everything away: %s",
	AppNameDemo:      "Debrief (demo)",
	TrayOpen:         "Open Debrief",
	TrayPost:         "Post a summary…",
	TrayInspect:      "Inspect sessions…",
	TraySignIn:       "Sign in…",
	TraySigningIn:    "Signing in…",
	TrayCancel:       "Cancel the sign-in",
	TrayNoAccount:    "Nobody is signed in",
	TrayAccount:      "%s – %s",
	TrayElsewhere:    "%s on %s",
	TrayClearAll:     "Clear all sessions…",
	TrayUnlock:       "Unlock keyring…",
	TrayDemo:         "Open the demo chats",
	TrayQuit:         "Quit",
	TipReady:         "%s: signed in as %s",
	TipAttention:     "%s: %s",
	TipSeveral:       "%s: signed in to %d accounts",
	TipNobody:        "%s: nobody is signed in",
	StatusActive:     "signed in",
	StatusEndsSoon:   "signed in, ends soon",
	StatusNeeds:      "needs sign-in",
	StatusExpired:    "expired",
	StatusPending:    "clearing, not finished",
	StatusChanged:    "changed from outside",
	StatusNewer:      "of a newer version",
	StatusUnverified: "not verified",
}
