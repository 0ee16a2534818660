//go:build linux

package story

import (
	"os"
	"path/filepath"
	"testing"

	"debrief/internal/emulator"
)

func TestASecretIsFoundWhereverItLies(t *testing.T) {
	secret := "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJncmFwaCJ9.Zm9vYmFyLWJhei1xdXV4LV9-c2lnbmF0dXJlLW9mLWEtdG9rZW4"
	tail, ok := emulator.Tail(secret)
	if !ok {
		t.Fatal("the secret is too short")
	}
	tails := map[[32]byte]string{tail: "access_token"}
	for name, tt := range map[string]struct {
		text  string
		leaks int
	}{
		"alone":                    {secret, 1},
		"in JSON":                  {`{"access_token":"` + secret + `","x":1}`, 1},
		"in an address":            {"GET /cb?code=" + secret + "&state=1", 1},
		"twice":                    {secret + "\n" + secret, 2},
		"its tail alone":           {"…" + secret[len(secret)-32:], 1},
		"followed by other text":   {secret + "abc", 1},
		"among bytes":              {"\x00\xff" + secret + "\x00", 1},
		"cut":                      {secret[:len(secret)-1], 0},
		"its hash":                 {"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", 0},
		"nothing":                  {"", 0},
		"a tail broken by a space": {secret[:len(secret)-5] + " " + secret[len(secret)-5:], 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sub := filepath.Join(dir, "sub")
			if err := os.Mkdir(sub, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(sub, "file"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			leaks, n, err := FindSecrets(tails, dir)
			if err != nil || len(leaks) != tt.leaks || n != int64(len(tt.text)) {
				t.Errorf("got %v in %d bytes, %v; want %d leaks in %d bytes", leaks, n, err, tt.leaks, len(tt.text))
			}
			for _, l := range leaks {
				if l.Kind != "access_token" || l.Path != filepath.Join(sub, "file") {
					t.Errorf("got %v", l)
				}
			}
		})
	}
}
