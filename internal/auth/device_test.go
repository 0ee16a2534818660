package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"debrief/internal/emulator"
	"debrief/internal/emulator/emulatortest"
)

// byDevice signs in with a code; type is what the person does with it.
func byDevice(t *testing.T, d *demo, do func(UserCode)) (SignedIn, []Progress, error) {
	t.Helper()
	var steps []Progress
	in, err := d.c.SignIn(t.Context(), Request{Method: Device, Progress: func(p Progress) {
		steps = append(steps, p)
		if p.Code != nil {
			do(*p.Code)
		}
	}})
	return in, steps, err
}

func enter(t *testing.T, p emulatortest.Person) func(UserCode) {
	return func(code UserCode) {
		if _, err := p.EnterCode(t.Context(), code.URL, code.Code); err != nil {
			t.Error(err)
		}
	}
}

func TestAPersonSignsInWithACodeOnAnotherDevice(t *testing.T) {
	d := newDemo(t)
	var code UserCode
	in, steps, err := byDevice(t, d, func(c UserCode) {
		code = c
		enter(t, emulatortest.Person{UPN: emulator.Lee})(c)
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, d.log)
	}
	if in.Email != emulator.Lee || in.Account.TenantID != emulator.TenantID || in.Account.Environment != emulator.LoginHost {
		t.Errorf("got %+v", in)
	}
	var phases []string
	for _, s := range steps {
		phases = append(phases, s.Phase)
		if s.Method != Device {
			t.Errorf("%s: got the method %s", s.Phase, s.Method)
		}
	}
	if !slices.Equal(phases, []string{Opening, Waiting, Redeeming}) {
		t.Errorf("got the phases %v", phases)
	}
	if left := time.Until(code.ExpiresAt); left < 14*time.Minute || left > 15*time.Minute || code.ExpiresAt.Location() != time.UTC {
		t.Errorf("the code ends in %v", left)
	}
	token, renewed, err := d.c.Token(t.Context(), in.Account, &store{b: []byte(in.Cache.Reveal())})
	if err != nil || renewed || graphMe(t, d, token) != http.StatusOK {
		t.Errorf("Token: renewed %v, %v", renewed, err)
	}
	if strings.Contains(d.log.String(), code.Code) {
		t.Error("the log holds the code")
	}
	noSecrets(t, d)
}

func TestACodeThatIsNotUsedEndsAsWhatHappened(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(t *testing.T, d *demo, c UserCode)
		want Kind
		code string
	}{
		"declined": {func(t *testing.T, _ *demo, c UserCode) {
			enter(t, emulatortest.Person{UPN: emulator.Alex, Decline: true})(c)
		}, Declined, "authorization_declined"},
		"the code is over": {func(t *testing.T, d *demo, _ UserCode) {
			if err := d.Advance(20 * time.Minute); err != nil {
				t.Error(err)
			}
		}, TimedOut, "expired_token"},
		"blocked": {func(t *testing.T, d *demo, c UserCode) {
			enter(t, emulatortest.Person{UPN: emulator.Alex})(c)
			if err := d.SetScenario("blocked"); err != nil {
				t.Error(err)
			}
		}, Blocked, "invalid_grant"},
		"public clients are refused": {func(t *testing.T, d *demo, c UserCode) {
			if err := d.SetScenario("no_public_client"); err != nil {
				t.Error(err)
			}
		}, Misconfig, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDemo(t)
			in, _, err := byDevice(t, d, func(c UserCode) { test.do(t, d, c) })
			if e := wantKind(t, err, test.want); e.Code != test.code || e.TraceID == "" || e.CorrelationID == "" {
				t.Errorf("got %+v", e)
			}
			if in.Cache.Reveal() != "" {
				t.Error("a cache came with the error")
			}
			noSecrets(t, d)
		})
	}
}

func TestASignInWithACodeCanBeCancelled(t *testing.T) {
	d := newDemo(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := d.c.SignIn(ctx, Request{Method: Device, Progress: func(p Progress) {
		if p.Code != nil {
			cancel()
		}
	}})
	wantKind(t, err, Cancelled)
}

// flaky fails a device code's first questions.
type flaky struct {
	next  http.RoundTripper
	fails int
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") && f.fails > 0 {
		f.fails--
		return nil, errors.New("no route to host")
	}
	return f.next.RoundTrip(r)
}

func TestANetworkThatIsAwayForAWhileEndsNoCode(t *testing.T) {
	d := newDemo(t)
	d.c, _ = newTestClient(t, newAuthority(t), func(o *Options) {
		o.ClientID, o.Authority, o.Transport = emulator.ClientID, "https://"+emulator.LoginHost, &flaky{d.net, 2}
	})
	d.c.askAgain = time.Millisecond
	if _, _, err := byDevice(t, d, enter(t, emulatortest.Person{UPN: emulator.Adele})); err != nil {
		t.Error(err)
	}
}

func TestACodeOrAddressThatCannotBeShownIsNotShown(t *testing.T) {
	for name, body := range map[string]string{
		"no https":    `{"user_code":"A1B2","device_code":"d","verification_uri":"http://login.example/device","expires_in":900,"interval":5}`,
		"no address":  `{"user_code":"A1B2","device_code":"d","expires_in":900,"interval":5}`,
		"a rude code": `{"user_code":"A1\u001b[2J","device_code":"d","verification_uri":"https://login.example/device","expires_in":900}`,
		"no code":     `{"device_code":"d","verification_uri":"https://login.example/device","expires_in":900}`,
	} {
		a := newAuthority(t)
		c, _ := newTestClient(t, a, func(o *Options) {
			o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/devicecode") {
					return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
				}
				return a.RoundTrip(r)
			})
		})
		_, err := c.SignIn(t.Context(), Request{Method: Device, Progress: func(p Progress) {
			if p.Code != nil {
				t.Errorf("%s: shown: %+v", name, p.Code)
			}
		}})
		wantKind(t, err, BadReply)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
