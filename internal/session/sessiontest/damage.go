package sessiontest

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"debrief/internal/session"
)

func corrupt(t *testing.T, b Backend, _ *Clock) {
	s := b.Open(t)
	good := must[session.Record](t)(s.Create(t.Context(), Record()))
	whole := must[[]byte](t)(session.Encode(good))
	foreign := must[[]byte](t)(session.Encode(func() session.Record { r := Record(); r.Version = 1; return r }()))
	for name, bytes := range map[string][]byte{
		"empty": {}, "truncated": whole[:len(whole)/2], "an array": []byte("[]"), "null": []byte("null"),
		"binary": {0, 1, 2, 0xff}, "another id": foreign, "two values": append(slices.Clone(whole), whole...),
	} {
		id := session.NewID()
		b.Plant(t, id, bytes)
		l := must[session.Listing](t)(s.List(t.Context()))
		if !slices.Equal(ids(l), []string{good.ID}) || len(l.Unreadable) != 1 || l.Unreadable[0].ID != id || l.Unreadable[0].Path == "" {
			t.Fatalf("%s: got %+v, want the good record and the bad one put aside", name, l)
		}
		want(t, name, l.Unreadable[0].Err, session.ErrCorrupt)
		if l := must[session.Listing](t)(b.Open(t).List(t.Context())); len(l.Unreadable) != 0 {
			t.Fatalf("%s: reported twice: %+v", name, l)
		}
		_, err := s.Load(t.Context(), id)
		want(t, name+": load afterwards", err, session.ErrNotFound)
		b.Plant(t, id, bytes)
		_, err = s.Load(t.Context(), id)
		want(t, name+": load", err, session.ErrCorrupt)
		b.Plant(t, id, bytes)
		r := Record()
		r.ID, r.Version = id, 1
		_, err = s.Save(t.Context(), r)
		want(t, name+": save", err, session.ErrCorrupt)
	}
}

func clearCorrupt(t *testing.T, b Backend, _ *Clock) {
	s, id := b.Open(t), session.NewID()
	b.Plant(t, id, []byte("{"))
	want(t, "clear", s.Clear(t.Context(), bury(id)), nil)
	if _, there := b.Stored(t, id); there {
		t.Fatal("it is still stored")
	}
	_, err := s.Load(t.Context(), id)
	want(t, "load", err, session.ErrCleared)
}

func newer(t *testing.T, b Backend, _ *Clock) {
	s, id := b.Open(t), session.NewID()
	bytes := must[[]byte](t)(json.Marshal(map[string]any{"id": id, "schema": session.Schema + 1, "version": "seven"}))
	b.Plant(t, id, bytes)
	r := Record()
	r.ID, r.Version = id, 1
	_, err := s.Load(t.Context(), id)
	want(t, "load", err, session.ErrNewer)
	_, err = s.Save(t.Context(), r)
	want(t, "save", err, session.ErrNewer)
	_, err = s.Create(t.Context(), r)
	want(t, "create", err, session.ErrExists)
	for range 2 {
		l := must[session.Listing](t)(s.List(t.Context()))
		if len(l.Unreadable) != 1 || l.Unreadable[0].ID != id {
			t.Fatalf("got %+v, want the newer record reported", l)
		}
		want(t, "list", l.Unreadable[0].Err, session.ErrNewer)
	}
	if got, _ := b.Stored(t, id); string(got) != string(bytes) {
		t.Fatalf("got %s, want it left alone", got)
	}
}

func watch(t *testing.T, b Backend, _ *Clock) {
	s, other := b.Open(t), b.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- s.Watch(ctx, func() {
			select {
			case told <- struct{}{}:
			case <-ctx.Done():
			}
		})
	}()
	if !poll(ctx, told) {
		t.Fatal("the watch does not stand")
	}
	r := must[session.Record](t)(other.Create(t.Context(), Record()))
	if !poll(ctx, told) {
		t.Fatal("a create was not told")
	}
	r = must[session.Record](t)(other.Save(t.Context(), r))
	if !poll(ctx, told) {
		t.Fatal("a save was not told")
	}
	want(t, "clear", other.Clear(t.Context(), bury(r.ID)), nil)
	if !poll(ctx, told) {
		t.Fatal("a clear was not told")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatalf("got %v at the context's end, want nil", err)
	}
}

func cancelled(t *testing.T, b Backend, _ *Clock) {
	s := b.Open(t)
	r := must[session.Record](t)(s.Create(t.Context(), Record()))
	before, _ := b.Stored(t, r.ID)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fresh := Record()
	_, err := s.Create(ctx, fresh)
	want(t, "create", err, context.Canceled)
	if _, there := b.Stored(t, fresh.ID); there {
		t.Fatal("a cancelled create had an effect")
	}
	_, err = s.Save(ctx, r)
	want(t, "save", err, context.Canceled)
	want(t, "clear", s.Clear(ctx, bury(r.ID)), context.Canceled)
	if after, _ := b.Stored(t, r.ID); string(after) != string(before) {
		t.Fatalf("a cancelled call changed the record: %s", after)
	}
	_, err = s.Load(ctx, r.ID)
	want(t, "load", err, context.Canceled)
	_, err = s.List(ctx)
	want(t, "list", err, context.Canceled)
	if err := s.Watch(ctx, func() {}); err != nil {
		t.Fatalf("watch: got %v, want nil", err)
	}
}

func closed(t *testing.T, b Backend, _ *Clock) {
	s := b.Open(t)
	for range 2 {
		want(t, "close", s.Close(), nil)
	}
	r := Record()
	_, err := s.Create(t.Context(), r)
	want(t, "create", err, session.ErrClosed)
	_, err = s.Save(t.Context(), r)
	want(t, "save", err, session.ErrClosed)
	_, err = s.Load(t.Context(), r.ID)
	want(t, "load", err, session.ErrClosed)
	_, err = s.List(t.Context())
	want(t, "list", err, session.ErrClosed)
	want(t, "clear", s.Clear(t.Context(), bury(r.ID)), session.ErrClosed)
	want(t, "watch", s.Watch(t.Context(), func() {}), session.ErrClosed)
}
