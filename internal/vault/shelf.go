package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// shelf keeps sealed texts of any size over items of one keyring: in one item
// where that takes them, in parts where it is capped. It holds no state; whoever
// writes has the turn.
type shelf struct{ items Items }

// get is the text at account. ErrNotFound, ErrCorrupt, ErrNewer, *StateError.
func (h shelf) get(ctx context.Context, account string) (string, error) {
	top, err := h.items.Get(ctx, account)
	if err != nil {
		return "", err
	}
	return h.whole(ctx, account, top)
}

// whole is the text that top, the item at account, stands for.
func (h shelf) whole(ctx context.Context, account, top string) (string, error) {
	head, split, err := parseHead(top)
	if err != nil || !split {
		return top, err
	}
	var b strings.Builder
	for n := range head.count {
		part, err := h.items.Get(ctx, partOf(account, head.slot, n))
		if errors.Is(err, ErrNotFound) {
			return "", fmt.Errorf("%w: part %d of %d is missing", ErrCorrupt, n+1, head.count)
		}
		if err != nil {
			return "", err
		}
		if b.Len()+len(part) > head.length {
			return "", fmt.Errorf("%w: its parts are not of one text", ErrCorrupt)
		}
		b.WriteString(part)
	}
	if !head.fits(b.String()) {
		return "", fmt.Errorf("%w: its parts are not of one text", ErrCorrupt)
	}
	return b.String(), nil
}

// errUntrue is a keyring whose answers do not count.
var errUntrue = errors.New("the keyring gives back other than was written")

// put writes text at account, where top lies now (empty: nothing). At every
// instant the old or the new text is whole; what is left of the old one goes with
// tidy. Unless sure, everything is read back and compared: the parts before they
// replace anything.
func (h shelf) put(ctx context.Context, account, text, top string, sure bool) error {
	limit := h.items.Limit()
	if limit <= 0 || len(text) <= limit {
		return h.set(ctx, account, text, sure)
	}
	old, _, err := parseHead(top)
	if errors.Is(err, ErrNewer) {
		return err
	}
	head, parts, err := cut(text, old.other(), limit)
	if err != nil {
		return err
	}
	for n, part := range parts {
		if err := h.set(ctx, partOf(account, head.slot, n), part, sure); err != nil {
			return err
		}
	}
	return h.set(ctx, account, head.String(), sure)
}

func (h shelf) set(ctx context.Context, item, secret string, sure bool) error {
	if err := h.items.Set(ctx, item, secret); err != nil || sure {
		return err
	}
	switch back, err := h.items.Get(ctx, item); {
	case errors.Is(err, ErrNotFound), err == nil && back != secret:
		return errUntrue
	case err != nil:
		return fmt.Errorf("read back: %w", err)
	}
	return nil
}

// undo is tidy after a put that failed: a full keyring is not left full. Where it
// is not certain what lies there now, nothing is touched.
func (h shelf) undo(ctx context.Context, account string, failure error) {
	_, refused := errors.AsType[*StateError](failure)
	if refused || errors.Is(failure, errUntrue) || h.items.Limit() <= 0 {
		return
	}
	top, err := h.items.Get(ctx, account)
	if err == nil || errors.Is(err, ErrNotFound) {
		_ = h.tidy(ctx, account, top) // the next write or start meets what is left
	}
}

// tidy removes every part at account that top, the item there now, does not name.
// What cannot be understood keeps all.
func (h shelf) tidy(ctx context.Context, account, top string) error {
	if h.items.Limit() <= 0 {
		return nil
	}
	live, _, err := parseHead(top)
	if err != nil {
		return nil
	}
	for _, slot := range slots {
		from := 0
		if slot == live.slot {
			from = live.count
		}
		if err := h.sweep(ctx, account, slot, from, false); err != nil {
			return err
		}
	}
	return nil
}

// remove takes everything away that lies at account and checks that it is gone.
// What is looked for does not depend on what can be read.
func (h shelf) remove(ctx context.Context, account string) error {
	if err := h.drop(ctx, account, true); err != nil {
		return err
	}
	if h.items.Limit() <= 0 {
		return nil
	}
	for _, slot := range slots {
		if err := h.sweep(ctx, account, slot, 0, true); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes the parts of a slot from one on. Parts are written ascending and
// removed descending, so a walk to the first that is not found meets all.
func (h shelf) sweep(ctx context.Context, account, slot string, from int, check bool) error {
	n := from
	for ; ; n++ {
		_, err := h.items.Get(ctx, partOf(account, slot, n))
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil && !unreadable(err) {
			return err
		}
		if n-from > partsMax {
			return errors.New("the keyring finds parts without end")
		}
	}
	for n--; n >= from; n-- {
		if err := h.drop(ctx, partOf(account, slot, n), check); err != nil {
			return err
		}
	}
	return nil
}

func (h shelf) drop(ctx context.Context, item string, check bool) error {
	if err := h.items.Delete(ctx, item); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if !check {
		return nil
	}
	if _, err := h.items.Get(ctx, item); err == nil || unreadable(err) {
		return errors.New("the keyring still holds it")
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// unreadable reports whether err tells of an item that is there.
func unreadable(err error) bool { return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNewer) }
