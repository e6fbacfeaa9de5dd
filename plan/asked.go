// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
)

// AsksRow reports whether some window of the use counts the row that asks, so that rows of one key have values of their own.
func (u *Use) AsksRow() bool {
	return slices.ContainsFunc(u.Spec.Cells, func(c pit.Cell) bool { return c.Window.Request })
}

// AsksRow reports whether a feature's expression counts the row that asks, so that it has no value without one.
func AsksRow(f *selfsame.Feature) bool {
	n, err := expr.Parse(f.Value)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(expr.Aggregates(n), func(a *expr.Aggregate) bool {
		return slices.ContainsFunc(a.Over, func(w selfsame.Window) bool { return w.Request })
	})
}

// AskedFields returns the label or request columns that some cells of the use take the row that asks from, in schema order: the fields that
// their arguments and filters, the view's where and its key read. The event time is no such field: it is T.
func (u *Use) AskedFields(cells []int) []selfsame.Field {
	if !slices.ContainsFunc(cells, func(c int) bool { return u.Spec.Cells[c].Window.Request }) {
		return nil
	}
	s := u.Sources[0] // the one there is
	need := make([]bool, len(s.Source.Schema)+1)
	note := func(p *expr.Program) {
		for _, slot := range p.Slots() {
			need[slot] = true
		}
	}
	if s.Where != nil {
		note(s.Where)
	}
	for i, key := range s.Key {
		if !u.askedByName(i) {
			note(key)
		}
	}
	for _, c := range cells {
		for _, column := range u.Spec.Cells[c].Asked() {
			note(s.Columns[column])
		}
	}
	var out []selfsame.Field
	for i, f := range s.Source.Schema {
		if need[i] && f.Name != s.Source.EventTime {
			out = append(out, selfsame.Field{Name: f.Name, Type: f.Type, Pos: u.View.Pos})
		}
	}
	return out
}

// askedByName reports whether key field i is the source's field of the name of the column that fills it: then the row that asks has the key that
// it asks about.
func (u *Use) askedByName(i int) bool {
	slot, bare := u.Sources[0].Key[i].Bare()
	schema := u.Sources[0].Source.Schema
	return bare && slot < len(schema) && schema[slot].Name == u.Key[i]
}

// Asker makes rows that ask the events that windows with request count. Batch and serving use it alike (P2). It keeps its memory from one
// run of rows to the next and is used by one goroutine at a time.
type Asker struct {
	use     *Use
	fields  []selfsame.Field
	where   *expr.Evaluator
	key     []*expr.Evaluator // nil: the row has the key by name
	columns []*expr.Evaluator // nil: no window with request reads it
	input   expr.Input
	times   *column.Column
	out     pit.RequestRows
}

// NewAsker returns the memory to make events of rows with, nil where no window of the use counts them.
func (u *Use) NewAsker() *Asker {
	if !u.AsksRow() {
		return nil
	}
	s := u.Sources[0]
	a := &Asker{use: u, key: make([]*expr.Evaluator, len(s.Key)), columns: make([]*expr.Evaluator, len(s.Columns)),
		times: column.New(selfsame.Scalar(selfsame.Timestamp), 0)}
	a.input.Columns = make([]*column.Column, len(s.Source.Schema)+1)
	a.out.Columns = make([]*column.Column, len(s.Columns))
	var all []int
	for i := range u.Spec.Cells {
		all = append(all, i)
		for _, c := range u.Spec.Cells[i].Asked() {
			a.columns[c] = s.Columns[c].NewEvaluator()
		}
	}
	a.fields = u.AskedFields(all)
	if s.Where != nil {
		a.where = s.Where.NewEvaluator()
	}
	for i, key := range s.Key {
		if !u.askedByName(i) {
			a.key[i] = key.NewEvaluator()
		}
	}
	return a
}

// Ask returns the rows at T as events. given returns a label or request column as the field's type. The result is valid until the next Ask;
// some of its columns are those that were handed in. An error is one that given returned.
func (a *Asker) Ask(given func(f selfsame.Field) (*column.Column, error), at []int64) (*pit.RequestRows, error) {
	s := a.use.Sources[0]
	for _, f := range a.fields {
		c, err := given(f)
		if err != nil {
			return nil, err
		}
		a.input.Columns[schemaIndex(s.Source, f.Name)] = c
	}
	a.times.Ints = at
	a.input.Columns[schemaIndex(s.Source, s.Source.EventTime)] = a.times
	a.input.Rows = len(at)
	for i, ev := range a.columns {
		if ev != nil {
			a.out.Columns[i] = ev.Eval(&a.input)
		}
	}
	a.out.Counts = slices.Grow(a.out.Counts[:0], len(at))[:len(at)]
	for i := range a.out.Counts {
		a.out.Counts[i] = true
	}
	if a.where != nil {
		where := a.where.Eval(&a.input)
		for i := range a.out.Counts {
			a.out.Counts[i] = where.StatusAt(i) == selfsame.Present && where.Bools[i]
		}
	}
	return &a.out, a.meetKeys(given)
}

// meetKeys leaves out the rows whose key as an event is not the one that they ask about.
func (a *Asker) meetKeys(given func(f selfsame.Field) (*column.Column, error)) error {
	for k, ev := range a.key {
		f := a.use.Entity.Key[k]
		asked, err := given(selfsame.Field{Name: a.use.Key[k], Type: f.Type})
		if err != nil {
			return err
		}
		own := asked
		if ev != nil {
			own = ev.Eval(&a.input)
		}
		for i := range a.out.Counts {
			there := own.StatusAt(i) == selfsame.Present && asked.StatusAt(i) == selfsame.Present
			a.out.Counts[i] = a.out.Counts[i] && there && column.Compare(own, i, asked, i) == 0
		}
	}
	return nil
}

func schemaIndex(s *selfsame.Source, name string) int {
	return slices.IndexFunc(s.Schema, func(f selfsame.Field) bool { return f.Name == name })
}
