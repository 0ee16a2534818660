//go:build linux

package story

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// helpers are the programs that may never hold a token nor see a setting, by the
// names of their files: the panel, the sign-in window, the browser, and what the
// web engine runs for the last two.
var helpers = []string{"debrief-panel", "debrief-signin", "surf", "WebKitWebProcess", "WebKitNetworkProcess"}

// neverHeld are the kinds of secrets that no helper may hold at any time. Code,
// state and nonce are not among them: the sign-in window and the browser carry
// them, in the address of the sign-in page and in its answer. Nor are the sign-in
// page's cookies, which are the browser's own.
var neverHeld = []string{"access_token", "refresh_token", "id_token", "code_verifier"}

// memories keeps what the helpers held while they ran, for the search at the end:
// which secrets there are is known only then.
type memories struct {
	looks map[string]int // by program
	bytes int64          // that were read
	texts []held
	known map[[32]byte]bool // texts by their hash
	key   []byte            // of the vault; nil as long as there is none
	wrong []string
	buf   []byte
}

// held is a text that a secret may be in, and where it was seen first.
type held struct {
	text  []byte
	where string
}

func newMemories() *memories {
	return &memories{looks: map[string]int{}, known: map[[32]byte]bool{}}
}

// look reads the environment and the memory of a running helper. One that ended
// meanwhile is fine.
func (m *memories) look(r Running, step string) error {
	where := fmt.Sprintf("%s, process %d, at %q", r.Name, r.PID, step)
	for line := range strings.Lines(r.Environ) {
		if name, _, ok := strings.Cut(line, "="); ok && isSetting(name) {
			m.wrong = append(m.wrong, "the setting "+name+" in the environment of "+where)
		}
	}
	m.read(where, []byte(r.Environ))
	err := m.readMemory(r.PID, where)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if err == nil {
		m.looks[r.Name]++
	}
	return err
}

// isSetting reports whether a variable is one of Debrief's settings.
func isSetting(name string) bool {
	return strings.HasPrefix(name, "DEBRIEF_") || strings.HasPrefix(name, "SESSION_") ||
		slices.Contains([]string{"PERMANENT_SESSION_LIFETIME", "REDIS_URL", "DATABASE_URL"}, name)
}

// readMemory reads the pages that are there of every mapping that the process can
// write to, or could: programs and libraries as they lie on disk hold no secret.
func (m *memories) readMemory(pid int, where string) error {
	proc := fmt.Sprintf("/proc/%d", pid)
	maps, err := os.ReadFile(filepath.Join(proc, "maps"))
	if err != nil {
		return err
	}
	mem, err := os.Open(filepath.Join(proc, "mem"))
	if err != nil {
		return err
	}
	defer mem.Close()
	pages, err := os.Open(filepath.Join(proc, "pagemap"))
	if err != nil {
		return err
	}
	defer pages.Close()
	lines := bufio.NewScanner(bytes.NewReader(maps))
	for lines.Scan() {
		// address mode offset device inode file
		f := strings.Fields(lines.Text())
		var from, to uint64
		if _, err := fmt.Sscanf(f[0], "%x-%x", &from, &to); err != nil {
			return fmt.Errorf("%s/maps: %w", proc, err)
		}
		if len(f) > 5 && !mayHold(f[1], f[5]) || f[1][0] != 'r' {
			continue
		}
		for _, e := range present(pages, from, to) {
			m.readExtent(mem, e, where)
		}
	}
	return lines.Err()
}

// mayHold reports whether a mapping with a name can hold what the process has
// written or read: not a program or library as it lies on disk, nor a device.
func mayHold(mode, file string) bool {
	switch {
	case strings.HasPrefix(file, "/dev/") && !strings.HasPrefix(file, "/dev/shm/"), strings.HasPrefix(file, "[v"):
		return false
	case strings.HasPrefix(file, "/") && !strings.HasPrefix(file, "/memfd:"):
		return mode[1] == 'w'
	}
	return true
}

// extent is a stretch of addresses.
type extent struct{ from, to uint64 }

// present are the stretches of a mapping whose pages are in memory or swapped out;
// most of a web engine's mappings are reserved only. The format is proc_pid_pagemap(5)'s.
func present(pages *os.File, from, to uint64) (extents []extent) {
	size := uint64(os.Getpagesize())
	entries := make([]byte, 8<<10)
	for from < to {
		want := entries[:min(uint64(len(entries)), (to-from)/size*8)]
		if _, err := pages.ReadAt(want, int64(from/size*8)); err != nil {
			break // the process has ended, or this is the kernel's own
		}
		for ; len(want) > 0; want, from = want[8:], from+size {
			switch last := len(extents) - 1; {
			case binary.NativeEndian.Uint64(want)>>62 == 0: // neither in memory nor swapped out
			case last >= 0 && extents[last].to == from:
				extents[last].to += size
			default:
				extents = append(extents, extent{from, from + size})
			}
		}
	}
	return extents
}

// readExtent reads in portions, each from so far before the last one's end that
// nothing that is searched for is cut in every one.
func (m *memories) readExtent(mem *os.File, e extent, where string) {
	const portion, overlap = 4 << 20, 2 * 2 * tailLen
	if m.buf == nil {
		m.buf = make([]byte, portion+overlap)
	}
	for at := e.from; at < e.to; at += portion {
		from := max(e.from, at-min(at, overlap))
		n, _ := mem.ReadAt(m.buf[:min(at+portion, e.to)-from], int64(from)) // what is gone meanwhile holds nothing
		m.bytes += int64(n)
		m.read(where, m.buf[:n])
	}
}

// read keeps every text in data that could end in a secret: runs of what tokens
// and verifiers end in, as bytes and as UTF-16. The vault's key, whose bytes are
// known, is looked for at once.
func (m *memories) read(where string, data []byte) {
	if len(m.key) > 0 && bytes.Contains(data, m.key) {
		m.wrong = append(m.wrong, "the vault's key in the memory of "+where)
	}
	start := 0 // of the run
	for i, c := range data {
		if !tailByte[c] {
			m.keep(where, data[start:i])
			start = i + 1
		}
	}
	m.keep(where, data[start:])
	m.readWide(where, data)
}

// readWide keeps the runs of two-byte characters.
func (m *memories) readWide(where string, data []byte) {
	var run []byte
	for i := 0; i+1 < len(data); {
		if data[i+1] == 0 && tailByte[data[i]] {
			run = append(run, data[i])
			i += 2
			continue
		}
		if len(run) > 0 {
			m.keep(where, run)
			run = run[:0]
		}
		i++ // the next character may start at an odd address
	}
	m.keep(where, run)
}

func (m *memories) keep(where string, text []byte) {
	if len(text) < tailLen {
		return
	}
	sum := sha256.Sum256(text)
	if m.known[sum] {
		return
	}
	m.known[sum] = true
	m.texts = append(m.texts, held{bytes.Clone(text), where})
}

// search looks for the secrets that no helper may hold in all that was kept.
func (m *memories) search(tails map[[32]byte]string) (wrong []string) {
	wrong = slices.Clone(m.wrong)
	for _, h := range m.texts {
		for _, l := range findTails(tails, h.text) {
			if slices.Contains(neverHeld, l.Kind) {
				wrong = append(wrong, "a secret of the kind "+l.Kind+" in the memory of "+h.where)
			}
		}
	}
	return wrong
}

// tailByte holds the characters that tokens and verifiers end in: base64url.
var tailByte = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		is[c] = true
	}
	return is
}()
