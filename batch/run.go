// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
	"selfsame/source"
)

// Mode is a point-in-time mode (semantics, section 3).
type Mode struct {
	Final       bool  // everything admitted up to the dataset's snapshot
	Lag         int64 // as_of: a row sees what was known at T - Lag
	IncludeLate bool  // with Final: late rows count as admitted
	Served      bool  // every row sees the cut of the online read that it was (EntityRows.Served)
}

// String is the mode as manifests and reports print it.
func (m Mode) String() string {
	switch {
	case m.Final && m.IncludeLate:
		return "final, late included"
	case m.Final:
		return "final"
	case m.Served:
		return "served"
	}
	return "as_of " + Span(m.Lag).String()
}

// EntityRows are the rows that ask: label rows with every column that they came with.
type EntityRows struct {
	Batch *column.Batch
	At    []int64 // T of each row
	Cut   []int64 // κ of each row, or nil
	// Served is the cut of the online read that each row was, or nil. It counts where the mode is served.
	Served []ServedCut

	most []int64 // served: what each row may know at most, by α; nil: what its cut holds. Of events that ask
}

// Request says what to run.
type Request struct {
	Plan    *plan.Plan
	Rows    *EntityRows
	Mode    Mode
	Tables  map[string]*source.Table // history by source name; a source without has none
	Archive map[string]*source.Table // the live log by source name (ArchiveSpec); a source without has none
	// Versions is the tables of sources that the plan has in several versions, in place of those by name: a pinned feature may read its source under an older schema.
	Versions map[*selfsame.Source]Opened
	Before   int64 // rows of the log with offsets from here on are left out; 0: none
	// Snapshot names the history in Tables. Rows that were served with another cannot be evaluated.
	Snapshot [16]byte
	Options  Options
}

// Options are the physics of a run. None changes a bit of a value.
type Options struct {
	Threads  int
	Memory   int64 // bytes, about; 0: no limit
	SpillDir string
	// ErrorStatus lets rows with error values through as nulls. Otherwise the run stops at the least row with one.
	ErrorStatus bool
	// Progress is called from several goroutines with the rows done since the last call.
	Progress func(stage Stage, rows int64)
}

// Stage is a part of a run, for progress.
type Stage string

// The stages of a run, in order.
const (
	StageResolve Stage = "resolve"
	StageRead    Stage = "read"
	StageCompute Stage = "compute"
	StageWrite   Stage = "write"
)

// Result holds the computed cells of a run. Each lays them beside the labels.
type Result struct {
	Sources []SourceCounts // in the plan's order
	Pruned  map[string]source.Pruned
	Seen    []int64         // per use: rows whose key has any event in the range that was read
	Events  int64           // handed to sweeps
	Spilled int64           // bytes
	Bad     []source.BadRow // rows that could not be read as declared, by file and row
	// FailedCasts counts by view.feature the values that a CAST outside of aggregates could not convert, once Each is done.
	FailedCasts map[string]int64

	run    *runner
	sweeps []*pit.Result
}

type runner struct {
	Request
	scope  scope
	keys   []*keyTable // per use
	ids    [][]uint32  // per use: entity of each row
	uses   []*useRun
	result *Result
	looked map[string]SourceCounts // of sources that only lookups read
}

// useRun is a use at work.
type useRun struct {
	use          *plan.Use
	keys         *keyTable
	sweep        *pit.Sweep
	lens         lens
	lower, upper int64 // events with τ outside [lower, upper) are in no window
	newest       int64 // of labels: the greatest event time of an admitted row of the sources
	seen         []bool
	changes      *changes // takes the blocks in the place of the sweep; nil: the sweep does
	entity       []uint32 // of each row, as the sweep has it
	apart        *apart   // every row is an entity of its own; nil: rows of one key are one
}

// see notes entities that have an event.
func (u *useRun) see(seen []bool) {
	for id, s := range seen {
		u.seen[id] = u.seen[id] || s
	}
}

