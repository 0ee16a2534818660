package text

// The sign-in window, and the pages that the browser shows when it comes back
// from Microsoft. What failed is said with the words of Problem.
const (
	SignInWindowTitle   Key = "signin.window.title"
	SignInPageDone      Key = "signin.page.done"
	SignInPageDoneBody  Key = "signin.page.done.body"
	SignInPageFailed    Key = "signin.page.failed"
	SignInPageRefused   Key = "signin.page.refused"
	SignInPageRefused2  Key = "signin.page.refused.body"
	SignInPageStray     Key = "signin.page.stray"
	SignInPageStrayBody Key = "signin.page.stray.body"
	SignInPageDetail    Key = "signin.page.detail"
	SignInPageLanguage  Key = "signin.page.language"
)

var signInEnglish = merge(signInPages, reasons(map[Code]map[string][2]string{
	SignInCancelled: {"page": {
		"The sign-in was cancelled on Microsoft's page.",
		"Start it again whenever you like; nothing was changed. If the page asked for an administrator's approval, send your administrator this link: {link}",
	}},
	SignInNeeded: {
		"challenge": {
			"Something changed about the sign-in of {account}, and Microsoft wants a new one.",
			"Choose “Sign in…” in the tray, or run: debrief sign-in --account {account}",
		},
		"factor": {
			"Microsoft wants a second proof of who {account} is.",
			"Sign in again, with your authenticator at hand: debrief sign-in --account {account}",
		},
		"revoked": {
			"The sign-in of {account} was ended: the password was changed, or an administrator did it.",
			"Sign in again: debrief sign-in --account {account}",
		},
		"inactive": {
			"The sign-in of {account} was not used for too long.",
			"Sign in again: debrief sign-in --account {account}",
		},
		"frequency": {
			"Your organisation wants {account} to sign in again.",
			"It does so from time to time: debrief sign-in --account {account}",
		},
		"consent": {
			"{account} has not granted Debrief the permissions that it needs, or they were taken back.",
			"Sign in again and choose Accept; where you cannot, send your administrator this link: {link}",
		},
		"elsewhere": {
			"{account} does not belong to the organisation that Debrief signs in to.",
			"Sign in with another account, or check DEBRIEF_TENANT.",
		},
	},
	SignInBlocked: {
		"device": {
			"Your organisation lets only computers sign in that it manages, and the sign-in window cannot prove that this is one.",
			"Use the system's browser: debrief sign-in --browser system; or ask your administrator.",
		},
		"unassigned": {
			"Your organisation has not assigned Debrief to {account}.",
			"Ask your administrator to assign it; the details name the rule.",
		},
		"disabled": {
			"The account {account} is disabled.",
			"Ask your administrator; Debrief cannot change that.",
		},
		"locked": {
			"The account {account} is locked after too many attempts to sign in.",
			"Wait a while, or ask your administrator, then sign in again.",
		},
	},
}))

// reasons makes the catalogue's keys of a code's causes: see Problem.
func reasons(of map[Code]map[string][2]string) map[Key]string {
	keys := map[Key]string{}
	for code, whys := range of {
		for why, words := range whys {
			keys[Key("problem."+string(code)+"."+why)] = words[0]
			keys[Key("next."+string(code)+"."+why)] = words[1]
		}
	}
	return keys
}

var signInPages = map[Key]string{
	SignInWindowTitle:   "Debrief: sign in",
	SignInPageDone:      "You are signed in",
	SignInPageDoneBody:  "You can close this page and go back to Debrief.",
	SignInPageFailed:    "You are not signed in",
	SignInPageRefused:   "This answer was refused",
	SignInPageRefused2:  "It does not belong to the sign-in that Debrief waits for. That sign-in goes on; if you did not start one, you can close this page.",
	SignInPageStray:     "Nothing to see here",
	SignInPageStrayBody: "Debrief waits here for a sign-in to come back. You can close this page.",
	SignInPageDetail:    "For whoever helps you: %s",
	SignInPageLanguage:  "en",
}
