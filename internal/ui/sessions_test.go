package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/text"
	"debrief/internal/vault"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

func TestWithoutASessionThePageOffersToSignIn(t *testing.T) {
	svc := &service{}
	release := make(chan struct{})
	svc.signIn = func(ctx context.Context, _ state.SignIn) (state.SignedIn, error) {
		<-release
		return state.SignedIn{Session: megan()}, nil
	}
	b := newBench(t, svc, nil)
	b.state(state.State{Version: "0.1.0", Ready: true, Demo: true})
	b.golden("empty")
	if got, want := b.win.Title(), "Debrief – demo"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	b.press("Sign in")
	b.shows("Signing in")
	s := b.st
	s.SignIn = &state.SignInState{Method: "embedded", Phase: "waiting"}
	b.state(s)
	b.golden("signing_in")
	b.state(signedIn(megan()))
	close(release)
	b.shows("Megan Bowen is signed in.")
	b.showsNot("Signing in")
	b.pass(goodNews)
	b.showsNot("Megan Bowen is signed in.")
}

func TestTheSystemBrowserTakesASignInOver(t *testing.T) {
	svc := &service{}
	ended := make(chan error, 1)
	svc.signIn = func(ctx context.Context, req state.SignIn) (state.SignedIn, error) {
		if req.Browser == "system" {
			return state.SignedIn{Session: megan()}, nil
		}
		select {
		case <-ctx.Done():
			return state.SignedIn{}, ctx.Err()
		case err := <-ended:
			return state.SignedIn{}, err
		}
	}
	b := newBench(t, svc, nil)
	b.state(signedIn())
	b.shortcut(fyne.KeyN, ctrl)
	b.press("Use the system browser instead")
	ended <- &state.Problem{Code: text.SignInCancelled}
	b.shows("Megan Bowen is signed in.")
	if svc.called("cancel sign-in") != 1 || svc.called("sign-in  system") != 1 {
		t.Errorf("calls: %q", svc.calls)
	}
}

func TestACodeForAnotherDeviceIsShownToCopyAndToOpen(t *testing.T) {
	svc := &service{}
	svc.signIn = func(ctx context.Context, _ state.SignIn) (state.SignedIn, error) {
		<-ctx.Done()
		return state.SignedIn{}, ctx.Err()
	}
	b := newBench(t, svc, nil)
	s := signedIn()
	b.state(s)
	s.SignIn = &state.SignInState{Method: "embedded", Phase: "waiting", Hint: "a@b"}
	b.state(s)
	b.press("Use a code instead")
	b.until("the sign-in by code is asked for", func() bool { return b.signing.req.Browser == "device" && b.signing.req.Hint == "a@b" })
	if svc.called("cancel sign-in") != 1 {
		t.Errorf("calls: %q", svc.calls)
	}
	b.showsNot("Copy code")
	s.SignIn = &state.SignInState{Method: "device", Phase: "waiting", UserCode: "A1B2C3D4E",
		VerificationURL: "https://microsoft.com/devicelogin", CodeExpiresAt: start.Add(15 * time.Minute)}
	b.state(s)
	b.golden("signing_in_by_code")
	b.press("Copy code")
	if got := b.d.App.Clipboard().Content(); got != "A1B2C3D4E" {
		t.Errorf("copied %q", got)
	}
	b.press("Open page")
	b.showsNot("Use a code instead")
}

func TestAFallbackToTheBrowserIsSaid(t *testing.T) {
	b := newBench(t, &service{}, nil)
	s := signedIn()
	s.SignIn = &state.SignInState{Method: "system", Phase: "waiting", InsteadOf: "embedded"}
	b.state(s)
	b.shows("The sign-in window cannot be shown here.")
}

func TestACancelOnMicrosoftsPageNamesTheAdministratorsLink(t *testing.T) {
	svc := &service{signIn: func(context.Context, state.SignIn) (state.SignedIn, error) {
		return state.SignedIn{}, &state.Problem{Code: text.SignInCancelled, Args: map[string]string{"why": "page", "link": "https://login.example/adminconsent"}}
	}}
	b := newBench(t, svc, nil)
	b.state(signedIn())
	b.shortcut(fyne.KeyN, ctrl)
	b.shows("https://login.example/adminconsent")
}

