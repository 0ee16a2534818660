package auth

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"debrief/internal/text"
)

// words of a page that the callback shows.
type words struct {
	Language, Title, Body, Next, Detail string
}

func strayPage() words {
	return words{Title: text.S(text.SignInPageStray), Body: text.S(text.SignInPageStrayBody)}
}

func refusedPage() words {
	return words{Title: text.S(text.SignInPageRefused), Body: text.S(text.SignInPageRefused2)}
}

// outcomePage tells how the sign-in ended; nil is a good end.
func outcomePage(failure *Error, adminLink string) func() words {
	return func() words {
		if failure == nil {
			return words{Title: text.S(text.SignInPageDone), Body: text.S(text.SignInPageDoneBody)}
		}
		account := text.S(text.YourAccount)
		what, next := text.Problem(failure.Problem(), map[string]string{"account": account, "why": string(failure.Why()), "link": adminLink})
		return words{Title: text.S(text.SignInPageFailed), Body: what, Next: next, Detail: failure.detail()}
	}
}

// detail names what support asks for, and is empty where there is nothing.
func (e *Error) detail() string {
	var d []string
	if e.Code != "" {
		d = append(d, e.Code)
	}
	if e.SubError != "" {
		d = append(d, e.SubError)
	}
	if e.Number != 0 {
		d = append(d, "AADSTS"+strconv.Itoa(e.Number))
	}
	if e.TraceID != "" {
		d = append(d, "trace "+e.TraceID)
	}
	if e.CorrelationID != "" {
		d = append(d, "correlation "+e.CorrelationID)
	}
	if len(d) == 0 {
		return ""
	}
	return text.S(text.SignInPageDetail, strings.Join(d, ", "))
}

// The page needs nothing from anywhere: no script, no picture, no font.
var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center }
main { max-width: 30rem; padding: 2rem }
h1 { font-size: 1.4rem; margin: 0 0 .5rem }
small { overflow-wrap: anywhere }
</style></head>
<body><main role="main"><h1>{{.Title}}</h1><p>{{.Body}}</p>
{{- if .Next}}<p>{{.Next}}</p>{{end}}
{{- if .Detail}}<p><small>{{.Detail}}</small></p>{{end}}</main></body></html>
`))

func showPage(w http.ResponseWriter, status int, page func() words) {
	h := w.Header()
	plainHeaders(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	p := page()
	p.Language = text.S(text.SignInPageLanguage)
	_ = pageTemplate.Execute(w, p) // a browser that is gone needs no page
}

// plainHeaders keep the page out of caches, frames and other pages' reach.
func plainHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
