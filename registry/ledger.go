// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/definition"
)

// Over returns the registry that a store keeps. dir is the project's folder, from which the paths of sources count. Closing the registry
// closes the store.
func Over(store Store, dir string) Registry {
	l := &ledger{store: store, turn: make(chan struct{}, 1), projects: &projects{store: store, dir: dir, reader: definition.NewReader(dir), parsed: map[int64]*selfsame.Project{}}}
	l.newest = empties(l.projects)
	return l
}

// ledger is the rules of versions on a store.
type ledger struct {
	store    Store
	projects *projects

	asked atomic.Int64 // snapshots, ever

	turn   chan struct{} // holds something while one loads; it guards the rest
	newest *Snapshot
	loaded int64 // the last load began when so many had been asked for
	away   error // that it ended with
}

func (l *ledger) Close() error { return l.store.Close() }

// Snapshot loads what is new. Those who wait while another one loads share the load after it: the last of a hundred waits for two of them.
func (l *ledger) Snapshot(ctx context.Context) (*Snapshot, error) {
	own := l.asked.Add(1)
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, &selfsame.Error{Class: selfsame.ClassCanceled, Ref: "registry", Message: "stopped while others read it", Err: ctx.Err()}
	}
	if l.loaded >= own {
		return l.newest, l.away
	}
	asked := l.asked.Load()
	s, err := l.load(ctx)
	if err == nil || errors.Is(err, ErrAway) && ctx.Err() == nil {
		l.loaded, l.away = asked, err
	}
	return s, err
}

// load makes the newest snapshot, in the turn of its caller.
func (l *ledger) load(ctx context.Context) (*Snapshot, error) {
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

func (l *ledger) Apply(ctx context.Context, c *Change) (diff *Diff, err error) {
	err = l.decided(ctx, "apply", func(s *Snapshot) (*Record, map[string][]byte, error) {
		if err := c.Request.done(s); err != nil {
			return nil, nil, err
		}
		d, err := s.decide(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		if diff = d.diff; diff.Empty() && (c.Request == nil || s.Applied() == 0) {
			return nil, nil, nil
		}
		if err := s.expected(c, diff); err != nil {
			return nil, nil, err
		}
		to := *diff
		if diff.Empty() {
			d.record.Files, d.texts = nil, nil
		} else {
			to.Apply = d.record.ID
		}
		return d.record, d.texts, c.Request.in(d.record, to.Apply, &to, nil)
	}, func(r *Record) {
		if r.apply() {
			diff.Apply = r.ID
		}
	})
	if err != nil {
		return nil, err
	}
	return diff, nil
}

// Act decides an action on the newest snapshot until no other record comes between.
func (l *ledger) Act(ctx context.Context, by By, a Action) (stored *Record, err error) {
	err = l.decided(ctx, a.subject(), func(s *Snapshot) (*Record, map[string][]byte, error) {
		if s.Applied() == 0 {
			return nil, nil, nothingApplied(a.subject())
		}
		if err := by.Request.done(s); err != nil {
			return nil, nil, err
		}
		acts, err := a.decide(s)
		if err != nil || len(acts) == 0 && by.Request == nil {
			return nil, nil, err
		}
		r := &Record{ID: s.ID() + 1, Time: by.Time, Project: s.project.Name, Author: by.Author, Message: by.Message, Engine: by.Engine, Acts: acts}
		next, record := s, int64(0)
		if len(acts) > 0 {
			if next, err = s.fold(r); err != nil {
				return nil, nil, err
			}
			next.project, record = s.project, r.ID
		}
		return r, nil, by.Request.in(r, record, nil, next)
	}, func(r *Record) {
		if r.Acts[0].Kind != KindRequest {
			stored = r
		}
	})
	return stored, err
}

// decided stores the record that decide makes of the newest snapshot. Where another record came first it is decided anew: what was planned on another is refused
// then. No record is nothing to store.
func (l *ledger) decided(ctx context.Context, ref string, decide func(*Snapshot) (*Record, map[string][]byte, error), stored func(*Record)) error {
	for last := int64(-1); ; {
		s, err := l.Snapshot(ctx)
		if err != nil {
			return err
		}
		if s.ID() == last {
			return &selfsame.Error{Class: selfsame.ClassResource, Ref: ref, Message: fmt.Sprintf("record %d does not follow what is stored: the registry has other records than those that were read from it", last+1),
				Hint: "was it restored from an older copy? Start again, with another data directory where the start is refused"}
		}
		last = s.ID()
		r, texts, err := decide(s)
		if err != nil || r == nil {
			return err
		}
		if err = l.store.Append(ctx, r, texts); err == nil {
			stored(r)
			return nil
		}
		if !errors.Is(err, ErrMoved) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return &selfsame.Error{Class: selfsame.ClassCanceled, Ref: ref, Message: "stopped", Err: err}
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
