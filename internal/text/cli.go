package text

// The command line's words. Words of values (a session's status, a post's state,
// what a clear removed …) have keys made of a prefix and the value.
const (
	CLIAbout         Key = "cli.about"
	CLIUsage         Key = "cli.usage"
	CLIVerbs         Key = "cli.verbs"
	CLIOptions       Key = "cli.options"
	CLIExitCodes     Key = "cli.exit_codes"
	CLIVersion       Key = "cli.version"
	CLIDetail        Key = "cli.detail"
	CLICancelled     Key = "cli.cancelled"
	CLICancelledPost Key = "cli.cancelled.post"

	CLIHelp      Key = "cli.help"
	CLIDemo      Key = "cli.demo"
	CLIHidden    Key = "cli.hidden"
	CLIJSON      Key = "cli.json"
	CLIAccount   Key = "cli.account"
	CLIHint      Key = "cli.hint"
	CLIBrowser   Key = "cli.browser"
	CLIAll       Key = "cli.all"
	CLIExpired   Key = "cli.expired"
	CLIThisOnly  Key = "cli.this_device"
	CLIYes       Key = "cli.yes"
	CLIMeeting   Key = "cli.meeting"
	CLIChat      Key = "cli.chat"
	CLIMention   Key = "cli.mention"
	CLIDryRun    Key = "cli.dry_run"
	CLITimeout   Key = "cli.timeout"
	CLIListen    Key = "cli.listen"
	CLIWrongVerb Key = "cli.wrong.verb"

	CLIWrongArgs    Key = "cli.wrong.args"
	CLIWrongOption  Key = "cli.wrong.option"
	CLIWrongNoValue Key = "cli.wrong.no_value"
	CLIWrongValue   Key = "cli.wrong.value"
	CLIWrongClear   Key = "cli.wrong.clear"
	CLIWrongDevice  Key = "cli.wrong.this_device"
	CLIWrongTarget  Key = "cli.wrong.target"
	CLIWrongTimeout Key = "cli.wrong.timeout"
	CLIWrongListen  Key = "cli.wrong.listen"

	CLIWaitWindow        Key = "cli.sign_in.window"
	CLIWaitBrowser       Key = "cli.sign_in.browser"
	CLIWaitDevice        Key = "cli.sign_in.device"
	CLINoWindow          Key = "cli.sign_in.no_window"
	CLISignedIn          Key = "cli.sign_in.done"
	CLIUnlocked          Key = "cli.unlocked"
	CLIWrongVault        Key = "cli.wrong.vault"
	CLIVaultMoved        Key = "cli.vault.moved"
	CLIMoveTo            Key = "cli.flag.move_to"
	CLIPassphrase        Key = "cli.passphrase"
	CLIPassphraseAgain   Key = "cli.passphrase.again"
	CLIPassphraseDiffers Key = "cli.passphrase.differs"

	CLISessionsHead  Key = "cli.sessions.head"
	CLISessionsNone  Key = "cli.sessions.none"
	CLIUnreadable    Key = "cli.sessions.unreadable"
	CLINewerRecord   Key = "cli.sessions.newer"
	CLIThisComputer  Key = "cli.sessions.this_computer"
	CLIShowSession   Key = "cli.show.session"
	CLIShowAccount   Key = "cli.show.account"
	CLIShowStatus    Key = "cli.show.status"
	CLIShowTenant    Key = "cli.show.tenant"
	CLIShowHome      Key = "cli.show.home"
	CLIShowCloud     Key = "cli.show.cloud"
	CLIShowClient    Key = "cli.show.client"
	CLIShowDevice    Key = "cli.show.device"
	CLIShowCreated   Key = "cli.show.created"
	CLIShowUsed      Key = "cli.show.used"
	CLIShowExpires   Key = "cli.show.expires"
	CLIShowEnds      Key = "cli.show.ends"
	CLIShowAccess    Key = "cli.show.access"
	CLIShowRefresh   Key = "cli.show.refresh"
	CLIShowScopes    Key = "cli.show.scopes"
	CLIShowWaits     Key = "cli.show.waits"
	CLIShowSigned    Key = "cli.show.signed"
	CLIShowUnsigned  Key = "cli.show.unsigned"
	CLIShowCache     Key = "cli.show.cache"
	CLIShowCacheHead Key = "cli.show.cache.head"
	CLIShowNoCache   Key = "cli.show.cache.none"
	CLIShowClaims    Key = "cli.show.claims"
	CLIShowKept      Key = "cli.show.kept"
	CLIBytes         Key = "cli.bytes"
	CLIEstimate      Key = "cli.estimate"
	CLIIn            Key = "cli.in"
	CLIAgo           Key = "cli.ago"
	CLINever         Key = "cli.never"
	CLIDays          Key = "cli.days"
	CLIHours         Key = "cli.hours"
	CLIMinutes       Key = "cli.minutes"
	CLISeconds       Key = "cli.seconds"

	CLIClearAsk     Key = "cli.clear.ask"
	CLIClearNothing Key = "cli.clear.nothing"
	CLIClearLine    Key = "cli.clear.line"
	CLIClearShared  Key = "cli.clear.line.shared"
	CLIClearKept    Key = "cli.clear.kept"
	CLIClearClean   Key = "cli.clear.clean"
	CLIClearUnclean Key = "cli.clear.unclean"

	CLIWrongExport     Key = "cli.wrong.export"
	CLIWrongExportFile Key = "cli.wrong.export.file"
	CLIExportAsk       Key = "cli.export.ask"
	CLIExported        Key = "cli.export.done"
	CLIExportCare      Key = "cli.export.care"
	CLIImported        Key = "cli.import.active"
	CLIImportNeeds     Key = "cli.import.needs_sign_in"
	CLIImportKept      Key = "cli.import.kept"
	SignIns            Key = "cli.import.sign_ins"

	CLIMeetingsHead Key = "cli.meetings.head"
	CLIMeetingsNone Key = "cli.meetings.none"
	CLIMeetingsHow  Key = "cli.meetings.how"
	CLIMeetingOff   Key = "cli.meetings.cancelled"
	CLIMeetingLocal Key = "cli.meetings.no_chat"

	CLIPosted        Key = "cli.post.posted"
	CLIPostedTo      Key = "cli.post.posted_to"
	CLIPostCancelled Key = "cli.post.cancelled"
	CLIPostDraft     Key = "cli.post.draft"
	CLIPreviewSize   Key = "cli.post.size"
	CLIPreviewNobody Key = "cli.post.nobody"
	CLIPreviewPeople Key = "cli.post.people"

	CLIOutboxHead Key = "cli.outbox.head"
	CLIOutboxNone Key = "cli.outbox.none"
	CLIOutboxNext Key = "cli.outbox.next"
	CLIReconciled Key = "cli.outbox.reconciled"

	CLIDoctorHead Key = "cli.doctor.head"
	CLIDoctorOK   Key = "cli.doctor.ok"
	CLIDoctorBad  Key = "cli.doctor.bad"

	CLIQuit       Key = "cli.quit.done"
	CLIQuitLater  Key = "cli.quit.later"
	CLINotRunning Key = "cli.quit.not_running"
)

