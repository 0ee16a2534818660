package text

// The tray's words.
const (
	AppName         Key = "app.name"
	AppNameDemo     Key = "app.name.demo"
	TrayOpen        Key = "tray.open"
	TrayPost        Key = "tray.post"
	TrayInspect     Key = "tray.inspect"
	TraySignIn      Key = "tray.sign_in"
	TraySigningIn   Key = "tray.signing_in"
	TrayCancel      Key = "tray.cancel"
	TrayAccounts    Key = "tray.accounts"
	TrayNoAccount   Key = "tray.no_account"
	TrayAccount     Key = "tray.account"
	TrayClearAll    Key = "tray.clear_all"
	TrayUnlock      Key = "tray.unlock"
	TrayDemo        Key = "tray.demo"
	TrayQuit        Key = "tray.quit"
	TrayStarting    Key = "tray.starting"
	TipReady        Key = "tray.tip.ready"
	TipAttention    Key = "tray.tip.attention"
	TipNobody       Key = "tray.tip.nobody"
	StatusActive    Key = "status.active"
	StatusNeeds     Key = "status.needs_sign_in"
	StatusExpired   Key = "status.expired"
	StatusPending   Key = "status.pending"
	StatusChanged   Key = "status.changed"
	StatusNewer     Key = "status.newer"
	StatusUnknown   Key = "status.unverified"
	KeyringReady    Key = "keyring.ready"
	KeyringIsLocked Key = "keyring.locked"
	KeyringNo       Key = "keyring.absent"
)

var trayEnglish = map[Key]string{
	AppName:         "Debrief",
	AppNameDemo:     "Debrief (demo)",
	TrayOpen:        "Open Debrief",
	TrayPost:        "Post a summary…",
	TrayInspect:     "Inspect sessions…",
	TraySignIn:      "Sign in…",
	TraySigningIn:   "Signing in…",
	TrayCancel:      "Cancel the sign-in",
	TrayAccounts:    "Accounts",
	TrayNoAccount:   "Nobody is signed in",
	TrayAccount:     "%s – %s",
	TrayClearAll:    "Clear all sessions…",
	TrayUnlock:      "Unlock keyring…",
	TrayDemo:        "Open the demo chats",
	TrayQuit:        "Quit",
	TrayStarting:    "Starting…",
	TipReady:        "%s: signed in as %s",
	TipAttention:    "%s: %s",
	TipNobody:       "%s: nobody is signed in",
	StatusActive:    "signed in",
	StatusNeeds:     "needs sign-in",
	StatusExpired:   "expired",
	StatusPending:   "clearing, not finished",
	StatusChanged:   "changed from outside",
	StatusNewer:     "of a newer version",
	StatusUnknown:   "not verified",
	KeyringReady:    "The keyring is ready.",
	KeyringIsLocked: "The keyring is locked.",
	KeyringNo:       "No keyring: sign-ins are kept in memory only.",
}
