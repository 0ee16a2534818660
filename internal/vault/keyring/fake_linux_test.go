package keyring_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"debrief/internal/vault"

	"github.com/godbus/dbus/v5"
)

// fake is a Secret Service with one locked collection, whose prompt does what a
// test says.
type fake struct {
	conn *dbus.Conn

	mu        sync.Mutex
	locked    bool
	asked     func(f *fake) // what happens when the prompt is shown
	asker     string        // the connection that asked
	dismissed int
	searches  int
	hold      chan struct{} // SearchItems waits for it
}

const promptPath = root + "/prompt/p1"

func (d desk) fake(t *testing.T, asked func(f *fake)) *fake {
	t.Helper()
	f := &fake{conn: d.connect(t), locked: true, asked: asked}
	for path, ifaces := range map[dbus.ObjectPath][]string{
		root:       {"org.freedesktop.Secret.Service", "org.freedesktop.DBus.Properties"},
		login:      {"org.freedesktop.Secret.Collection", "org.freedesktop.DBus.Properties"},
		promptPath: {"org.freedesktop.Secret.Prompt"},
	} {
		for _, iface := range ifaces {
			if err := f.conn.Export(f, path, iface); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reply, err := f.conn.RequestName(secrets, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("got reply %v, %v", reply, err)
	}
	return f
}

func (f *fake) Get(_, property string) (dbus.Variant, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if property == "Collections" {
		return dbus.MakeVariant([]dbus.ObjectPath{login}), nil
	}
	return dbus.MakeVariant(f.locked), nil
}

func (f *fake) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked {
		return nil, promptPath, nil
	}
	return []dbus.ObjectPath{login}, "/", nil
}

func (f *fake) Prompt(asker dbus.Sender, _ string) *dbus.Error {
	f.mu.Lock()
	f.asker = string(asker)
	f.mu.Unlock()
	go f.asked(f)
	return nil
}

func (f *fake) Dismiss() *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dismissed++
	return nil
}

func (f *fake) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	hold := f.hold
	f.searches++
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return nil, nil
}

func (f *fake) set(locked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = locked
}

func (f *fake) complete(dismissed bool) {
	f.set(dismissed)
	_ = f.conn.Emit(promptPath, "org.freedesktop.Secret.Prompt.Completed", dismissed, dbus.MakeVariant([]dbus.ObjectPath{login}))
}

// foreign sends what a tray, another program's prompt and a liar would, straight
// to who asked, whatever it has subscribed to.
func (f *fake) foreign() {
	f.mu.Lock()
	asker := f.asker
	f.mu.Unlock()
	for _, c := range []struct {
		path          dbus.ObjectPath
		iface, member string
		body          []any
	}{
		{"/StatusNotifierItem", "org.kde.StatusNotifierItem", "NewIcon", nil},
		{root + "/prompt/p2", "org.freedesktop.Secret.Prompt", "Completed", []any{true, dbus.MakeVariant("")}},
		{root + "/prompt/p2", "org.freedesktop.Secret.Prompt", "Completed", []any{false, dbus.MakeVariant("")}},
		{promptPath, "org.example.Other", "Completed", []any{true, dbus.MakeVariant("")}},
		{promptPath, "org.freedesktop.Secret.Prompt", "Completed", []any{"not a bool"}},
		{"/", "org.freedesktop.DBus", "NameOwnerChanged", []any{"org.example.Other", ":1.1", ""}},
	} {
		m := &dbus.Message{Type: dbus.TypeSignal, Body: c.body, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(asker),
			dbus.FieldPath:        dbus.MakeVariant(c.path),
			dbus.FieldInterface:   dbus.MakeVariant(c.iface),
			dbus.FieldMember:      dbus.MakeVariant(c.member),
		}}
		if len(c.body) > 0 {
			m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(c.body...))
		}
		f.conn.Send(m, nil)
	}
}

