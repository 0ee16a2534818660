// Package outbox is the durable queue of posts and its state machine: what is
// added is posted once, or it says why not; nothing is posted twice, nothing is
// lost by a crash, a full disk or a night offline.
//
// Start with Open, Add and Run. Each item is a file, written before the item's
// state in memory changes; an item is "sending" on disk before its request
// leaves, so a crash at any point leaves an item that is either certainly unsent
// or looked for in the chat before anything else happens to it (run.go).
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// keepFor is how long the id, chat, time and hash of a finished post are kept.
const keepFor = 30 * 24 * time.Hour

// Options of an Outbox. Dir and Sender are needed.
type Options struct {
	Dir    string // one file per item
	Sender Sender
	Now    func() time.Time // default: time.Now
	Log    *slog.Logger     // default: discarded; never given texts
	// Changed is called after each change, from any goroutine, with no lock held.
	Changed func()
	Pace    Pace
}

// Pace says when the outbox tries again. The zero value is a sound one.
type Pace struct {
	First time.Duration // pause after the first refusal for now; doubled each time; default 2 s
	Max   time.Duration // the longest pause that is not the server's wish; default 5 min
	// Look is the pause between an unclear send and the first look into the chat
	// (default 3 s), LookAgain the one before the second (default 15 s).
	Look, LookAgain time.Duration
	Gap             time.Duration // between two posts to one chat; default 1 s (Teams' limit)
}

