//go:build linux

package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"debrief/internal/app/state"
	"debrief/internal/session"
)

// check looks, at rest, at everything that has to hold after a kill.
func (w *world) check(ctx context.Context, l *ledger, t *tested) (wrong []string) {
	all, err := w.client.Sessions(ctx)
	if err != nil {
		return []string{fmt.Sprintf("list: %v", err)}
	}
	wrong = l.settle(byID(all))
	for _, s := range all {
		if s.Status != state.Active {
			wrong = append(wrong, fmt.Sprintf("session %s of %s is %q", s.ID, s.Email, s.Status))
		}
	}
	wrong = append(wrong, w.orphans(ctx, all)...)
	wrong = append(wrong, w.records(all)...)
	for _, s := range all {
		wrong = append(wrong, w.usable(ctx, l, t, s.ID)...)
	}
	return wrong
}

// tested counts what check has looked at.
type tested struct{ sessions, fresh int }

// usable asks Graph in the name of a session: without a sign-in, and without a
// request for a token where one was reported that still counts.
func (w *world) usable(ctx context.Context, l *ledger, t *tested, id string) (wrong []string) {
	fresh, epoch := l.isFresh(id), l.now()
	before, err := w.tenant.tokenRequests()
	if err != nil {
		return []string{err.Error()}
	}
	if _, err := w.client.Meetings(ctx, id); err != nil {
		return []string{fmt.Sprintf("session %s cannot be used: %v", id, err)}
	}
	after, err := w.tenant.tokenRequests()
	if err != nil {
		return []string{err.Error()}
	}
	t.sessions++
	if fresh {
		t.fresh++
		if after != before {
			wrong = append(wrong, fmt.Sprintf("session %s lost a token that was reported got: %d more requests for tokens", id, after-before))
		}
	}
	l.used(id, epoch)
	return wrong
}

// orphans compares the items in the keyring, and their index, with the sessions:
// a token cache for each, and a signing key where there is any.
func (w *world) orphans(ctx context.Context, all []state.Session) (wrong []string) {
	var want []string
	for _, s := range all {
		want = append(want, s.ID+"/cache")
	}
	if len(all) > 0 {
		want = append(want, "device/signing")
	}
	slices.Sort(want)
	items, err := w.desk.KeyringItems(ctx, service)
	if err != nil {
		return []string{fmt.Sprintf("the keyring: %v", err)}
	}
	for i, item := range items {
		_, items[i], _ = strings.Cut(item, "/") // after the person's folder
	}
	slices.Sort(items)
	if !slices.Equal(items, want) {
		wrong = append(wrong, fmt.Sprintf("the keyring holds %q, want %q", items, want))
	}
	var index struct{ Names []string }
	if b, err := os.ReadFile(filepath.Join(w.paths.Data, "vault.index")); err != nil && !os.IsNotExist(err) {
		wrong = append(wrong, err.Error())
	} else if err == nil {
		if err := json.Unmarshal(b, &index); err != nil {
			wrong = append(wrong, fmt.Sprintf("vault.index is torn: %v", err))
		}
	}
	slices.Sort(index.Names)
	if !slices.Equal(index.Names, want) {
		wrong = append(wrong, fmt.Sprintf("vault.index names %q, want %q", index.Names, want))
	}
	return wrong
}

// records reads every record file by itself: whole, listed or a tombstone, and
// nothing put aside or left half-done.
func (w *world) records(all []state.Session) (wrong []string) {
	dir := filepath.Join(w.paths.Data, "sessions")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return []string{err.Error()}
	}
	listed := byID(all)
	for _, path := range files {
		var r struct {
			ID      string `json:"id"`
			Version int64  `json:"version"`
			Cleared string `json:"cleared_at"`
		}
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		id, tombstone := strings.CutSuffix(strings.TrimSuffix(filepath.Base(path), ".json"), ".cleared")
		_, known := listed[id]
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("record %s is torn: %v", id, err))
		case r.ID != id || session.ValidID(id) != nil || tombstone == (r.Cleared == "") || tombstone == (r.Version > 0):
			wrong = append(wrong, fmt.Sprintf("%s is neither a record nor a tombstone: %s", filepath.Base(path), b))
		case known == tombstone:
			wrong = append(wrong, fmt.Sprintf("%s: listed %v", filepath.Base(path), known))
		}
	}
	aside, err := filepath.Glob(filepath.Join(dir, "quarantine", "*"))
	if err != nil || len(aside) > 0 {
		wrong = append(wrong, fmt.Sprintf("put aside: %q, %v", aside, err))
	}
	if _, err := os.Stat(filepath.Join(w.paths.Data, "clearing.json")); !os.IsNotExist(err) {
		wrong = append(wrong, fmt.Sprintf("a clear is still marked as unfinished: %v", err))
	}
	return wrong
}
