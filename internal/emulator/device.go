package emulator

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	deviceLifetime = 15 * time.Minute
	deviceInterval = 5 * time.Second
	maxDevices     = 100
	// deviceGrace lets through a client whose timer is a little early.
	deviceGrace = time.Second
)

// device is one sign-in with a code that a person types on another device. It
// lives in memory only: who waits for it asks anew after a restart.
type device struct {
	key    string // hash of the device code
	code   string // what the person types
	tenant string
	asked  []string
	scopes scopeSet
	made   time.Time // by the tenant's clock
	polled time.Time // by the machine's clock

	grant    *grant // once the person has signed in
	declined bool
	used     bool
}

// deviceGrant reports whether a grant_type is the device code's. MSAL for Go and
// for Node.js send the short one.
func deviceGrant(grantType string) bool {
	return grantType == "urn:ietf:params:oauth:grant-type:device_code" || grantType == "device_code"
}

// deviceCode begins a sign-in with a code (RFC 8628).
func (e *Emulator) deviceCode(w http.ResponseWriter, r *http.Request) {
	tenant := r.PathValue("tenant")
	if !known(tenant) {
		e.oauthError(w, r, unknownTenant(tenant))
		return
	}
	if err := r.ParseForm(); err != nil {
		e.oauthError(w, r, malformed())
		return
	}
	for _, name := range []string{"client_id", "scope"} {
		if r.PostForm.Get(name) == "" {
			e.oauthError(w, r, missingParameter(name))
			return
		}
	}
	if id := r.PostForm.Get("client_id"); !strings.EqualFold(id, ClientID) {
		e.oauthError(w, r, unknownClient(id))
		return
	}
	set, number, bad := parseScopes(r.PostForm.Get("scope"))
	if number != 0 {
		e.oauthError(w, r, badScope(number, bad))
		return
	}
	secret := "1.AXoA" + random(160)
	d := &device{key: hash(secret), code: userCode(), tenant: tenant, asked: strings.Fields(r.PostForm.Get("scope")), scopes: set}
	err := e.update(func(s *state) error {
		e.note(s, "device_code", secret)
		d.made = e.now()
		e.sweepDevices()
		e.devices = append(e.devices, d)
		return nil
	})
	if err != nil {
		http.Error(w, "the demo tenant could not write its state", http.StatusInternalServerError)
		return
	}
	page := e.at.pages + "/devicelogin"
	writeJSON(w, http.StatusOK, map[string]any{
		"user_code": d.code, "device_code": secret, "verification_uri": page,
		"expires_in": int(deviceLifetime / time.Second), "interval": int(deviceInterval / time.Second),
		"message": "To sign in, use a web browser to open the page " + page + " and enter the code " + d.code + " to authenticate.",
	})
}

// userCode is nine letters and digits that are not mistaken for one another.
func userCode() string {
	const letters = "BCDFGHJKLMNPQRSTVWXZ23456789ACEF" // 32: every byte is as likely
	b := make([]byte, 9)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b)
}

// deviceOf finds a device by its code's hash; the caller holds the lock.
func (e *Emulator) deviceOf(key string) *device {
	for _, d := range e.devices {
		if d.key == key {
			return d
		}
	}
	return nil
}

// sweepDevices forgets those that ended long ago; the caller holds the lock.
func (e *Emulator) sweepDevices() {
	var kept []*device
	for _, d := range e.devices {
		if e.now().Sub(d.made) < 4*deviceLifetime {
			kept = append(kept, d)
		}
	}
	if len(kept) >= maxDevices {
		kept = kept[len(kept)-maxDevices+1:]
	}
	e.devices = kept
}

// pollDevice answers a client that waits; the caller holds the lock. A device
// without grant comes with the refusal.
func (e *Emulator) pollDevice(form url.Values) (*device, *oauthErr) {
	refuse := func(code string, number int, text string) (*device, *oauthErr) {
		return nil, &oauthErr{code: code, number: number, uri: true, text: text}
	}
	d := e.deviceOf(hash(form.Get("device_code")))
	if d == nil || d.used {
		return refuse("bad_verification_code", 70018, "The provided value for the input parameter 'device_code' is not valid.")
	}
	last := d.polled
	d.polled = e.clock()
	switch {
	case d.declined:
		return refuse("authorization_declined", 65004, "User declined to consent to access the app.")
	case e.now().Sub(d.made) > deviceLifetime:
		return refuse("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
	case d.grant != nil:
		return d, nil
	case !last.IsZero() && d.polled.Sub(last) < deviceInterval-deviceGrace:
		return refuse("slow_down", 70016, "OAuth 2.0 device flow error. The client asks too often. Ask less often and continue polling.")
	}
	return refuse("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
}

// devicePage asks for the code.
func (e *Emulator) devicePage(w http.ResponseWriter, _ *http.Request) { e.askForCode(w, false) }

func (e *Emulator) askForCode(w http.ResponseWriter, wrong bool) {
	e.render(w, http.StatusOK, "device", view{Title: "Enter code", Body: wrong}, false)
}

// deviceEnter takes the code and goes on as any other sign-in.
func (e *Emulator) deviceEnter(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		e.refusePage(w, r, malformed())
		return
	}
	typed := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(r.PostForm.Get("code")))
	e.mu.Lock()
	var f *flow
	for _, d := range e.devices {
		if d.code == typed && d.grant == nil && !d.declined && e.now().Sub(d.made) <= deviceLifetime {
			f = &flow{token: random(24), made: e.clock(), tenant: d.tenant, scopes: d.scopes, asked: d.asked, device: d.key, prompt: "select_account"}
			e.sweepFlows()
			e.flows[f.token] = f
		}
	}
	e.mu.Unlock()
	if f == nil {
		e.askForCode(w, true)
		return
	}
	e.step(w, r, f)
}

// endDevice ends the sign-in of f's device: with g, or declined without.
func (e *Emulator) endDevice(w http.ResponseWriter, r *http.Request, f *flow, g *grant) {
	e.mu.Lock()
	d := e.deviceOf(f.device)
	ended := d == nil || d.grant != nil || d.declined
	if !ended {
		d.grant, d.declined = g, g == nil
	}
	delete(e.flows, f.token)
	e.mu.Unlock()
	if ended {
		e.refusePage(w, r, flowEnded())
		return
	}
	title := "You have signed in"
	if g == nil {
		title = "You have not signed in"
	}
	e.render(w, http.StatusOK, "ended", view{Title: title, Body: "Go back to " + ClientName + " on your device; this page can be closed."}, false)
}
