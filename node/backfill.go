// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/forecast"
	"selfsame/materialize"
	"selfsame/monitor"
	"selfsame/plan"
)

// LoadArgs are the arguments of the verbs backfill and materialize.
type LoadArgs struct {
	Views []string `json:"views,omitempty"` // none: every view of the verb's kind whose sources have history
	// Start and End bound the event times that are loaded: [Start, End), microseconds. Only materialize takes them.
	Start       *int64 `json:"start,omitempty"`
	End         *int64 `json:"end,omitempty"`
	Incremental bool   `json:"incremental,omitempty"` // from the end of the last load on
}

// LoadLine is a line of the answer: how far it is, a remark, or, last, what was done.
type LoadLine struct {
	Progress *LoadProgress `json:"progress,omitempty"`
	Note     string        `json:"note,omitempty"`
	Done     *LoadDone     `json:"done,omitempty"`
}

// LoadProgress says how many rows of a view are loaded.
type LoadProgress struct {
	View string  `json:"view"`
	Rows int64   `json:"rows"`
	Rate float64 `json:"rows_per_second"`
}

// LoadDone says what was loaded.
type LoadDone struct {
	Snapshot string               `json:"snapshot"` // of the history files; record history/SNAPSHOT.json of the data directory
	Partial  bool                 `json:"partial"`  // a part of the history is not loaded: answers say stale
	Nothing  bool                 `json:"nothing"`  // all of it was there already
	Views    []LoadedView         `json:"views"`
	Sources  []batch.SourceCounts `json:"sources"`
	Ranges   []LoadedRange        `json:"ranges,omitempty"`
	Seconds  float64              `json:"seconds"`
}

// LoadedView counts the rows of a view's state.
type LoadedView struct {
	View   string            `json:"view"`
	Rows   int64             `json:"rows"`
	Newest *selfsame.Instant `json:"newest,omitempty"` // event time of the newest row
}

// LoadedRange is the event times [From, To) of a source that are loaded.
type LoadedRange struct {
	Source string           `json:"source"`
	From   selfsame.Instant `json:"from"`
	To     selfsame.Instant `json:"to"`
}

func (l *Live) backfillVerb(ctx context.Context, a *LoadArgs, line func(any) error) error {
	if a.Start != nil || a.End != nil || a.Incremental {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "backfill", Message: "it loads the whole history", Hint: "use selfsame materialize for a part"}
	}
	if _, _, err := l.loadable(a.Views, false); err != nil {
		return err // without waiting
	}
	if err := l.applying.take(ctx, "a backfill", func(why string) error { return line(LoadLine{Note: why}) }); err != nil {
		return err
	}
	defer l.applying.end()
	uses, names, err := l.loadable(a.Views, false)
	if err != nil {
		return err
	}
	wanted := map[string]materialize.Range{}
	for _, name := range names {
		wanted[name] = materialize.Whole(name)
	}
	return l.bringTold(ctx, uses, &bringing{wanted: wanted, anew: true}, line)
}

func (l *Live) materializeVerb(ctx context.Context, a *LoadArgs, line func(any) error) error {
	if err := a.check(); err != nil {
		return err
	}
	if _, _, err := l.loadable(a.Views, true); err != nil {
		return err // without waiting
	}
	if err := l.applying.take(ctx, "a materialization", func(why string) error { return line(LoadLine{Note: why}) }); err != nil {
		return err
	}
	defer l.applying.end()
	uses, names, err := l.loadable(a.Views, true)
	if err != nil {
		return err
	}
	held, err := materialize.ParseHistory(l.driver.History())
	if err != nil {
		return err
	}
	wanted := map[string]materialize.Range{}
	for _, name := range names {
		var note string
		if wanted[name], note = a.wanted(name, held, l.now()); note != "" {
			if err := line(LoadLine{Note: note}); err != nil {
				return err
			}
		}
	}
	return l.bringTold(ctx, uses, &bringing{wanted: wanted}, line)
}

