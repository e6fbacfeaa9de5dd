// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
)

// Evaluator computes the row space of a plan from what its uses found: given columns, features of uses, then on-demand features in
// their order. Batch and serving use it alike (P2). It keeps its memory from one run of rows to the next and is used by one goroutine
// at a time.
type Evaluator struct {
	plan   *Plan
	uses   [][]*expr.Evaluator // per use and feature
	demand []*expr.Evaluator
	slotOf []int // on-demand feature -> its slot
	given  []selfsame.Field
	slots  []*column.Column
	filled []*column.Column // memory of columns with defaults, per slot
	asOf   []*column.Column // memory of as-of expressions, per slot
	input  expr.Input
}

// NewEvaluator returns the memory to evaluate the plan's features with, for one goroutine.
func (p *Plan) NewEvaluator() *Evaluator {
	n := len(p.Slots)
	e := &Evaluator{plan: p, slotOf: make([]int, len(p.OnDemand)), given: make([]selfsame.Field, n),
		slots: make([]*column.Column, n), filled: make([]*column.Column, n), asOf: make([]*column.Column, n)}
	for _, u := range p.Uses {
		evs := make([]*expr.Evaluator, len(u.Features))
		for i, f := range u.Features {
			evs[i] = f.Program.NewEvaluator()
		}
		e.uses = append(e.uses, evs)
	}
	for _, f := range p.OnDemand {
		e.demand = append(e.demand, f.Program.NewEvaluator())
	}
	for si, s := range p.Slots {
		if s.OnDemand >= 0 {
			e.slotOf[s.OnDemand] = si
		}
		if s.Column != "" {
			e.given[si] = selfsame.Field{Name: s.Column, Type: s.Type, Optional: p.optional(s.Column)}
		}
	}
	return e
}

func (p *Plan) optional(name string) bool {
	for _, f := range p.Requests {
		if f.Name == name {
			return f.Optional
		}
	}
	return false
}

// Eval returns the values of every slot for len(at) rows. cells are, per use, the values of its cells or, of an as-of view, the columns
// of its newest row; given returns a label or request column as the field's type. The columns are valid until the next Eval; some are
// those that were handed in. An error is one that given returned.
func (e *Evaluator) Eval(cells [][]*column.Column, given func(f selfsame.Field) (*column.Column, error), at []int64) ([]*column.Column, error) {
	for si := range e.plan.Slots {
		s := &e.plan.Slots[si]
		switch {
		case s.Column != "":
			c, err := given(e.given[si])
			if err != nil {
				return nil, err
			}
			e.slots[si] = c
		case s.Use >= 0:
			u := e.plan.Uses[s.Use]
			f := u.Features[s.Feature]
			value := e.run(e.uses[s.Use][s.Feature], cells[s.Use], at)
			if u.Spec.AsOf {
				value = e.withRowStatus(si, cells[s.Use], f, value)
			}
			e.slots[si] = e.withDefault(si, value, f.Feature)
		}
	}
	// An on-demand feature reads slots of features that stand before it in OnDemand, whatever their slot numbers.
	for i, f := range e.plan.OnDemand {
		si := e.slotOf[i]
		e.slots[si] = e.withDefault(si, e.run(e.demand[i], e.slots, at), f.Feature)
	}
	return e.slots, nil
}

func (e *Evaluator) run(ev *expr.Evaluator, columns []*column.Column, at []int64) *column.Column {
	e.input = expr.Input{Columns: columns, At: at, Rows: len(at)}
	return ev.Eval(&e.input)
}

// FailedCasts tells of each feature whose program has CASTs that could not convert a value how many so far.
func (e *Evaluator) FailedCasts(tell func(f *Feature, n int64)) {
	for ui, u := range e.plan.Uses {
		for fi, f := range u.Features {
			if n := e.uses[ui][fi].FailedCasts(); n > 0 {
				tell(f, n)
			}
		}
	}
	for i, f := range e.plan.OnDemand {
		if n := e.demand[i].FailedCasts(); n > 0 {
			tell(f, n)
		}
	}
}

// withRowStatus returns an as-of feature with not_found and expired in the rows that have no usable row: a program's result
// knows null only.
func (e *Evaluator) withRowStatus(slot int, row []*column.Column, f *Feature, value *column.Column) *column.Column {
	if cell, ok := f.Program.Bare(); ok {
		return row[cell]
	}
	if len(row) == 0 || row[0].Status == nil {
		return value
	}
	out := memory(e.asOf, slot, value.Type)
	out.AppendRange(value, 0, value.Len())
	for i, st := range row[0].Status {
		if st == selfsame.NotFound || st == selfsame.Expired {
			out.SetStatus(i, st)
		}
	}
	return out
}

// withDefault returns c with the feature's default in place of null and not_found.
func (e *Evaluator) withDefault(slot int, c *column.Column, f *selfsame.Feature) *column.Column {
	if f.Default == nil || c.Status == nil {
		return c
	}
	out := memory(e.filled, slot, c.Type)
	for i := range c.Len() {
		if s := c.Status[i]; s == selfsame.Null || s == selfsame.NotFound {
			out.Append(*f.Default)
		} else {
			out.AppendFrom(c, i)
		}
	}
	return out
}

// memory returns the empty column of a slot.
func memory(columns []*column.Column, slot int, t selfsame.Type) *column.Column {
	if columns[slot] == nil {
		columns[slot] = column.New(t, 0)
	}
	columns[slot].Reset()
	return columns[slot]
}
