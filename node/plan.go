// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"os"
	"time"

	"selfsame"
	"selfsame/definition/lint"
	"selfsame/materialize"
	"selfsame/registry"
)

// PlanArgs are the arguments of the verb plan: a change, and how much is looked at to say what it does.
type PlanArgs struct {
	registry.Change
	Sample SampleArgs `json:"sample"`
}

// SampleArgs say how the values of both versions are compared.
type SampleArgs struct {
	Rows    int    `json:"rows"`           // about how many pairs of a key and a moment; 0: values are not compared
	All     bool   `json:"all,omitempty"`  // of compatible changes too, whose values must be equal
	Timeout int64  `json:"timeout"`        // µs for all of it; 0: DefaultSampleTimeout
	File    string `json:"file,omitempty"` // label rows to compare on, in place of a sample
}

// Defaults of the sample.
const (
	DefaultSampleRows    = 2000
	DefaultSampleTimeout = 30 * time.Second
)

// Forecast is what a change does: the diff, who stands on what changes, what becomes of values, and what has to be loaded.
type Forecast struct {
	*registry.Diff
	Users    []UsedBy  `json:"users,omitempty"`    // of features that change or go, where somebody stands on them
	Values   *Compared `json:"values,omitempty"`   // nil: there was nothing to compare, or it was not asked for
	Loads    []Load    `json:"loads,omitempty"`    // online states that have to be built
	Shared   []string  `json:"shared,omitempty"`   // views of changed features whose online rows serve the new versions as they are
	Released []string  `json:"released,omitempty"` // views whose online rows nothing asks for any more
	Due      []Due     `json:"due,omitempty"`      // deprecated versions whose day has come, whatever the change is
	// Lints are what lints find in the things that come or change, in the order of their places.
	Lints []lint.Finding `json:"lints,omitempty"`
}

// Due is a deprecated version of a feature that was to be retired by now.
type Due struct {
	Ref       string           `json:"ref"`
	Until     selfsame.Instant `json:"until"` // the day that was set
	Successor string           `json:"successor,omitempty"`
	registry.Users
}

// UsedBy says who stands on the version of a feature that was current.
type UsedBy struct {
	View    string `json:"view"`
	Feature string `json:"feature"`
	Version string `json:"version"`
	registry.Users
}

// Planner is an Applier that also says what a change does beyond definitions.
type Planner interface {
	Applier
	// Forecast says what Apply would do. Impacts of the diff are to be handed to Apply with the change, which keeps them.
	Forecast(ctx context.Context, a *PlanArgs) (*Forecast, error)
}

// ForecastProject says what applying a project would do.
func ForecastProject(ctx context.Context, to Planner, cfg *ChangeConfig, sample SampleArgs) (*Forecast, error) {
	c, err := readChange(ctx, cfg)
	if err != nil {
		return nil, err
	}
	f, err := to.Forecast(ctx, &PlanArgs{Change: *c, Sample: sample})
	if err != nil {
		return nil, inProject(err, cfg.Project)
	}
	placeIn(f.Lints, cfg.Project)
	return f, nil
}

// forecaster works out forecasts from what is in a data directory.
type forecaster struct {
	project  string // folder from which the paths of sources count
	data     string // data directory, which need not be there
	threads  int
	memory   int64                // bytes; 0: no bound
	complete int64                // the archive holds the log below this offset
	live     *Live                // that has the states; nil: none runs
	history  *materialize.History // that its states hold

	before, after *registry.Snapshot
	args          *PlanArgs
	out           *Forecast
}

// forecast says what a change does against a snapshot.
func (f *forecaster) forecast(ctx context.Context, s *registry.Snapshot, a *PlanArgs) (*Forecast, error) {
	if err := a.Sample.check(); err != nil {
		return nil, err
	}
	after, diff, err := s.After(ctx, &a.Change)
	if err != nil {
		return nil, err
	}
	f.before, f.after, f.args, f.out = s, after, a, &Forecast{Diff: diff}
	if err := f.due(ctx); err != nil {
		return nil, err
	}
	if diff.Empty() {
		return f.out, nil
	}
	if f.out.Lints, err = lintChange(after.Project(), diff); err != nil {
		return nil, err
	}
	if err := f.users(ctx); err != nil {
		return nil, err
	}
	if err := f.loads(ctx); err != nil {
		return nil, err
	}
	return f.out, f.values(ctx)
}

// users finds who stands on what changes.
func (f *forecaster) users(ctx context.Context) error {
	for _, c := range f.out.Features {
		if c.Effect != registry.Behaviour && c.Effect != registry.Gone {
			continue
		}
		u, err := f.before.UsersOf(ctx, c.View, c.Feature, c.From)
		if err != nil {
			return err
		}
		if len(u.Services)+len(u.Models)+len(u.OnDemand) > 0 {
			f.out.Users = append(f.out.Users, UsedBy{View: c.View, Feature: c.Feature, Version: c.From, Users: *u})
		}
	}
	return nil
}

// due finds deprecated versions whose day has come, and who still stands on them.
func (f *forecaster) due(ctx context.Context) error {
	for _, h := range f.before.Features() {
		for i := range h.Versions {
			v := &h.Versions[i]
			if v.Stage != registry.Deprecated || v.Until == 0 || int64(v.Until) > f.args.Time {
				continue
			}
			u, err := f.before.UsersOf(ctx, h.View, h.Feature, v.Version)
			if err != nil {
				return err
			}
			f.out.Due = append(f.out.Due, Due{Ref: v.Ref(h.View, h.Feature), Until: v.Until, Successor: v.Successor, Users: *u})
		}
	}
	return nil
}

// Forecast implements Planner.
func (l *Live) Forecast(ctx context.Context, a *PlanArgs) (*Forecast, error) {
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkKept(s, &a.Change, l.Project); err != nil {
		return nil, err
	}
	f := &forecaster{project: l.Project, data: l.data.Dir, threads: max(1, l.Config.Threads/2), memory: l.Config.Memory, live: l}
	if f.history, err = materialize.ParseHistory(l.driver.History()); err != nil {
		return nil, err
	}
	pinned, err := l.pin(ctx)
	if err != nil {
		return nil, err
	}
	f.complete = pinned.Complete
	return f.forecast(ctx, s, a)
}

func (l *Live) planVerb(ctx context.Context, a *PlanArgs, line func(any) error) error {
	f, err := l.Forecast(ctx, a)
	if err != nil {
		return err
	}
	return line(f)
}

// timeout is how long the values may be looked at.
func (a *SampleArgs) timeout() time.Duration {
	if a.Timeout > 0 {
		return time.Duration(a.Timeout) * time.Microsecond
	}
	return DefaultSampleTimeout
}

// check refuses arguments that mean nothing.
func (a *SampleArgs) check() error {
	if a.Rows < 0 || a.Timeout < 0 {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--sample", Message: "a sample has 0 rows or more, and a time above 0", Hint: "e.g. --sample 2000 --sample-timeout 30s"}
	}
	if a.File == "" {
		return nil
	}
	if _, err := os.Stat(a.File); err != nil {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "--sample-rows " + a.File, Message: "the file cannot be read", Err: err}
	}
	return nil
}
