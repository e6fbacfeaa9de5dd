// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"selfsame"
	"selfsame/api"
	"selfsame/registry"
)

// keptAnswer is how a change that was asked for with a key was answered, as the registry keeps it.
type keptAnswer struct {
	Answer json.RawMessage `json:"answer"`
	New    bool            `json:"new,omitempty"`
	Apply  int64           `json:"apply"`
}

// mostAnswer bounds what a record keeps of an answer, in bytes. A larger one is known to be given, not what it said.
const mostAnswer = 1 << 20

// written is an answer as the registry keeps it.
func written(c *api.Changed) ([]byte, error) {
	text, err := plainJSON(c.Answer)
	if err != nil || len(text) > mostAnswer {
		return nil, err
	}
	return plainJSON(keptAnswer{Answer: text, New: c.New, Apply: c.Apply})
}

// plainJSON writes a value as answers over HTTP are written.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// once does a change, or answers as it was answered before, by whichever server of the registry.
func (l *Live) once(ctx context.Context, o *api.Once, do func(q *registry.Request) (*api.Changed, error)) (*api.Changed, error) {
	if o == nil {
		return do(nil)
	}
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	q := &registry.Request{Name: o.Key, Sum: o.Sum, Since: o.Since.UnixMicro()}
	was, err := s.Answered(q)
	if err != nil {
		return nil, err
	}
	if was == nil {
		c, err := do(q)
		if !errors.As(err, &was) {
			return c, err
		}
	}
	return l.again(ctx, was)
}

// again answers as before, once what was recorded then is live here.
func (l *Live) again(ctx context.Context, was *registry.Answered) (*api.Changed, error) {
	if err := l.readBy(ctx); err != nil {
		return nil, err
	}
	if l.snapshot.Load().ID() < was.Record {
		if err := l.followNow(ctx); err != nil {
			return nil, err
		}
	}
	var a keptAnswer
	switch {
	case was.Answer == nil:
		return nil, &selfsame.Error{Class: selfsame.ClassChanged, Ref: "Idempotency-Key", Message: fmt.Sprintf("this was done, as record %d; its answer is too large to be kept", was.Record),
			Hint: "GET /v1/history says what was applied"}
	case json.Unmarshal(was.Answer, &a) != nil:
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: "registry", Message: fmt.Sprintf("record %d holds an answer that cannot be read", was.Record)}
	}
	return &api.Changed{Answer: a.Answer, New: a.New, Apply: a.Apply, Replayed: true}, nil
}

// followNow makes the newest definitions the live ones.
func (l *Live) followNow(ctx context.Context) error {
	if err := l.applying.takeSoon(ctx, "an apply of another server"); err != nil {
		return err
	}
	defer l.applying.end()
	return l.follow(ctx)
}
