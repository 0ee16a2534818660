// Package sessiontest is the suite that every session store passes. A new rule
// of the contract is added here first.
package sessiontest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"debrief/internal/session"
)

// Start is the time at which the suite's clock stands.
var Start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Clock is the time that a store under test sees.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock stands at Start.
func NewClock() *Clock { return &Clock{t: Start} }

// Now is the clock's time.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

// Move moves the clock on.
func (c *Clock) Move(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

// Backend is one place where records lie, fresh for one test.
type Backend interface {
	// Open gives a new client of the place: another process, as far as can be.
	Open(t *testing.T) session.Store
	// Plant stores bytes as they are under id, past the store.
	Plant(t *testing.T, id string, b []byte)
	// Stored returns what lies under id; false when nothing does.
	Stored(t *testing.T, id string) ([]byte, bool)
}

// Record is a whole record with a new id.
func Record() session.Record {
	return session.Record{
		ID: session.NewID(), Schema: session.Schema, Authenticated: true,
		User: session.User{Name: "Zoë <Müller> & Søn", Email: "zoe@example.test"}, Email: "zoe@example.test",
		Account: session.Account{
			HomeAccountID: "uid.utid", TenantID: "tenant", Environment: "login.microsoftonline.com", ClientID: "client",
		},
		ReturnToSummary: &session.ReturnTo{Type: "draft", ID: "d1"},
		Device:          session.Device{ID: "device", Name: "desk"},
		CreatedAt:       Start, LastUsedAt: Start, ExpiresAt: Start.Add(90 * 24 * time.Hour), Permanent: true,
		Tokens: session.Tokens{
			AccessExpiresAt: Start.Add(time.Hour), RefreshExpiresAt: Start.Add(90 * 24 * time.Hour),
			Scopes: []string{"User.Read", "Chat.Read"},
		},
		Signature: &session.Signature{KeyID: "0011", MAC: "aa"},
	}
}

// Run runs the suite; fresh gives an empty place whose stores see clock.
func Run(t *testing.T, fresh func(t *testing.T, clock *Clock) Backend) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Backend, *Clock)
	}{
		{"create, load and save keep every field and count versions", roundTrip},
		{"times are stored in UTC and whole seconds", times},
		{"records are copied in and out", copies},
		{"create of a known id is ErrExists and changes nothing", createTwice},
		{"load and save of an unknown id are ErrNotFound", unknown},
		{"save of an older version is ErrConflict and changes nothing", conflict},
		{"a tombstone stops create, save and load, and is never listed", tombstone},
		{"clear is idempotent and needs no record", clearTwice},
		{"a tombstone is swept at its time and not before", swept},
		{"an expired record is still given", expired},
		{"list is ordered by id and complete", list},
		{"ids that are not 32 hex digits are refused", invalidIDs},
		{"a record that cannot be written is ErrInvalid", invalidRecords},
		{"64 writers on one record lose no increment", writers},
		{"64 creators of one id make one record", creators},
		{"a save that races with a clear never brings the record back", clearRace},
		{"a truncated record is ErrCorrupt once, put aside, and hides no other", corrupt},
		{"an unreadable record can be cleared", clearCorrupt},
		{"a newer record is left alone and reported", newer},
		{"watch tells of another client's changes", watch},
		{"a cancelled context ends a call before its effect", cancelled},
		{"a closed store refuses, and closing twice is fine", closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := NewClock()
			c.test(t, fresh(t, clock), clock)
		})
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("got error %v, want none", err)
		}
		return v
	}
}

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func bury(id string) session.Tombstone {
	return session.Tombstone{ID: id, ClearedAt: Start, ByDevice: "device", Until: Start.Add(24 * time.Hour)}
}

// same compares through the stored form, which is what a store promises.
func same(t *testing.T, got, want session.Record) {
	t.Helper()
	g, w := must[[]byte](t)(session.Encode(got)), must[[]byte](t)(session.Encode(want))
	if string(g) != string(w) {
		t.Fatalf("got %s\nwant %s", g, w)
	}
}

func ids(l session.Listing) []string {
	var all []string
	for _, r := range l.Records {
		all = append(all, r.ID)
	}
	return all
}

func roundTrip(t *testing.T, b Backend, _ *Clock) {
	s, other := b.Open(t), b.Open(t)
	in := Record()
	made := must[session.Record](t)(s.Create(t.Context(), in))
	in.Version = 1
	same(t, made, in)
	same(t, must[session.Record](t)(other.Load(t.Context(), in.ID)), in)
	in.Authenticated, in.ReturnToSummary, in.Tokens.Scopes, in.Signature = false, nil, nil, nil
	in.Version = must[session.Record](t)(other.Save(t.Context(), in)).Version
	if in.Version != 2 {
		t.Fatalf("got version %d after a save, want 2", in.Version)
	}
	same(t, must[session.Record](t)(s.Load(t.Context(), in.ID)), in)
}

