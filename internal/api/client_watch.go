package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"debrief/internal/app/state"
)

// Watch implements Service. While next runs, the stream is read on and only its
// newest snapshot kept.
func (c *Client) Watch(ctx context.Context, next func(state.State)) error {
	resp, err := c.do(ctx, http.MethodGet, pathWatch, nil)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	newest := make(chan state.State, 1)
	ended := make(chan error, 1)
	go func() {
		defer close(newest)
		ended <- follow(resp.Body, newest)
	}()
	// The body's closing ends the reader, should next have panicked.
	defer resp.Body.Close()
	for st := range newest {
		if ctx.Err() != nil {
			continue // the reader is about to end
		}
		next(st)
	}
	err = <-ended
	if ctx.Err() != nil {
		return nil
	}
	if p, ok := errors.AsType[*state.Problem](err); ok {
		return p
	}
	return gone(ctx, err)
}

// follow puts each snapshot of r into the one place of newest, instead of an
// older one that nobody took, until r ends. Its error is a problem that the
// stream told or is, or how reading ended.
func follow(r io.Reader, newest chan state.State) error {
	lines := json.NewDecoder(r)
	for {
		var line watchLine
		err := lines.Decode(&line)
		_, badSyntax := errors.AsType[*json.SyntaxError](err)
		_, badType := errors.AsType[*json.UnmarshalTypeError](err)
		if badSyntax || badType {
			return wrong("state stream: %v", err)
		}
		if err != nil {
			return err
		}
		if line.Problem != nil {
			return line.Problem
		}
		select {
		case <-newest:
		default:
		}
		newest <- line.State // free: this is the only sender
	}
}
