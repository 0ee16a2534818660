package auth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestASecretShowsItselfToReveal(t *testing.T) {
	s := NewSecret("tell-nobody")
	if s.Reveal() != "tell-nobody" {
		t.Errorf("got %q", s.Reveal())
	}
	holder := struct{ Token Secret }{s}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "holder", holder)
	shown := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, &s))
	}
	b, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(shown, string(b)) {
		if strings.Contains(text, "tell") || strings.Contains(text, "74656c6c") {
			t.Errorf("the secret shows in %s", text)
		}
	}
}
