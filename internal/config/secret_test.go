package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretsShowThemselvesInNoForm(t *testing.T) {
	c, err := load(t, "", "SESSION_SECRET_KEY=SECRETVALUE", "REDIS_URL=redis://:SECRETVALUE@h",
		"DATABASE_URL=postgres://u:SECRETVALUE@h/d", "DEBRIEF_PROXY=http://u:SECRETVALUE@p:1")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out = append(out, fmt.Sprintf(verb, c.SecretKey), fmt.Sprintf(verb, &c.RedisURL), fmt.Sprintf(verb, []Secret{c.DatabaseURL}),
			fmt.Sprintf(verb, c.Proxy), fmt.Sprintf(verb, c))
	}
	for _, v := range []any{c, c.SecretKey, c.Proxy} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "a", c.SecretKey, "b", c.Proxy)
	out = append(out, log.String())
	for _, s := range out {
		if strings.Contains(s, "SECRETVALUE") || strings.Contains(s, fmt.Sprintf("%x", "SECRETVALUE")) {
			t.Errorf("shown: %s", s)
		}
	}
	if got := c.SecretKey.Reveal(); got != "SECRETVALUE" {
		t.Errorf("reveal: got %q", got)
	}
	if pw, _ := c.Proxy.URL().User.Password(); pw != "SECRETVALUE" {
		t.Errorf("the proxy's password: got %q", pw)
	}
}
