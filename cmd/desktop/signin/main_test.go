//go:build cgo

package main

import (
	"bufio"
	"strings"
	"testing"

	"debrief/internal/auth/window"
)

func TestAnOrderIsOneLineThatAllowsItsOwnPage(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want bool
	}{
		"good":              {`{"url":"https://a.example/?state=SECRET","title":"t","allow":["https"]}` + "\nrest", true},
		"no line end":       {`{"url":"https://a.example/","allow":["https"]}`, false},
		"nothing":           {"", false},
		"no JSON":           {"SECRET\n", false},
		"page not allowed":  {`{"url":"http://a.example/SECRET","allow":["https"]}` + "\n", false},
		"nothing allowed":   {`{"url":"https://a.example/"}` + "\n", false},
		"larger than bound": {`{"url":"https://a.example/` + strings.Repeat("x", window.MaxOrder) + `","allow":["https"]}` + "\n", false},
	} {
		order, err := readOrder(bufio.NewReader(strings.NewReader(test.in)))
		if (err == nil) != test.want {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error quotes the order: %v", name, err)
		}
		if test.want && order.URL != "https://a.example/?state=SECRET" {
			t.Errorf("%s: got %+v", name, order)
		}
	}
}
