// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/pit"
)

// Union merges uses of one Base into one that reads all that they read: its Spec holds every column and cell of theirs, each once, in the order of
// their texts: which uses there are, and in what order, makes no other rows where the columns are the same. It
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
	}
	union.takeColumns(uses)
	union.takeCells(uses)
	kept := map[string]bool{}
	for _, u := range uses {
		cells, columns := union.Places(u)
		columnOf, cellOf = append(columnOf, columns), append(cellOf, cells)
		union.Spec.NeedOrder = union.Spec.NeedOrder || u.Spec.NeedOrder
		union.Spec.Detail = union.Spec.Detail || u.Spec.Detail
		union.retain(u, kept)
		if u.View.AsOf.Or(0) > union.View.AsOf.Or(0) {
			union.View = u.View
		}
	}
	union.collectFields()
	return union, cellOf, columnOf, nil
}

// emptied is a use like u without columns, cells and features.
func emptied(u *Use) *Use {
	e := &Use{sorted: true, View: u.View, Entity: u.Entity, Spec: u.Spec, Lookup: u.Lookup, lookups: u.lookups, rows: u.rows, base: u.base}
	e.Spec.Columns, e.Spec.Cells = nil, nil
	for _, s := range u.Sources {
		e.Sources = append(e.Sources, &SourceUse{Source: s.Source, Place: s.Place, Key: s.Key, Where: s.Where})
	}
	return e
}

// part is a column or a cell of one of several uses.
type part struct {
	use *Use
	at  int
}

// takeColumns adds the columns of uses.
func (union *Use) takeColumns(uses []*Use) {
	var list []part
	for _, u := range uses {
		for c := range u.columnTexts {
			list = append(list, part{u, c})
		}
	}
	slices.SortStableFunc(list, func(a, b part) int { return strings.Compare(a.use.columnTexts[a.at], b.use.columnTexts[b.at]) })
	for _, p := range list {
		text := p.use.columnTexts[p.at]
		if n := len(union.columnTexts); n > 0 && union.columnTexts[n-1] == text {
			continue
		}
		union.columnTexts = append(union.columnTexts, text)
		union.Spec.Columns = append(union.Spec.Columns, p.use.Spec.Columns[p.at])
		for i, s := range union.Sources {
			s.Columns = append(s.Columns, p.use.Sources[i].Columns[p.at])
		}
	}
}

// columnsOf returns where each column of u is, one that is not there at -1.
func (union *Use) columnsOf(u *Use) []int {
	at := make([]int, len(u.columnTexts))
	for c, text := range u.columnTexts {
		at[c] = union.firstOf(union.columnTexts, text)
	}
	return at
}

// firstOf is the first place of a text among those of the use's columns or cells, -1 for none.
func (union *Use) firstOf(texts []string, text string) int {
	if !union.sorted {
		return slices.Index(texts, text)
	}
	at, found := slices.BinarySearch(texts, text)
	if !found {
		return -1
	}
	return at
}

// takeCells adds the cells of uses, whose columns are there.
func (union *Use) takeCells(uses []*Use) {
	var list []part
	columnsOf := make(map[*Use][]int, len(uses))
	for _, u := range uses {
		columnsOf[u] = union.columnsOf(u)
		for c := range u.cellTexts {
			list = append(list, part{u, c})
		}
	}
	first := 0 // of the cells of one text, which stand together
	slices.SortStableFunc(list, func(a, b part) int {
		return cmp.Or(strings.Compare(a.use.cellTexts[a.at], b.use.cellTexts[b.at]), cmp.Compare(a.use.Spec.Cells[a.at].Call.Spec.MaxValues, b.use.Spec.Cells[b.at].Call.Spec.MaxValues))
	})
	for _, p := range list {
		text, have := p.use.cellTexts[p.at], &p.use.Spec.Cells[p.at]
		if n := len(union.cellTexts); n > 0 && union.cellTexts[n-1] != text {
			first = n
		}
		if slices.ContainsFunc(union.Spec.Cells[first:], func(c pit.Cell) bool { return c.Call.SameBound(have.Call) }) {
			continue
		}
		columns := columnsOf[p.use]
		cell := pit.Cell{Call: have.Call, Filter: have.Filter, Window: have.Window}
		for _, a := range have.Args {
			cell.Args = append(cell.Args, columns[a])
		}
		if have.Filter >= 0 {
			cell.Filter = columns[have.Filter]
		}
		union.cellTexts = append(union.cellTexts, text)
		union.Spec.Cells = append(union.Spec.Cells, cell)
	}
}

// cellsOf returns where each cell of u is, one that is not there at -1: that of its text and call, for one text may stand under two bounds of max_values.
func (union *Use) cellsOf(u *Use) []int {
	at := make([]int, len(u.cellTexts))
	for c, text := range u.cellTexts {
		at[c] = -1
		for i := union.firstOf(union.cellTexts, text); i >= 0 && i < len(union.cellTexts); i++ {
			if same := union.cellTexts[i] == text; same && union.Spec.Cells[i].Call.SameBound(u.Spec.Cells[c].Call) {
				at[c] = i
				break
			} else if !same && union.sorted {
				break
			}
		}
	}
	return at
}

// Places returns where a use that holds more, of the same Base, has the columns and cells of u: -1 for one that it does not hold.
func (union *Use) Places(u *Use) (cells, columns []int) { return union.cellsOf(u), union.columnsOf(u) }