func TestAFailedSignInSaysWhatHappenedAndACancelledOneIsCalm(t *testing.T) {
	svc := &service{signIn: func(context.Context, state.SignIn) (state.SignedIn, error) {
		return state.SignedIn{}, &state.Problem{Code: text.SignInBlocked, Detail: "AADSTS53003 correlation 42"}
	}}
	b := newBench(t, svc, nil)
	b.state(signedIn())
	b.press("Sign in")
	what, next := text.Problem(text.SignInBlocked, nil)
	b.shows(what)
	b.shows(next)
	b.press("Copy")
	if got, want := b.d.App.Clipboard().Content(), what+"\n"+next+"\nAADSTS53003 correlation 42"; got != want {
		t.Errorf("copied %q, want %q", got, want)
	}
	svc.signIn = func(context.Context, state.SignIn) (state.SignedIn, error) {
		return state.SignedIn{}, &state.Problem{Code: text.SignInCancelled}
	}
	b.press("Sign in")
	b.shows("Nothing was changed")
	b.key(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.showsNot("Nothing was changed")
}

func TestASessionIsShownWithItsCacheAndCountsDown(t *testing.T) {
	svc := &service{detail: func(id string) (state.SessionDetail, error) {
		return state.SessionDetail{Session: megan(), Cache: []state.Credential{{
			Kind: "access_token", Scopes: []string{"User.Read"}, CachedAt: start, ExpiresOn: start.Add(time.Hour),
			ExtendedExpiresOn: start.Add(2 * time.Hour), Size: 2143, SHA256: "9f86d081",
		}}, Claims: []state.Claim{{Name: "name", Value: "Megan Bowen"}}, KeptIn: []state.Place{{What: "record", Where: "/data/sessions/x.json", State: "present"}}}, nil
	}}
	b := newBench(t, svc, nil)
	b.state(signedIn(megan()))
	b.shows("SHA-256 9f86d081")
	b.golden("session")
	b.pass(time.Second)
	b.shows("58:11 left")
	b.shows("access token 58:11 left")
	b.pass(time.Hour)
	b.shows("access token over")
}

func TestTheDetailIsAskedForAgainWhenTheRecordChanged(t *testing.T) {
	svc := &service{}
	b := newBench(t, svc, nil)
	b.state(signedIn(megan()))
	b.state(signedIn(megan()))
	renewed := megan()
	renewed.Version++
	b.state(signedIn(renewed))
	b.until("two questions", func() bool { return svc.called("session "+meganID) >= 2 })
	if n := svc.called("session " + meganID); n != 2 {
		t.Errorf("asked %d times, want 2: once, and once for the new version", n)
	}
}

func TestTheSelectionStaysWithItsSession(t *testing.T) {
	b := newBench(t, &service{}, nil)
	b.state(signedIn(adele(), megan()))
	b.shortcut(fyne.Key1, ctrl)
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	b.shows("Signed in and renewing itself.")
	if b.sessions.chosen != meganID {
		t.Fatalf("chosen %s, want Megan's", b.sessions.chosen)
	}
	b.state(signedIn(megan()))
	if b.sessions.chosen != meganID || b.sessions.list.selected != 0 {
		t.Errorf("chosen %s in row %d, want Megan's in row 0", b.sessions.chosen, b.sessions.list.selected)
	}
	b.state(signedIn(adele()))
	b.shows("Microsoft no longer renews this session")
	b.press("Sign in again…")
	b.until("sign-in of Adele", func() bool { return b.svc.called("sign-in adele@contoso.example ") == 1 })
}

func TestClearingNamesThePersonAndReportsLineByLine(t *testing.T) {
	svc := &service{clear: func(state.Clear) (state.ClearReport, error) {
		return state.ClearReport{Clean: false, Kept: []string{"vault.key"}, Lines: []state.ClearLine{
			{Session: meganID, Account: "megan@contoso.example", What: "token_cache", Outcome: "pending", Problem: &state.Problem{Code: text.KeyringLocked}},
			{Session: meganID, Account: "megan@contoso.example", What: "record", Outcome: "removed"},
		}}, nil
	}}
	b := newBench(t, svc, nil)
	b.state(signedIn(megan()))
	b.shortcut(fyne.Key1, ctrl)
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
	b.golden("clear")
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) // Cancel has the focus
	b.showsNot("Clear the session of")
	if svc.called("clear "+meganID) != 0 {
		t.Fatal("cleared without consent")
	}
	b.press("Clear…")
	b.press("Clear")
	b.shows("Cleared in part")
	b.golden("cleared")
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.showsNot("Cleared in part")
	if svc.called("clear "+meganID) != 1 {
		t.Errorf("calls: %q", svc.calls)
	}
}

