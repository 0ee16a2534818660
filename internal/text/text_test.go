package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestEveryKeyHasItsText(t *testing.T) {
	for key := range english {
		if english[key] == "" {
			t.Errorf("%s has no text", key)
		}
	}
	for name, value := range declared(t, "Key") {
		if !known(value) {
			t.Errorf("%s (%q) is not in the catalogue", name, value)
		}
	}
	for name, value := range declared(t, "Code") {
		for _, half := range []string{"problem.", "next."} {
			if _, ok := english[Key(half+value)]; !ok {
				t.Errorf("%s has no text %s%s", name, half, value)
			}
		}
	}
}

// known reports whether the catalogue has the key or, where it ends in a dot, keys
// that begin with it.
func known(key string) bool {
	if _, ok := english[Key(key)]; ok {
		return true
	}
	for k := range english {
		if strings.HasSuffix(key, ".") && strings.HasPrefix(string(k), key) {
			return true
		}
	}
	return false
}

// TestEveryTextIsUsed reads the module's code: a text that nobody shows goes.
func TestEveryTextIsUsed(t *testing.T) {
	used := map[string]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "build" || e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "text" {
					used[sel.Sel.Name] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"Key", "Code"} {
		for name := range declared(t, typ) {
			if !used[name] {
				t.Errorf("nothing uses %s", name)
			}
		}
	}
}

// declared lists the constants of a type in this package: name to value.
func declared(t *testing.T, typ string) map[string]string {
	t.Helper()
	found := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			for _, spec := range gen.Specs {
				v, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				id, ok := v.Type.(*ast.Ident)
				if !ok || id.Name != typ || len(v.Values) != 1 {
					continue
				}
				lit, ok := v.Values[0].(*ast.BasicLit)
				if !ok {
					continue
				}
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[v.Names[0].Name] = s
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("no constant of type %s was found", typ)
	}
	return found
}

func TestProblem(t *testing.T) {
	for _, c := range []struct {
		name       string
		code       Code
		args       map[string]string
		what, next string
	}{
		{"args fill their places", SessionUnknown, map[string]string{"id": "abc"}, "There is no session abc.", "List the sessions: debrief sessions"},
		{"a missing arg shows as a gap", SessionUnknown, nil, "There is no session ….", "List the sessions: debrief sessions"},
		{"an unknown code is told as internal", "nobody_knows", nil, "Something unexpected went wrong.", "Try again. If it stays, copy the details and report them."},
	} {
		t.Run(c.name, func(t *testing.T) {
			what, next := Problem(c.code, c.args)
			if what != c.what || next != c.next {
				t.Errorf("got %q, %q; want %q, %q", what, next, c.what, c.next)
			}
		})
	}
}

func FuzzFill(f *testing.F) {
	f.Add("a {id} b", "x{id}")
	f.Add("{", "")
	f.Fuzz(func(t *testing.T, tmpl, v string) {
		got := fill(tmpl, map[string]string{"id": v})
		if !strings.Contains(tmpl, "{") && got != tmpl {
			t.Errorf("a text without places changed: %q became %q", tmpl, got)
		}
	})
}
