// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"selfsame"
	"selfsame/registry"
)

// ActArgs are the arguments of the verb act. Exactly one of the actions is set; none asks for what is recorded.
type ActArgs struct {
	By         registry.By          `json:"by"`
	Staging    *registry.Staging    `json:"staging,omitempty"`
	Ref        string               `json:"ref,omitempty"` // with Staging: the version as people write it; Staging names none
	Model      *registry.Model      `json:"model,omitempty"`
	Experiment *registry.Experiment `json:"experiment,omitempty"`
	// Trained, with Model, is what its training set holds: it must be what the version of the service answers with.
	Trained []registry.Trained `json:"trained,omitempty"`
}

// Acted is what was recorded.
type Acted struct {
	Record int64 `json:"record"` // 0: the registry held it already, or nothing was asked for

	Staging    *registry.Staging     `json:"staging,omitempty"`
	Model      *registry.ModelRecord `json:"model,omitempty"`
	Users      *registry.Users       `json:"users,omitempty"` // of the version that Staging names
	Experiment *registry.Experiment  `json:"experiment,omitempty"`
	// Warnings name what of the service of a model or an experiment is deprecated.
	Warnings []string `json:"warnings,omitempty"`

	Models      []registry.ModelRecord `json:"models,omitempty"`      // all, where nothing was asked for
	Experiments []registry.Experiment  `json:"experiments,omitempty"` // those that run
}

// actor is what acts are decided on: a registry, or one with states that follow it.
type actor interface {
	Act(ctx context.Context, by registry.By, a registry.Action) (*registry.Record, error)
	Snapshot(ctx context.Context) (*registry.Snapshot, error)
}

// Act records an action in the registry of a data directory, through the server that owns it, or returns what is recorded. Where nothing is applied, nothing can be.
func Act(ctx context.Context, cfg *LiveConfig, a *ActArgs) (out *Acted, err error) {
	a.By.Engine = Version
	if a.By.Author == "" {
		a.By.Author = author(ctx, cfg.Project)
	}
	a.By.Time = time.Now().UnixMicro()
	to, err := OpenApplier(ctx, RegistryOf(cfg.Config, cfg.Project))
	if err != nil {
		return nil, err
	}
	ask := func(p Planner) error {
		return p.(*served).Do(ctx, "act", a, func(line []byte) error { return json.Unmarshal(line, &out) })
	}
	own := func(r registry.Registry) error {
		var err error
		out, err = a.do(ctx, r)
		return err
	}
	if u, ok := to.(*unserved); !ok {
		err = ask(to)
	} else if r, s, readErr := u.applied(ctx); readErr != nil {
		err = readErr
	} else if a.asks() || s.Applied() == 0 {
		err = own(r) // nothing is written
	} else {
		err = u.write(ctx, own, ask)
	}
	return out, errors.Join(err, to.Close())
}

// applied returns the registry to read, and what it holds.
func (u *unserved) applied(ctx context.Context) (registry.Registry, *registry.Snapshot, error) {
	r, err := u.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	s, err := r.Snapshot(ctx)
	return r, s, err
}

// asks reports whether nothing is to be recorded.
func (a *ActArgs) asks() bool { return a.Staging == nil && a.Model == nil && a.Experiment == nil }

// do records the action.
func (a *ActArgs) do(ctx context.Context, to actor) (*Acted, error) {
	s, err := to.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var action registry.Action
	switch {
	case a.Staging != nil:
		if err := a.resolve(s); err != nil {
			return nil, err
		}
		action = a.Staging
	case a.Model != nil:
		if a.Trained != nil {
			if err := a.agree(s); err != nil {
				return nil, err
			}
		}
		action = a.Model
	case a.Experiment != nil:
		action = a.Experiment
	default:
		return &Acted{Models: s.Models(), Experiments: s.Experiments()}, nil
	}
	r, err := to.Act(ctx, a.By, action)
	if err != nil {
		return nil, err
	}
	out := &Acted{}
	if r != nil {
		out.Record = r.ID
	}
	if s, err = to.Snapshot(ctx); err != nil {
		return nil, err
	}
	return out, a.fill(ctx, s, out)
}

