package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers lists, for each of our packages, which of our packages its own code
// (not its tests) may import. Data flows one way: faces, api, app, contracts,
// ground. Contracts do not import each other; cmd/desktop/wire.go joins them.
var layers = map[string][]string{
	"cmd/desktop":        {"*"},
	"cmd/desktop/panel":  {"assets", "internal/ui", "internal/api", "internal/app/state", "internal/platform", "internal/text"},
	"cmd/desktop/signin": {"internal/auth/window", "internal/platform", "internal/text"},

	"internal/cli":  {"internal/api", "internal/app/state", "internal/platform", "internal/text"},
	"internal/tray": {"internal/api", "internal/app/state", "internal/vault", "internal/text"},
	"internal/ui":   {"assets", "internal/api", "internal/platform", "internal/app/state", "internal/session", "internal/vault", "internal/text"},

	"internal/api": {"internal/app/state", "internal/platform", "internal/text"},
	"internal/app": {
		"internal/app/state", "internal/auth", "internal/vault", "internal/session", "internal/graph",
		"internal/outbox", "internal/summary", "internal/config", "internal/platform", "internal/text",
	},
	"internal/app/state": {"internal/session", "internal/vault", "internal/text"},

	"internal/auth/window":           {},
	"internal/auth":                  append([]string{"internal/auth/window"}, ground...),
	"internal/graph":                 ground,
	"internal/outbox":                ground,
	"internal/session":               ground,
	"internal/session/filestore":     append([]string{"internal/session"}, ground...),
	"internal/session/sessiontest":   append([]string{"internal/session"}, ground...),
	"internal/summary":               ground,
	"internal/vault":                 ground,
	"internal/vault/keyring":         append([]string{"internal/vault"}, ground...),
	"internal/vault/file":            append([]string{"internal/vault"}, ground...),
	"internal/vault/memory":          append([]string{"internal/vault"}, ground...),
	"internal/vault/vaulttest":       append([]string{"internal/vault", "internal/vault/memory"}, ground...),
	"internal/emulator/emulatortest": {},
	"internal/emulator":              {"internal/platform", "internal/text"},

	"internal/config":   {"internal/platform", "internal/text"},
	"internal/platform": {},
	"internal/text":     {},
	"internal/arch":     {},
	"assets":            {},

	// The story drives the finished programs from outside.
	"internal/story":      {"internal/emulator", "internal/platform", "internal/app/state"},
	"internal/story/play": {"internal/story"},
	"internal/torture":    {},
	"internal/interop":    {},
}

var ground = []string{"internal/config", "internal/platform", "internal/text"}

// only lists which packages may import a library at all.
var only = map[string][]string{
	"fyne.io/fyne/v2":               {"internal/ui", "cmd/desktop/panel"},
	"fyne.io/systray":               {"internal/tray", "internal/story"},
	"github.com/webview/webview_go": {"cmd/desktop/signin"},
	"github.com/AzureAD/microsoft-authentication-library-for-go": {"internal/auth"},
	"github.com/zalando/go-keyring":                              {"internal/vault/keyring"},
	"filippo.io/age":                                             {"internal/vault/file"},
	"github.com/spf13/cobra":                                     {"internal/cli"},
	"C":                                                          {"cmd/desktop/signin"},
}

func TestImportsRunOneWay(t *testing.T) {
	for dir, imports := range imports(t, false) {
		allowed, known := layers[dir]
		if !known {
			t.Errorf("package %s is in no layer: say in arch_test.go what it may import", dir)
			continue
		}
		for _, imp := range imports {
			own, ok := strings.CutPrefix(imp, "debrief/")
			if ok && !slices.Contains(allowed, "*") && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s, which its layer does not allow", dir, own)
			}
		}
	}
}

func TestLibrariesStayInTheirPackages(t *testing.T) {
	for dir, imports := range imports(t, false) {
		for _, imp := range imports {
			for library, allowed := range only {
				if (imp == library || strings.HasPrefix(imp, library+"/")) && !slices.Contains(allowed, dir) {
					t.Errorf("%s imports %s, which only %v may", dir, imp, allowed)
				}
			}
		}
	}
}

func TestEveryLayerExists(t *testing.T) {
	found := imports(t, true)
	for dir := range layers {
		if _, ok := found[dir]; !ok {
			t.Errorf("the layers name %s, which is no package", dir)
		}
	}
}

// imports reads the imports of every package below the module's root.
func imports(t *testing.T, withTests bool) map[string][]string {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if name == "build" || name == "testdata" || strings.HasPrefix(name, ".") && file != root {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") && !withTests {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		dir := path.Clean(filepath.ToSlash(rel))
		found[dir] = append(found[dir], []string{}...)
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[dir] = append(found[dir], imp)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no package was found")
	}
	return found
}
