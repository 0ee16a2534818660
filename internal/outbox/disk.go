package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"debrief/internal/platform"
)

const (
	schema     = 1
	quarantine = "quarantine"
)

// file is an item as its file holds it.
type file struct {
	Schema int `json:"schema"`
	Item
}

// Unreadable is a file of the folder that is not an item which can be used. It
// stays on the disk; only bytes that were read whole and make no item were put
// aside, to Path.
type Unreadable struct {
	Path string
	Why  string // "corrupt", "newer", or an input/output error
}

// Unreadable lists what Open could not use.
func (b *Outbox) Unreadable() []Unreadable {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Unreadable(nil), b.unreadable...)
}

func (b *Outbox) path(id string) string { return filepath.Join(b.o.Dir, id+".json") }

func (b *Outbox) save(i Item) error {
	data, err := json.MarshalIndent(file{schema, i}, "", "  ")
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	if err := platform.WriteFile(b.path(i.ID), append(data, '\n')); err != nil {
		return fmt.Errorf("outbox: write %s: %w", i.ID, err)
	}
	return nil
}

func (b *Outbox) load() error {
	if err := platform.PrivateDir(b.o.Dir); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	names, err := os.ReadDir(b.o.Dir)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	for _, name := range names {
		path := filepath.Join(b.o.Dir, name.Name())
		if platform.IsTemporary(name.Name()) {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				b.o.Log.Warn("a temporary file stays", "error", err.Error())
			}
			continue
		}
		id, isItem := strings.CutSuffix(name.Name(), ".json")
		if name.IsDir() || !isItem {
			continue
		}
		item, why := read(path, id)
		if why != "" {
			b.putAside(path, why)
			continue
		}
		b.entries[item.ID] = &entry{item: item}
	}
	return nil
}

const (
	corrupt = "corrupt"
	newer   = "newer"
)

// read reads one file. why is empty when the item can be used.
func read(path, id string) (_ Item, why string) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Item{}, err.Error()
	}
	return decode(data, id)
}

func decode(data []byte, id string) (_ Item, why string) {
	var head struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(data, &head) != nil || head.Schema < 1 {
		return Item{}, corrupt
	}
	if head.Schema > schema {
		return Item{}, newer
	}
	var f file
	if json.Unmarshal(data, &f) != nil || f.ID != id || f.check() != nil {
		return Item{}, corrupt
	}
	// A part in doubt always has a bound; one that lost it gets a careful one.
	if n := f.next(); n >= 0 && (f.State == Sending || f.State == Unknown) && f.Parts[n].SendingSince.IsZero() {
		f.Parts[n].SendingSince = f.CreatedAt
	}
	return f.Item, ""
}

// putAside keeps a file that is no item: corrupt bytes move to the quarantine,
// so that they are met once; everything else stays where it is.
func (b *Outbox) putAside(path, why string) {
	if why == corrupt {
		dir := filepath.Join(b.o.Dir, quarantine)
		to := filepath.Join(dir, filepath.Base(path))
		if _, err := os.Lstat(to); err == nil {
			to = filepath.Join(dir, newID()+"-"+filepath.Base(path))
		}
		err := platform.PrivateDir(dir)
		if err == nil {
			err = os.Rename(path, to)
		}
		if err == nil {
			path = to
		} else {
			b.o.Log.Warn("a damaged item stays in the outbox", "error", err.Error())
		}
	}
	b.o.Log.Warn("a file of the outbox is not used", "file", filepath.Base(path), "why", why)
	b.unreadable = append(b.unreadable, Unreadable{Path: path, Why: why})
}
