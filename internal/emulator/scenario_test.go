package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator/emulatortest"
)

func TestEveryRefusalOfTheServiceCanBeMet(t *testing.T) {
	e, _ := start(t)
	refresh := tokens(t, e, Adele)["refresh_token"].(string)
	set := func(name string) {
		t.Helper()
		if err := e.SetScenario(name); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]bool{}
	for _, o := range refusals(e.Now()) {
		if seen[o.number] {
			t.Errorf("AADSTS%d is there twice", o.number)
		}
		seen[o.number] = true
		name := fmt.Sprintf("AADSTS%d", o.number)
		for at, meets := range map[string][2]bool{"": {true, true}, "@code": {true, false}, "@renewal": {false, true}, "@authorize": {false, false}} {
			set("")
			code := signIn(t, emulatortest.Person{UPN: Adele}, authURL(e)).Get("code")
			set(name + at)
			for i, form := range []map[string][]string{codeForm(code), refreshForm(refresh)} {
				status, body := tokenRequest(t, e, form)
				if !meets[i] {
					if status != http.StatusOK {
						t.Errorf("%s%s, form %d: %d %v", name, at, i, status, body)
					}
					continue
				}
				sub, _ := body["suberror"].(string)
				text, _ := body["error_description"].(string)
				if status == http.StatusOK || body["error"] != o.code || sub != o.sub || body["error_codes"].([]any)[0] != float64(o.number) || !strings.HasPrefix(text, name+": ") {
					t.Errorf("%s%s, form %d: %d %v", name, at, i, status, body)
				}
			}
		}
		set(name + "@authorize")
		d, err := emulatortest.Person{UPN: Adele}.SignIn(t.Context(), authURL(e))
		switch {
		case o.page && (err == nil || !strings.Contains(err.Error(), "400")):
			t.Errorf("%s at authorize: want a page, got %v %v", name, d.Values, err)
		case !o.page && (err != nil || d.Values.Get("error") == "" || !strings.HasPrefix(d.Values.Get("error_description"), name+":")):
			t.Errorf("%s at authorize: got %v %v", name, d.Values, err)
		}
	}
	for _, number := range []int{ // what Microsoft is known to answer
		50011, 700016, 700038, 700011, 90014, 900144, 9002313, 70003, 70011, 650053, 500011, 7000218, 70000, 70008, 54005, 501481,
		700082, 70043, 50173, 65001, 65004, 90094, 90095, 50076, 50079, 50078, 53003, 53000, 53001,
		50105, 50020, 50034, 51004, 50057, 50053, 50126, 50194, 50049, 50196, 90033, 90055,
	} {
		if !seen[number] {
			t.Errorf("AADSTS%d cannot be met", number)
		}
	}
}

func TestAScenarioThatDoesNotExistIsAnError(t *testing.T) {
	e, _ := start(t)
	for _, name := range []string{"rain", "AADSTS", "AADSTS1", "AADSTS50076@home", "50076", "aadsts50076", "mfa@code"} {
		if err := e.SetScenario(name); err == nil {
			t.Errorf("%q: no error", name)
		}
	}
	if o, ok := refusalOf(70043, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)); !ok || !strings.Contains(o.text, "issued on 2026-11-23T00:00:00.0000000Z") {
		t.Errorf("AADSTS70043: %+v", o)
	}
}
