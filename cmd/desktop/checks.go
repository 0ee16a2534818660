package main

import (
	"context"
	"runtime"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/platform"
	"debrief/internal/text"
	"debrief/internal/tray"
)

// checks are the doctor's looks at this machine and its settings.
func (p *program) checks(s setup) []func(context.Context) state.Check {
	list := []func(context.Context) state.Check{
		func(context.Context) state.Check { return checkHelper("panel", "debrief-panel") },
		func(context.Context) state.Check { return checkHelper("sign_in_window", "debrief-signin") },
		func(context.Context) state.Check { return checkSettings(s) },
	}
	if runtime.GOOS != "linux" {
		return list
	}
	return append(list,
		func(context.Context) state.Check {
			return check("display", platform.HasDisplay(p.getenv), text.DoctorDisplayOK, text.DoctorDisplayNone, text.DoctorDisplayNext)
		},
		func(context.Context) state.Check {
			_, ok := platform.SessionBus(p.getenv)
			return check("bus", ok, text.DoctorBusOK, text.DoctorBusNone, text.DoctorBusNext)
		},
		p.checkTray,
	)
}

// check is a look with two outcomes; what lacks is a warning, for the rest works.
func check(id string, ok bool, good, bad, next text.Key) state.Check {
	if ok {
		return state.Check{ID: id, State: "ok", Detail: text.S(good)}
	}
	return state.Check{ID: id, State: "warning", Detail: text.S(bad), Next: text.S(next)}
}

func checkHelper(id, program string) state.Check {
	path, err := platform.FindHelper(program)
	if err != nil {
		return state.Check{ID: id, State: "warning", Detail: text.S(text.DoctorHelperMissing, program), Next: text.S(text.DoctorHelperNext)}
	}
	return state.Check{ID: id, State: "ok", Detail: path}
}

func checkSettings(s setup) state.Check {
	if s.cfg.ClientID == "" && !s.cfg.Demo {
		_, next := text.Problem(text.NoClientID, nil)
		return state.Check{ID: "application", State: "warning", Detail: text.S(text.DoctorClientNone), Next: next}
	}
	if s.cfg.Demo {
		return state.Check{ID: "application", State: "ok", Detail: text.S(text.DoctorClientDemo)}
	}
	return state.Check{ID: "application", State: "ok", Detail: text.S(text.DoctorClientOK, s.cfg.ClientID, s.cfg.Authority+"/"+s.cfg.Tenant)}
}

// trayTimeout bounds the question to the message bus.
const trayTimeout = 2 * time.Second

func (p *program) checkTray(ctx context.Context) state.Check {
	ctx, cancel := context.WithTimeout(ctx, trayTimeout)
	defer cancel()
	present := false
	if address, ok := platform.SessionBus(p.getenv); ok {
		present, _ = tray.HostPresent(ctx, address) // no answer is no tray
	}
	return check("tray", present, text.DoctorTrayOK, text.DoctorTrayNone, text.DoctorTrayNext)
}
