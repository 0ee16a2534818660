package main

import (
	"errors"

	"debrief/internal/app/state"
	"debrief/internal/config"
	"debrief/internal/text"
)

// problemOfFile says of a failure to read or write path what to do about it; nil
// stays nil.
func problemOfFile(path string, err error) error {
	if err == nil {
		return nil
	}
	return &state.Problem{Code: text.FileUnreadable, Args: map[string]string{"path": path}, Detail: err.Error()}
}

// problemOfSettings makes of everything that is wrong in the settings one
// problem, whose detail names all of it; nil stays nil.
func problemOfSettings(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*config.Error](err)
	if !ok {
		return err
	}
	p := &state.Problem{Code: text.Setting, Detail: err.Error(), Args: map[string]string{
		"name": e.Name, "value": e.Value, "allowed": e.Allowed, "source": e.Source,
	}}
	switch e.Kind {
	case config.KindUnknown:
		p.Code = text.SettingUnknown
	case config.KindMissing:
		p.Code = text.SettingMissing
	case config.KindFile:
		p.Code = text.FileUnreadable
		p.Args = map[string]string{"path": e.Source}
	}
	return p
}