// Run reads the plan's sources and computes every cell for every row.
func Run(ctx context.Context, req Request) (*Result, error) {
	if req.Mode.Served {
		for _, u := range req.Plan.Uses {
			if u.TrainingOnly() && !u.View.Ahead {
				return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "view " + u.View.Name, Message: "it looks its key up in other views, and no online read sees that",
					Hint: "leave it out, or train it with --mode final"}
			}
		}
		return runServed(ctx, req)
	}
	return run(ctx, req, wholeScope(&req))
}

func wholeScope(req *Request) scope {
	if req.Before != 0 {
		return scope{before: req.Before}
	}
	return scope{before: selfsame.MaxTime}
}

func newRunner(req Request, s scope) *runner {
	r := &runner{Request: req, scope: s, result: &Result{Pruned: map[string]source.Pruned{}}}
	r.result.run = r
	return r
}

// run is Run for rows that look at one scope.
func run(ctx context.Context, req Request, s scope) (*Result, error) {
	r := newRunner(req, s)
	defer r.close()
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if err := r.readSources(ctx); err != nil {
		return nil, err
	}
	r.progress(StageCompute, 0)
	if err := r.fits(); err != nil {
		return nil, err
	}
	for _, u := range r.uses {
		res, err := u.sweep.Run(ctx)
		if err != nil {
			return nil, err
		}
		if err := u.sweep.Close(); err != nil { // lets the memory of its events go
			return nil, err
		}
		r.result.sweeps = append(r.result.sweeps, res)
		r.result.Events += res.Events
		r.result.Spilled += res.Spilled
		var seen int64
		for _, id := range u.entity {
			if id != pit.NoEntity && u.seen[id] {
				seen++
			}
		}
		r.result.Seen = append(r.result.Seen, seen)
	}
	return r.result, nil
}

// close lets the sweeps go.
func (r *runner) close() {
	for _, u := range r.uses {
		u.sweep.Close()
	}
}

// readSources feeds the rows of every source to the uses that read it.
func (r *runner) readSources(ctx context.Context) error {
	sources := r.Plan.Sources()
	own := map[*selfsame.Source]*SourceCounts{}
	for si, src := range sources {
		if uses, _ := r.sourceUses(src); len(uses) == 0 {
			continue // lookups alone read it
		}
		counts, err := r.readSource(ctx, si, src)
		if err != nil {
			return err
		}
		own[src] = counts
		uses, _ := r.sourceUses(src)
		for _, u := range uses {
			u.newest = max(u.newest, counts.MaxTime)
		}
	}
	for _, src := range sources {
		if counts := own[src]; counts != nil {
			r.result.Sources = append(r.result.Sources, *counts)
		} else if counts, ok := r.looked[src.Name]; ok {
			r.result.Sources = append(r.result.Sources, counts)
		} else { // no event had anything to look up
			r.result.Sources = append(r.result.Sources, newCounts(src.Name))
		}
	}
	r.result.Bad = eachBadRow(r.result.Bad) // lookups may read a source again
	return nil
}

// eachBadRow sorts rows and leaves each once.
func eachBadRow(rows []source.BadRow) []source.BadRow {
	byRow := func(a, b source.BadRow) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row)) }
	slices.SortFunc(rows, byRow)
	return slices.CompactFunc(rows, func(a, b source.BadRow) bool { return byRow(a, b) == 0 })
}