func TestClearAllMeansThisComputerUnlessToldOtherwise(t *testing.T) {
	var asked []state.Clear
	svc := &service{clear: func(c state.Clear) (state.ClearReport, error) {
		asked = append(asked, c)
		return state.ClearReport{Clean: true}, nil
	}}
	b := newBench(t, svc, nil)
	far := adele()
	far.ThisDevice, far.Device.ID = false, "d2"
	s := signedIn(far, megan())
	b.state(s)
	s.ShowPage, s.ShowSeq = state.PageClearAll, 1
	b.state(s)
	b.shows("1 session of 1 person on 1 computer.")
	for _, o := range b.objects() {
		if c, ok := o.(*check); ok {
			test.Tap(c)
		}
	}
	b.shows("2 sessions of 2 people on 2 computers.")
	b.press("Clear all")
	b.shows("Cleared and checked")
	if len(asked) != 1 || !asked[0].All || asked[0].ThisDevice {
		t.Errorf("asked to clear %+v, want all everywhere", asked)
	}
}

func TestALockedKeyringIsToldAndCanBeUnlocked(t *testing.T) {
	b := newBench(t, &service{}, nil)
	s := signedIn(megan())
	s.Keyring = vault.Status{State: vault.Locked, Detail: "collection login"}
	b.state(s)
	b.press("Unlock…")
	b.until("unlock is asked for", func() bool { return b.svc.called("unlock") == 1 })
	s.Keyring.State = vault.Ready
	b.state(s)
	b.showsNot("Unlock…")
}

func TestAProblemIsShownUntilItIsDismissed(t *testing.T) {
	b := newBench(t, &service{}, nil)
	s := signedIn(megan())
	s.Problems = []state.Problem{{Code: text.Offline, At: start}}
	b.state(s)
	what, _ := text.Problem(text.Offline, nil)
	b.shows(what)
	b.press("")
	b.showsNot(what)
	b.state(s)
	b.showsNot(what)
	s.Problems = []state.Problem{{Code: text.TryLater, At: start.Add(time.Minute)}}
	b.state(s)
	later, _ := text.Problem(text.TryLater, nil)
	b.shows(later)
}

func TestAFileVaultsPassphraseIsTypedInThePanel(t *testing.T) {
	b := newBench(t, &service{openVault: func(req state.OpenVault) error {
		if string(req.Passphrase) != "a few words" {
			return &state.Problem{Code: text.VaultWrongPassphrase}
		}
		return nil
	}}, nil)
	s := signedIn(megan())
	s.Keyring = vault.Status{State: vault.Locked, Reason: vault.NeedsPhrase, Kind: "file"}
	b.state(s)
	b.press("Unlock…")
	b.shows("Unlock the vault")
	enter := func(words string) {
		field := b.win.Canvas().Focused()
		field.(*widget.Entry).SetText("")
		test.Type(field, words)
		field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	}
	enter("wrong")
	b.until("the wrong passphrase is told", func() bool { return strings.Contains(b.visible(), "does not open the file vault") })
	enter("a few words")
	b.until("the dialog closes", func() bool { return b.modal == nil })
	if b.svc.called(`open vault "a few words" new false`) != 1 {
		t.Error("the passphrase did not reach the vault")
	}
}

func TestAPersonOfSeveralOrganisationsStandsOnce(t *testing.T) {
	home, guest, other := megan(), megan(), megan()
	home.Account.HomeAccountID, guest.Account.HomeAccountID, other.Account.HomeAccountID = "p.h", "p.h", "q.h"
	guest.Account.TenantID = "2222222222-guest"
	rows := SessionRows(state.State{Sessions: []state.Session{home, guest, other}}, time.Now())
	if rows[0].Name != rows[2].Name || rows[1].Name != "also in organisation 22222222…" {
		t.Errorf("got %q, %q, %q; want the guest's row told as the same person's", rows[0].Name, rows[1].Name, rows[2].Name)
	}
}