func TestUnlockWaitsForThePersonsOwnAnswer(t *testing.T) {
	d := newDesk(t, "")
	t.Setenv("DISPLAY", ":99")
	for _, c := range []struct {
		name  string
		asked func(*fake)
		want  vault.State
	}{
		{"accepted", func(f *fake) { f.complete(false) }, vault.Ready},
		{"accepted after signals of others", func(f *fake) { f.foreign(); f.complete(false) }, vault.Ready},
		{"declined", func(f *fake) { f.complete(true) }, vault.Declined},
		{"declined after signals of others", func(f *fake) { f.foreign(); f.complete(true) }, vault.Declined},
		{"the program ends", func(f *fake) { _ = f.conn.Close() }, vault.Absent},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := d.fake(t, c.asked)
			defer f.conn.Close()
			k := newItems(t, patient)
			if st := k.Probe(t.Context()); st.State != vault.Locked {
				t.Fatalf("got %+v, want locked before", st)
			}
			if st := k.Unlock(t.Context()); st.State != c.want {
				t.Fatalf("got %+v, want %s", st, c.want)
			}
			if c.want != vault.Declined {
				return
			}
			if err := k.Set(t.Context(), "x/y", "z"); stateOf(err) != vault.Declined {
				t.Errorf("set: %s, want declined", refused(err))
			}
			f.set(false)
			if st := k.Probe(t.Context()); st.State != vault.Ready {
				t.Errorf("got %+v after it was unlocked elsewhere, want ready", st)
			}
			f.set(true)
			if st := k.Probe(t.Context()); st.State != vault.Locked {
				t.Errorf("got %+v after it was locked again, want locked", st)
			}
		})
	}
}

func TestAPromptThatNobodyAnswersIsTakenBack(t *testing.T) {
	d := newDesk(t, "")
	t.Setenv("DISPLAY", ":99")
	for _, c := range []struct {
		name string
		wait time.Duration
		end  bool // as soon as the prompt is shown
	}{{"the caller gives up", patient, true}, {"the caller's time is over", 300 * time.Millisecond, false}} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.wait)
			defer cancel()
			f := d.fake(t, func(f *fake) {
				f.foreign()
				if c.end {
					cancel()
				}
			})
			defer f.conn.Close()
			if st := newItems(t, patient).Unlock(ctx); st.State != vault.Locked {
				t.Errorf("got %+v, want locked", st)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.dismissed != 1 {
				t.Errorf("got %d dismissals, want 1", f.dismissed)
			}
		})
	}
}

func TestWithoutADisplayNobodyIsAsked(t *testing.T) {
	d := newDesk(t, "")
	f := d.fake(t, func(*fake) { t.Error("the prompt was shown") })
	if st := newItems(t, patient).Unlock(t.Context()); st.State != vault.Locked {
		t.Errorf("got %+v, want locked", st)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dismissed != 1 {
		t.Errorf("got %d dismissals, want 1", f.dismissed)
	}
}

func TestACallWithoutAnAnswerIsSlowAndNothingOvertakesIt(t *testing.T) {
	d := newDesk(t, "")
	f := d.fake(t, nil)
	hold := make(chan struct{})
	f.mu.Lock()
	f.locked, f.hold = false, hold
	f.mu.Unlock()
	k := newItems(t, 300*time.Millisecond)
	began := time.Now()
	if _, err := k.Get(t.Context(), "x/y"); stateOf(err) != vault.Slow {
		t.Fatalf("first call: %s, want slow", refused(err))
	}
	if err := k.Delete(t.Context(), "x/y"); stateOf(err) != vault.Slow {
		t.Fatalf("second call: %s, want slow", refused(err))
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("got answers after %v, want each after 300 ms", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Get(ctx, "x/y"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %s", refused(err))
	}
	f.mu.Lock()
	searches := f.searches
	f.mu.Unlock()
	if searches != 1 {
		t.Errorf("got %d calls at the keyring, want the first alone", searches)
	}
	close(hold)
	poll(t, "the keyring that answers again is still refused", func() bool {
		_, err := k.Get(t.Context(), "x/y")
		return errors.Is(err, vault.ErrNotFound)
	})
}
