package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/auth"
	"debrief/internal/platform"
	"debrief/internal/session"
	"debrief/internal/text"
)

// maxImport is the size of the largest file that is read as a token cache. One
// sign-in takes about ten kilobytes.
const maxImport = 4 << 20

// originCodes say why a session's tokens cannot be renewed here.
var originCodes = map[auth.Origin]text.Code{
	auth.OtherClient: text.OtherClient, auth.OtherService: text.OtherService,
}

// importCodes say why a file cannot be imported.
var importCodes = []struct {
	err  error
	code text.Code
}{
	{auth.ErrNotJSON, text.NotJSON}, {auth.ErrNotCache, text.NotCache},
	{auth.ErrNoSignIn, text.NoSignIn}, {auth.ErrTooManyIn, text.CacheTooLarge},
}

// Export writes a session's token cache as it is, its secrets in plain text, to a
// new file that only its owner can read. Nothing is renewed.
func (a *App) Export(ctx context.Context, req state.Export) error {
	if !filepath.IsAbs(req.Path) {
		return wrongUsage(fmt.Sprintf("export: the path %q is not absolute", req.Path))
	}
	if err := a.reload(ctx); err != nil {
		return a.problem(err, "")
	}
	a.loadSigner(ctx, false) // judges the record
	s, err := a.find(req.ID)
	if err != nil {
		return err
	}
	if !s.ThisDevice {
		return a.fail(text.OtherComputer, "account", s.Email, "computer", s.Device.Name)
	}
	if err := a.usable(s); err != nil {
		return err
	}
	raw, err := a.cache(s.ID).Load(ctx)
	if err == nil && raw == nil {
		return a.fail(text.SignInNeeded, "account", s.Email)
	}
	if err == nil {
		_, _, err = auth.ParseCache(raw)
	}
	if err != nil {
		return a.problem(err, s.Email)
	}
	switch err := platform.WriteNewFile(req.Path, raw); {
	case errors.Is(err, fs.ErrExist):
		return a.fail(text.FileExists, "path", req.Path)
	case err != nil:
		return a.detailed(a.fail(text.DiskFull, "path", req.Path), err)
	}
	a.d.Log.Info("a token cache was exported", "session", s.ID)
	a.used(ctx, s.ID)
	return nil
}

// Import makes a session of each sign-in in the token cache that another program
// wrote: an active one after one renewal, else one that needs a sign-in. A sign-in
// that cannot be renewed never takes the place of a session that is there.
func (a *App) Import(ctx context.Context, req state.Import) (state.Imported, error) {
	if !filepath.IsAbs(req.Path) {
		return state.Imported{}, wrongUsage(fmt.Sprintf("import: the path %q is not absolute", req.Path))
	}
	raw, err := readAtMost(req.Path, maxImport)
	if errors.Is(err, errTooLarge) {
		return state.Imported{}, a.fail(text.CacheTooLarge, "path", req.Path, "limit", strconv.Itoa(maxImport>>20)+" MB")
	}
	if err != nil {
		return state.Imported{}, a.detailed(a.fail(text.FileUnreadable, "path", req.Path), err)
	}
	found, err := a.d.Auth.Import(raw)
	for _, c := range importCodes {
		if errors.Is(err, c.err) {
			return state.Imported{}, a.fail(c.code, "path", req.Path, "limit", text.S(text.SignIns, auth.MaxImported))
		}
	}
	if err != nil {
		return state.Imported{}, a.problem(err, "")
	}
	if err := a.reload(ctx); err != nil {
		return state.Imported{}, a.problem(err, "")
	}
	report := state.Imported{Lines: make([]state.ImportLine, 0, len(found))}
	for _, in := range found {
		line, err := a.importOne(ctx, in)
		if err != nil {
			return report, a.problem(err, in.Email)
		}
		report.Lines = append(report.Lines, line)
	}
	a.d.Log.Info("a token cache was imported", "count", len(found))
	a.publish()
	return report, nil
}

var errTooLarge = errors.New("the file is too large")

// readAtMost reads a regular file of at most max bytes: a pipe or a device could
// wait or go on for ever.
func readAtMost(path string, max int64) ([]byte, error) {
	info, err := os.Stat(path) // opening a pipe would wait
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = errTooLarge
	}
	return b, err
}

func (a *App) importOne(ctx context.Context, in auth.SignedIn) (state.ImportLine, error) {
	fresh, why := a.renewed(ctx, in)
	if ctx.Err() != nil {
		return state.ImportLine{}, ctx.Err()
	}
	// As after a sign-in: what was renewed is stored, also for a caller that left.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if why == nil {
		rec, err := a.keep(ctx, fresh, "")
		return state.ImportLine{Account: rec.Email, Session: rec.ID}, err
	}
	line := state.ImportLine{Account: in.Email, Problem: a.problem(why, in.Email)}
	rec := a.record(in)
	a.mu.Lock()
	for _, r := range a.records {
		if r.Account == rec.Account && r.Device.ID == rec.Device.ID {
			line.Session, line.Kept = r.ID, true
		}
	}
	a.mu.Unlock()
	if line.Kept {
		return line, nil
	}
	rec.Authenticated, rec.Tokens = false, session.Tokens{}
	rec, err := a.keepRecord(ctx, rec, in.Cache)
	line.Session = rec.ID
	return line, err
}

// renewed redeems the refresh token of an imported sign-in once.
func (a *App) renewed(ctx context.Context, in auth.SignedIn) (auth.SignedIn, error) {
	if code, foreign := originCodes[a.d.Auth.Origin(in.Account)]; foreign {
		return auth.SignedIn{}, a.fail(code, "account", in.Email, "service", in.Account.Environment)
	}
	fresh, err := a.d.Auth.Redeem(ctx, in)
	if errors.Is(err, auth.ErrNoRefreshToken) {
		err = a.fail(text.NoRefreshToken, "account", in.Email)
	}
	return fresh, err
}