func times(t *testing.T, b Backend, _ *Clock) {
	s, in := b.Open(t), Record()
	at := time.Date(2026, 10, 25, 2, 30, 0, 123456789, time.FixedZone("CEST", 7200))
	in.ExpiresAt = at
	must[session.Record](t)(s.Create(t.Context(), in))
	got := must[session.Record](t)(s.Load(t.Context(), in.ID)).ExpiresAt
	if want := at.UTC().Truncate(time.Second); got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func copies(t *testing.T, b Backend, _ *Clock) {
	s, in := b.Open(t), Record()
	out := must[session.Record](t)(s.Create(t.Context(), in))
	in.Tokens.Scopes[0], out.Tokens.Scopes[1], in.ReturnToSummary.ID = "X", "Y", "Z"
	got := must[session.Record](t)(s.Load(t.Context(), in.ID))
	if !slices.Equal(got.Tokens.Scopes, []string{"User.Read", "Chat.Read"}) || got.ReturnToSummary.ID != "d1" || out.ReturnToSummary.ID != "d1" {
		t.Fatalf("the stored record changed with the caller's: %+v %+v", got, out)
	}
}

func createTwice(t *testing.T, b Backend, _ *Clock) {
	s, in := b.Open(t), Record()
	must[session.Record](t)(s.Create(t.Context(), in))
	before, _ := b.Stored(t, in.ID)
	in.Email = "other@example.test"
	_, err := b.Open(t).Create(t.Context(), in)
	want(t, "second create", err, session.ErrExists)
	if after, _ := b.Stored(t, in.ID); string(after) != string(before) {
		t.Fatalf("the record changed: %s", after)
	}
}

func unknown(t *testing.T, b Backend, _ *Clock) {
	s, in := b.Open(t), Record()
	_, err := s.Load(t.Context(), in.ID)
	want(t, "load", err, session.ErrNotFound)
	_, err = s.Save(t.Context(), in)
	want(t, "save", err, session.ErrNotFound)
	if _, there := b.Stored(t, in.ID); there {
		t.Fatal("a save made a record")
	}
}

func conflict(t *testing.T, b Backend, _ *Clock) {
	s, in := b.Open(t), Record()
	old := must[session.Record](t)(s.Create(t.Context(), in))
	winner := old
	winner.User.Name = "first"
	must[session.Record](t)(s.Save(t.Context(), winner))
	old.User.Name = "second"
	_, err := b.Open(t).Save(t.Context(), old)
	want(t, "late save", err, session.ErrConflict)
	if got := must[session.Record](t)(s.Load(t.Context(), in.ID)); got.User.Name != "first" || got.Version != 2 {
		t.Fatalf("got %q at version %d, want the first save's", got.User.Name, got.Version)
	}
}

func tombstone(t *testing.T, b Backend, _ *Clock) {
	s, late := b.Open(t), b.Open(t)
	in := must[session.Record](t)(s.Create(t.Context(), Record()))
	want(t, "clear", s.Clear(t.Context(), bury(in.ID)), nil)
	_, err := late.Save(t.Context(), in)
	want(t, "late save", err, session.ErrCleared)
	_, err = late.Create(t.Context(), in)
	want(t, "late create", err, session.ErrCleared)
	_, err = late.Load(t.Context(), in.ID)
	want(t, "load", err, session.ErrCleared)
	if l := must[session.Listing](t)(late.List(t.Context())); len(l.Records)+len(l.Unreadable) != 0 {
		t.Fatalf("got %+v listed, want nothing", l)
	}
	if got, there := b.Stored(t, in.ID); there {
		t.Fatalf("the record is still stored: %s", got)
	}
}

func clearTwice(t *testing.T, b Backend, _ *Clock) {
	s, id := b.Open(t), session.NewID()
	for range 2 {
		want(t, "clear", s.Clear(t.Context(), bury(id)), nil)
	}
	_, err := s.Load(t.Context(), id)
	want(t, "load", err, session.ErrCleared)
}

func swept(t *testing.T, b Backend, clock *Clock) {
	s := b.Open(t)
	in := must[session.Record](t)(s.Create(t.Context(), Record()))
	want(t, "clear", s.Clear(t.Context(), bury(in.ID)), nil)
	clock.Move(24*time.Hour - time.Second)
	must[session.Listing](t)(s.List(t.Context()))
	_, err := b.Open(t).Load(t.Context(), in.ID)
	want(t, "load a second before", err, session.ErrCleared)
	clock.Move(time.Second)
	must[session.Listing](t)(s.List(t.Context()))
	_, err = b.Open(t).Load(t.Context(), in.ID)
	want(t, "load at the time", err, session.ErrNotFound)
}

func expired(t *testing.T, b Backend, clock *Clock) {
	s, in := b.Open(t), Record()
	must[session.Record](t)(s.Create(t.Context(), in))
	clock.Move(10 * 365 * 24 * time.Hour)
	if got := must[session.Record](t)(b.Open(t).Load(t.Context(), in.ID)); !got.Expired(clock.Now()) {
		t.Fatalf("got %v not expired at %v", got.ExpiresAt, clock.Now())
	}
}

func list(t *testing.T, b Backend, _ *Clock) {
	s := b.Open(t)
	if l := must[session.Listing](t)(s.List(t.Context())); len(l.Records)+len(l.Unreadable) != 0 {
		t.Fatalf("got %+v of an empty store", l)
	}
	var all []string
	for range 20 {
		all = append(all, must[session.Record](t)(s.Create(t.Context(), Record())).ID)
	}
	slices.Sort(all)
	if got := ids(must[session.Listing](t)(b.Open(t).List(t.Context()))); !slices.Equal(got, all) {
		t.Fatalf("got %v\nwant %v", got, all)
	}
}

func invalidIDs(t *testing.T, b Backend, _ *Clock) {
	s := b.Open(t)
	for _, id := range []string{
		"", "../../etc/passwd", strings.Repeat("A", 32), strings.Repeat("0", 31), strings.Repeat("0", 33),
		strings.Repeat("0", 31) + "/", strings.Repeat("0", 31) + "\x00", "*" + strings.Repeat("0", 31),
	} {
		in := Record()
		in.ID = id
		_, err := s.Create(t.Context(), in)
		want(t, "create "+id, err, session.ErrInvalid)
		_, err = s.Load(t.Context(), id)
		want(t, "load "+id, err, session.ErrInvalid)
		_, err = s.Save(t.Context(), in)
		want(t, "save "+id, err, session.ErrInvalid)
		want(t, "clear "+id, s.Clear(t.Context(), bury(id)), session.ErrInvalid)
	}
}

func invalidRecords(t *testing.T, b Backend, _ *Clock) {
	s := b.Open(t)
	for name, change := range map[string]func(*session.Record){
		"a newer schema": func(r *session.Record) { r.Schema = session.Schema + 1 },
		"the year 10000": func(r *session.Record) { r.ExpiresAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"a name of 1 MB": func(r *session.Record) { r.User.Name = strings.Repeat("x", session.MaxSize) },
	} {
		in := Record()
		change(&in)
		_, err := s.Create(t.Context(), in)
		want(t, name, err, session.ErrInvalid)
		if _, there := b.Stored(t, in.ID); there {
			t.Fatalf("%s was stored", name)
		}
	}
}

func writers(t *testing.T, b Backend, _ *Clock) {
	const n = 64
	in := must[session.Record](t)(b.Open(t).Create(t.Context(), Record()))
	stores := []session.Store{b.Open(t), b.Open(t), b.Open(t), b.Open(t)}
	var wg sync.WaitGroup
	for i := range n {
		s := stores[i%len(stores)]
		wg.Go(func() {
			for {
				r, err := s.Load(t.Context(), in.ID)
				if err == nil {
					r.Tokens.Scopes = append(r.Tokens.Scopes, "x")
					_, err = s.Save(t.Context(), r)
				}
				if errors.Is(err, session.ErrConflict) {
					continue
				}
				if err != nil {
					t.Errorf("writer: %v", err)
				}
				return
			}
		})
	}
	wg.Wait()
	got := must[session.Record](t)(b.Open(t).Load(t.Context(), in.ID))
	if len(got.Tokens.Scopes) != n+2 || got.Version != n+1 {
		t.Fatalf("got %d increments at version %d, want %d at %d", len(got.Tokens.Scopes)-2, got.Version, n, n+1)
	}
}

func creators(t *testing.T, b Backend, _ *Clock) {
	in := Record()
	stores := []session.Store{b.Open(t), b.Open(t)}
	var made, refused sync.Map
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			if _, err := stores[i%2].Create(t.Context(), in); err == nil {
				made.Store(i, true)
			} else if errors.Is(err, session.ErrExists) {
				refused.Store(i, true)
			}
		})
	}
	wg.Wait()
	count := func(m *sync.Map) (n int) { m.Range(func(any, any) bool { n++; return true }); return n }
	if count(&made) != 1 || count(&refused) != 63 {
		t.Fatalf("got %d made and %d refused, want 1 and 63", count(&made), count(&refused))
	}
}

func clearRace(t *testing.T, b Backend, _ *Clock) {
	s, other := b.Open(t), b.Open(t)
	for range 10 {
		in := must[session.Record](t)(s.Create(t.Context(), Record()))
		var wg sync.WaitGroup
		wg.Go(func() {
			for r := in; ; {
				var err error
				if r, err = other.Save(t.Context(), r); err != nil {
					if !errors.Is(err, session.ErrCleared) {
						t.Errorf("got %v from the save that lost, want ErrCleared", err)
					}
					return
				}
			}
		})
		if err := s.Clear(t.Context(), bury(in.ID)); err != nil {
			t.Error(err)
		}
		wg.Wait()
		_, err := s.Load(t.Context(), in.ID)
		want(t, "load", err, session.ErrCleared)
		if _, there := b.Stored(t, in.ID); there {
			t.Fatal("the record is back")
		}
	}
}

// poll waits for a condition, bounded.
func poll(ctx context.Context, c <-chan struct{}) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return false
	}
}
