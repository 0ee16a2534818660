package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"debrief/internal/platform"
)

// Run sends what is queued, and looks for what is in doubt, until ctx ends; it
// returns when the last attempt has. One item per chat is worked on at a time.
// Between deadlines it sleeps.
//
// Ending ctx breaks requests off; such a post is looked for at the next start.
// To let them finish first, call Idle.
func (b *Outbox) Run(ctx context.Context) error {
	b.mu.Lock()
	if b.running {
		b.mu.Unlock()
		return errors.New("outbox: runs already")
	}
	b.running = true
	b.mu.Unlock()
	var work sync.WaitGroup
	defer func() {
		work.Wait()
		b.mu.Lock()
		b.running = false
		b.mu.Unlock()
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, removable, wait := b.due()
		for _, e := range removable {
			b.forget(e)
		}
		for _, e := range due {
			work.Go(func() { b.work(ctx, e) })
		}
		var ring <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			ring = timer.C
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		case <-ring:
		}
	}
}

// due claims the chats of the items whose time has come and returns these items,
// those that have been kept long enough, and how long to sleep (-1: until woken).
func (b *Outbox) due() (due, removable []*entry, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for c, at := range b.notBefore {
		if !at.After(now) {
			delete(b.notBefore, c)
		}
	}
	var next time.Time
	entries := make([]*entry, 0, len(b.entries))
	for _, e := range b.entries {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(x, y *entry) int { return x.item.CreatedAt.Compare(y.item.CreatedAt) })
	for _, e := range entries {
		at, waits := e.deadline()
		c := e.item.chat()
		if !waits || b.busy[c] || b.draining {
			continue
		}
		if hold := b.notBefore[c]; hold.After(at) && !e.item.finished() {
			at = hold
		}
		switch {
		case at.After(now):
			if next.IsZero() || at.Before(next) {
				next = at
			}
		case e.item.finished() && !e.unsaved:
			removable = append(removable, e)
		default:
			b.busy[c] = true
			due = append(due, e)
		}
	}
	if next.IsZero() {
		return due, removable, -1
	}
	return due, removable, next.Sub(now)
}

func (i Item) finished() bool { return i.State == Posted || i.State == Cancelled }

// deadline is when something has to be done about the entry by itself, if ever.
func (e *entry) deadline() (at time.Time, waits bool) {
	switch {
	case e.unsaved:
		return e.hold, true
	case e.item.finished():
		at = e.item.UpdatedAt.Add(keepFor)
	case e.item.NextAttemptAt != nil:
		at = *e.item.NextAttemptAt
	case e.item.State != Queued && e.item.State != Sending:
		return at, false
	}
	if e.hold.After(at) {
		at = e.hold
	}
	return at, true
}

// forget removes an item that was kept long enough.
func (b *Outbox) forget(e *entry) {
	item := b.read(e)
	err := platform.RemoveFile(b.path(item.ID))
	b.mu.Lock()
	if err == nil {
		delete(b.entries, item.ID)
	} else {
		e.hold = b.now().Add(time.Hour)
	}
	b.mu.Unlock()
	if err != nil {
		b.o.Log.Warn("an old post cannot be removed", "item", item.ID, "error", err.Error())
	}
	b.publish()
}

// work does the next thing about one item whose chat is claimed.
func (b *Outbox) work(ctx context.Context, e *entry) {
	defer func() {
		b.mu.Lock()
		delete(b.busy, e.item.chat())
		b.mu.Unlock()
		b.publish()
	}()
	b.mu.Lock()
	unsaved, item := e.unsaved, e.item.clone()
	b.mu.Unlock()
	if unsaved { // the disk comes first: what it does not know would be looked for again
		b.happened(e, func(*Item) {})
		return
	}
	if item.next() < 0 {
		return
	}
	if !item.Parts[item.next()].SendingSince.IsZero() && !b.look(ctx, e) {
		return
	}
	if b.read(e).State == Queued {
		b.send(ctx, e)
	}
}

// send makes one attempt to post the next part of a queued item.
func (b *Outbox) send(ctx context.Context, e *entry) {
	item := b.read(e)
	n := item.next()
	since, err := b.o.Sender.Since(ctx, item.Account, item.ChatID)
	if err != nil {
		if ctx.Err() == nil {
			b.notSent(e, n, item.Parts[n].SendingSince, err)
		}
		return
	}
	before := item.Parts[n].SendingSince // of an older attempt that is still in doubt
	err = b.change(e, func(i *Item) error {
		if i.State != Queued { // cancelled meanwhile, or the account was cleared
			return errSkip
		}
		i.set(Sending, "")
		i.Attempts++
		i.NextAttemptAt = nil
		if before.IsZero() {
			i.Parts[n].SendingSince = since.UTC()
		}
		i.Parts[n].Insist = false
		item = i.clone()
		return nil
	})
	if err == errSkip {
		return
	}
	if err != nil { // nothing leaves that the disk does not know of
		b.o.Log.Error("the outbox cannot be written; nothing was sent", "item", item.ID, "error", err.Error())
		b.mu.Lock()
		e.item.Attempts++
		at := b.now().Add(b.pause(e.item.Attempts, 0))
		e.item.Reason, e.item.NextAttemptAt = ReasonDisk, &at
		b.mu.Unlock()
		return
	}
	sent, err := b.o.Sender.Send(ctx, item.Account, item.ChatID, item.Parts[n])
	b.mu.Lock()
	b.notBefore[item.chat()] = b.now().Add(b.o.Pace.Gap)
	b.mu.Unlock()
	switch {
	case err == nil:
		b.happened(e, func(i *Item) { i.posted(n, sent) })
	case hadNoEffect(err):
		b.notSent(e, n, before, err)
	default:
		b.o.Log.Warn("it is not known whether a post arrived", "item", item.ID)
		b.mu.Lock()
		e.looks = 0
		b.mu.Unlock()
		at := b.now().Add(b.o.Pace.Look)
		b.happened(e, func(i *Item) { i.NextAttemptAt = &at })
	}
}

