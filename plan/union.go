// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"selfsame"
	"selfsame/compute/pit"
)

// Union merges uses of one Base into one that reads all that they read: its Spec holds every column and cell of theirs, each once. It
// has no features and no key columns; its view is that of the use with the longest declared lag, the first of such. columnOf[i][c] and
// cellOf[i][c] say where column and cell c of uses[i] are. The uses are unchanged. Uses of different bases are an error of class internal.
func Union(uses []*Use) (union *Use, cellOf, columnOf [][]int, err error) {
	if len(uses) == 0 {
		return nil, nil, nil, &selfsame.Error{Class: selfsame.ClassInternal, Message: "a union of no uses"}
	}
	union = emptied(uses[0])
	for _, u := range uses {
		if u.base != union.base {
			return nil, nil, nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: u.View.Name, Message: "a union of uses whose rows differ"}
		}
		columns := union.takeColumns(u)
		columnOf = append(columnOf, columns)
		cellOf = append(cellOf, union.takeCells(u, columns))
		union.Spec.NeedOrder = union.Spec.NeedOrder || u.Spec.NeedOrder
		union.Spec.Detail = union.Spec.Detail || u.Spec.Detail
		if u.View.AsOf.Or(0) > union.View.AsOf.Or(0) {
			union.View = u.View
		}
	}
	union.collectFields()
	return union, cellOf, columnOf, nil
}

// emptied is a use like u without columns, cells and features.
func emptied(u *Use) *Use {
	e := &Use{View: u.View, Entity: u.Entity, Spec: u.Spec, base: u.base}
	e.Spec.Columns, e.Spec.Cells = nil, nil
	for _, s := range u.Sources {
		e.Sources = append(e.Sources, &SourceUse{Source: s.Source, Place: s.Place, Key: s.Key, Where: s.Where})
	}
	return e
}

// takeColumns adds the columns of u and returns where each is.
func (union *Use) takeColumns(u *Use) []int {
	at := make([]int, len(u.columnTexts))
	for c, text := range u.columnTexts {
		at[c] = slices.Index(union.columnTexts, text)
		if at[c] >= 0 {
			continue
		}
		at[c] = len(union.columnTexts)
		union.columnTexts = append(union.columnTexts, text)
		union.Spec.Columns = append(union.Spec.Columns, u.Spec.Columns[c])
		for i, s := range union.Sources {
			s.Columns = append(s.Columns, u.Sources[i].Columns[c])
		}
	}
	return at
}

// takeCells adds the cells of u, whose columns are at columns, and returns where each is.
func (union *Use) takeCells(u *Use, columns []int) []int {
	at := make([]int, len(u.cellTexts))
	for c, text := range u.cellTexts {
		have := &u.Spec.Cells[c]
		at[c] = union.cellLike(text, have)
		if at[c] >= 0 {
			continue
		}
		cell := pit.Cell{Call: have.Call, Filter: have.Filter, Window: have.Window}
		for _, a := range have.Args {
			cell.Args = append(cell.Args, columns[a])
		}
		if have.Filter >= 0 {
			cell.Filter = columns[have.Filter]
		}
		at[c] = len(union.cellTexts)
		union.cellTexts = append(union.cellTexts, text)
		union.Spec.Cells = append(union.Spec.Cells, cell)
	}
	return at
}

// cellLike returns the cell of that text and call, -1 for none: one text may stand under two bounds of max_values.
func (union *Use) cellLike(text string, c *pit.Cell) int {
	for i, t := range union.cellTexts {
		if t == text && union.Spec.Cells[i].Call.SameBound(c.Call) {
			return i
		}
	}
	return -1
}
