// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"selfsame"
)

// Over returns the registry that a store keeps. dir is the project's folder, from which the paths of sources count. Closing the registry
// closes the store.
func Over(store Store, dir string) Registry {
	l := &ledger{store: store, projects: &projects{store: store, dir: dir, parsed: map[int64]*selfsame.Project{}}}
	l.newest = empties(l.projects)
	return l
}

// ledger is the rules of versions on a store.
type ledger struct {
	store    Store
	projects *projects

	mu     sync.Mutex // guards newest, and makes each snapshot once
	newest *Snapshot
}

func (l *ledger) Close() error { return l.store.Close() }

func (l *ledger) Snapshot(ctx context.Context) (*Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	records, err := l.store.Load(ctx, l.newest.ID())
	if err != nil || len(records) == 0 {
		return l.newest, err
	}
	s, err := l.newest.fold(records...)
	if err != nil {
		return nil, err
	}
	if s.Applied() == l.newest.Applied() {
		s.project = l.newest.project
	} else if s.project, err = l.projects.at(ctx, s, s.Applied()); err != nil {
		return nil, err
	} else {
		l.projects.forget(l.newest.Applied())
	}
	l.newest = s
	return s, nil
}

func (l *ledger) Plan(ctx context.Context, c *Change) (*Diff, error) {
	s, err := l.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.decide(ctx, c)
	if err != nil {
		return nil, err
	}
	return d.diff, s.expected(c, d.diff)
}

func (l *ledger) Apply(ctx context.Context, c *Change) (*Diff, error) {
	for {
		s, err := l.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		d, err := s.decide(ctx, c)
		if err != nil {
			return nil, err
		}
		if d.diff.Empty() {
			return d.diff, nil
		}
		if err := s.expected(c, d.diff); err != nil {
			return nil, err
		}
		err = l.store.Append(ctx, d.record, d.texts)
		if errors.Is(err, ErrMoved) {
			if err := ctx.Err(); err != nil {
				return nil, &selfsame.Error{Class: selfsame.ClassCanceled, Ref: "apply", Message: "stopped", Err: err}
			}
			continue // and decide on the newest; what was planned on another is refused then
		}
		if err != nil {
			return nil, err
		}
		d.diff.Apply = d.record.ID
		return d.diff, nil
	}
}

// Act decides an action on the newest snapshot until no other record comes between.
func (l *ledger) Act(ctx context.Context, by By, a Action) (*Record, error) {
	for {
		s, err := l.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		if s.Applied() == 0 {
			return nil, nothingApplied(a.subject())
		}
		acts, err := a.decide(s)
		if err != nil || len(acts) == 0 {
			return nil, err
		}
		r := &Record{ID: s.ID() + 1, Time: by.Time, Project: s.project.Name, Author: by.Author, Message: by.Message, Engine: by.Engine, Acts: acts}
		if _, err := s.fold(r); err != nil {
			return nil, err
		}
		if err = l.store.Append(ctx, r, nil); err == nil {
			return r, nil
		}
		if !errors.Is(err, ErrMoved) {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, &selfsame.Error{Class: selfsame.ClassCanceled, Ref: a.subject(), Message: "stopped", Err: err}
		}
	}
}

// expected refuses a change that was planned on another apply. One that changes nothing needs no plan.
func (s *Snapshot) expected(c *Change, d *Diff) error {
	if c.Expect == Newest || c.Expect == s.Applied() || d.Empty() {
		return nil
	}
	if c.Expect > s.Applied() {
		return &selfsame.Error{Class: selfsame.ClassChanged, Ref: "apply", Message: fmt.Sprintf("the plan is on apply %d, and the newest is %d", c.Expect, s.Applied()),
			Hint: "it was made against another registry: run selfsame plan again"}
	}
	r := s.Newest()
	what := fmt.Sprintf("apply %d by %s at %s came between", r.ID, r.Author, time.UnixMicro(r.Time).UTC().Format(time.RFC3339))
	if r.Message != "" {
		what += ": " + r.Message
	}
	return &selfsame.Error{Class: selfsame.ClassChanged, Ref: "apply", Message: what, Hint: "run selfsame plan again, and apply what it shows"}
}
