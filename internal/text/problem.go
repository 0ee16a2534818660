package text

import "strings"

// Code names a kind of problem that a person can meet. Codes travel over the
// local API; the words are made here, near the screen.
type Code string

// The problems. Args of a problem fill the texts' {name} places.
const (
	SignInNeeded         Code = "sign_in_needed" // {account}
	SignInCancelled      Code = "sign_in_cancelled"
	Cancelled            Code = "cancelled"
	SignInDeclined       Code = "sign_in_declined"
	AdminNeeded          Code = "admin_needed" // {link}
	SignInBlocked        Code = "sign_in_blocked"
	SignInTimedOut       Code = "sign_in_timed_out"
	SignInOther          Code = "sign_in_other" // {asked} {got}
	Misconfigured        Code = "misconfigured"
	NoClientID           Code = "no_client_id"
	NoWindow             Code = "no_window" // {missing}
	NoBrowser            Code = "no_browser"
	NoDisplay            Code = "no_display"
	Offline              Code = "offline"
	TryLater             Code = "try_later"
	BadReply             Code = "bad_reply"
	CacheDamaged         Code = "cache_damaged" // {account}
	KeyringLocked        Code = "keyring_locked"
	KeyringDeclined      Code = "keyring_declined"
	KeyringAbsent        Code = "keyring_absent"
	KeyringDamaged       Code = "keyring_damaged" // {path}
	KeyringSlow          Code = "keyring_slow"
	SessionUnknown       Code = "session_unknown"   // {id}
	SessionAmbiguous     Code = "session_ambiguous" // {id}
	SessionChanged       Code = "session_changed"   // {account}
	AccountUnknown       Code = "account_unknown"   // {account}
	AccountAmbiguous     Code = "account_ambiguous" // {accounts}
	MeetingUnknown       Code = "meeting_unknown"   // {meeting}
	MeetingAmbiguous     Code = "meeting_ambiguous" // {meeting}
	PersonUnknown        Code = "person_unknown"    // {person}
	NoChat               Code = "no_chat"           // {meeting}
	NotAMember           Code = "not_a_member"
	NotAllowed           Code = "not_allowed" // {permission}
	SummaryEmpty         Code = "summary_empty"
	SummaryNotText       Code = "summary_not_text"  // not UTF-8
	SummaryTooLarge      Code = "summary_too_large" // {size} {limit}
	PostUnknown          Code = "post_unknown"      // {id}
	PostQueued           Code = "post_queued"       // {id}
	PostFailed           Code = "post_failed"       // {reason}
	PostNotFound         Code = "post_not_found"    // {id}
	OtherClient          Code = "other_client"      // {account}
	OtherService         Code = "other_service"     // {account} {service}
	OtherComputer        Code = "other_computer"    // {account} {computer}
	NoRefreshToken       Code = "no_refresh_token"  // {account}
	NotJSON              Code = "not_json"          // {path}
	NotCache             Code = "not_cache"         // {path}
	NoSignIn             Code = "no_sign_in"        // {path}
	CacheTooLarge        Code = "cache_too_large"   // {path} {limit}
	FileExists           Code = "file_exists"       // {path}
	Setting              Code = "setting"           // {name} {value} {allowed}
	SettingUnknown       Code = "setting_unknown"   // {name}
	SettingMissing       Code = "setting_missing"   // {source} {name} {allowed}
	FileUnreadable       Code = "file_unreadable"   // {path}
	DiskFull             Code = "disk_full"         // {path}
	Busy                 Code = "busy"              // {verb}
	NotRunning           Code = "not_running"
	VersionMismatch      Code = "version_mismatch"
	HelperMissing        Code = "helper_missing" // {program}
	Wrong                Code = "wrong_usage"    // {detail}
	Internal             Code = "internal"
	VaultNeedsPassphrase Code = "vault_passphrase"
	VaultNotCreated      Code = "vault_not_created"
	VaultWrongPassphrase Code = "vault_wrong_passphrase"
	VaultNoPassphrase    Code = "vault_no_passphrase"
	VaultExists          Code = "vault_exists"
	VaultFileMissing     Code = "vault_file_missing" // {path}
	VaultTruncated       Code = "vault_truncated"    // {path}
	VaultNewer           Code = "vault_newer"        // {path}
	VaultElsewhere       Code = "vault_elsewhere"    // {kind}
	VaultUnfinished      Code = "vault_unfinished"
	VaultKind            Code = "vault_kind" // {kind}
	VaultNotFile         Code = "vault_not_file"
)

