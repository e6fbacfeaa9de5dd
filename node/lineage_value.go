// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/compute/zone"
	"selfsame/lineage"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/source"
)

// Limits of the provenance of a value.
const (
	mostListed = 1000   // events a window in one answer
	mostRead   = 10_000 // newest events a window whose files are named
)

// ValueLineage says where one value comes from: it evaluates the feature as of T over history and log, explains it, and adds what the registry knows of
// its definition and of what reads it.
func (l *Live) ValueLineage(ctx context.Context, q *lineage.ValueQuestion) (*lineage.Value, error) {
	if q.Limit < 0 || q.Limit > mostListed {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "limit", Message: fmt.Sprintf("%d is not from 0 to %d", q.Limit, mostListed),
			Hint: "selfsame explain lists as many events as its --limit says"}
	}
	s, err := l.newestRecords(ctx)
	if err != nil {
		return nil, err
	}
	x := &tracing{snapshot: s, limit: q.Limit, files: map[string]*source.Table{}}
	if err := x.prepare(q); err != nil {
		return nil, err
	}
	now := l.now()
	at := max(now, l.driver.Applied().Alpha)
	if q.At != nil {
		at = *q.At
	}
	if at > max(now, l.driver.Applied().Alpha) {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "at " + instantText(at), Message: "later than now", Hint: "what will be known then is not known yet"}
	}
	complete, err := l.archivedAt(ctx, at)
	if err != nil {
		return nil, err
	}
	if err := x.open(ctx, l, complete); err != nil {
		return nil, err
	}
	x.req.Rows.At = []int64{at}
	e, err := batch.Explain(ctx, x.req, 0, mostRead)
	if err != nil {
		return nil, err
	}
	v, err := x.value(e.Value)
	if err != nil {
		return nil, err
	}
	v.Answer = &lineage.ValueAnswer{At: selfsame.Instant(at), Computed: selfsame.Instant(now), Engine: Version, ZoneDatabase: zone.Version(), Record: s.ID(),
		LogOffset: complete, Services: []string{}, Models: []string{}}
	return v, x.below(l, v)
}

// archivedAt returns an offset below which the archive holds the log, and from which on nothing was known at a moment. It copies what the archive lacks for that:
// questions about the past make no small files.
func (l *Live) archivedAt(ctx context.Context, at int64) (int64, error) {
	complete := l.archive.Complete()
	if end, _ := l.log.End(); complete < end {
		next, err := l.log.BlockAt(ctx, complete)
		if err != nil {
			return 0, err
		}
		if next.Alpha > at {
			return complete, nil
		}
	}
	pinned, err := l.pin(ctx)
	if err != nil {
		return 0, err
	}
	return pinned.Complete, nil
}

// tracing is the provenance of one value at work.
type tracing struct {
	snapshot *registry.Snapshot
	limit    int
	plan     *plan.Plan
	req      batch.Request
	files    map[string]*source.Table // history by source
	by       map[string]*plan.Feature // view.feature -> as the plan evaluates it
}

// prepare plans the one feature and makes the row that asks.
func (x *tracing) prepare(q *lineage.ValueQuestion) error {
	entry, err := x.snapshot.Reference(q.Feature)
	if err == nil && entry.Feature == "" {
		err = &selfsame.Error{Class: selfsame.ClassUsage, Ref: q.Feature, Message: "it names several features", Hint: "name one, as view.feature"}
	}
	if err != nil {
		return err
	}
	if x.plan, err = plan.Build(x.snapshot.Project(), plan.Request{Features: []selfsame.ServiceEntry{entry}, Resolver: x.snapshot}); err != nil {
		return err
	}
	x.by = map[string]*plan.Feature{}
	for _, u := range x.plan.Uses {
		for _, f := range u.Features {
			x.by[f.View.Name+"."+f.Name] = f
		}
	}
	for _, f := range x.plan.OnDemand {
		x.by[f.View.Name+"."+f.Name] = f
	}
	rows, err := oneRow(x.plan, q)
	if err != nil {
		return err
	}
	x.req = batch.Request{Plan: x.plan, Rows: rows, Versions: map[*selfsame.Source]batch.Opened{}, Options: batch.Options{Threads: 1}}
	return nil
}

