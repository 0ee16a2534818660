package auth

import (
	"fmt"
	"strings"
	"testing"

	"debrief/internal/emulator"
	"debrief/internal/text"
)

// refusals are what Microsoft's sign-in can answer, by number, with what Debrief
// makes of each (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
var refusals = []struct {
	number int
	kind   Kind
	why    Why
	page   bool // at authorize Microsoft shows it itself, and nothing comes back
}{
	{50011, Misconfig, Unknown, true}, {700016, Misconfig, Unknown, true}, {700038, Misconfig, Unknown, true},
	{700011, Misconfig, Unknown, true}, {90002, Misconfig, Unknown, true}, {90014, Misconfig, Unknown, false},
	{900144, Misconfig, Unknown, false}, {9002313, Misconfig, Unknown, false}, {70003, Misconfig, Unknown, false},
	{70011, Misconfig, Unknown, false}, {650053, Misconfig, Unknown, false}, {500011, Misconfig, Unknown, false},
	{7000218, Misconfig, Unknown, false}, {50194, Misconfig, Unknown, true}, {50049, Misconfig, Unknown, false},

	{70000, SignInNeeded, Unknown, false}, {70008, SignInNeeded, Inactive, false}, {54005, SignInNeeded, Unknown, false},
	{501481, SignInNeeded, Unknown, false}, {700082, SignInNeeded, Inactive, false}, {70043, SignInNeeded, Frequency, false},
	{50173, SignInNeeded, Revoked, false}, {50058, SignInNeeded, Unknown, false}, {50126, SignInNeeded, Unknown, true},
	{50076, SignInNeeded, Factor, false}, {50079, SignInNeeded, Factor, false}, {50078, SignInNeeded, Factor, false},
	{50020, SignInNeeded, Elsewhere, true}, {50034, SignInNeeded, Elsewhere, true}, {51004, SignInNeeded, Elsewhere, true},

	{65004, Declined, Unknown, false}, {90094, AdminNeeded, Unknown, false}, {90095, AdminNeeded, Unknown, false},
	{53003, Blocked, Unknown, true}, {53000, Blocked, Unmanaged, true}, {53001, Blocked, Unmanaged, true},
	{50105, Blocked, Unassigned, true}, {50057, Blocked, Disabled, true}, {50053, Blocked, Locked, true},
	{50196, Busy, Unknown, false}, {90033, Busy, Unknown, false}, {90055, Busy, Unknown, false},
}

func TestEveryRefusalOfTheServiceArrivesWithItsNextStep(t *testing.T) {
	d := newDemo(t, "Adele", "Accept")
	in, err := d.c.SignIn(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	s := &store{b: []byte(in.Cache.Reveal())}
	said := map[string]int{}
	for _, want := range refusals {
		for _, place := range []string{"code", "renewal", "authorize"} {
			if place == "authorize" && want.page {
				continue
			}
			name := fmt.Sprintf("AADSTS%d@%s", want.number, place)
			if err := d.SetScenario(name); err != nil {
				t.Errorf("%s: the demo tenant does not know it: %v", name, err)
				continue
			}
			d.c.o.Window = d.person(t, "Adele")
			var err error
			if place == "renewal" {
				var token Token
				token, _, err = d.c.Token(t.Context(), in.Account, s)
				if err == nil {
					_, err = d.c.Renew(t.Context(), in.Account, s, token.Value, "")
				}
				d.c.Forget(in.Account)
			} else {
				_, err = d.c.SignIn(t.Context(), Request{})
			}
			e := wantKind(t, err, want.kind)
			if e.Why() != want.why || e.Number != want.number || e.TraceID == "" || e.CorrelationID == "" {
				t.Errorf("%s: got %+v, why %q; want why %q", name, e, e.Why(), want.why)
			}
			what, next := text.Problem(e.Problem(), map[string]string{"why": string(e.Why()), "account": "a", "link": "L"})
			said[what]++
			if strings.Contains(strings.ReplaceAll(what+next, "Sign in…", ""), "…") || next == "" {
				t.Errorf("%s: is told as %q, %q", name, what, next)
			}
			if want.kind == AdminNeeded && !strings.Contains(next, "L") {
				t.Errorf("%s: no link: %s", name, next)
			}
		}
	}
	if len(said) < 14 {
		t.Errorf("only %d different words: %v", len(said), said)
	}
	noSecrets(t, d)
}

// A permission that was never granted, or was taken back.
func TestAConsentThatIsMissingIsToldSo(t *testing.T) {
	d := newDemo(t, "Adele")
	for place, want := range map[string]Kind{"authorize": AdminNeeded, "code": SignInNeeded} {
		if err := d.SetScenario("AADSTS65001@" + place); err != nil {
			t.Fatal(err)
		}
		buttons := []string{"Adele", "Accept"}
		d.c.o.Window = d.person(t, buttons...)
		_, err := d.c.SignIn(t.Context(), Request{})
		e := wantKind(t, err, want)
		if want == SignInNeeded && e.Why() != Consent {
			t.Errorf("%s: got why %q", place, e.Why())
		}
		if _, next := text.Problem(e.Problem(), map[string]string{"why": string(e.Why()), "link": "L"}); !strings.Contains(next, "L") {
			t.Errorf("%s: no administrator's link: %s", place, next)
		}
	}
}

func TestEveryReasonHasWordsOfItsOwn(t *testing.T) {
	for why, code := range map[Why]text.Code{
		OnPage: text.SignInCancelled, Challenged: text.SignInNeeded, Factor: text.SignInNeeded, Revoked: text.SignInNeeded,
		Inactive: text.SignInNeeded, Frequency: text.SignInNeeded, Consent: text.SignInNeeded, Elsewhere: text.SignInNeeded,
		Unmanaged: text.SignInBlocked, Unassigned: text.SignInBlocked, Disabled: text.SignInBlocked, Locked: text.SignInBlocked,
	} {
		plain, plainNext := text.Problem(code, nil)
		what, next := text.Problem(code, map[string]string{"why": string(why)})
		if what == plain || next == plainNext {
			t.Errorf("%s: is told as the rest: %q, %q", why, what, next)
		}
	}
	if plain, _ := text.Problem(text.Offline, nil); plain == "" {
		t.Error("no words")
	} else if got, _ := text.Problem(text.Offline, map[string]string{"why": "revoked"}); got != plain {
		t.Errorf("a reason of another code: got %q", got)
	}
}

func TestGoingBackFromMicrosoftsPageIsACancelThatNamesTheLink(t *testing.T) {
	for _, scenario := range []string{"", string(emulator.NeedsAdmin)} {
		buttons := []string{"Cancel"}
		if scenario != "" {
			buttons = []string{"Adele", "Return"}
		}
		d := newDemo(t, buttons...)
		if err := d.SetScenario(scenario); err != nil {
			t.Fatal(err)
		}
		_, err := d.c.SignIn(t.Context(), Request{})
		if e := wantKind(t, err, Cancelled); e.Why() != OnPage || e.SubError != "cancel" {
			t.Errorf("got %+v", e)
		}
	}
}
