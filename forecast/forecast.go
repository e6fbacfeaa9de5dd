// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package forecast says what a change of definitions does before it is applied: who stands on what changes, what becomes of values on a sample of what is at
// hand, which online states have to be built and about how long that takes, and what the lints find.
//
// It decides no value and stores nothing: both versions are computed by batch, and what it reads is opened by whoever calls it. The same files, registry and
// change give the same forecast, but for the seconds that it took and what its time-out cut off.
//
// node and the command line use it. Of runs on different goroutines each has its own values; what Hand holds is shared.
package forecast

import (
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition/lint"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/source"
)

// Args are a change, and how much is looked at to say what it does.
type Args struct {
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

// mostRows bounds the rows of a sample, which are kept in memory with those that they are drawn from.
const mostRows = 1_000_000

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

// Hand is what there is to work a forecast out from.
type Hand struct {
	Journal  string // folder of what was served, which need not be there
	Complete int64  // the archive holds the log below this offset
	Threads  int
	Memory   int64 // bytes; 0: no bound
	// Open opens the history files of a source, of whatever version, by the project's definition, and the archive of the live log. What is not there, or
	// cannot be read, is left out.
	Open func(ctx context.Context, p *selfsame.Project, s *selfsame.Source) (batch.Opened, error)
	// Rows opens a file of label rows for a plan.
	Rows func(ctx context.Context, p *plan.Plan, path string) (*source.Table, error)
	// States are those of the server that works the forecast out; nil: none runs.
	States *States
}

// States are the online states of a server.
type States struct {
	Live   func(base string) *plan.Use                   // the union that is live of a base; nil: none
	Fresh  func(union *plan.Use) (fresh bool, err error) // whether a union has to be built beside what is live
	Loaded func(source string) bool                      // whether history of the source is part of the states
}

// forecaster works out a forecast.
type forecaster struct {
	hand          *Hand
	before, after *registry.Snapshot
	args          *Args
	out           *Forecast
}

// Of says what a change does against a snapshot. Impacts of the diff are to be handed to Apply with the change, which keeps them.
func Of(ctx context.Context, s *registry.Snapshot, a *Args, hand *Hand) (*Forecast, error) {
	if err := a.Sample.check(); err != nil {
		return nil, err
	}
	after, diff, err := s.After(ctx, &a.Change)
	if err != nil {
		return nil, err
	}
	f := &forecaster{hand: hand, before: s, after: after, args: a, out: &Forecast{Diff: diff}}
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

// toldElsewhere are lints that a plan leaves out: it says itself which definitions exist already, what is deprecated, and which window reaches beyond the rows
// that it compared.
var toldElsewhere = []string{"same-feature", "deprecated", "long-window"}

// lintChange returns what the lints find in what a change adds or alters: in the features, their views, and the other things of the diff.
func lintChange(p *selfsame.Project, d *registry.Diff) ([]lint.Finding, error) {
	touched := map[string]bool{}
	for _, f := range d.Features {
		if f.Effect != registry.Gone {
			touched[f.View+"."+f.Feature], touched["view "+f.View] = true, true
		}
	}
	for _, s := range d.Services {
		touched["service "+s.Name] = true
	}
	for _, o := range d.Others {
		touched[o.Kind+" "+o.Name] = true
	}
	list, err := lint.Project(p, lint.Facts{Without: toldElsewhere})
	return slices.DeleteFunc(list, func(f lint.Finding) bool { return !touched[f.Ref] }), err
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

// timeout is how long the values may be looked at.
func (a *SampleArgs) timeout() time.Duration {
	if a.Timeout > 0 {
		return time.Duration(a.Timeout) * time.Microsecond
	}
	return DefaultSampleTimeout
}

// check refuses arguments that mean nothing.
func (a *SampleArgs) check() error {
	if a.Rows < 0 || a.Rows > mostRows || a.Timeout < 0 {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--sample", Message: "a sample has from 0 to " + strconv.Itoa(mostRows) + " rows, and a time above 0",
			Hint: "e.g. --sample 2000 --sample-timeout 30s"}
	}
	if a.File == "" {
		return nil
	}
	if _, err := os.Stat(a.File); err != nil {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "--sample-rows " + a.File, Message: "the file cannot be read", Err: err}
	}
	return nil
}
