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

var signInEnglish = map[Key]string{
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
