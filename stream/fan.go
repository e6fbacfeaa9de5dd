// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/online"
	"selfsame/plan"
)

// standing is where a row of a run stands after resolution.
type standing uint8

const (
	shown  standing = iota // a row of every state
	hidden                 // never visible in windowed states, a version in as-of states
	lost                   // a duplicate or a conflict: a row of no state
)

// fan turns rows of one source into rows of one state. One goroutine's.
type fan struct {
	state   *plan.State
	part    *plan.SourceUse
	layout  *online.Layout
	hooks   *Options
	where   *expr.Evaluator
	key     []*expr.Evaluator
	columns []*expr.Evaluator

	keyCols []*column.Column
	values  []*column.Column
	idx     []uint32 // rows that become rows of the state
	groups  grouping
	absent  *column.Column // order of a source that declares none
}

func newFan(s *plan.State, part *plan.SourceUse, hooks *Options) *fan {
	f := &fan{state: s, part: part, layout: LayoutOf(s.Use), hooks: hooks}
	if part.Where != nil {
		f.where = part.Where.NewEvaluator()
	}
	for _, p := range part.Key {
		f.key = append(f.key, p.NewEvaluator())
	}
	for _, p := range part.Columns {
		f.columns = append(f.columns, p.NewEvaluator())
	}
	return f
}

// add appends the rows that the run gives the state, and ends those that it ends.
func (f *fan) add(r *run, out *outcome, c *changes) {
	in := &expr.Input{Columns: r.cols, Rows: r.rows}
	f.pick(in, r, out)
	if len(f.idx) > 0 {
		f.rows(in, r, c)
	}
	if out.ended.rows() > 0 {
		f.end(&out.ended, c)
	}
}

// pick fills f.idx with the rows of the run that are rows of the state.
func (f *fan) pick(in *expr.Input, r *run, out *outcome) {
	where := f.selects(in)
	f.evalKey(in)
	f.idx = f.idx[:0]
	asOf := f.state.Use.Spec.AsOf
	nulls, faults := 0, 0
	for i := range r.rows {
		if out.lost(i) {
			continue
		}
		if where != nil && where.StatusAt(i).IsError() {
			faults++
		}
		if f.keyless(i) {
			nulls++
			continue
		}
		del := r.deletes(i)
		switch {
		case !asOf && (del || out.hidden(i)), where != nil && !del && !passes(where, i):
		default:
			f.idx = append(f.idx, uint32(i))
		}
	}
	view := f.state.Use.View.Name
	if nulls > 0 && f.hooks.NoEntity != nil {
		f.hooks.NoEntity(view, r.src.Name, nulls)
	}
	if faults > 0 && f.hooks.WhereError != nil {
		f.hooks.WhereError(view, r.src.Name, faults)
	}
}

func (f *fan) selects(in *expr.Input) *column.Column {
	if f.where == nil {
		return nil
	}
	return f.where.Eval(in)
}

func passes(where *column.Column, i int) bool {
	return where.StatusAt(i) == selfsame.Present && where.Bools[i]
}

func (f *fan) evalKey(in *expr.Input) {
	f.keyCols = f.keyCols[:0]
	for _, k := range f.key {
		f.keyCols = append(f.keyCols, k.Eval(in))
	}
}

// keyless reports whether row i names no entity.
func (f *fan) keyless(i int) bool {
	for _, c := range f.keyCols {
		if c.Status != nil && c.Status[i] != selfsame.Present {
			return true
		}
	}
	return false
}

// rows appends rows f.idx of the run, those of one bucket of one entity together.
func (f *fan) rows(in *expr.Input, r *run, c *changes) {
	f.values = f.values[:0]
	for _, ev := range f.columns {
		f.values = append(f.values, ev.Eval(in))
	}
	var hashes []uint64
	if f.layout.Hash {
		hashes = r.tieHashes()
	}
	order := f.orderOf(r)
	f.groups.gather(f, r.tau)
	for g := range f.groups.list {
		entity := c.put(f.groups.key(g))
		lo := len(c.arena)
		for _, i := range f.groups.rows(g) {
			h := online.Head{Seq: r.seqAt(int(i)), Tau: r.tau[i], Alpha: r.alphaAt(int(i)), Place: uint8(f.part.Place),
				Delete: f.state.Use.Spec.AsOf && r.deletes(int(i))}
			if hashes != nil {
				h.Hash = hashes[i]
			}
			c.arena = f.layout.AppendRow(c.arena, h, order, f.values, int(i))
		}
		c.deltas = append(c.deltas, deltaAt{state: f.state, bucket: f.groups.list[g].bucket, entity: entity, rows: span{lo, len(c.arena)}})
	}
}

// orderOf is the run's order column, nil where the state keeps none.
func (f *fan) orderOf(r *run) *column.Column {
	if f.layout.Order.Kind == selfsame.Unknown {
		return nil
	}
	if r.order >= 0 {
		return r.cols[r.order]
	}
	if f.absent == nil {
		f.absent = column.New(f.layout.Order, 0)
	}
	for f.absent.Len() < r.rows {
		f.absent.AppendStatus(selfsame.Null)
	}
	return f.absent
}

// end appends a retraction for every ended row that is a row of the state. Of as-of states only copies end: newer versions and deletes are rows.
func (f *fan) end(e *ended, c *changes) {
	in := &expr.Input{Columns: e.cols, Rows: e.rows()}
	where := f.selects(in)
	f.evalKey(in)
	for i := range e.rows() {
		if f.keyless(i) || where != nil && !passes(where, i) || f.state.Use.Spec.AsOf && !e.copies[i] {
			continue
		}
		lo := len(c.arena)
		for _, k := range f.keyCols {
			c.arena = k.AppendFramed(c.arena, i)
		}
		entity := span{lo, len(c.arena)}
		c.arena = online.AppendRetraction(c.arena, e.target[i], e.seq[i], e.alpha[i])
		c.deltas = append(c.deltas, deltaAt{state: f.state, bucket: f.state.Bucket(e.tau[i]), entity: entity, rows: span{entity.hi, len(c.arena)}})
	}
}
