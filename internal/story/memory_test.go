//go:build linux

package story

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"debrief/internal/emulator"
)

// asHolder makes the test's own program one that holds what it is told.
const asHolder = "STORY_TEST_AS_HOLDER"

// hold keeps its input in memory until it is ended.
func hold() {
	secret, _ := bufio.NewReader(os.Stdin).ReadBytes('\n')
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is closed
	clear(secret)
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func tailsOf(t *testing.T, secrets map[string]string) map[[32]byte]string {
	t.Helper()
	tails := map[[32]byte]string{}
	for secret, kind := range secrets {
		tail, ok := emulator.Tail(secret)
		if !ok {
			t.Fatalf("%q is too short", secret)
		}
		tails[tail] = kind
	}
	return tails
}

func TestASecretIsFoundInTheMemoryOfAProcess(t *testing.T) {
	const state = "a-state-that-the-browser-carries-itself-0123456789"
	tails := tailsOf(t, map[string]string{verifier: "code_verifier", state: "state"})
	for _, c := range []struct {
		name, holds, setting string
		want                 []string
	}{
		{"a verifier", verifier, "", []string{"code_verifier in the memory of holder"}},
		{"what a browser carries", state, "", nil},
		{"a setting", "nothing", "DEBRIEF_VAULT=file", []string{"the setting DEBRIEF_VAULT in the environment of holder"}},
		{"the vault's key", "0123456789abcdef0123456789abcdef", "", []string{"the vault's key in the memory of holder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(self)
			cmd.Env = []string{asHolder + "=1", c.setting}
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = stdin.Close()
				_ = cmd.Wait()
			}()
			if _, err := io.WriteString(stdin, c.holds+"\n"); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
				t.Fatalf("%q, %v", line, err)
			}
			m := newMemories()
			m.key = []byte("0123456789abcdef0123456789abcdef")
			if err := m.look(Running{PID: cmd.Process.Pid, Name: "holder", Environ: c.setting}, "a step"); err != nil {
				t.Fatal(err)
			}
			got := m.search(tails)
			for _, want := range c.want {
				if !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			if len(c.want) == 0 && len(got) > 0 {
				t.Errorf("got %q, want nothing", got)
			}
			if m.looks["holder"] != 1 || m.bytes == 0 {
				t.Errorf("got %d looks at %d bytes", m.looks["holder"], m.bytes)
			}
		})
	}
}

func TestASecretIsFoundHoweverItLiesInMemory(t *testing.T) {
	wide := make([]byte, 0, 2*len(verifier))
	for _, c := range utf16.Encode([]rune(verifier)) {
		wide = binary.LittleEndian.AppendUint16(wide, c)
	}
	const portion = 4 << 20
	for name, memory := range map[string][]byte{
		"alone":                    []byte(verifier),
		"among bytes":              []byte("\x00\xff" + verifier + "\x00"),
		"in a longer text":         []byte("code=" + verifier + "&x=1"),
		"two bytes a character":    wide,
		"wide at an odd address":   append([]byte{7}, wide...),
		"wide, followed by others": append(bytes.Clone(wide), 'a', 'b'),
		"across two portions":      append(make([]byte, portion-20), verifier...),
		"at a portion's end":       append(make([]byte, portion-len(verifier)), verifier...),
		"wide across two portions": append(make([]byte, portion-31), wide...),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mem")
			if err := os.WriteFile(path, memory, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			m := newMemories()
			m.readExtent(f, extent{0, uint64(len(memory))}, "a place")
			if got := m.search(tailsOf(t, map[string]string{verifier: "code_verifier"})); len(got) == 0 {
				t.Error("it was not found")
			}
		})
	}
}