func (p Pace) withDefaults() Pace {
	for _, d := range []struct {
		v *time.Duration
		d time.Duration
	}{{&p.First, 2 * time.Second}, {&p.Max, 5 * time.Minute}, {&p.Look, 3 * time.Second}, {&p.LookAgain, 15 * time.Second}, {&p.Gap, time.Second}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	return p
}

// Outbox is safe for concurrent use. One process at a time may have a folder open.
type Outbox struct {
	o    Options
	wake chan struct{}

	mu         sync.Mutex
	entries    map[string]*entry
	unreadable []Unreadable
	busy       map[chat]bool      // chats that an item is being worked on for
	notBefore  map[chat]time.Time // the gap between two posts to a chat
	draining   bool
	running    bool
	changed    chan struct{} // closed and replaced at each change
}

// entry is an item with what only memory knows of it.
type entry struct {
	change sync.Mutex // held over one transition, its write included

	// Guarded by Outbox.mu.
	item    Item
	looks   int       // how often the chat was read without finding the part in doubt
	unsaved bool      // the disk refused the newest state, which has happened all the same
	hold    time.Time // nothing is tried before: the disk refused
}

type chat struct{ account, id string }

func (i Item) chat() chat {
	return chat{i.Account.Environment + "/" + i.Account.HomeAccountID, i.ChatID}
}

// Open reads the items of a folder. Nothing is sent before Run.
func Open(o Options) (*Outbox, error) {
	if o.Dir == "" || o.Sender == nil {
		return nil, errors.New("outbox: a folder and a sender are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	o.Pace = o.Pace.withDefaults()
	b := &Outbox{
		o: o, wake: make(chan struct{}, 1), entries: map[string]*entry{},
		busy: map[chat]bool{}, notBefore: map[chat]time.Time{}, changed: make(chan struct{}),
	}
	if err := b.load(); err != nil {
		return nil, err
	}
	return b, nil
}

// Add takes a new item: its account, chat, title and parts, and the state Queued
// (the default) or Draft; the outbox fills in the rest. The item is durable when
// Add returns.
func (b *Outbox) Add(_ context.Context, item Item) (Item, error) {
	item = item.clone()
	now := b.now()
	item.ID, item.CreatedAt, item.UpdatedAt = newID(), now, now
	if item.State == "" {
		item.State = Queued
	}
	if item.State != Queued && item.State != Draft {
		return Item{}, fmt.Errorf("outbox: a new item cannot be %s", item.State)
	}
	for i := range item.Parts {
		p := &item.Parts[i]
		p.State, p.MessageID, p.SendingSince, p.Insist, p.Sent = item.State, "", time.Time{}, false, time.Time{}
		if p.Hash == "" {
			p.Hash = Hash(p.Plain)
		}
	}
	item.Attempts, item.MessageID, item.Reconciled, item.NextAttemptAt = 0, "", false, nil
	if err := item.check(); err != nil {
		return Item{}, err
	}
	if err := b.save(item); err != nil {
		return Item{}, err
	}
	b.mu.Lock()
	b.entries[item.ID] = &entry{item: item}
	b.mu.Unlock()
	b.publish()
	return item.clone(), nil
}

// List returns all items, newest first, from memory.
func (b *Outbox) List() []Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := make([]Item, 0, len(b.entries))
	for _, e := range b.entries {
		items = append(items, e.item.clone())
	}
	slices.SortFunc(items, func(x, y Item) int {
		if c := y.CreatedAt.Compare(x.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return items
}

// Get returns the item with this id, or with the one id that starts with it (6
// digits at least).
func (b *Outbox) Get(id string) (Item, error) {
	e, err := b.find(id)
	if err != nil {
		return Item{}, err
	}
	return b.read(e), nil
}

// Wait returns the item once it is settled: posted, failed, unknown, cancelled
// or a draft. When ctx ends first it returns the item as it is, and ctx's error.
func (b *Outbox) Wait(ctx context.Context, id string) (Item, error) {
	for {
		b.mu.Lock()
		changed := b.changed
		b.mu.Unlock()
		item, err := b.Get(id)
		if err != nil || item.Settled() {
			return item, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return item, ctx.Err()
		}
	}
}

// Cancel gives an item up: it is not sent any more. Its text stays for a Retry.
// ErrBusy while it is being sent, ErrPosted when it is too late.
func (b *Outbox) Cancel(_ context.Context, id string) (Item, error) {
	return b.edit(id, func(i *Item) error {
		switch i.State {
		case Sending:
			return ErrBusy
		case Posted:
			return ErrPosted
		}
		i.set(Cancelled, i.Reason)
		i.NextAttemptAt = nil
		return nil
	})
}

// Retry sends an item again, at once. What is in the chat already is not sent
// again; an item whose outcome is unknown is looked for first, and sent when it
// is not found, or when nobody may look.
func (b *Outbox) Retry(_ context.Context, id string) (Item, error) {
	return b.edit(id, func(i *Item) error {
		switch i.State {
		case Sending:
			return ErrBusy
		case Posted:
			return ErrPosted
		case Unknown:
			i.Parts[i.next()].Insist = true
		case Draft:
			if i.ChatID == "" || i.Account.HomeAccountID == "" {
				return ErrIncomplete
			}
		}
		i.set(Queued, "")
		i.NextAttemptAt = nil
		return nil
	})
}

// ToDrafts turns the queued items of an account back into drafts and says how
// many. One that is being sent is left to its outcome.
func (b *Outbox) ToDrafts(_ context.Context, a Account) (n int, err error) {
	return b.each(a, func(i *Item) bool {
		if i.State != Queued {
			return false
		}
		i.set(Draft, ReasonSignIn)
		i.NextAttemptAt = nil
		return true
	})
}

// SignedIn tells the outbox that an account can be used again: items whose
// outcome could not be looked for are looked for now. Drafts stay drafts.
func (b *Outbox) SignedIn(_ context.Context, a Account) error {
	now := b.now()
	_, err := b.each(a, func(i *Item) bool {
		if i.State != Unknown {
			return false
		}
		i.NextAttemptAt = &now
		return true
	})
	return err
}

// Idle stops new attempts and waits until nothing is being sent: for quitting.
// What is queued goes on at the next start.
func (b *Outbox) Idle(ctx context.Context) error {
	for {
		b.mu.Lock()
		b.draining = true
		idle, changed := len(b.busy) == 0, b.changed
		b.mu.Unlock()
		if idle {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// edit changes one item for a person.
func (b *Outbox) edit(id string, f func(*Item) error) (Item, error) {
	e, err := b.find(id)
	if err != nil {
		return Item{}, err
	}
	if err := b.change(e, f); err != nil {
		return b.read(e), err
	}
	return b.read(e), nil
}

var errSkip = errors.New("outbox: nothing to change")

// each changes those items of an account that f accepts.
func (b *Outbox) each(a Account, f func(*Item) bool) (n int, err error) {
	b.mu.Lock()
	var mine []*entry
	for _, e := range b.entries {
		if e.item.Account.Same(a) {
			mine = append(mine, e)
		}
	}
	b.mu.Unlock()
	var failed []error
	for _, e := range mine {
		err := b.change(e, func(i *Item) error {
			if !f(i) {
				return errSkip
			}
			return nil
		})
		switch {
		case err == nil:
			n++
		case err != errSkip:
			failed = append(failed, err)
		}
	}
	return n, errors.Join(failed...)
}

// change applies f to the item: on disk first, then in memory. When f or the
// disk refuses, nothing changed.
func (b *Outbox) change(e *entry, f func(*Item) error) error {
	e.change.Lock()
	defer e.change.Unlock()
	next := b.read(e)
	if err := f(&next); err != nil {
		return err
	}
	next.UpdatedAt = b.now()
	if err := b.save(next); err != nil {
		return err
	}
	b.put(e, next, false)
	return nil
}

// happened records in memory what has happened, even when the disk refuses;
// then the write is tried again later.
func (b *Outbox) happened(e *entry, f func(*Item)) {
	e.change.Lock()
	defer e.change.Unlock()
	next := b.read(e)
	f(&next)
	next.UpdatedAt = b.now()
	err := b.save(next)
	if err != nil {
		b.o.Log.Error("the outbox cannot be written", "item", next.ID, "state", string(next.State), "error", err.Error())
	}
	b.put(e, next, err != nil)
}

func (b *Outbox) put(e *entry, item Item, unsaved bool) {
	b.mu.Lock()
	e.item, e.unsaved = item, unsaved
	e.hold = time.Time{}
	if unsaved {
		e.hold = b.now().Add(b.o.Pace.Max)
	}
	b.mu.Unlock()
	b.publish()
}

// publish tells everybody who waits that something changed.
func (b *Outbox) publish() {
	b.mu.Lock()
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
	b.o.Changed()
}

func (b *Outbox) read(e *entry) Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	return e.item.clone()
}

func (b *Outbox) find(id string) (*entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.entries[id]; ok {
		return e, nil
	}
	var found *entry
	if len(id) >= 6 {
		for full, e := range b.entries {
			if !strings.HasPrefix(full, strings.ToLower(id)) {
				continue
			}
			if found != nil {
				return nil, ErrAmbiguous
			}
			found = e
		}
	}
	if found == nil {
		return nil, ErrNotFound
	}
	return found, nil
}

func (b *Outbox) now() time.Time { return b.o.Now().UTC() }

// set gives the item and the part that it is about a state.
func (i *Item) set(s State, reason string) {
	i.State, i.Reason = s, reason
	n := i.next()
	for p := n; p >= 0 && p < len(i.Parts); p++ {
		if p == n || s == Draft || s == Cancelled {
			i.Parts[p].State = s
		} else {
			i.Parts[p].State = Queued
		}
	}
}
