package text

// Code names a kind of problem that a person can meet. Codes travel over the
// local API; the words are made here, near the screen.
type Code string

// The problems. Args of a problem fill the texts' {name} places.
const (
	SignInNeeded     Code = "sign_in_needed" // {account}
	SignInCancelled  Code = "sign_in_cancelled"
	SignInDeclined   Code = "sign_in_declined"
	AdminNeeded      Code = "admin_needed" // {link}
	SignInBlocked    Code = "sign_in_blocked"
	SignInTimedOut   Code = "sign_in_timed_out"
	SignInOther      Code = "sign_in_other" // {asked} {got}
	Misconfigured    Code = "misconfigured"
	NoClientID       Code = "no_client_id"
	NoWindow         Code = "no_window" // {missing}
	NoDisplay        Code = "no_display"
	Offline          Code = "offline"
	TryLater         Code = "try_later"
	BadReply         Code = "bad_reply"
	CacheDamaged     Code = "cache_damaged" // {account}
	KeyringLocked    Code = "keyring_locked"
	KeyringDeclined  Code = "keyring_declined"
	KeyringAbsent    Code = "keyring_absent"
	KeyringDamaged   Code = "keyring_damaged" // {path}
	KeyringSlow      Code = "keyring_slow"
	SessionUnknown   Code = "session_unknown"   // {id}
	SessionAmbiguous Code = "session_ambiguous" // {id}
	SessionChanged   Code = "session_changed"   // {account}
	AccountUnknown   Code = "account_unknown"   // {account}
	AccountAmbiguous Code = "account_ambiguous" // {accounts}
	MeetingUnknown   Code = "meeting_unknown"   // {meeting}
	NoChat           Code = "no_chat"           // {meeting}
	NotAMember       Code = "not_a_member"
	NotAllowed       Code = "not_allowed" // {permission}
	SummaryEmpty     Code = "summary_empty"
	SummaryNotText   Code = "summary_not_text"  // not UTF-8
	SummaryTooLarge  Code = "summary_too_large" // {size} {limit}
	PostUnknown      Code = "post_unknown"      // {id}
	PostQueued       Code = "post_queued"       // {id}
	PostFailed       Code = "post_failed"       // {reason}
	PostNotFound     Code = "post_not_found"    // {id}
	Setting          Code = "setting"           // {name} {value} {allowed}
	SettingUnknown   Code = "setting_unknown"   // {name}
	FileUnreadable   Code = "file_unreadable"   // {path}
	DiskFull         Code = "disk_full"         // {path}
	Busy             Code = "busy"              // {verb}
	NotRunning       Code = "not_running"
	VersionMismatch  Code = "version_mismatch"
	HelperMissing    Code = "helper_missing" // {program}
	Wrong            Code = "wrong_usage"    // {detail}
	Internal         Code = "internal"
)

var problemEnglish = map[Key]string{}
