// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/window"
	"selfsame/plan"
	"selfsame/registry"
)

// Compared is what became of the comparison of values. Its results are the impacts of the diff.
type Compared struct {
	Samples []Sample      `json:"samples"`
	Left    []NotCompared `json:"not_compared,omitempty"`
	Seconds float64       `json:"seconds"`
}

// Sample is the rows on which features were compared.
type Sample struct {
	Features []string         `json:"features"` // view.feature
	From     []string         `json:"from"`     // where the rows are from, in words
	Rows     int              `json:"rows"`
	Since    selfsame.Instant `json:"since"` // the moments of the rows, both inclusive
	Until    selfsame.Instant `json:"until"`
	Mode     string           `json:"mode"` // as_of 0s, or final
	Notes    []string         `json:"notes,omitempty"`
}

// NotCompared is a feature whose values were not compared, and why.
type NotCompared struct {
	View    string `json:"view"`
	Feature string `json:"feature"`
	Why     string `json:"why"`
}

// comparison is features that are compared on the same rows, by one plan: output 2i is feature i as it was, output 2i+1 as it will be.
type comparison struct {
	changes []*registry.FeatureChange
	plan    *plan.Plan
	opened  map[*selfsame.Source]batch.Opened
}

// values computes what changes as it was and as it will be on a sample of what is at hand, and notes the differences.
func (f *forecaster) values(ctx context.Context) error {
	if f.args.Sample.Rows == 0 {
		return nil
	}
	var changes []*registry.FeatureChange
	for i := range f.out.Features {
		c := &f.out.Features[i]
		if c.From != "" && c.To != "" && c.From != c.To && (c.Effect == registry.Behaviour || f.args.Sample.All) {
			changes = append(changes, c)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	started := time.Now()
	f.out.Values = &Compared{Samples: []Sample{}}
	groups := f.comparisons(changes)
	until := started.Add(f.args.Sample.timeout())
	for i, g := range groups {
		share, cancel := context.WithTimeout(ctx, time.Until(until)/time.Duration(len(groups)-i))
		err := f.compare(share, g)
		over := share.Err() != nil
		cancel()
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return err
		}
		why, ok := whyNot(err)
		switch {
		case over:
			why = fmt.Sprintf("cut: not done within %s; --sample-timeout gives it longer", f.args.Sample.timeout())
		case !ok:
			return err
		}
		for _, c := range g.changes {
			f.leave(c, why)
		}
	}
	slices.SortFunc(f.out.Impacts, func(a, b registry.Impact) int {
		return cmp.Or(strings.Compare(a.View, b.View), strings.Compare(a.Feature, b.Feature))
	})
	f.out.Values.Seconds = time.Since(started).Seconds()
	return nil
}

// whyNot is an error as the reason for which values are not compared, where it is one of what is at hand.
func whyNot(err error) (string, bool) {
	switch selfsame.ClassOf(err) {
	case selfsame.ClassInternal, selfsame.ClassCanceled:
		return "", false
	}
	var e *selfsame.Error
	if !errors.As(err, &e) {
		return "", false
	}
	return strings.TrimPrefix(e.Ref+": "+e.Message, ": "), true
}

func (f *forecaster) leave(c *registry.FeatureChange, why string) {
	f.out.Values.Left = append(f.out.Values.Left, NotCompared{c.View, c.Feature, why})
}

// comparisons puts changes together that read the same sources and are asked for by the same columns.
func (f *forecaster) comparisons(changes []*registry.FeatureChange) []*comparison {
	var groups []*comparison
	at := map[string]*comparison{}
	for _, c := range changes {
		p, err := f.plan([]*registry.FeatureChange{c})
		if err != nil {
			why := "the two versions cannot be asked for together: " + err.Error()
			if text, ok := whyNot(err); ok {
				why = "the two versions cannot be asked for together: " + text
			}
			f.leave(c, why)
			continue
		}
		key := strings.Join(p.SourceNames(), "\x00") + fmt.Sprint(len(p.OnDemand) > 0)
		for _, r := range p.Requests {
			key += fmt.Sprintf("\x00%s %s %t", r.Name, r.Type, r.Optional)
		}
		if at[key] == nil {
			at[key] = &comparison{}
			groups = append(groups, at[key])
		}
		at[key].changes = append(at[key].changes, c)
	}
	return groups
}

// plan plans both versions of some features.
func (f *forecaster) plan(changes []*registry.FeatureChange) (*plan.Plan, error) {
	var entries []selfsame.ServiceEntry
	for i, c := range changes {
		entries = append(entries, selfsame.ServiceEntry{View: c.View, Feature: c.Feature, Version: c.From, As: fmt.Sprintf("before_%d", i)},
			selfsame.ServiceEntry{View: c.View, Feature: c.Feature, Version: c.To, As: fmt.Sprintf("after_%d", i)})
	}
	return plan.Build(f.after.Project(), plan.Request{Features: entries, Resolver: f.after})
}

// compare draws the rows of a comparison and computes both versions on them.
func (f *forecaster) compare(ctx context.Context, g *comparison) (err error) {
	if g.plan, err = f.plan(g.changes); err != nil {
		return err
	}
	if g.opened, err = f.open(ctx, g.plan); err != nil {
		return err
	}
	s := &sampler{f: f, plan: g.plan, opened: g.opened}
	if err := s.draw(ctx); err != nil {
		return err
	}
	req := batch.Request{Plan: g.plan, Rows: s.rows, Mode: s.mode, Versions: g.opened, Before: f.hand.Complete,
		Options: batch.Options{Threads: f.hand.Threads, Memory: f.hand.Memory, ErrorStatus: true}}
	res, err := batch.Run(ctx, req)
	if err != nil {
		return err
	}
	columns := make([]*column.Column, len(g.plan.Outputs))
	for i := range g.plan.Outputs {
		columns[i] = column.New(g.plan.Outputs[i].EdgeType(), s.rows.Batch.Rows)
	}
	err = res.Each(ctx, func(c *batch.Chunk) error {
		for i := range g.plan.Outputs {
			o := &g.plan.Outputs[i]
			columns[i].AppendRange(o.Edge(column.New(o.EdgeType(), 0), c.Features.Columns[i]), 0, c.Rows)
		}
		return nil
	})
	if err != nil {
		return err
	}
	sample := Sample{From: s.from, Rows: s.rows.Batch.Rows, Since: selfsame.Instant(s.rows.At[0]), Until: selfsame.Instant(s.rows.At[len(s.rows.At)-1]), Mode: s.mode.String()}
	for i, c := range g.changes {
		m := differenceOf(s.rows, columns[2*i], columns[2*i+1])
		m.View, m.Feature, m.From, m.To = c.View, c.Feature, c.From, c.To
		f.out.Impacts = append(f.out.Impacts, *m)
		sample.Features = append(sample.Features, c.View+"."+c.Feature)
	}
	sample.Notes, err = s.notes(req, res)
	f.out.Values.Samples = append(f.out.Values.Samples, sample)
	return err
}

// open opens what is at hand of the sources of a plan.
func (f *forecaster) open(ctx context.Context, p *plan.Plan) (map[*selfsame.Source]batch.Opened, error) {
	out := map[*selfsame.Source]batch.Opened{}
	for _, s := range p.Sources() {
		o, err := f.hand.Open(ctx, f.after.Project(), s)
		if err != nil {
			return nil, err
		}
		out[s] = o
	}
	return out, nil
}

// hasFiles reports whether a source has history files by its definition, of whatever version, or by the project's own.
func hasFiles(p *selfsame.Project, s *selfsame.Source) bool {
	now := p.Source(s.Name)
	return s.Batch != nil || now != nil && now.Batch != nil
}

// reach is a bounded window and where it begins.
type reach struct {
	text  string
	lower int64
}

// widest is the bounded window over a source that reaches back furthest from a moment, nil for none.
func (s *sampler) widest(src *selfsame.Source, at int64) (widest *reach) {
	for _, u := range s.plan.Uses {
		if !slices.ContainsFunc(u.Sources, func(su *plan.SourceUse) bool { return su.Source == src }) {
			continue
		}
		for _, c := range u.Spec.Cells {
			if plan.Unbounded(c.Window) {
				continue
			}
			if b, err := window.Compile(c.Window); err == nil && (widest == nil || b.Lower(at) < widest.lower) {
				widest = &reach{expr.WindowText(c.Window), b.Lower(at)}
			}
		}
	}
	return widest
}

// notes says what a reader should know of the values.
func (s *sampler) notes(req batch.Request, res *batch.Result) ([]string, error) {
	notes := s.said
	reads, err := batch.Reads(req)
	if err != nil {
		return nil, err
	}
	for i, r := range reads {
		c := &res.Sources[i]
		src := s.plan.Sources()[i]
		switch o := s.opened[src]; {
		case o.History == nil && o.Log == nil:
			notes = append(notes, "nothing of source "+r.Source+" is at hand")
		case o.History == nil && hasFiles(s.f.after.Project(), src):
			notes = append(notes, "no history file of source "+r.Source+" can be read: its live events are all that counts")
		}
		if w := s.widest(src, req.Rows.At[0]); w != nil && c.MinTime != selfsame.MaxTime && c.MinTime-w.lower > (req.Rows.At[0]-w.lower)/10 {
			notes = append(notes, fmt.Sprintf("the window %s reaches back further than what is at hand of %s, which begins at %s", w.text, r.Source, selfsame.Instant(c.MinTime)))
		}
	}
	slices.Sort(notes)
	return slices.Compact(notes), nil
}
