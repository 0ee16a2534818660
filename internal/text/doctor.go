package text

// The words of the doctor and of the use cases' own messages.
const (
	YourAccount    Key = "app.your_account"
	UnknownBrowser Key = "app.unknown_browser"
	ClearOneOf     Key = "app.clear_one_of"
	ChatOrMeeting  Key = "app.chat_or_meeting"
	LoopbackOnly   Key = "app.loopback_only"

	DoctorHelperMissing Key = "doctor.helper.missing"
	DoctorHelperNext    Key = "doctor.helper.next"
	DoctorDisplayOK     Key = "doctor.display.ok"
	DoctorDisplayNone   Key = "doctor.display.none"
	DoctorDisplayNext   Key = "doctor.display.next"
	DoctorBusOK         Key = "doctor.bus.ok"
	DoctorBusNone       Key = "doctor.bus.none"
	DoctorBusNext       Key = "doctor.bus.next"
	DoctorTrayOK        Key = "doctor.tray.ok"
	DoctorTrayNone      Key = "doctor.tray.none"
	DoctorTrayNext      Key = "doctor.tray.next"
	DoctorKeyring       Key = "doctor.keyring"
	DoctorStoreOK       Key = "doctor.store.ok"
	DoctorStoreBad      Key = "doctor.store.bad"
	DoctorStoreNext     Key = "doctor.store.next"
	DoctorOutboxOK      Key = "doctor.outbox.ok"
	DoctorOutboxWaits   Key = "doctor.outbox.waits"
	DoctorOutboxNext    Key = "doctor.outbox.next"
	DoctorClientNone    Key = "doctor.client.none"
	DoctorClientOK      Key = "doctor.client.ok"
	DoctorClientDemo    Key = "doctor.client.demo"
)

var doctorEnglish = map[Key]string{
	YourAccount:    "your account",
	UnknownBrowser: "There is no way to sign in called %q: embedded, system and device are known.",
	ClearOneOf:     "Name the sessions to clear, or all of them, or the expired ones.",
	LoopbackOnly:   "The demo tenant is served on this computer only, on 127.0.0.1 or localhost, not on %s.",
	ChatOrMeeting:  "Name a meeting or a chat.",

	DoctorHelperMissing: "%s was not found",
	DoctorHelperNext:    "Install Debrief completely (make install), or keep its programs in one folder.",
	DoctorDisplayOK:     "windows can be shown",
	DoctorDisplayNone:   "no display: no window, no sign-in window",
	DoctorDisplayNext:   "Start Debrief inside a desktop session; the command line works all the same.",
	DoctorBusOK:         "the session's message bus answers",
	DoctorBusNone:       "no message bus: no tray icon and no keyring",
	DoctorBusNext:       "Start Debrief inside a desktop session.",
	DoctorTrayOK:        "a tray shows the icon",
	DoctorTrayNone:      "no tray is there to show the icon",
	DoctorTrayNext:      "Use the panel (debrief) and the command line, or install your desktop's AppIndicator extension.",
	DoctorKeyring:       "%s %s",
	DoctorStoreOK:       "%d sessions in %s",
	DoctorStoreBad:      "%d sessions and %d unreadable files in %s",
	DoctorStoreNext:     "Unreadable records were put aside in the folder quarantine; sign in again where one is missing.",
	DoctorOutboxOK:      "nothing waits",
	DoctorOutboxWaits:   "%d posts wait or failed",
	DoctorOutboxNext:    "Look at them: debrief outbox",
	DoctorClientNone:    "no client id is set",
	DoctorClientDemo:    "the demo tenant",
	DoctorClientOK:      "application %s, %s",
}
