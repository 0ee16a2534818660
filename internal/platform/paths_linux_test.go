package platform

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestFoldersAreWhereTheEnvironmentSays(t *testing.T) {
	run := t.TempDir()
	uid := strconv.Itoa(os.Geteuid())
	temp := func(data string) string { return "/tmp/debrief-" + uid + "-" + dataHash(data) }
	cases := []struct {
		name string
		home string
		demo bool
		env  map[string]string
		want Paths
	}{
		{"all XDG folders set", "", false,
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_RUNTIME_DIR": run},
			Paths{"/c/debrief", "/d/debrief", run + "/debrief"}},
		{"only HOME set", "", false, map[string]string{"HOME": "/h"},
			Paths{"/h/.config/debrief", "/h/.local/share/debrief", temp("/h/.local/share/debrief")}},
		{"relative XDG values are ignored", "", false,
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "./d", "XDG_RUNTIME_DIR": "r"},
			Paths{"/h/.config/debrief", "/h/.local/share/debrief", temp("/h/.local/share/debrief")}},
		{"a runtime folder that is gone is ignored", "", false,
			map[string]string{"HOME": "/h", "XDG_RUNTIME_DIR": run + "/gone"},
			Paths{"/h/.config/debrief", "/h/.local/share/debrief", temp("/h/.local/share/debrief")}},
		{"XDG folders without HOME", "", false,
			map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_RUNTIME_DIR": run},
			Paths{"/c/debrief", "/d/debrief", run + "/debrief"}},
		{"demo lies beside", "", true,
			map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_RUNTIME_DIR": run},
			Paths{"/c/debrief-demo", "/h/.local/share/debrief-demo", run + "/debrief-demo"}},
		{"DEBRIEF_HOME", "/x", false, map[string]string{"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_RUNTIME_DIR": run},
			Paths{"/x/config", "/x/data", "/x/run"}},
		{"DEBRIEF_HOME, demo", "/x", true, map[string]string{},
			Paths{"/x/demo/config", "/x/demo/data", "/x/demo/run"}},
		{"TMPDIR is the temp folder", "", false, map[string]string{"HOME": "/h", "TMPDIR": "/t"},
			Paths{"/h/.config/debrief", "/h/.local/share/debrief", strings.Replace(temp("/h/.local/share/debrief"), "/tmp", "/t", 1)}},
	}
	long := "/" + strings.Repeat("x", 100)
	cases = append(cases, cases[0])
	last := &cases[len(cases)-1]
	last.name, last.home = "DEBRIEF_HOME too long for a socket", long
	last.env = map[string]string{"TMPDIR": long}
	last.want = Paths{long + "/config", long + "/data", temp(long + "/data")}

	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := FindPaths(c.home, c.demo, environment(c.env))
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
			if n := len(got.Socket()); n > 100 {
				t.Errorf("the socket's path has %d bytes", n)
			}
		})
	}
}

func TestWithoutAHomeFolderFindPathsSaysSo(t *testing.T) {
	for _, home := range []string{"", "relative"} {
		_, err := FindPaths("", false, environment(map[string]string{"HOME": home}))
		if !errors.Is(err, ErrNoHome) {
			t.Errorf("HOME=%q: got %v, want ErrNoHome", home, err)
		}
	}
}

func TestEnsureMakesTheFoldersPrivate(t *testing.T) {
	root := t.TempDir()
	p, err := FindPaths(root, false, environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	// A person may keep the settings elsewhere, behind a link.
	dotfiles := filepath.Join(root, "dotfiles")
	if err := os.Mkdir(dotfiles, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dotfiles, p.Config); err != nil {
		t.Fatal(err)
	}
	if err := p.Ensure(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dotfiles, p.Data, p.Run} {
		wantMode(t, dir, 0o700)
	}
}

func TestARunFolderOfSomebodyElseIsRefused(t *testing.T) {
	root := t.TempDir()
	own := filepath.Join(root, "own")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(root, "link")
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	foreign := foreignDir(t)
	for name, dir := range map[string]string{"a link": link, "another user's": foreign} {
		p := Paths{Config: own, Data: own, Run: dir}
		if err := p.Ensure(); err == nil {
			t.Errorf("%s: Ensure accepted %s", name, dir)
		}
		if l, err := Listen(p); err == nil {
			_ = l.Close()
			t.Errorf("%s: Listen accepted %s", name, dir)
		}
	}
}

// foreignDir is a folder that belongs to another user than the tests'.
func foreignDir(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return "/usr"
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestARuntimeFolderThatSuCarriedOverIsIgnored(t *testing.T) {
	got, err := FindPaths("", false, environment(map[string]string{"HOME": "/h", "XDG_RUNTIME_DIR": foreignDir(t)}))
	if err != nil || !strings.HasPrefix(got.Run, "/tmp/debrief-") {
		t.Errorf("got %+v, %v; want a run folder in /tmp", got, err)
	}
}