// The prefixes of values' words, for Word.
const (
	CLIVerb    Key = "cli.verb."
	CLIStatus  Key = "cli.status."
	CLIState   Key = "cli.state."
	CLIPart    Key = "cli.part."
	CLIOutcome Key = "cli.outcome."
	CLIKind    Key = "cli.kind."
	CLIPlace   Key = "cli.place."
	CLIHealth  Key = "cli.health."
)

// Word returns the word for a value from below prefix; a value that the
// catalogue does not know is its own word.
func Word(prefix Key, value string) string {
	if w, ok := english[prefix+Key(value)]; ok {
		return w
	}
	return value
}

var cliEnglish = map[Key]string{
	CLIAbout:   "Debrief keeps your Microsoft 365 sign-ins and posts summaries of meetings into\ntheir Teams chats. Without a verb it starts, and opens its panel.",
	CLIUsage:   "Usage: %s",
	CLIVerbs:   "Verbs:",
	CLIOptions: "Options:",
	CLIExitCodes: "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 sign-in needed, 4 not found,\n" +
		"5 a post that may have arrived, 6 still queued, 7 cancelled.",
	CLIVersion:       "debrief %s",
	CLIDetail:        "Details: %s",
	CLICancelled:     "Cancelled.",
	CLICancelledPost: "If it was queued before, it goes on. See: debrief outbox",

	CLIVerb + "sign-in":  "sign in to Microsoft 365",
	CLIVerb + "sessions": "list the sessions",
	CLIVerb + "show":     "tell everything about one session, without secrets",
	CLIVerb + "clear":    "remove sessions and check that they are gone",
	CLIVerb + "meetings": "list the meetings of these days",
	CLIVerb + "post":     "post a summary into a meeting's chat",
	CLIVerb + "outbox":   "list what was posted and what waits",
	CLIVerb + "doctor":   "look at everything that Debrief needs",
	CLIVerb + "export":   "write a session's token cache, secrets and all, to a file",
	CLIVerb + "import":   "make sessions of the token cache of another program",
	CLIVerb + "unlock":   "ask for the keyring to be unlocked, or for the vault's passphrase",
	CLIVerb + "vault":    "move all secrets into another kind of vault",
	CLIVerb + "quit":     "end the running Debrief once what it sends is sent",
	CLIVerb + "version":  "print the version",
	CLIVerb + "emulator": "serve the demo tenant to other programs, for tests",

	CLIHelp:     "tell how a verb is used",
	CLIDemo:     "use the demo tenant, apart from everything real",
	CLIHidden:   "only start; do not open the panel",
	CLIJSON:     "print JSON",
	CLIAccount:  "the `ACCOUNT`: an e-mail or a session's id",
	CLIHint:     "the e-mail (`HINT`) of the account to sign in",
	CLIBrowser:  "the `KIND` of browser: embedded, system or device",
	CLIAll:      "clear all sessions",
	CLIExpired:  "clear the expired sessions",
	CLIThisOnly: "with --all or --expired: only this computer's",
	CLIYes:      "do not ask",
	CLIMeeting:  "the meeting (`REF`): its id or a part of its subject",
	CLIChat:     "the chat's `ID`",
	CLIMention:  "`WHO` is mentioned: all, none, or names and e-mails with commas between",
	CLIDryRun:   "post nothing, print the HTML",
	CLITimeout:  "wait so long (`DURATION`) for the outcome; the post goes on after it",
	CLIListen:   "the `ADDRESS` to listen on, of this computer only",

	CLIWrongVerb:    "There is no verb %q.",
	CLIWrongArgs:    "This is used so: %s",
	CLIWrongOption:  "There is no option %s here.",
	CLIWrongNoValue: "The option --%s needs a value.",
	CLIWrongValue:   "The option --%s does not take %q.",
	CLIWrongClear:   "Name the sessions to clear, or --all, or --expired: one of the three.",
	CLIWrongDevice:  "The option --this-device goes with --all or --expired.",
	CLIWrongTarget:  "Name where the summary goes: --meeting or --chat, one of the two.",
	CLIWrongTimeout: "The option --timeout takes no time below zero.",
	CLIWrongListen:  "Name the address to listen on: --listen localhost:0",

	CLIWaitWindow:        "Waiting for the sign-in window… press Ctrl+C to cancel.",
	CLIWaitDevice:        "On any device, open %s and type this code:\n\n    %s\n\nIt works until %s. Waiting… press Ctrl+C to cancel.",
	CLINoWindow:          "The sign-in window cannot be shown here, so your browser takes over.",
	CLIWaitBrowser:       "Waiting for the sign-in in your browser… press Ctrl+C to cancel.",
	CLISignedIn:          "Signed in as %s <%s> (session %s).",
	CLIUnlocked:          "The keyring is unlocked.",
	CLIWrongVault:        "Name where to move the secrets: --move-to keyring or --move-to file.",
	CLIVaultMoved:        "Moved %d secrets to the %s vault, verified, and removed them from where they were.\\nSet DEBRIEF_VAULT=%s in settings.env, so that the next start looks there.",
	CLIMoveTo:            "keyring or file",
	CLIPassphrase:        "Passphrase of the vault: ",
	CLIPassphraseAgain:   "The same again: ",
	CLIPassphraseDiffers: "The two passphrases differ; nothing was changed.",

	CLISessionsHead: "ID\tACCOUNT\tSTATUS\tLAST USED\tEXPIRES\tCOMPUTER",
	CLISessionsNone: "Nobody is signed in. Sign in with: debrief sign-in",
	CLIUnreadable:   "The session record %s could not be read and was put aside: %s (%s). Sign in again if a session is missing.",
	CLINewerRecord:  "The session record %s is of a newer Debrief and was left alone. Update Debrief to use it.",
	CLIThisComputer: "%s (this one)",

	CLIShowSession:   "Session",
	CLIShowAccount:   "Account",
	CLIShowStatus:    "Status",
	CLIShowTenant:    "Tenant",
	CLIShowHome:      "Home account",
	CLIShowCloud:     "Environment",
	CLIShowClient:    "Client",
	CLIShowDevice:    "Computer",
	CLIShowCreated:   "Signed in",
	CLIShowUsed:      "Last used",
	CLIShowExpires:   "Expires",
	CLIShowEnds:      "%s, and when Debrief quits",
	CLIShowAccess:    "Access token until",
	CLIShowRefresh:   "Renewable until",
	CLIShowScopes:    "Permissions",
	CLIShowWaits:     "Waiting for it",
	CLIShowSigned:    "Signature",
	CLIShowUnsigned:  "none",
	CLIShowCache:     "Token cache:",
	CLIShowCacheHead: "KIND\tFOR\tSINCE\tUNTIL\tSIZE\tSHA-256",
	CLIShowNoCache:   "  empty",
	CLIShowClaims:    "The ID token says:",
	CLIShowKept:      "Kept in:",
	CLIBytes:         "%d bytes",
	CLIEstimate:      "%s, estimated",
	CLIIn:            "%s (in %s)",
	CLIAgo:           "%s (%s ago)",
	CLINever:         "–",
	CLIDays:          "%d days",
	CLIHours:         "%d h",
	CLIMinutes:       "%d min",
	CLISeconds:       "%d s",

	CLIStatus + "newer":                       "of a newer Debrief",
	CLIStatus + "changed":                     "changed from outside, not used",
	CLIStatus + "pending":                     "being cleared",
	CLIStatus + "expired":                     "expired",
	CLIStatus + "needs_sign_in":               "sign-in needed",
	CLIStatus + "needs_sign_in.other_client":  "sign-in needed: issued to another application",
	CLIStatus + "needs_sign_in.other_service": "sign-in needed: of another sign-in service",
	CLIStatus + "unverified":                  "not verified",
	CLIStatus + "active":                      "active",

	CLIKind + "access_token":  "access token",
	CLIKind + "refresh_token": "refresh token",
	CLIKind + "id_token":      "ID token",
	CLIKind + "account":       "account",
	CLIKind + "app_metadata":  "application",

	CLIPart + "web_profile": "web profile",
	CLIPart + "token_cache": "token cache",
	CLIPart + "record":      "record",
	CLIPart + "signing_key": "signing key",
	CLIPart + "sealing_key": "sealing key",
	CLIPart + "index":       "index",
	CLIPart + "posts":       "queued posts",

	CLIPlace + "present": "there",
	CLIPlace + "missing": "missing",
	CLIPlace + "unknown": "not known now",

	CLIOutcome + "removed":       "removed from this computer",
	CLIOutcome + "nothing":       "there was none",
	CLIOutcome + "pending":       "pending: it is removed as soon as that is possible",
	CLIOutcome + "failed":        "could not be removed",
	CLIOutcome + "posts.removed": "turned back into drafts",

	CLIClearAsk:     "To be cleared: sessions: %d, of accounts: %d, on computers: %d. Go on? [y/N] ",
	CLIClearNothing: "There was no session to clear.",
	CLIClearLine:    "%s (%s), %s: %s.",
	CLIClearShared:  "%s: %s.",
	CLIClearKept:    "Kept on purpose:",
	CLIClearClean:   "Checked: everything that was to go is gone.",
	CLIClearUnclean: "Not everything is gone yet. See: debrief sessions",

	CLIWrongExport:     "This writes secrets to a file, and there is nobody here to ask: confirm it with --yes.",
	CLIWrongExportFile: "Name a file: secrets are not printed.",
	CLIExportAsk: "The token cache of %s (session %s) is about to be written, in plain text, to\n%s\n" +
		"Whoever can read that file can use the account, without a password. Go on? [y/N] ",
	CLIExported: "The token cache of %s is in %s",
	CLIExportCare: "It holds access and refresh tokens in plain text; only you can read the file. Do not copy it to\n" +
		"places that others or backups reach, and delete it after use: clearing the session leaves it.",
	CLIImported:    "%s: active (session %s).",
	CLIImportNeeds: "%s: kept, but a sign-in is needed (session %s).",
	CLIImportKept:  "%s: not imported; its session %s stays as it was.",
	SignIns:        "%d sign-ins",

	CLIMeetingsHead: "WHEN\tSUBJECT\tNOTE",
	CLIMeetingsNone: "There is no meeting in these days. Post into a chat with: debrief post --chat ID FILE",
	CLIMeetingsHow:  "Post a summary with: debrief post --meeting \"part of the subject\" FILE",
	CLIMeetingOff:   "cancelled",
	CLIMeetingLocal: "not online, no chat",

	CLIPosted:        "Posted.",
	CLIPostedTo:      "Posted to “%s”.",
	CLIPostCancelled: "The post was cancelled.",
	CLIPostDraft:     "Your summary is kept as draft %s.",
	CLIPreviewSize:   "%s of at most %s.",
	CLIPreviewNobody: "Nobody is mentioned.",
	CLIPreviewPeople: "Mentioned: %s.",

	CLIOutboxHead: "ID\tSTATE\tCREATED\tACCOUNT\tMEETING\tNOTE",
	CLIOutboxNone: "Nothing was posted yet. Post with: debrief post --meeting \"part of the subject\" FILE",
	CLIOutboxNext: "next attempt %s",
	CLIReconciled: "found in the chat",

	CLIState + "draft":     "draft",
	CLIState + "queued":    "queued",
	CLIState + "sending":   "being sent",
	CLIState + "posted":    "posted",
	CLIState + "failed":    "failed",
	CLIState + "unknown":   "may have arrived",
	CLIState + "cancelled": "cancelled",

	CLIDoctorHead: "CHECK\tSTATE\tDETAIL",
	CLIDoctorOK:   "Debrief has everything that it needs.",
	CLIDoctorBad:  "Something is missing.",

	CLIHealth + "ok":       "ok",
	CLIHealth + "warning":  "warning",
	CLIHealth + "failed":   "failed",
	CLIHealth + "ready":    "ready",
	CLIHealth + "locked":   "locked",
	CLIHealth + "declined": "locked, prompt closed",
	CLIHealth + "absent":   "absent",
	CLIHealth + "damaged":  "damaged",
	CLIHealth + "slow":     "slow",

	CLIQuit:       "Debrief has quit.",
	CLIQuitLater:  "Debrief quits when what it sends is sent.",
	CLINotRunning: "Debrief is not running.",
}