// Problem says of a failure what happened and what to do next. Places {name} are
// filled from args; a place without an arg becomes "…". An unknown code is told
// as Internal. The arg "why", where the code has words of their own for it, takes
// those.
func Problem(code Code, args map[string]string) (what, next string) {
	w, n := Key("problem."+string(code)), Key("next."+string(code))
	if _, ok := english[w]; !ok {
		w, n = Key("problem."+string(Internal)), Key("next."+string(Internal))
	}
	if why := Key("." + args["why"]); english[w+why] != "" {
		w, n = w+why, n+why
	}
	return fill(S(w), args), fill(S(n), args)
}

// fill puts args into the {name} places of t.
func fill(t string, args map[string]string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(t, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		if v := args[name]; v != "" {
			b.WriteString(v)
		} else {
			b.WriteString("…")
		}
		t = after
	}
}

var problemEnglish = problems(map[Code][2]string{
	SignInNeeded: {
		"Sign-in needed for {account}.",
		"Choose “Sign in…” in the tray, or run: debrief sign-in",
	},
	SignInCancelled: {
		"The sign-in was cancelled.",
		"Start it again whenever you like; nothing was changed.",
	},
	Cancelled: {
		"It was cancelled.",
		"Start it again whenever you like.",
	},
	SignInDeclined: {
		"The permissions that Debrief needs were declined.",
		"Sign in again and choose Accept, or ask your administrator which permissions are allowed.",
	},
	AdminNeeded: {
		"Your organisation wants an administrator to approve Debrief first.",
		"Send your administrator this link: {link}",
	},
	SignInBlocked: {
		"A rule of your organisation forbids this sign-in here.",
		"Try the system's browser, or ask your administrator; the details name the rule.",
	},
	SignInTimedOut: {
		"Nobody finished the sign-in in time.",
		"Start it again, and finish it in the window that opens.",
	},
	SignInOther: {
		"You asked for {asked} and signed in as {got}. Both are kept apart.",
		"Sign in again and pick {asked} if that is the one you want.",
	},
	Misconfigured: {
		"Microsoft does not accept Debrief's registration: client id, tenant or redirect is wrong.",
		"Check DEBRIEF_CLIENT_ID and DEBRIEF_TENANT; the README tells how to register the application.",
	},
	NoClientID: {
		"Debrief does not know your organisation's application yet.",
		"Set DEBRIEF_CLIENT_ID in the settings (the README tells how to get one), or try the demo: debrief --demo",
	},
	NoWindow: {
		"The sign-in window cannot be shown here: {missing}.",
		"Use the system's browser (debrief sign-in --browser system), or any device with a browser: debrief sign-in --browser device",
	},
	NoBrowser: {
		"No browser could be started here.",
		"Sign in on any device: debrief sign-in --browser device; or install a browser, or name one in the environment variable BROWSER.",
	},
	NoDisplay: {
		"There is no display here, so no window can be opened.",
		"The command line works all the same: debrief --help",
	},
	Offline: {
		"Microsoft could not be reached.",
		"Check the network; Debrief tries again by itself when there is something to send.",
	},
	TryLater: {
		"Microsoft asks to try again later.",
		"Wait a minute, then try again.",
	},
	BadReply: {
		"An answer came that Debrief does not trust, and it was not used.",
		"Start again. If it stays, someone or something is between you and Microsoft: tell your administrator.",
	},
	CacheDamaged: {
		"The stored sign-in of {account} cannot be read.",
		"Sign in again; the damaged copy is replaced then.",
	},
	KeyringLocked: {
		"Your keyring is locked.",
		"Choose “Unlock keyring…” in the tray, or run: debrief unlock",
	},
	KeyringDeclined: {
		"The keyring stays locked: the prompt was closed.",
		"Until it is unlocked, new sign-ins are kept in memory only. Run: debrief unlock",
	},
	KeyringAbsent: {
		"No keyring answers on this computer.",
		"Sign-ins are kept in memory until Debrief quits. Install and start a keyring (GNOME Keyring, KWallet, KeePassXC) to keep them.",
	},
	KeyringDamaged: {
		"The vault of this folder is damaged: {path} is missing or unreadable.",
		"Restore the file from a backup, or clear all sessions and sign in again.",
	},
	KeyringSlow: {
		"Your keyring does not answer in time.",
		"Look for a keyring prompt behind other windows, then try again.",
	},
	VaultNeedsPassphrase: {
		"The file vault is locked.",
		"Type its passphrase: choose “Unlock keyring…” in the panel, or run: debrief unlock",
	},
	VaultNotCreated: {
		"The file vault has no passphrase yet.",
		"Choose one in the panel, or run: debrief unlock",
	},
	VaultWrongPassphrase: {
		"This passphrase does not open the file vault.",
		"Type it again. If it is lost: quit Debrief, delete vault.age and the folder vault from its data folder, and sign in again.",
	},
	VaultNoPassphrase: {
		"The passphrase is empty.",
		"Type at least one character; a few words are better.",
	},
	VaultExists: {
		"The file vault has a passphrase already.",
		"Unlock it: debrief unlock",
	},
	VaultFileMissing: {
		"vault.age is missing, and nothing in the file vault can be opened without it.",
		"Restore it from a backup; or quit Debrief, delete vault.age and the folder vault from its data folder, and sign in again.",
	},
	VaultTruncated: {
		"A file of the vault was cut: {path}.",
		"Restore it from a backup; or quit Debrief, delete vault.age and the folder vault from its data folder, and sign in again.",
	},
	VaultNewer: {
		"A newer version of Debrief wrote the vault.",
		"Start that version, or update this one.",
	},
	VaultElsewhere: {
		"Your sign-ins are kept in another place than the one that answers now.",
		"Unlock or start the keyring that holds them, or set DEBRIEF_VAULT to where they are; the details name it.",
	},
	VaultUnfinished: {
		"An earlier move between vaults was not finished.",
		"Move again: debrief vault --move-to",
	},
	VaultKind: {
		"Secrets cannot be moved to {kind}.",
		"Allowed: keyring, file",
	},
	VaultNotFile: {
		"Only a file vault has a passphrase.",
		"Set DEBRIEF_VAULT=file for one.",
	},
	SessionUnknown: {
		"There is no session {id}.",
		"List the sessions: debrief sessions",
	},
	SessionAmbiguous: {
		"Several sessions begin with {id}.",
		"Type more digits of the id.",
	},
	SessionChanged: {
		"The session of {account} was changed by something other than Debrief, and is not used.",
		"Clear it and sign in again.",
	},
	AccountUnknown: {
		"Nobody is signed in as {account}.",
		"Sign in: debrief sign-in --account {account}",
	},
	AccountAmbiguous: {
		"Several accounts are signed in: {accounts}.",
		"Name one with --account.",
	},
	MeetingUnknown: {
		"No meeting matches {meeting}.",
		"List the meetings: debrief meetings",
	},
	MeetingAmbiguous: {
		"Several meetings match {meeting}.",
		"Type more of the subject, or name the meeting by its id: debrief meetings --json",
	},
	PersonUnknown: {
		"No single person in this chat is called {person}.",
		"Use a name or e-mail of a member, “all” or “none”.",
	},
	NoChat: {
		"“{meeting}” has no chat that Debrief can post to.",
		"Channel meetings and meetings of other organisations may have none; choose another meeting or name a chat with --chat.",
	},
	NotAMember: {
		"You are not a member of this chat.",
		"Ask somebody in the chat to add you.",
	},
	NotAllowed: {
		"Debrief lacks the permission {permission}.",
		"Sign in again and accept it, or ask your administrator to approve it.",
	},
	SummaryEmpty: {
		"The summary is empty.",
		"Write something, then post it.",
	},
	SummaryNotText: {
		"The summary is not UTF-8 text.",
		"Save it as plain text or Markdown in UTF-8, then try again.",
	},
	SummaryTooLarge: {
		"The summary is too large: {size} of at most {limit}.",
		"Shorten it, or post it in parts.",
	},
	PostUnknown: {
		"It is not certain whether the summary arrived (post {id}).",
		"Look into the chat before posting it again: debrief outbox",
	},
	PostQueued: {
		"The summary is queued and will be posted by itself (post {id}).",
		"Follow it with: debrief outbox",
	},
	PostFailed: {
		"The summary was not posted: {reason}",
		"Your text is kept. Mend the cause, then post it again.",
	},
	PostNotFound: {
		"There is no post {id}.",
		"List the posts: debrief outbox",
	},
	OtherClient: {
		"The sign-in of {account} was issued to another application: Debrief cannot renew it.",
		"Sign in with Debrief (debrief sign-in --account {account}), and clear this session.",
	},
	OtherService: {
		"The sign-in of {account} is of another sign-in service, {service}: Debrief cannot renew it.",
		"Check DEBRIEF_CLOUD and DEBRIEF_AUTHORITY, or sign in with Debrief and clear this session.",
	},
	OtherComputer: {
		"The tokens of {account} are on another computer: {computer}.",
		"Export them there.",
	},
	NoRefreshToken: {
		"The file holds no refresh token of {account}.",
		"Sign in: debrief sign-in --account {account}",
	},
	NotJSON: {
		"{path} is not JSON, so it is no token cache.",
		"Name a file that an MSAL library wrote unencrypted, or that debrief export made.",
	},
	NotCache: {
		"{path} is JSON, but not the token cache of an MSAL library.",
		"Name a file that an MSAL library wrote unencrypted, or that debrief export made.",
	},
	NoSignIn: {
		"The token cache {path} holds no sign-in.",
		"Sign in with the program that wrote it, or with Debrief: debrief sign-in",
	},
	CacheTooLarge: {
		"{path} is too large for a token cache: at most {limit}.",
		"Check that it is the right file.",
	},
	FileExists: {
		"{path} is there already, and Debrief overwrites no file with an export.",
		"Name another file, or remove that one first.",
	},
	Setting: {
		"{name} is set to {value}, which is not allowed.",
		"Allowed: {allowed}",
	},
	SettingMissing: {
		"{source} needs {name}.",
		"Set {name}: {allowed}",
	},
	SettingUnknown: {
		"There is no setting {name}.",
		"Remove it, or check its spelling in the README's table of settings.",
	},
	FileUnreadable: {
		"{path} cannot be read.",
		"Check its name and permissions, then try again.",
	},
	DiskFull: {
		"{path} cannot be written.",
		"Free some space or check the folder's permissions, then try again; nothing was lost.",
	},
	Busy: {
		"Debrief is busy with “{verb}”.",
		"Wait until it is done, then try again.",
	},
	NotRunning: {
		"Debrief is not running.",
		"Start it: debrief",
	},
	VersionMismatch: {
		"Another version of Debrief is running.",
		"Quit it (debrief quit), then start this one.",
	},
	HelperMissing: {
		"{program} was not found beside Debrief.",
		"Install Debrief completely (make install), or keep its programs in one folder.",
	},
	Wrong: {
		"{detail}",
		"See: debrief --help",
	},
	Internal: {
		"Something unexpected went wrong.",
		"Try again. If it stays, copy the details and report them.",
	},
})

// problems makes the catalogue's keys of each code: what happened, what next.
func problems(of map[Code][2]string) map[Key]string {
	keys := map[Key]string{}
	for code, words := range of {
		keys[Key("problem."+string(code))] = words[0]
		keys[Key("next."+string(code))] = words[1]
	}
	return keys
}