// oneRow is the keys and request fields of a question, of their declared types.
func oneRow(p *plan.Plan, q *lineage.ValueQuestion) (*batch.EntityRows, error) {
	given := map[string]string{}
	for name, text := range q.Entity {
		given[name] = text
	}
	if q.EntityID != "" {
		name, err := idColumn(p, given)
		if err != nil {
			return nil, err
		}
		given[name] = q.EntityID
	}
	rows := &batch.EntityRows{Batch: column.NewBatch(p.Requests, 1)}
	for i, f := range p.Requests {
		text, ok := given[f.Name]
		if !ok && !f.Optional {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: f.Name, Message: "it is needed and not given (" + f.Type.String() + ")",
				Hint: "say --entity " + f.Name + "=…; needed are " + needs(p)}
		}
		delete(given, f.Name)
		if err := appendText(rows.Batch.Columns[i], f, text, ok); err != nil {
			return nil, err
		}
	}
	rows.Batch.Rows = 1
	for name := range given {
		e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: name, Message: "nothing reads it", Hint: "needed are " + needs(p)}
		if near := selfsame.Nearest(name, strings.Split(needs(p), ", ")); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
		return nil, e
	}
	return rows, nil
}

func needs(p *plan.Plan) string {
	var out []string
	for _, f := range p.Requests {
		out = append(out, f.Name)
	}
	if out == nil {
		return "no columns"
	}
	return strings.Join(out, ", ")
}

