package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"debrief/internal/api"
	"debrief/internal/app/state"
	"debrief/internal/session"
	"debrief/internal/text"
	"debrief/internal/vault"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// fake is a Service with fixed answers that notes what it was asked. Methods
// that the command line does not use are those of a nil Service.
type fake struct {
	api.Service
	asked []string

	err      error
	st       state.State
	later    []state.State // what a Watch tells, then it ends with watchErr
	watchErr error
	sessions []state.Session
	detail   state.SessionDetail
	signedIn state.SignedIn
	signIn   func(ctx context.Context) error
	steps    []state.SignInState // what a Watch tells of the sign-in under way, unnoted: it runs beside it
	report   state.ClearReport
	meetings []state.Meeting
	posted   state.PostResult
	imported state.Imported
	doctor   state.Report

	unlock      error    // Unlock's answer
	needsPhrase bool     // MoveVault asks for a passphrase
	types       []string // what somebody types without showing it, in order
}

// noting guards what a fake was asked: a sign-in is watched while it goes on.
var noting sync.Mutex

func (f *fake) note(format string, args ...any) error {
	noting.Lock()
	defer noting.Unlock()
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
	return f.err
}

func (f *fake) State(context.Context) (state.State, error) { return f.st, f.note("state") }

func (f *fake) Watch(ctx context.Context, next func(state.State)) error {
	for _, step := range f.steps {
		next(state.State{SignIn: &step})
	}
	if f.steps != nil {
		<-ctx.Done()
		return nil
	}
	err := f.note("watch")
	for _, st := range f.later {
		next(st)
	}
	if ctx.Err() != nil {
		return nil
	}
	if f.watchErr != nil {
		return f.watchErr
	}
	return err
}

func (f *fake) SignIn(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
	if err := f.note("sign-in %+v", req); err != nil {
		return state.SignedIn{}, err
	}
	if f.signIn != nil {
		return state.SignedIn{}, f.signIn(ctx)
	}
	return f.signedIn, nil
}

func (f *fake) Sessions(context.Context) ([]state.Session, error) {
	return f.sessions, f.note("sessions")
}

func (f *fake) Session(_ context.Context, id string) (state.SessionDetail, error) {
	return f.detail, f.note("session %s", id)
}

func (f *fake) Clear(_ context.Context, req state.Clear) (state.ClearReport, error) {
	return f.report, f.note("clear %+v", req)
}

func (f *fake) Export(_ context.Context, req state.Export) error {
	return f.note("export %s to %s", req.ID, req.Path)
}

func (f *fake) Import(_ context.Context, req state.Import) (state.Imported, error) {
	return f.imported, f.note("import %s", req.Path)
}

func (f *fake) Unlock(context.Context) error {
	if err := f.note("unlock"); err != nil || f.unlock == nil {
		return err
	}
	return f.unlock
}

func (f *fake) OpenVault(_ context.Context, req state.OpenVault) error {
	return f.note("open vault with %d bytes, new %v", len(req.Passphrase), req.New)
}

func (f *fake) MoveVault(_ context.Context, req state.MoveVault) (state.MovedVault, error) {
	if f.needsPhrase && len(req.Passphrase) == 0 {
		return state.MovedVault{}, problem(text.VaultNoPassphrase)
	}
	return state.MovedVault{Entries: 3, To: req.To}, f.note("move vault to %s with %d bytes, new %v", req.To, len(req.Passphrase), req.New)
}

func (f *fake) Meetings(_ context.Context, account string) ([]state.Meeting, error) {
	return f.meetings, f.note("meetings %q", account)
}

func (f *fake) Post(_ context.Context, req state.PostRequest) (state.PostResult, error) {
	if len(req.Markdown) > 100 {
		req.Markdown = fmt.Sprintf("%d bytes", len(req.Markdown))
	}
	return f.posted, f.note("post %+v", req)
}

func (f *fake) Doctor(context.Context) (state.Report, error) { return f.doctor, f.note("doctor") }

func (f *fake) Quit(context.Context) error { return f.note("quit") }

func zoe() state.Session {
	return state.Session{
		Record: session.Record{
			ID: "0123456789abcdef0123456789abcdef", Schema: 1, Version: 7, Authenticated: true,
			User: session.User{Name: "Zoë Müller", Email: "zoe@contoso.example"}, Email: "zoe@contoso.example",
			Account: session.Account{HomeAccountID: "o.t", TenantID: "t-1", Environment: "login.example", ClientID: "c-1"},
			Device:  session.Device{ID: "d1", Name: "desk"}, CreatedAt: noon.Add(-48 * time.Hour), LastUsedAt: noon.Add(-time.Hour),
			ExpiresAt: noon.Add(90 * 24 * time.Hour), Permanent: true,
			Tokens: session.Tokens{AccessExpiresAt: noon.Add(52 * time.Minute), RefreshExpiresAt: noon.Add(89 * 24 * time.Hour),
				Scopes: []string{"User.Read", "Chat.Read"}},
			Signature: &session.Signature{KeyID: "k1", MAC: "00ff"},
		},
		Status: state.Active, ThisDevice: true,
	}
}