func hadNoEffect(err error) bool {
	if _, ok := errors.AsType[*Refused](err); ok {
		return true
	}
	_, later := errors.AsType[*Later](err)
	return later || errors.Is(err, ErrSignInNeeded)
}

// notSent records an attempt at part n that certainly had no effect. doubt is
// the SendingSince of an older attempt that is still in doubt, or zero.
func (b *Outbox) notSent(e *entry, n int, doubt time.Time, err error) {
	b.happened(e, func(i *Item) {
		if i.State != Queued && i.State != Sending {
			return // cancelled meanwhile
		}
		if i.State == Queued { // else it was counted when it began
			i.Attempts++
		}
		i.Parts[n].SendingSince = doubt
		i.NextAttemptAt = nil
		if r, ok := errors.AsType[*Refused](err); ok {
			i.set(Failed, r.Reason)
			return
		}
		if errors.Is(err, ErrSignInNeeded) {
			i.set(Draft, ReasonSignIn)
			return
		}
		at, reason := b.later(err, i.Attempts)
		i.set(Queued, reason)
		i.NextAttemptAt = &at
	})
}

// slack is how far the clocks of Graph's and of Teams' servers may be apart.
const slack = 2 * time.Minute

// look reads the chat for the part in doubt. It reports whether the part may be
// sent now: looked for at least twice before, and not found this time either.
func (b *Outbox) look(ctx context.Context, e *entry) (send bool) {
	item := b.read(e)
	n := item.next()
	p := item.Parts[n]
	id, found, err := b.o.Sender.Find(ctx, item.Account, item.ChatID, p.Hash, p.SendingSince.Add(-slack), b.known())
	if ctx.Err() != nil {
		return false
	}
	queued := item.State == Queued
	switch {
	case err == nil && found:
		b.happened(e, func(i *Item) {
			i.Reconciled = true
			i.posted(n, Sent{MessageID: id})
		})
		return false
	case err == nil && queued:
		return true
	case err == nil:
		b.missed(e)
		return false
	}
	_, forbidden := errors.AsType[*Refused](err)
	if forbidden && queued && p.Insist {
		return true
	}
	b.happened(e, func(i *Item) {
		if i.State != item.State {
			return // cancelled meanwhile
		}
		i.NextAttemptAt = nil
		switch {
		case forbidden:
			i.set(Unknown, ReasonUnknown)
		case errors.Is(err, ErrSignInNeeded):
			i.set(Unknown, ReasonSignIn)
		default:
			i.Attempts++
			at, reason := b.later(err, i.Attempts)
			i.NextAttemptAt = &at
			if queued {
				i.set(Queued, reason)
			} else {
				i.set(Unknown, reason)
			}
		}
	})
	return false
}

// missed records that the chat was read and the part was not there. Teams may
// show a message late: only the second look in a row lets the part be queued
// again, and it is looked for once more right before it is sent.
func (b *Outbox) missed(e *entry) {
	b.mu.Lock()
	e.looks++
	again := e.looks < 2
	b.mu.Unlock()
	b.happened(e, func(i *Item) {
		if i.State != Sending && i.State != Unknown {
			return
		}
		at := b.now().Add(b.o.Pace.LookAgain)
		if !again {
			at = b.now().Add(b.pause(i.Attempts, 0))
			i.set(Queued, "")
		}
		i.NextAttemptAt = &at
	})
}

// known lists the messages that settle an item already.
func (b *Outbox) known() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for _, e := range b.entries {
		for _, p := range e.item.Parts {
			if p.MessageID != "" {
				ids = append(ids, p.MessageID)
			}
		}
	}
	return ids
}

// posted settles part n and drops its text.
func (i *Item) posted(n int, s Sent) {
	p := &i.Parts[n]
	p.State, p.MessageID, p.Sent = Posted, s.MessageID, s.At.UTC()
	p.HTML, p.Plain, p.Mentions, p.SendingSince, p.Insist = "", "", nil, time.Time{}, false
	if n == 0 {
		i.MessageID = s.MessageID
	}
	i.NextAttemptAt = nil
	switch {
	case i.next() < 0:
		i.State, i.Reason = Posted, ""
	case i.State != Cancelled:
		i.set(Queued, "")
	}
}

// later says when to try again after err, and why the pause.
func (b *Outbox) later(err error, attempts int) (time.Time, string) {
	reason, after := "", time.Duration(0)
	if l, ok := errors.AsType[*Later](err); ok {
		reason, after = l.Reason, l.After
	}
	return b.now().Add(b.pause(attempts, after)), reason
}

// maxAfter bounds a server's wish for a pause: an absurd one loses no summary.
const maxAfter = 24 * time.Hour

// pause doubles with each attempt and varies by a quarter, so that several
// desktops do not come back at once. The server's wish counts when it is longer.
func (b *Outbox) pause(attempts int, after time.Duration) time.Duration {
	d := b.o.Pace.Max
	if attempts < 16 {
		d = min(d, b.o.Pace.First<<max(attempts-1, 0))
	}
	d += rand.N(d/4 + 1)
	return max(d, min(after, maxAfter))
}
