//go:build linux

package story

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// desktopEntry is Debrief's entry below a person's home folder.
const desktopEntry = ".local/share/applications/app.debrief.Desktop.desktop"

// entryExec reads the command line of an action of a desktop entry, as a menu
// does: TryExec has to name a program, and Exec's two layers of quotes go.
func entryExec(path, action string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys := map[string]map[string]string{}
	var group map[string]string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			group = map[string]string{}
			keys[strings.TrimSuffix(name, "]")] = group
			continue
		}
		if k, v, ok := strings.Cut(line, "="); ok && group != nil && !strings.HasPrefix(line, "#") {
			group[k] = unescape.Replace(v)
		}
	}
	try := keys["Desktop Entry"]["TryExec"]
	if _, err := exec.LookPath(try); err != nil {
		return nil, fmt.Errorf("%s: TryExec: %w", filepath.Base(path), err)
	}
	name := "Desktop Entry"
	if action != "" {
		name = "Desktop Action " + action
	}
	argv, err := splitExec(keys[name]["Exec"])
	if err != nil || len(argv) == 0 {
		return nil, fmt.Errorf("%s: Exec of %q: %w", filepath.Base(path), name, err)
	}
	return argv, nil
}

// unescape undoes the entry's escapes of strings.
var unescape = strings.NewReplacer(`\\`, `\`, `\s`, " ", `\n`, "\n", `\t`, "\t")

// splitExec splits a command line by the rules of the Desktop Entry
// Specification: words, double quotes, a backslash inside them, %% for a percent.
func splitExec(line string) ([]string, error) {
	var argv []string
	var word strings.Builder
	quoted, any := false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '"':
			quoted, any = !quoted, true
		case c == '\\' && quoted && i+1 < len(line):
			i++
			word.WriteByte(line[i])
		case c == ' ' && !quoted:
			if any {
				argv = append(argv, word.String())
			}
			word.Reset()
			any = false
		case c == '%' && i+1 < len(line) && line[i+1] == '%':
			i++
			word.WriteByte('%')
			any = true
		default:
			word.WriteByte(c)
			any = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is not closed in %q", line)
	}
	if any {
		argv = append(argv, word.String())
	}
	return argv, nil
}