// rude is a session whose words try to steer the terminal.
func rude() state.Session {
	s := zoe()
	s.ID, s.Email, s.User.Name = "fedcba9876543210fedcba9876543210", "eve\x1b[2J\t@\u202econtoso.example", "Eve\n"
	s.Device = session.Device{ID: "d2", Name: "laptop"}
	s.Status, s.ThisDevice, s.Permanent, s.Signature = state.NeedsSignIn, false, false, nil
	s.ReturnToSummary = &session.ReturnTo{Type: "draft", ID: "77"}
	s.LastUsedAt, s.Tokens = time.Time{}, session.Tokens{}
	// Whatever zone a Service uses, JSON is in UTC.
	s.CreatedAt = s.CreatedAt.In(time.FixedZone("", 7200))
	return s
}

func weekly() []state.Meeting {
	chat := "19:meeting_x@thread.v2"
	return []state.Meeting{
		{ID: "m1", Subject: "Weekly <sync>", Start: noon, End: noon.Add(30 * time.Minute), ChatID: &chat, JoinURL: "https://j", SeriesID: "s"},
		{ID: "m2", Subject: "Lunch", Start: noon.In(time.FixedZone("", 7200)), End: noon.Add(time.Hour)},
		{ID: "m3", Subject: "Called off", Start: noon, End: noon.Add(time.Hour), JoinURL: "https://j", Cancelled: true},
		{ID: "m4", Subject: "Chat not known yet", Start: noon, End: noon.Add(time.Hour), JoinURL: "https://j"},
	}
}

func posts() []state.Post {
	next := noon.Add(5 * time.Minute)
	base := state.Post{Account: "zoe@contoso.example", ChatID: "19:x@thread.v2", Title: "Weekly sync", CreatedAt: noon}
	posted, queued, failed := base, base, base
	posted.ID, posted.State, posted.Reconciled, posted.MessageID, posted.Attempts = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", state.Posted, true, "17", 1
	posted.Parts = []state.Part{{State: state.Posted, MessageID: "17"}}
	queued.ID, queued.State, queued.NextAttemptAt, queued.Reason = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", state.Queued, &next, string(text.Offline)
	failed.ID, failed.State, failed.Reason = "cccccccccccccccccccccccccccccccc", state.Failed, string(text.NotAMember)
	return []state.Post{posted, queued, failed}
}

func report() state.ClearReport {
	return state.ClearReport{Clean: true, Kept: []string{"/d/vault.key", "/d/device.json"}, Lines: []state.ClearLine{
		{Session: "0123456789abcdef0123456789abcdef", Account: "zoe@contoso.example", What: "token_cache", Outcome: "removed"},
		{Session: "0123456789abcdef0123456789abcdef", Account: "zoe@contoso.example", What: "record", Outcome: "removed"},
		{Session: "0123456789abcdef0123456789abcdef", Account: "zoe@contoso.example", What: "posts", Outcome: "removed"},
		{What: "web_profile", Outcome: "nothing"},
		{What: "signing_key", Outcome: "removed"},
	}}
}

// full is a Service where everything goes well.
func full() *fake {
	d := state.SessionDetail{Session: zoe(), Claims: []state.Claim{{Name: "name", Value: "Zoë Müller"}, {Name: "tid", Value: "t-1"}},
		Cache: []state.Credential{
			{Kind: "access_token", Environment: "login.example", Scopes: []string{"User.Read", "Chat.Read"}, CachedAt: noon, ExpiresOn: noon.Add(time.Hour), Size: 1800, SHA256: "01234567"},
			{Kind: "refresh_token", Environment: "login.example", ClientID: "c-1", Size: 900, SHA256: "89abcdef"},
			{Kind: "account", Environment: "login.example", Username: "zoe@contoso.example"},
		},
		KeptIn: []state.Place{{What: "record", Where: "/d/sessions/0123.json", State: "present"}, {What: "token_cache", Where: "keyring Debrief", State: "unknown"}}}
	list := posts()
	return &fake{
		st:       state.State{Ready: true, Sessions: []state.Session{zoe()}, Posts: list},
		sessions: []state.Session{zoe(), rude()}, detail: d, signedIn: state.SignedIn{Session: zoe()}, report: report(),
		meetings: weekly(),
		imported: state.Imported{Lines: []state.ImportLine{{Account: "zoe@contoso.example", Session: zoe().ID}}},
		posted:   state.PostResult{Post: &list[0], Rendered: state.Rendered{HTML: "<p>Hallo &amp; <at id=\"0\">Zoë</at></p>", Size: 2150, Limit: 28 << 10, Mentions: []state.Person{{Name: "Zoë"}, {Name: "Max"}}}},
		doctor: state.Report{OK: true, Version: "1.2.3", Checks: []state.Check{
			{ID: "keyring", State: string(vault.Ready), Detail: "gnome-keyring"}, {ID: "tray", State: "warning", Detail: "no tray", Next: "Use the panel."}}},
	}
}

func problem(code text.Code, args ...string) *state.Problem {
	p := &state.Problem{Code: code, Args: map[string]string{}}
	for i := 0; i < len(args); i += 2 {
		p.Args[args[i]] = args[i+1]
	}
	return p
}
