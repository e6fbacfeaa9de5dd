// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
)

// Result is what a sweep gives: for each row a value per cell (as-of: per event column). Several goroutines may read it.
type Result struct {
	Rows, Events int64 // swept
	Spilled      int64 // bytes

	types  []selfsame.Type
	place  []uint32 // row -> sweep position
	table  *table
	apart  []*column.Column // the columns that are not in the table, in sweep order; nil: in the table
	trace  []int            // column -> the trace of its newest event; nil: not asked for (Spec.Detail)
	mapped *mapping
}

// Values are the values of some rows, in the rows' order. They are one goroutine's, and are there until the next Read.
type Values struct {
	Columns []*column.Column // one per cell; as-of: one per event column
	// Newest and Arrival (Spec.Detail) are τ and α of the newest event used, per cell (as-of: one entry each); MinTime where no event was
	// used. Cells may share a slice, and both may be one slice where α = τ: they are for reading only.
	Newest, Arrival [][]int64

	status [][]selfsame.Status // memory
	series [][]int64
	rows   [][]uint64
	block  []uint64
}

// NewValues returns values without rows, for Read.
func (r *Result) NewValues() *Values {
	v := &Values{status: make([][]selfsame.Status, len(r.types)), series: make([][]int64, r.table.kinds())}
	for _, t := range r.types {
		v.Columns = append(v.Columns, column.New(t, 0))
	}
	v.Newest, v.Arrival = make([][]int64, len(r.trace)), make([][]int64, len(r.trace))
	return v
}

// Read replaces v, which is of r, by the values of rows [lo, hi).
func (r *Result) Read(v *Values, lo, hi int) {
	place := r.place[lo:hi]
	r.table.open(v, len(place))
	r.table.read(v, place, r.mapped)
	for i, c := range r.apart {
		if c != nil {
			v.Columns[i].Gather(c, place)
		}
	}
	last := len(v.series) - len(r.table.newest) // of the first α, or of the first τ
	for i, t := range r.trace {
		v.Newest[i], v.Arrival[i] = v.series[t], v.series[last+t]
	}
}

// Value returns the value of one cell for a row. It is slow.
func (r *Result) Value(cell, row int) selfsame.Value {
	v := r.NewValues()
	r.Read(v, row, row+1)
	return v.Columns[cell].Value(0)
}

// NewResult returns a result of so many rows that Join fills.
func NewResult(rows int) *Result { return &Result{place: make([]uint32, rows)} }

// joinRows is how many rows Join copies in one go.
const joinRows = 1 << 12

// Join takes over a result of the same spec for some rows of r.
func (r *Result) Join(from *Result, rows []uint32) error {
	if r.table == nil {
		r.types, r.table, r.apart = from.types, layout(from.types, len(from.trace), true), make([]*column.Column, len(from.types))
		for i, t := range r.types {
			if !fixed(t.Kind) {
				r.apart[i] = column.New(t, 0)
			}
		}
		for i := range from.trace {
			r.trace = append(r.trace, i)
		}
	}
	v := from.NewValues()
	for lo := 0; lo < len(rows); lo += joinRows {
		hi := min(len(rows), lo+joinRows)
		from.Read(v, lo, hi)
		at := int(r.Rows)
		r.table.extend(at + hi - lo)
		if err := r.table.put(at, hi-lo, v.Columns, v.Newest, v.Arrival); err != nil {
			return err
		}
		for i, c := range r.apart {
			if c != nil {
				c.AppendRange(v.Columns[i], 0, hi-lo)
			}
		}
		for i, row := range rows[lo:hi] {
			r.place[row] = uint32(at + i)
		}
		r.Rows += int64(hi - lo)
	}
	r.Events += from.Events
	return nil
}