// idColumn is the one key column that is not given.
func idColumn(p *plan.Plan, given map[string]string) (string, error) {
	var missing []string
	for _, u := range p.Uses {
		for _, name := range u.Key {
			if _, ok := given[name]; !ok && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) == 1 {
		return missing[0], nil
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "entity", Message: "an id alone does not say which key it is", Hint: "give the keys by name: --entity NAME=VALUE"}
	if len(missing) == 0 {
		e.Message, e.Hint = "no key is left that the id could fill", "leave the id out; needed are "+needs(p)
	}
	return "", e
}

// appendText reads a text as a value of a field.
func appendText(c *column.Column, f selfsame.Field, text string, given bool) error {
	if !given {
		c.AppendStatus(selfsame.Null)
		return nil
	}
	d, err := source.NewDecoder(&selfsame.Source{Name: "the question", Schema: []selfsame.Field{f}})
	if err != nil {
		return err
	}
	from := column.NewBatch([]selfsame.Field{{Name: f.Name, Type: selfsame.Scalar(selfsame.String)}}, 1)
	from.Columns[0].AppendBytes([]byte(text))
	from.Rows = 1
	to := &column.Batch{Fields: []selfsame.Field{f}, Columns: []*column.Column{c}}
	bad, err := d.Columns(from, to)
	if err == nil && len(bad) > 0 {
		err = &selfsame.Error{Class: selfsame.ClassInput, Ref: f.Name, Message: strings.TrimSpace(bad[0].Text + " " + bad[0].Reason), Hint: "it is declared as " + f.Type.String()}
	}
	return err
}

// open opens what the plan reads: history files as they are now, and the log below an offset.
func (x *tracing) open(ctx context.Context, l *Live, complete int64) error {
	for _, s := range x.plan.Sources() {
		var o batch.Opened
		var err error
		if from := withFiles(x.snapshot.Project(), s); from.Batch != nil {
			if o.History, err = openSource(ctx, l.Project, from); err != nil {
				return err
			}
			x.files[s.Name] = o.History
		}
		if o.Log, err = OpenArchive(ctx, filepath.Join(l.data.Dir, archiveFolder), complete, s); err != nil {
			return err
		}
		x.req.Versions[s] = o
	}
	x.req.Before = complete
	return nil
}

// value is an explained value as lineage shows it.
func (x *tracing) value(o *batch.Origin) (*lineage.Value, error) {
	v := &lineage.Value{Feature: o.Name, Kind: o.Kind, Type: o.Type, Value: o.Value.Value, Status: o.Value.Status, Error: o.Value.Kind, Default: o.Default,
		Where: oneLineText(o.Where), EventTime: o.Newest, Known: o.Known}
	if o.Kind == "column" {
		v.Kind = string(lineage.Request)
		return v, nil
	}
	v.Expression = oneLineText(o.Expression)
	if err := x.define(v); err != nil {
		return nil, err
	}
	for _, k := range o.Key {
		v.Key = append(v.Key, lineage.Field{Name: k.Name, Value: k.Value.Value})
	}
	r := &reading{files: x.files, at: map[string]int{}}
	for _, c := range o.Cells {
		v.Windows = append(v.Windows, x.window(c, r))
	}
	if o.Version != nil {
		v.Row = &lineage.RowUsed{Outcome: o.Version.Outcome, Why: o.Version.Why}
		if e := o.Version.Row; e != nil {
			row := event(e)
			v.Row.Row = &row
			r.add(e)
		}
	}
	v.Read = r.list
	for _, in := range o.Inputs {
		input, err := x.value(in)
		if err != nil {
			return nil, err
		}
		v.Inputs = append(v.Inputs, input)
	}
	return v, nil
}

// define adds which version the definition is, and who applied it.
func (x *tracing) define(v *lineage.Value) error {
	f := x.by[v.Feature]
	if f == nil {
		return nil
	}
	version, err := x.snapshot.Version(f.View.Name, f.Name, f.Version)
	if err != nil {
		return err
	}
	v.Feature, v.Version, v.Hash = version.Ref(f.View.Name, f.Name), version.Version, version.Hash
	v.Applied = &lineage.Applied{Record: version.Apply, Time: version.Time, Author: version.Author}
	return nil
}

// window is one explained aggregate; its events are noted in r, those beyond the limit too.
func (x *tracing) window(c *batch.CellOrigin, r *reading) lineage.Window {
	w := lineage.Window{Call: c.Call, Value: c.Value.Value, Status: c.Value.Status, Lower: c.Lower, Upper: c.Upper, Inside: c.Inside,
		Counted: c.Counted, Events: []lineage.Event{}, LeftOut: c.LeftOut}
	for i := range c.Events {
		if c.Events[i].Source != batch.OwnRow { // it was read nowhere
			r.add(&c.Events[i])
		}
		if i < x.limit {
			w.Events = append(w.Events, event(&c.Events[i]))
		} else {
			w.LeftOut++
		}
	}
	return w
}

func event(e *batch.Event) lineage.Event {
	return lineage.Event{Source: e.Source, ID: e.ID, Time: e.Time, Arrival: e.Arrival, File: e.File, Row: e.Row, Offset: e.Offset}
}

// reading sums up where events stand.
type reading struct {
	files map[string]*source.Table
	list  []lineage.FileRead
	at    map[string]int // source and file -> place in list
	seen  map[rowOf]bool
}

// rowOf is a row of a file.
type rowOf struct {
	source, file string
	row          int64
}

// add counts an event, once whatever windows hold it.
func (r *reading) add(e *batch.Event) {
	key := e.Source + "\x00" + e.File
	if e.Offset != nil {
		key = e.Source
	}
	i, ok := r.at[key]
	if !ok {
		i = len(r.list)
		r.at[key] = i
		one := lineage.FileRead{Source: e.Source}
		if e.Offset == nil {
			one.File, one.Size = e.File, r.size(e)
		}
		r.list = append(r.list, one)
	}
	same := rowOf{e.Source, e.File, e.Row}
	if r.seen[same] {
		return
	}
	if r.seen == nil {
		r.seen = map[rowOf]bool{}
	}
	r.seen[same] = true
	f := &r.list[i]
	f.Events++
	if e.Offset != nil {
		if f.First == nil || *e.Offset < *f.First {
			f.First = e.Offset
		}
		if f.Last == nil || *e.Offset > *f.Last {
			f.Last = e.Offset
		}
	}
}

func (r *reading) size(e *batch.Event) int64 {
	if t := r.files[e.Source]; t != nil {
		for _, f := range t.Files() {
			if f.Name == e.File {
				return f.Size
			}
		}
	}
	return 0
}

// below adds what reads the feature now, and what the answer does not count as serving does.
func (x *tracing) below(l *Live, v *lineage.Value) error {
	g, err := l.lineages.Graph(x.snapshot)
	if err != nil {
		return err
	}
	id := string(lineage.Feature) + "/" + v.Feature
	for _, n := range g.Below(id, lineage.Service) {
		v.Answer.Services = append(v.Answer.Services, n.Name)
	}
	for _, n := range g.Below(id, lineage.Model) {
		v.Answer.Models = append(v.Answer.Models, n.Name)
	}
	unloaded := l.Unloaded()
	for _, s := range x.plan.SourceNames() {
		if slices.Contains(unloaded, s) {
			v.Answer.Notes = append(v.Answer.Notes, "history files of "+s+" are counted here and not loaded online: selfsame backfill loads them")
		}
	}
	return nil
}

func oneLineText(s string) string { return strings.Join(strings.Fields(s), " ") }

// valueVerb answers the verb of one value.
func (l *Live) valueVerb(ctx context.Context, q *lineage.ValueQuestion, line func(any) error) error {
	v, err := l.ValueLineage(ctx, q)
	if err != nil {
		return err
	}
	return line(v)
}