// prepare numbers the keys of every use and opens its sweep.
func (r *runner) prepare() error {
	for i, u := range r.Plan.Uses {
		if j := slices.IndexFunc(r.Plan.Uses[:i], u.SameKey); j >= 0 {
			r.keys, r.ids = append(r.keys, r.keys[j]), append(r.ids, r.ids[j])
		} else {
			keys, ids, err := r.numberKeys(u)
			if err != nil {
				return err
			}
			r.keys, r.ids = append(r.keys, keys), append(r.ids, ids)
		}
		if err := r.openUse(i, u); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) numberKeys(u *plan.Use) (*keyTable, []uint32, error) {
	if u.Entity == nil {
		return nil, make([]uint32, r.Rows.Batch.Rows), nil
	}
	var cols []*column.Column
	var types []selfsame.Type
	for i, f := range u.Entity.Key {
		c, err := r.keyColumn(u.Fill[i], f.Type, "key of view "+u.View.Name)
		if err != nil {
			return nil, nil, err
		}
		cols, types = append(cols, c), append(types, f.Type)
	}
	t := newKeyTable(types)
	ids := t.add(make([]uint32, 0, r.Rows.Batch.Rows), cols, r.Rows.Batch.Rows)
	t.settle()
	return t, ids, nil
}

// keyColumn returns what fills a key field in every row.
func (r *runner) keyColumn(k plan.KeyField, t selfsame.Type, by string) (*column.Column, error) {
	if k.Program == nil {
		return LabelColumn(r.Rows.Batch, selfsame.Field{Name: k.Column, Type: t}, by)
	}
	in := &expr.Input{Columns: make([]*column.Column, len(r.Plan.Requests)), At: r.Rows.At, Rows: r.Rows.Batch.Rows}
	for _, slot := range k.Program.Slots() {
		var err error
		if in.Columns[slot], err = LabelColumn(r.Rows.Batch, r.Plan.Requests[slot], by); err != nil {
			return nil, err
		}
	}
	return k.Program.NewEvaluator().Eval(in), nil
}

func (r *runner) openUse(i int, u *plan.Use) error {
	entities := 1
	if r.keys[i] != nil {
		entities = r.keys[i].len()
	}
	known, err := r.cuts(u)
	if err != nil {
		return err
	}
	entity, own := r.ids[i], r.apart(u, i)
	if own != nil {
		entity, entities = own.entity, len(own.entity)
	}
	rows := pit.Rows{Entity: entity, At: r.Rows.At, Known: known, Entities: entities}
	if rows.Request, err = r.asked(u); err != nil {
		return err
	}
	spec := u.Spec
	spec.Detail = true
	var told int64
	sweep, err := pit.New(spec, rows, pit.Options{Threads: r.Options.Threads, Memory: r.Options.Memory, SpillDir: r.Options.SpillDir,
		Progress: func(n int64) { // counted from the start, one goroutine at a time
			r.progress(StageCompute, n-told)
			told = n
		}})
	if err != nil {
		return err
	}
	run := &useRun{newest: selfsame.MinTime, use: u, keys: r.keys[i], sweep: sweep, lens: r.lensOf(u), seen: make([]bool, entities), entity: entity, apart: own}
	run.lower, run.upper, err = timeRange(u, r.Rows.At)
	if err != nil {
		return err
	}
	r.uses = append(r.uses, run)
	return nil
}

// asked returns what windows of a view take from the rows, nil for nothing.
func (r *runner) asked(u *plan.Use) (*pit.RequestRows, error) {
	a := u.NewAsker()
	if a == nil {
		return nil, nil
	}
	return a.Ask(func(f selfsame.Field) (*column.Column, error) {
		return LabelColumn(r.Rows.Batch, f, "field of the request's row in view "+u.View.Name)
	}, r.Rows.At)
}

// known returns κ of each row for a view: nil in final mode, and where rows see a position of the log.
func (r *runner) known(u *plan.Use) ([]int64, error) {
	if r.Mode.Final || u.View.Ahead || r.lensOf(u) != byArrival { // labels know everything that was admitted
		return nil, nil
	}
	lag := max(r.Mode.Lag, u.View.AsOf.Or(0))
	if lag == 0 && r.Rows.most == nil && (r.Rows.Cut == nil || r.Mode.Served) {
		return r.Rows.At, nil
	}
	out := make([]int64, len(r.Rows.At))
	for i, at := range r.Rows.At {
		// A row's own cut stands alone, unless a lag is declared or asked for.
		switch {
		case r.Rows.most != nil && u.View.AsOf.Set:
			out[i] = min(satAdd(at, -lag), r.Rows.most[i])
		case r.Rows.most != nil:
			out[i] = r.Rows.most[i]
		case r.Rows.Cut == nil || r.Mode.Served:
			out[i] = satAdd(at, -lag)
		case lag == 0 && !u.View.AsOf.Set:
			out[i] = r.Rows.Cut[i]
		default:
			out[i] = min(satAdd(at, -lag), r.Rows.Cut[i])
		}
	}
	return out, nil
}

// cuts returns κ of each row for the sweep of a view: on the axis of offsets the last of the read.
func (r *runner) cuts(u *plan.Use) ([]int64, error) {
	if r.lensOf(u) == byArrival {
		return r.known(u)
	}
	out := make([]int64, len(r.Rows.Served))
	for i, c := range r.Rows.Served {
		out[i] = c.Offset - 1
	}
	return out, nil
}

func (r *runner) accepts(v verdict) bool {
	return v == admitted || (v == late && r.Mode.Final && r.Mode.IncludeLate)
}

func (r *runner) progress(s Stage, n int64) {
	if r.Options.Progress != nil {
		r.Options.Progress(s, n)
	}
}

// sourceUses returns the uses that read src, with the part of each that does.
func (r *runner) sourceUses(src *selfsame.Source) (uses []*useRun, parts []*plan.SourceUse) {
	for _, u := range r.uses {
		for _, s := range u.use.Sources {
			if s.Source == src {
				uses, parts = append(uses, u), append(parts, s)
			}
		}
	}
	return uses, parts
}

// wantEvents is want for the rows that go to the sweeps. The hash that breaks ties is of the whole row where the id is null.
func (r *runner) wantEvents(src *selfsame.Source, res *resolution) source.Want {
	w := r.want(src)
	uses, _ := r.sourceUses(src)
	if res != nil && res.nullIDs && slices.ContainsFunc(uses, func(u *useRun) bool { return u.use.Spec.NeedOrder }) {
		w.Fields = schemaNames(src)
	}
	return w
}

// want returns what must be read of src for every use that reads it.
func (r *runner) want(src *selfsame.Source) source.Want {
	uses, parts := r.sourceUses(src)
	w := source.Want{Lower: selfsame.MaxTime, Upper: selfsame.MinTime}
	need := make([]bool, len(src.Schema))
	for i, u := range uses {
		w.Lower, w.Upper = min(w.Lower, u.lower), max(w.Upper, u.upper)
		for _, f := range parts[i].Fields {
			need[f] = true
		}
	}
	for i, f := range src.Schema {
		if need[i] || src.SkipBad { // which rows are bad must not follow from what is asked
			w.Fields = append(w.Fields, f.Name)
		}
	}
	return w
}

// LabelColumn returns a label column as the type that a key or a request field has. An int64 column serves a float64 field, a
// date column a timestamp field.
func LabelColumn(b *column.Batch, f selfsame.Field, by string) (*column.Column, error) {
	c := b.Column(f.Name)
	if c == nil {
		if f.Optional {
			c := column.New(f.Type, 0)
			for range b.Rows {
				c.AppendStatus(selfsame.Null)
			}
			return c, nil
		}
		return nil, missingColumn(b, f.Name, by)
	}
	return convertLabel(c, f, by)
}

func convertLabel(c *column.Column, f selfsame.Field, by string) (*column.Column, error) {
	from, to := c.Type.Kind, f.Type.Kind
	switch {
	case c.Type.Equal(f.Type):
		return c, nil
	case from == selfsame.Int64 && to == selfsame.Float64:
		out := column.Make(f.Type, c.Len())
		for i, v := range c.Ints {
			out.Floats[i] = float64(v)
		}
		out.Status = slices.Clone(c.Status)
		return out, nil
	case from == selfsame.Date && to == selfsame.Timestamp:
		out := column.Make(f.Type, c.Len())
		for i, v := range c.Ints {
			if c.StatusAt(i) == selfsame.Present && (v > selfsame.MaxTime/selfsame.DayLength || v < selfsame.MinTime/selfsame.DayLength) {
				return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: fmt.Sprintf("row %d, column %s", i, f.Name),
					Message: "the date is beyond what microseconds since 1970 can say", Hint: "dates from -290307 to 294246 can be times"}
			}
			out.Ints[i] = v * selfsame.DayLength
		}
		out.Status = slices.Clone(c.Status)
		return out, nil
	}
	return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: "column " + f.Name,
		Message: fmt.Sprintf("the rows hold it as %s, but as the %s it is %s", c.Type, by, f.Type),
		Hint:    "write the column with that type, or change the definition"}
}
