//go:build linux

package story

import (
	"cmp"
	"os"
	"testing"
)

func TestTheMainJobOnARealDesktop(t *testing.T) {
	err := Play(t.Context(), Config{
		Tree:  "../..",
		Bin:   cmp.Or(os.Getenv("STORY_BIN"), "../../build/test-bin"),
		Shots: cmp.Or(os.Getenv("STORY_SHOTS"), "../../build/story"),
		Say:   t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
}
