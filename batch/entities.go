// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"slices"
	"strings"
	"sync"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// TimeColumn is the column of T in rows that a run makes itself.
const TimeColumn = "event_time"

// EntitiesAt returns one row for every entity that the plan's sources hold by the moment at (τ <= at and, unless the mode is final,
// α <= at), in the order of their keys, asking at that moment. The plan's views must share one key and ask for no request fields.
func EntitiesAt(ctx context.Context, req Request, at int64) (*EntityRows, error) {
	fields, err := sharedKey(req.Plan)
	if err != nil {
		return nil, err
	}
	req.Rows = &EntityRows{Batch: column.NewBatch(nil, 0), At: []int64{at}}
	r := newRunner(req, wholeScope(&req))
	for _, u := range req.Plan.Uses {
		for _, s := range u.Sources {
			if !s.OwnKey() {
				return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "view " + u.View.Name, Message: "its key is looked up as of each event, so its entities are not known before",
					Hint: "use train --entities with a file of keys"}
			}
		}
		r.uses = append(r.uses, &useRun{use: u, lower: selfsame.MinTime, upper: satAdd(at, 1)})
	}
	found := newEntityCollector(fields)
	for _, src := range req.Plan.Sources() {
		if uses, _ := r.sourceUses(src); len(uses) == 0 {
			continue // lookups alone read it
		}
		if err := r.scanWant(ctx, src, r.want(src), StageResolve, func() chunkFunc { return found.reader(r, src, at) }); err != nil {
			return nil, err
		}
	}
	return found.rows(at), nil
}

// sharedKey returns the key columns of the plan's views. Views over the whole world have none and fit any, and so does what a key has of T.
func sharedKey(p *plan.Plan) ([]selfsame.Field, error) {
	var fields []selfsame.Field
	var of *plan.Use
	for _, u := range p.Uses {
		own, err := askedKey(p, u)
		switch {
		case err != nil:
			return nil, err
		case len(own) == 0:
			continue
		case of == nil:
			of = u
			for _, i := range own {
				fields = append(fields, selfsame.Field{Name: u.Fill[i].Column, Type: u.Entity.Key[i].Type})
			}
			continue
		}
		if !slices.Equal(of.Key, u.Key) {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: p.Name,
				Message: "its views have different keys: " + of.View.Name + " by " + strings.Join(of.Key, ", ") + ", " + u.View.Name + " by " + strings.Join(u.Key, ", "),
				Hint:    "name one view, or use train --entities with a file of keys"}
		}
	}
	for _, f := range p.Requests {
		if !slices.ContainsFunc(fields, func(k selfsame.Field) bool { return k.Name == f.Name }) && !f.Optional {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: p.Name, Message: "it needs the request field " + f.Name,
				Hint: "leave what reads it out with --features, or use train with rows that hold it"}
		}
	}
	if of == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: p.Name, Message: "no view of it has an entity"}
	}
	return fields, nil
}

// askedKey returns the places in the key of a use that columns fill; programs fill the others, of T alone.
func askedKey(p *plan.Plan, u *plan.Use) ([]int, error) {
	var own []int
	for i, f := range u.Fill {
		switch {
		case f.Program == nil:
			own = append(own, i)
		case len(f.Program.Slots()) > 0:
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: p.Name, Message: "the key of " + u.View.Name + " is computed from the rows: " + f.Text,
				Hint: "use train --entities with a file of keys"}
		}
	}
	return own, nil
}

// entityCollector gathers distinct keys from several goroutines.
type entityCollector struct {
	mu   sync.Mutex
	keys *keyTable
	b    *column.Batch
}

func newEntityCollector(fields []selfsame.Field) *entityCollector {
	var types []selfsame.Type
	for _, f := range fields {
		types = append(types, f.Type)
	}
	return &entityCollector{keys: newKeyTable(types), b: column.NewBatch(fields, 0)}
}

func (e *entityCollector) reader(r *runner, src *selfsame.Source, at int64) chunkFunc {
	adm := r.admitter(src)
	uses, parts := r.sourceUses(src)
	var evs [][]*expr.Evaluator
	for i, u := range uses {
		var ev []*expr.Evaluator
		own, _ := askedKey(r.Plan, u.use) // which sharedKey has seen
		for _, k := range own {
			ev = append(ev, parts[i].Key[k].NewEvaluator())
		}
		evs = append(evs, ev)
	}
	var t times
	var name *column.Column // _source
	return chunkFunc{chunk: func(c *piece, cols []*column.Column) error {
		adm.admit(&t, c, cols)
		name = repeated(name, src.Name, c.Batch.Rows)
		cols[len(src.Schema)] = name
		in := &expr.Input{Columns: cols, Rows: c.Batch.Rows}
		var idx []uint32
		for i, v := range t.verdicts {
			if r.accepts(v) && t.tau[i] <= at && (r.Mode.Final || t.from == nil || t.from[i] <= at) {
				idx = append(idx, uint32(i))
			}
		}
		for _, ev := range evs {
			var keys []*column.Column
			for _, p := range ev {
				k := p.Eval(in)
				picked := column.New(k.Type, len(idx))
				picked.Gather(k, idx)
				keys = append(keys, picked)
			}
			e.add(keys, len(idx))
		}
		return nil
	}}
}

// add takes the keys of some rows.
func (e *entityCollector) add(cols []*column.Column, rows int) {
	if len(cols) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.keys.len()
	for i, id := range e.keys.add(nil, cols, rows) {
		if id == pit.NoEntity || int(id) < before {
			continue
		}
		before++
		for k, c := range cols {
			e.b.Columns[k].AppendFrom(c, i)
		}
		e.b.Rows++
	}
}

// rows returns the keys in order, each with T.
func (e *entityCollector) rows(at int64) *EntityRows {
	idx := make([]uint32, e.b.Rows)
	for i := range idx {
		idx[i] = uint32(i)
	}
	slices.SortFunc(idx, func(a, b uint32) int {
		for _, c := range e.b.Columns {
			if d := column.Compare(c, int(a), c, int(b)); d != 0 {
				return d
			}
		}
		return 0
	})
	out := &EntityRows{Batch: column.NewBatch(append(slices.Clone(e.b.Fields), selfsame.Field{Name: TimeColumn, Type: selfsame.Scalar(selfsame.Timestamp)}), 0)}
	for k, c := range e.b.Columns {
		out.Batch.Columns[k].Gather(c, idx)
	}
	for range idx {
		out.At = append(out.At, at)
	}
	out.Batch.Columns[len(e.b.Columns)].Ints = out.At
	out.Batch.Rows = len(idx)
	return out
}
