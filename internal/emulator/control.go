package emulator

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"
)

const controlPath = "/control/"

// control is how another program steers the tenant and looks into it. Every
// request bears the key.
//
//	GET  /control/                        now, scenario, chats (the page's address), notice
//	POST /control/reset
//	POST /control/clock {"advance":"61m"} now
//	POST /control/scenario {"name":"mfa"}
//	POST /control/faults [{"method":"POST","path":"/messages$","status":503}]
//	POST /control/revoke {"user":"AdeleV@contoso.example"}
//	GET  /control/messages?chat=ID        messages: what was posted; without chat: everywhere
//	GET  /control/secrets                 secrets: every one issued or received by this process
//	GET  /control/requests                requests: "METHOD /path" → how many since the start
//
// The list of faults takes the place of those that are armed. What cannot be done
// answers 400 with an error.
func (e *Emulator) control(key string) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			v, err := do(r)
			if err != nil {
				writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
				return
			}
			writeJSON(w, http.StatusOK, v)
		})
	}
	done := map[string]any{}
	handle("GET /control/{$}", func(*http.Request) (any, error) {
		return map[string]any{"now": e.Now(), "scenario": e.currentScenario(), "chats": e.URL(), "notice": e.Notice()}, nil
	})
	handle("POST /control/reset", func(*http.Request) (any, error) { return done, e.Reset() })
	handle("POST /control/clock", func(r *http.Request) (any, error) {
		var asked struct{ Advance duration }
		err := readJSON(r, &asked)
		if err == nil {
			err = e.Advance(time.Duration(asked.Advance))
		}
		return map[string]any{"now": e.Now()}, err
	})
	handle("POST /control/scenario", func(r *http.Request) (any, error) {
		var asked struct{ Name string }
		err := readJSON(r, &asked)
		if err == nil {
			err = e.SetScenario(asked.Name)
		}
		return done, err
	})
	handle("POST /control/faults", func(r *http.Request) (any, error) {
		var asked []wireFault
		if err := readJSON(r, &asked); err != nil {
			return nil, err
		}
		faults := make([]Fault, 0, len(asked))
		for _, f := range asked {
			fault, err := f.fault()
			if err != nil {
				return nil, err
			}
			faults = append(faults, fault)
		}
		e.SetFaults(faults...)
		return done, nil
	})
	handle("POST /control/revoke", func(r *http.Request) (any, error) {
		var asked struct{ User string }
		err := readJSON(r, &asked)
		if err == nil {
			err = e.Revoke(asked.User)
		}
		return done, err
	})
	handle("GET /control/messages", func(r *http.Request) (any, error) {
		chat := r.URL.Query().Get("chat")
		if _, ok := chatByID(chat); chat != "" && !ok {
			return nil, fmt.Errorf("emulator: no chat %q", chat)
		}
		return map[string]any{"messages": append([]Message{}, e.Messages(chat)...)}, nil
	})
	handle("GET /control/secrets", func(*http.Request) (any, error) {
		return map[string]any{"secrets": append([]Secret{}, e.Secrets()...)}, nil
	})
	handle("GET /control/requests", func(*http.Request) (any, error) {
		return map[string]any{"requests": e.Requests()}, nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+key)) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "emulator: the control key is missing or wrong"})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// readJSON reads one value and refuses what it does not know: a misspelt name
// would steer nothing, silently.
func readJSON(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("emulator: more than one JSON value")
	}
	return nil
}

// duration is a time.Duration as Go writes it: "61m".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// wireFault is a Fault as JSON.
type wireFault struct {
	Method      string   `json:"method"`
	Path        string   `json:"path"` // regular expression
	Count       int      `json:"count"`
	Status      int      `json:"status"`
	Code        string   `json:"code"`
	Body        string   `json:"body"`
	RetryAfter  string   `json:"retry_after"`
	Delay       duration `json:"delay"`
	AfterCommit bool     `json:"after_commit"`
	Reset       bool     `json:"reset"`
	Truncate    bool     `json:"truncate"`
	EmptyPage   bool     `json:"empty_page"`
}

func (f wireFault) fault() (Fault, error) {
	out := Fault{
		Method: f.Method, Count: f.Count, Status: f.Status, Code: f.Code, Body: f.Body, RetryAfter: f.RetryAfter,
		Delay: time.Duration(f.Delay), AfterCommit: f.AfterCommit, Reset: f.Reset, Truncate: f.Truncate, EmptyPage: f.EmptyPage,
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return out, fmt.Errorf("emulator: a fault cannot answer with status %d", f.Status)
	}
	if f.Path == "" {
		return out, nil
	}
	var err error
	if out.Path, err = regexp.Compile(f.Path); err != nil {
		return out, fmt.Errorf("emulator: %w", err)
	}
	return out, nil
}
