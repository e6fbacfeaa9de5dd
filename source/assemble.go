// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"selfsame"
	"selfsame/column"
)

// assembly makes the chunks of a table from those of a file: it puts constants of folders between the columns and drops rows
// whose event time lies outside their folder's date.
type assembly struct {
	file    *file
	where   []located
	fields  []selfsame.Field
	event   int // place of the event time among the file's columns, where the folder's date binds it; -1: it does not
	name    string
	chunk   Chunk
	batch   *column.Batch
	scratch *column.Batch
	consts  []*column.Column
}

func newAssembly(t *Table, f *file, w Want, where []located, columns []Wanted) *assembly {
	a := &assembly{file: f, where: where, event: -1, name: t.spec.EventTime}
	for _, name := range w.Fields {
		for _, x := range t.fields {
			if x.Name == name {
				a.fields = append(a.fields, x)
			}
		}
	}
	if f.span != nil {
		for i, c := range columns {
			if c.Field.Name == t.spec.EventTime && c.Field.Type.Kind == selfsame.Timestamp {
				a.event = i
			}
		}
	}
	a.batch = &column.Batch{Fields: a.fields, Columns: make([]*column.Column, len(a.fields))}
	a.scratch = column.NewBatch(a.fields, 0)
	a.consts = make([]*column.Column, len(a.fields))
	return a
}

// assemble returns the chunk of wanted fields for a chunk of the file's columns.
func (a *assembly) assemble(c *Chunk) *Chunk {
	a.chunk = *c
	k := 0
	for i, at := range a.where {
		if at.constant == nil {
			a.batch.Columns[i] = c.Batch.Columns[k]
			k++
			continue
		}
		a.consts[i] = repeat(a.consts[i], at.constant, c.Batch.Rows)
		a.batch.Columns[i] = a.consts[i]
	}
	a.batch.Rows = c.Batch.Rows
	a.chunk.Batch = a.batch
	if a.event >= 0 {
		a.bind(c.Batch.Columns[a.event])
	}
	return &a.chunk
}

// bind drops the rows whose event time is outside the folder's date.
func (a *assembly) bind(event *column.Column) {
	lower, upper := a.file.span.lower, a.file.span.upper
	inside := func(i int) bool {
		return event.StatusAt(i) != selfsame.Present || (event.Ints[i] >= lower && event.Ints[i] < upper)
	}
	outside := false
	for i := range event.Ints {
		if !inside(i) {
			outside = true
			a.chunk.Bad = append(a.chunk.Bad, BadRow{File: a.file.Path, Row: a.chunk.at(i) & (1<<40 - 1), Field: a.name, Reason: ReasonSchema})
		}
	}
	if outside {
		sortBad(a.chunk.Bad)
		a.scratch.Reset()
		a.chunk.keep(a.scratch, inside)
	}
}

// repeat returns a column of n times a constant, in c's memory where it has some.
func repeat(c, constant *column.Column, n int) *column.Column {
	if c == nil {
		c = column.New(constant.Type, n)
	}
	if c.Len() == n {
		return c
	}
	c.Reset()
	for range n {
		c.AppendFrom(constant, 0)
	}
	return c
}
