package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"

	"debrief/internal/app/state"
	"debrief/internal/config"
	"debrief/internal/platform"
	"debrief/internal/text"
	"debrief/internal/vault/file"
)

// problemOfFile says of a failure to read or write path what to do about it; where
// err names the file below path, that is told. nil stays nil, and so does what is
// no failure of a disk: the person's cancelling, and a network's.
func problemOfFile(path string, err error) error {
	_, network := errors.AsType[*net.OpError](err)
	if err == nil || network || errors.Is(err, context.Canceled) {
		return err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok && !platform.IsTemporary(filepath.Base(e.Path)) {
		path = e.Path
	}
	code := text.FileUnreadable
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS) {
		code = text.DiskFull
	}
	return &state.Problem{Code: code, Args: map[string]string{"path": path}, Detail: err.Error()}
}

// passphraseCode is the problem that an error of the file vault's opening stands
// for; empty when it is none of its own.
func passphraseCode(err error) text.Code {
	for known, code := range map[error]text.Code{
		file.ErrWrongPassphrase: text.VaultWrongPassphrase, file.ErrEmptyPassphrase: text.VaultNoPassphrase,
		file.ErrNotCreated: text.VaultNotCreated, file.ErrExists: text.VaultExists, file.ErrNoFile: text.VaultFileMissing,
	} {
		if errors.Is(err, known) {
			return code
		}
	}
	return ""
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