func (a *LoadArgs) check() error {
	switch {
	case a.Incremental && a.Start != nil:
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--incremental", Message: "it starts where the last load ended", Hint: "leave --start out"}
	case a.Start != nil && a.End != nil && *a.Start >= *a.End:
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--end " + instantText(*a.End), Message: "not after --start " + instantText(*a.Start),
			Hint: "rows are loaded from --start, inclusive, to --end, exclusive"}
	}
	return nil
}

// wanted is the range that is to be loaded of a source: what is loaded and what is asked for, as one.
func (a *LoadArgs) wanted(name string, held *materialize.History, now int64) (materialize.Range, string) {
	want := materialize.Whole(name)
	have, loaded := held.Of(name)
	if a.Start != nil {
		want.From = *a.Start
	}
	if a.End != nil {
		want.To = *a.End
	}
	if a.Incremental {
		if a.End == nil {
			want.To = now
		}
		if loaded {
			want.From = min(have.To, want.To)
		}
	}
	if !loaded {
		return want, ""
	}
	note := ""
	if gap := [2]int64{min(have.To, want.To), max(have.From, want.From)}; gap[0] < gap[1] {
		note = fmt.Sprintf("source %s: what lies between, from %s to %s, is loaded too", name, selfsame.Instant(gap[0]), selfsame.Instant(gap[1]))
	}
	want.From, want.To = min(want.From, have.From), max(want.To, have.To)
	return want, note
}

// loadable returns the live uses and the sources with history that the named views read, or look up in others; of none named, of every view.
func (l *Live) loadable(views []string, asOf bool) ([]*plan.Use, []string, error) {
	snapshot := l.snapshot.Load()
	p := snapshot.Project()
	if p == nil {
		return nil, nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "definitions", Message: "nothing is applied", Hint: "run selfsame apply"}
	}
	uses, err := l.planned.of(snapshot)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range views {
		if err := canLoad(p, name, asOf); err != nil {
			return nil, nil, err
		}
	}
	names := map[string]bool{}
	for _, u := range uses {
		asked := slices.Contains(views, u.View.Name) || slices.ContainsFunc(u.AskedBy(), func(name string) bool { return slices.Contains(views, name) })
		if (len(views) > 0 && !asked) || (len(views) == 0 && asOf && !u.Spec.AsOf) {
			continue
		}
		for _, su := range u.Sources {
			if s := p.Source(su.Source.Name); s != nil && s.Batch != nil {
				names[s.Name] = true
			}
		}
	}
	if len(names) == 0 {
		return nil, nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "project " + p.Name, Message: "no live view of that kind reads a source with history files",
			Hint: "give a source `batch: {path: …}`"}
	}
	return uses, slices.Sorted(maps.Keys(names)), nil
}

// canLoad says why a view cannot be loaded.
func canLoad(p *selfsame.Project, name string, asOf bool) error {
	v := p.View(name)
	if v == nil {
		var known []string
		for _, v := range p.Views {
			known = append(known, v.Name)
		}
		e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "view " + name, Message: "there is no such view", Hint: "the project has " + strings.Join(known, ", ")}
		if near := selfsame.Nearest(name, known); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
		return e
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "view " + name}
	hasHistory := slices.ContainsFunc(v.Source, func(s string) bool { return p.Source(s) != nil && p.Source(s).Batch != nil })
	switch {
	case v.Kind == selfsame.OnDemandView:
		e.Message, e.Hint = "it is computed on demand and keeps no state", "name the views that it reads"
	case v.Offline:
		e.Message, e.Hint = "it is for training only", "leave `online: false` out where it is to be served; a view that looks its key up in others, or looks forward, never is"
	case !hasHistory:
		e.Message, e.Hint = "its sources have no history files", "give one `batch: {path: …}`"
	case asOf && v.Kind != selfsame.AsOfView:
		e.Message, e.Hint = "its features are over windows, and a part of their events would give other values", "use selfsame backfill "+name
	default:
		return nil
	}
	return e
}