// resolve finds the version that Ref names.
func (a *ActArgs) resolve(s *registry.Snapshot) error {
	e, err := s.Reference(a.Ref)
	name, _, _ := strings.Cut(a.Ref, "@")
	switch {
	case err != nil && s.Project() != nil && s.Project().Service(name) != nil:
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: a.Ref, Message: "it is a service, and stages are those of features", Hint: "name a version of a feature, as view.feature@1"}
	case err != nil:
		return err
	case e.Feature == "":
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: a.Ref, Message: "it names no single feature", Hint: "name a version of one, as view.feature@1"}
	case e.Version == "":
		v, err := s.Version(e.View, e.Feature, "")
		if err != nil {
			return err
		}
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: a.Ref, Message: "it names no version", Hint: "the project's own is " + v.Ref(e.View, e.Feature)}
	}
	v, err := s.Version(e.View, e.Feature, e.Version)
	a.Staging.View, a.Staging.Feature, a.Staging.Version = e.View, e.Feature, v.Version
	return err
}

// agree sees that a model's training set is of the service that it pins. One that names no service version gets the one that the training set is of.
func (a *ActArgs) agree(s *registry.Snapshot) error {
	if was, err := s.Model(a.Model.Name, a.Model.Version); err == nil {
		a.Model.Service, a.Model.List = was.Service, was.List
	}
	_, err := s.AgreesWith(a.Model.Service, a.Model.List, a.Trained)
	return err
}

// fill says what stands in the registry now.
func (a *ActArgs) fill(ctx context.Context, s *registry.Snapshot, out *Acted) error {
	switch {
	case a.Staging != nil:
		v, err := s.Version(a.Staging.View, a.Staging.Feature, a.Staging.Version)
		if err != nil {
			return err
		}
		out.Staging = &registry.Staging{View: a.Staging.View, Feature: a.Staging.Feature, Version: v.Version, Stage: v.Stage, Successor: v.Successor, Until: v.Until, Reason: v.Reason}
		out.Users, err = s.UsersOf(ctx, a.Staging.View, a.Staging.Feature, v.Version)
		return err
	case a.Model != nil:
		m, err := s.Model(a.Model.Name, a.Model.Version)
		if err != nil {
			return err
		}
		if out.Model = &m; m.Retired {
			return nil // it reads nothing any more
		}
		out.Warnings, err = deprecatedIn(s, m.Service, m.List)
		return err
	}
	if out.Experiment = s.Experiment(a.Experiment.Service); out.Experiment == nil {
		return nil
	}
	for _, arm := range out.Experiment.Arms {
		w, err := deprecatedIn(s, a.Experiment.Service, arm.Version)
		if err != nil {
			return err
		}
		out.Warnings = append(out.Warnings, w...)
	}
	return nil
}

func (l *Live) actVerb(ctx context.Context, a *ActArgs, line func(any) error) error {
	out, err := a.do(ctx, l)
	if err != nil {
		return err
	}
	return line(out)
}

// Act records an action and makes what follows from it live: the states of a version that is retired go, those of one that comes back are built. What moves no state waits
// for no load of history.
func (l *Live) Act(ctx context.Context, by registry.By, a registry.Action) (*registry.Record, error) {
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	g, staging := a.(*registry.Staging)
	if staging {
		v, err := s.Version(g.View, g.Feature, g.Version)
		staging = err == nil && (g.Stage == registry.Retired) != (v.Stage == registry.Retired)
	}
	if !staging {
		r, err := l.registry.Act(ctx, by, a)
		if err != nil {
			return nil, err
		}
		return r, l.readBy(ctx)
	}
	if err := l.applying.takeSoon(ctx, fmt.Sprintf("the stage %s of %s.%s", g.Stage, g.View, g.Feature)); err != nil {
		return nil, err
	}
	defer l.applying.end()
	r, err := l.registry.Act(ctx, by, a)
	if err != nil {
		return nil, err
	}
	return r, l.follow(ctx)
}

// Snapshot returns everything that is recorded.
func (l *Live) Snapshot(ctx context.Context) (*registry.Snapshot, error) {
	return l.registry.Snapshot(ctx)
}

// readBy makes the newest records the ones that reads go by, unless states have to follow first: whoever recorded that sees to it.
func (l *Live) readBy(ctx context.Context) error {
	for {
		have := l.snapshot.Load()
		s, err := l.registry.Snapshot(ctx)
		if err != nil || s.ID() <= have.ID() || s.Applied() != have.Applied() || movesStates(have, s) || l.snapshot.CompareAndSwap(have, s) {
			return err
		}
	}
}

// movesStates reports whether a version was retired, or came back, between two snapshots of one apply.
func movesStates(before, after *registry.Snapshot) bool {
	for _, r := range after.Records()[before.ID():] {
		for i := range r.Acts {
			var g registry.Staging
			if a := &r.Acts[i]; a.Kind != registry.KindStaging || json.Unmarshal(a.Body, &g) != nil {
				continue
			}
			if (before.StageOf(g.View, g.Feature, g.Version) == registry.Retired) != (g.Stage == registry.Retired) {
				return true
			}
		}
	}
	return false
}
