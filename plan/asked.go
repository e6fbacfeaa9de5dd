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

// takesRow reports whether a window takes something from the row that asks: that it is an event, or a length.
func takesRow(w selfsame.Window) bool { return w.Request || w.Chosen != "" }

// AsksRow reports whether some window of the use takes something from the row that asks, so that rows of one key have values of their own.
func (u *Use) AsksRow() bool {
	return slices.ContainsFunc(u.Spec.Cells, func(c pit.Cell) bool { return takesRow(c.Window) })
}

// AsksRow reports whether a window of a feature's expression takes something from the row that asks, so that it has no value without one.
func AsksRow(f *selfsame.Feature) bool {
	n, err := expr.Parse(f.Value)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(expr.Aggregates(n), func(a *expr.Aggregate) bool {
		return slices.ContainsFunc(a.Over, takesRow)
	})
}

// AskedFields returns the label or request columns that windows of some cells of the use take from the row that asks: the fields that choose
// their lengths, and where a window counts the row those that arguments and filters, the view's where and its key read, in schema order. The event
// time is no such field: it is T.
func (u *Use) AskedFields(cells []int) []selfsame.Field {
	var out []selfsame.Field
	for _, c := range cells {
		f := selfsame.Field{Name: u.Spec.Cells[c].Window.Chosen, Type: selfsame.Scalar(selfsame.String), Pos: u.View.Pos}
		if f.Name != "" && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return append(out, u.eventFields(cells)...)
}

// eventFields returns the fields of the source that make the row that asks an event for some cells.
func (u *Use) eventFields(cells []int) []selfsame.Field {
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
	return bare && slot < len(schema) && u.Fill[i].Program == nil && schema[slot].Name == u.Fill[i].Column
}

// Asker finds what windows take from rows that ask: it makes them the events that windows with request count, and reads the lengths that they
// choose. Batch and serving use it alike (P2). It keeps its memory from one run of rows to the next and is used by one goroutine at a time.
type Asker struct {
	use     *Use
	chosen  []selfsame.Field
	fields  []selfsame.Field // of the row as an event; the columns and Counts are empty where no window counts it
	event   bool
	where   *expr.Evaluator
	key     []*expr.Evaluator // nil: the row has the key by name
	columns []*expr.Evaluator // nil: no window with request reads it
	input   expr.Input
	times   *column.Column
	out     pit.RequestRows
}

// NewAsker returns the memory to ask rows with, nil where no window of the use takes anything from them.
func (u *Use) NewAsker() *Asker {
	if !u.AsksRow() {
		return nil
	}
	a := &Asker{use: u}
	var all []int
	for i, c := range u.Spec.Cells {
		all, a.event = append(all, i), a.event || c.Window.Request
	}
	a.fields = u.eventFields(all)
	a.chosen = u.AskedFields(all)
	a.chosen = a.chosen[:len(a.chosen)-len(a.fields)]
	if len(a.chosen) > 0 {
		a.out.Lengths = map[string][]int64{}
	}
	if a.event {
		a.prepareEvents()
	}
	return a
}

// prepareEvents makes the memory of what rows are as events.
func (a *Asker) prepareEvents() {
	u := a.use
	s := u.Sources[0]
	a.key, a.columns = make([]*expr.Evaluator, len(s.Key)), make([]*expr.Evaluator, len(s.Columns))
	a.times = column.New(selfsame.Scalar(selfsame.Timestamp), 0)
	a.input.Columns = make([]*column.Column, len(s.Source.Schema)+1)
	a.out.Columns = make([]*column.Column, len(s.Columns))
	for i := range u.Spec.Cells {
		for _, c := range u.Spec.Cells[i].Asked() {
			a.columns[c] = s.Columns[c].NewEvaluator()
		}
	}
	if s.Where != nil {
		a.where = s.Where.NewEvaluator()
	}
	for i, key := range s.Key {
		if !u.askedByName(i) {
			a.key[i] = key.NewEvaluator()
		}
	}
}

// Ask asks rows at T. given returns a label or request column as the field's type. The result is valid until the next Ask;
// some of its columns are those that were handed in. An error is one that given returned.
func (a *Asker) Ask(given func(f selfsame.Field) (*column.Column, error), at []int64) (*pit.RequestRows, error) {
	for _, f := range a.chosen {
		c, err := given(f)
		if err != nil {
			return nil, err
		}
		a.out.Lengths[f.Name] = appendLengths(a.out.Lengths[f.Name][:0], c, len(at))
	}
	if !a.event {
		return &a.out, nil
	}
	return &a.out, a.events(given, at)
}

// appendLengths appends the lengths that a column of texts chooses, -1 for one that is none.
func appendLengths(out []int64, c *column.Column, rows int) []int64 {
	last, micros := "", int64(-1)
	for i := range rows {
		if c.StatusAt(i) != selfsame.Present {
			out = append(out, -1)
			continue
		}
		if text := c.Str(i); string(text) != last {
			last = string(text)
			var err error
			if micros, err = expr.ParseDuration(last); err != nil {
				micros = -1
			}
		}
		out = append(out, micros)
	}
	return out
}

// events makes the rows events.
func (a *Asker) events(given func(f selfsame.Field) (*column.Column, error), at []int64) error {
	s := a.use.Sources[0]
	for _, f := range a.fields {
		c, err := given(f)
		if err != nil {
			return err
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
	return a.meetKeys(given)
}

// meetKeys leaves out the rows whose key as an event is not the one that they ask about.
func (a *Asker) meetKeys(given func(f selfsame.Field) (*column.Column, error)) error {
	for k, ev := range a.key {
		if a.use.Fill[k].Program != nil { // a season: the row's is that of T
			continue
		}
		f := a.use.Entity.Key[k]
		asked, err := given(selfsame.Field{Name: a.use.Fill[k].Column, Type: f.Type})
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

// ChosenLengths says of each length that windows of a slot take from the row that asks which field chooses it and what it may be.
func (p *Plan) ChosenLengths(slot int) []string {
	var out []string
	s := p.Slots[slot]
	switch {
	case s.Use >= 0 && !p.Uses[s.Use].Spec.AsOf:
		u := p.Uses[s.Use]
		for _, c := range u.Features[s.Feature].Program.Slots() {
			if w := u.Spec.Cells[c].Window; w.Chosen != "" {
				out = append(out, w.Chosen+" must be a duration from 1us to "+expr.DurationText(w.Length)+", such as "+expr.DurationText(w.Length))
			}
		}
	case s.OnDemand >= 0:
		for _, in := range p.OnDemand[s.OnDemand].Program.Slots() {
			out = append(out, p.ChosenLengths(in)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
