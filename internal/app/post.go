package app

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"debrief/internal/app/state"
	"debrief/internal/outbox"
	"debrief/internal/summary"
	"debrief/internal/text"
)

// Post queues a summary and waits for its outcome as long as the request says.
// Nothing that can be judged beforehand (an empty text, an unknown meeting)
// leaves a post behind; a summary that only lacks a sign-in is kept as a draft.
func (a *App) Post(ctx context.Context, req state.PostRequest) (state.PostResult, error) {
	markdown, err := summary.Decode([]byte(req.Markdown))
	if err != nil {
		return state.PostResult{}, a.problem(err, "")
	}
	plain, err := summary.Render(markdown, summary.Options{})
	if err != nil {
		return state.PostResult{}, a.problem(err, "")
	}
	s, at, err := a.destination(ctx, req.Target)
	msg := plain
	if err == nil {
		msg, err = a.render(ctx, s, at, markdown, req.Mention)
	}
	if err != nil {
		p := a.problem(err, s.Email)
		switch {
		case req.DryRun && mayPreview(req.Target, p.Code):
			msg = plain
		case req.DryRun, !waitsForSignIn(p.Code):
			return state.PostResult{}, p
		default:
			return a.keepDraft(ctx, req, s, at, plain, p)
		}
	}
	res := state.PostResult{Rendered: a.rendered(msg, s)}
	if req.DryRun {
		return res, nil
	}
	item, err := a.outbox.Add(ctx, outbox.Item{
		Account: outboxAccount(s.Record), ChatID: at.chatID, Title: at.title,
		State: outbox.Queued, Parts: []outbox.Part{part(msg)},
	})
	if err != nil {
		return state.PostResult{}, a.problem(err, s.Email)
	}
	a.used(ctx, s.ID)
	a.startSending()
	if req.Wait > 0 {
		item = a.await(ctx, item, req.Wait)
	}
	p := postOf(item)
	res.Post = &p
	return res, nil
}

// waitsForSignIn tells problems that a sign-in by the person mends: the summary is
// kept as a draft meanwhile.
func waitsForSignIn(c text.Code) bool {
	return c == text.SignInNeeded || c == text.CacheDamaged || c == text.SessionChanged
}

// mayPreview tells whether a text is shown all the same as it would be posted: no
// target is named yet, or nobody can be asked about it now.
func mayPreview(t state.Target, c text.Code) bool {
	return t.Meeting == "" && t.Chat == "" || waitsForSignIn(c) || c == text.Offline || c == text.TryLater
}

// destination resolves the account and the chat of a post.
func (a *App) destination(ctx context.Context, t state.Target) (state.Session, place, error) {
	s, err := a.forAccount(t.Account)
	if err != nil {
		return s, place{}, err
	}
	if err := a.usable(s); err != nil {
		return s, place{}, err
	}
	at, err := a.target(ctx, s, t)
	return s, at, err
}

// render makes the message with its mentions; the members are read only when
// somebody may be mentioned.
func (a *App) render(ctx context.Context, s state.Session, at place, markdown string, mention []string) (summary.Message, error) {
	var o summary.Options
	if mentions(mention) || strings.Contains(markdown, "@") {
		members, err := a.members(ctx, s, at.chatID, false)
		if err != nil {
			return summary.Message{}, err
		}
		for _, p := range members {
			if !isMe(p, s) {
				o.People = append(o.People, summary.Person{ID: p.ID, Name: p.Name, Email: p.Email})
			}
		}
		o.Mention = mention
	}
	msg, err := summary.Render(markdown, o)
	if e, ok := errors.AsType[*summary.PersonError](err); ok {
		return msg, a.fail(text.PersonUnknown, "person", e.Name)
	}
	return msg, err
}

func mentions(m []string) bool {
	for _, name := range m {
		if name != "" && name != "none" {
			return true
		}
	}
	return false
}

func (a *App) rendered(m summary.Message, s state.Session) state.Rendered {
	r := state.Rendered{HTML: m.HTML, Plain: m.Plain, Size: m.Size, Limit: summary.Limit}
	for _, x := range m.Mentions {
		r.Mentions = append(r.Mentions, state.Person{ID: x.Person.ID, Name: x.Person.Name, Email: x.Person.Email})
	}
	return r
}

func part(m summary.Message) outbox.Part {
	p := outbox.Part{HTML: m.HTML, Plain: m.Plain, Hash: outbox.Hash(m.Plain)}
	for _, x := range m.Mentions {
		p.Mentions = append(p.Mentions, outbox.Mention{ID: x.ID, Text: x.Text, UserID: x.Person.ID, UserName: x.Person.Name})
	}
	return p
}

// keepDraft keeps a summary that only lacks a sign-in, and says so: the
// problem's argument "post" is the draft's id.
func (a *App) keepDraft(ctx context.Context, req state.PostRequest, s state.Session, at place, msg summary.Message, p *state.Problem) (state.PostResult, error) {
	acc := outbox.Account{Email: req.Account}
	if s.ID != "" {
		acc = outboxAccount(s.Record)
	}
	item, err := a.outbox.Add(ctx, outbox.Item{
		Account: acc, ChatID: cmp.Or(at.chatID, req.Chat), Title: cmp.Or(at.title, req.Meeting), State: outbox.Draft,
		Reason: string(text.SignInNeeded), Parts: []outbox.Part{part(msg)},
	})
	if err != nil {
		return state.PostResult{}, a.problem(err, acc.Email)
	}
	if p.Args == nil {
		p.Args = map[string]string{}
	}
	p.Args["post"] = item.ID
	return state.PostResult{}, p
}

// await waits for the outcome of a post, at most for wait.
func (a *App) await(ctx context.Context, item outbox.Item, wait time.Duration) outbox.Item {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if done, err := a.outbox.Wait(ctx, item.ID); err == nil {
		return done
	}
	if now, err := a.outbox.Get(item.ID); err == nil {
		return now
	}
	return item
}

func (a *App) posts() []state.Post {
	items := a.outbox.List()
	list := make([]state.Post, 0, len(items))
	for _, it := range items {
		list = append(list, postOf(it))
	}
	return list
}

func postOf(it outbox.Item) state.Post {
	p := state.Post{
		ID: it.ID, Account: it.Account.Email, ChatID: it.ChatID, Title: it.Title, State: state.PostState(it.State),
		Reconciled: it.Reconciled, MessageID: it.MessageID, Attempts: it.Attempts, CreatedAt: it.CreatedAt,
		NextAttemptAt: it.NextAttemptAt, Reason: it.Reason, Parts: []state.Part{},
	}
	for _, x := range it.Parts {
		p.Parts = append(p.Parts, state.Part{State: state.PostState(x.State), MessageID: x.MessageID})
	}
	return p
}
