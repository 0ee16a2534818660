package keyring

import (
	"strings"
	"testing"

	"debrief/internal/vault/vaulttest"
)

func TestEveryItemOfAVaultFitsTheSystemsLimit(t *testing.T) {
	account := strings.Repeat("h", 16) + "/" + strings.Repeat("n", 200) + "/a/32767"
	for system, fake := range map[string]*vaulttest.Fake{
		"windows": vaulttest.NewWindows(0), "darwin": vaulttest.NewMacOS(0),
	} {
		limit := limitOf(system)
		if err := fake.Items.Set(t.Context(), account[:len(account)-1]+"6", "the part below"); err != nil {
			t.Fatal(err)
		}
		if err := fake.Set(t.Context(), account, strings.Repeat("s", limit)); err != nil || limit < 2000 {
			t.Errorf("%s: %d bytes: %v", system, limit, err)
		}
	}
	if got := limitOf("linux"); got != 0 {
		t.Errorf("linux: got %d, want none", got)
	}
}
