package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"debrief/internal/platform"
	"debrief/internal/session"
)

// clearingFile holds the ids of the sessions whose clear is not finished.
func (a *App) clearingFile() string { return filepath.Join(a.d.DataDir, "clearing.json") }

func (a *App) loadClearing() error {
	b, err := os.ReadFile(a.clearingFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var ids []string
	if err := json.Unmarshal(b, &ids); err != nil {
		// Start-up's reconciliation finds left-over caches without it.
		a.d.Log.Warn("the list of unfinished clears cannot be read", "path", a.clearingFile())
		return nil
	}
	for _, id := range ids {
		if session.ValidID(id) == nil {
			a.clearing[id] = true
		}
	}
	return nil
}

// markClearing notes durably that the clear of id began, or that it is finished.
func (a *App) markClearing(id string, on bool) error {
	a.marking.Lock()
	defer a.marking.Unlock()
	a.mu.Lock()
	same := a.clearing[id] == on
	ids := make([]string, 0, len(a.clearing)+1)
	for other := range a.clearing {
		if other != id {
			ids = append(ids, other)
		}
	}
	a.mu.Unlock()
	if same {
		return nil
	}
	if on {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var err error
	if len(ids) == 0 {
		err = platform.RemoveFile(a.clearingFile())
	} else {
		b, _ := json.Marshal(ids) // strings only
		err = platform.WriteFile(a.clearingFile(), b)
	}
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if on {
		a.clearing[id] = true
	} else {
		delete(a.clearing, id)
	}
	return nil
}