// bringTold brings history in and tells of it.
func (l *Live) bringTold(ctx context.Context, uses []*plan.Use, b *bringing, line func(any) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.quit, cancel)()
	err := l.bringUntilDone(ctx, uses, b, line)
	if err != nil && l.quit.Err() != nil {
		return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the server stops: nothing was switched", Hint: "run it again once the server is up", Err: err}
	}
	return err
}

func (l *Live) bringUntilDone(ctx context.Context, uses []*plan.Use, b *bringing, line func(any) error) error {
	started := time.Now()
	var err error
	if b.held, err = materialize.ParseHistory(l.driver.History()); err != nil {
		return err
	}
	if b, err = l.bring(ctx, uses, b); err != nil {
		return err
	}
	report := &materialize.Report{}
	if len(b.fresh) > 0 {
		l.applying.expect(b.about())
		said, rows := started, map[string]int64{}
		b.told = func(view string, n int64) {
			rows[view] = n
			all := int64(0)
			for _, n := range rows { // integers: in any order
				all += n
			}
			if l.applying.read(all); time.Since(said) < time.Second {
				return
			}
			said = time.Now()
			// A line that cannot be sent ends the request, and with it the load.
			_ = line(LoadLine{Progress: &LoadProgress{View: view, Rows: n, Rate: float64(all) / time.Since(started).Seconds()}})
		}
		id := newRunID(started)
		told := l.tellLoad(id, b)
		if report, err = b.load(ctx); err != nil {
			told(nil, err)
			return err
		}
		told(l.recordLoad(ctx, b, report, id, time.Since(started)), nil)
	}
	if err := l.catchUp(ctx); err != nil {
		return err
	}
	for _, note := range append(b.warnings, expired(report, l.now())...) {
		if err := line(LoadLine{Note: note}); err != nil {
			return err
		}
	}
	return line(LoadLine{Done: b.done(report, time.Since(started))})
}

// about is how many rows the files of the states to be built have, each as often as a state reads it.
func (b *bringing) about() (all int64) {
	for _, u := range b.fresh {
		for _, su := range u.Sources {
			if t := b.tables[b.source(su.Source)]; t != nil {
				n, _ := forecast.CountRows(t)
				all += n
			}
		}
	}
	return all
}

// catchUp makes definitions live that were applied when their states could not be built.
func (l *Live) catchUp(ctx context.Context) error {
	s, err := l.registry.Snapshot(ctx)
	if err != nil || s.Applied() == l.snapshot.Load().Applied() {
		return err
	}
	return l.follow(ctx)
}

// expired says which views have only rows that are older than their ttl.
func expired(r *materialize.Report, now int64) []string {
	var out []string
	for _, v := range r.Views {
		ttl := v.Use.Spec.TTL
		if age := now - v.Newest; v.Use.Spec.AsOf && ttl >= 0 && !v.Use.Spec.Static && v.Rows > 0 && age > ttl {
			out = append(out, fmt.Sprintf("view %s: every row is expired: newest row %s, age %s, ttl %s; ttl: %s would cover it", v.View, selfsame.Instant(v.Newest),
				batch.Span(age), batch.Span(ttl), monitor.Cover(age)))
		}
	}
	return out
}

func (b *bringing) done(r *materialize.Report, took time.Duration) *LoadDone {
	d := &LoadDone{Snapshot: b.next.Snapshot, Partial: len(b.next.Ranges) > 0, Nothing: len(b.fresh) == 0, Sources: r.Sources, Seconds: took.Seconds()}
	for _, g := range b.next.Ranges {
		d.Ranges = append(d.Ranges, LoadedRange{g.Source, selfsame.Instant(g.From), selfsame.Instant(g.To)})
	}
	for _, v := range r.Views {
		loaded := LoadedView{View: v.View, Rows: v.Rows}
		if v.Newest != selfsame.MinTime {
			newest := selfsame.Instant(v.Newest)
			loaded.Newest = &newest
		}
		d.Views = append(d.Views, loaded)
	}
	return d
}
