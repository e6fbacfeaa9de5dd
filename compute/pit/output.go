// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"selfsame"
	"selfsame/column"
)

// output is the result while workers fill it. Every partition owns a range of sweep positions, known before the sweep; the last
// partition is the rows without an entity. Columns of a fixed-width kind are one slice each, of which partitions fill their ranges
// in place; the others are kept a column a partition and joined at the end.
type output struct {
	s        *Sweep
	rowStart []int // partition p is positions [rowStart[p], rowStart[p+1])
	rows     sortedRows
	place    []uint32
	columns  []outColumn
	newest   [][]int64 // one per trace; as-of: one
	arrival  [][]int64
	mapped   *mapping // nil: the result is on the heap
	taking   sync.Mutex
}

// sortedRows are the rows that ask, sorted by partition, stable.
type sortedRows struct {
	ent   []uint32 // local ids
	at    []int64
	known []int64 // nil: final
	row   []uint32
}

type outColumn struct {
	whole  *column.Column   // fixed-width kinds
	parts  []*column.Column // the others
	once   sync.Once
	status []selfsame.Status // of whole, from the first that is not Present on
}

func newOutput(s *Sweep) (*output, error) {
	o := &output{s: s}
	o.sortRows()
	n := len(s.rows.Entity)
	o.place = make([]uint32, n)
	var types []selfsame.Type
	for _, c := range s.spec.Cells {
		types = append(types, c.Call.Result)
	}
	traces := len(s.spec.traces)
	if s.spec.AsOf {
		types, traces = s.spec.Columns, 1
	}
	o.columns = make([]outColumn, len(types))
	if err := o.choose(types, traces); err != nil {
		return nil, err
	}
	for i, t := range types {
		if fixed(t.Kind) {
			o.columns[i].whole = o.column(t, n)
		} else {
			o.columns[i].parts = make([]*column.Column, s.partitions()+1)
		}
	}
	if s.spec.Detail {
		for range traces {
			newest := taken[int64](o.mapped, n)
			arrival := newest // α = τ everywhere: one slice is both
			if s.known {
				arrival = taken[int64](o.mapped, n)
			}
			o.newest, o.arrival = append(o.newest, newest), append(o.arrival, arrival)
		}
	}
	return o, nil
}

// choose maps the result where it would take more than a quarter of the limit.
func (o *output) choose(types []selfsame.Type, traces int) error {
	s, n := o.s, int64(len(o.place))
	size := int64(0)
	slice := func(width int64) { size += (n*width + slots64 - 1) / slots64 * slots64 }
	for _, t := range types {
		if fixed(t.Kind) {
			slice(widthOf(t.Kind))
			slice(1)
		}
	}
	if s.spec.Detail {
		for range 2 * traces {
			slice(8)
		}
	}
	if s.opt.Memory <= 0 || size == 0 || size <= s.opt.Memory/4 {
		return nil
	}
	var err error
	o.mapped, err = s.mapResult(size)
	return err
}

func widthOf(k selfsame.Kind) int64 {
	switch k {
	case selfsame.Bool:
		return 1
	case selfsame.Decimal:
		return 16
	}
	return 8
}

// column returns a column of n values of a fixed-width kind.
func (o *output) column(t selfsame.Type, n int) *column.Column {
	c := &column.Column{Type: t}
	switch t.Kind {
	case selfsame.Bool:
		c.Bools = taken[bool](o.mapped, n)
	case selfsame.Float64:
		c.Floats = taken[float64](o.mapped, n)
	case selfsame.Decimal:
		c.Decimals = taken[selfsame.Int128](o.mapped, n)
	default:
		c.Ints = taken[int64](o.mapped, n)
	}
	return c
}

// bytes returns what the result holds, without the values of variable width.
func (o *output) bytes() int64 {
	n := int64(len(o.place)) * int64(4+28)
	if o.mapped != nil {
		return n
	}
	n += int64(len(o.place)) * int64(16*len(o.newest)+8*lineWidth) // the lines of bringInOrder
	for i := range o.columns {
		if c := o.columns[i].whole; c != nil {
			n += c.Size()
		}
	}
	return n
}

// sortRows sorts the rows that ask by partition, with one counting sort.
func (o *output) sortRows() {
	s, n := o.s, o.s.partitions()
	rows := &s.rows
	mask := uint32(n - 1)
	limit := uint32(rows.Entities)
	partition := func(e uint32) int {
		if e >= limit {
			return n
		}
		return int(e & mask)
	}
	o.rowStart = make([]int, n+2)
	for _, e := range rows.Entity {
		o.rowStart[partition(e)+1]++
	}
	for p := range n + 1 {
		o.rowStart[p+1] += o.rowStart[p]
	}
	next := append([]int(nil), o.rowStart...)
	m := len(rows.Entity)
	o.rows = sortedRows{ent: make([]uint32, m), at: make([]int64, m), row: make([]uint32, m)}
	if rows.Known != nil {
		o.rows.known = make([]int64, m)
	}
	for r, e := range rows.Entity {
		p := partition(e)
		d := next[p]
		next[p]++
		o.rows.ent[d], o.rows.at[d], o.rows.row[d] = e>>s.shift, rows.At[r], uint32(r)
		if rows.Known != nil {
			o.rows.known[d] = rows.Known[r]
		}
	}
}

// open makes c an empty column whose appends fill the positions [lo, hi) of output column i, as far as that can be.
func (o *output) open(c *column.Column, i, lo, hi int) {
	whole := o.columns[i].whole
	if whole == nil {
		*c = *column.New(o.columnType(i), 0)
		return
	}
	*c = column.Column{Type: whole.Type}
	switch whole.Type.Kind {
	case selfsame.Bool:
		c.Bools = whole.Bools[lo:lo:hi]
	case selfsame.Float64:
		c.Floats = whole.Floats[lo:lo:hi]
	case selfsame.Decimal:
		c.Decimals = whole.Decimals[lo:lo:hi]
	default:
		c.Ints = whole.Ints[lo:lo:hi]
	}
}

func (o *output) columnType(i int) selfsame.Type {
	if o.s.spec.AsOf {
		return o.s.spec.Columns[i]
	}
	return o.s.spec.Cells[i].Call.Result
}

// close takes c, which open made and the worker filled, into output column i of partition p.
func (o *output) close(c *column.Column, i, p int) error {
	lo, hi := o.rowStart[p], o.rowStart[p+1]
	if c.Len() != hi-lo || (c.Status != nil && len(c.Status) != hi-lo) {
		return fault(o.s.spec.Name, fmt.Sprintf("a kernel gave %d values and %d statuses of output %d for %d rows", c.Len(), len(c.Status), i, hi-lo))
	}
	out := &o.columns[i]
	if out.whole == nil {
		kept := *c
		out.parts[p] = &kept
		return nil
	}
	if hi > lo {
		// A kernel that gave the column a memory of its own is copied from there.
		switch c.Type.Kind {
		case selfsame.Bool:
			copyUnlessSame(out.whole.Bools[lo:hi], c.Bools)
		case selfsame.Float64:
			copyUnlessSame(out.whole.Floats[lo:hi], c.Floats)
		case selfsame.Decimal:
			copyUnlessSame(out.whole.Decimals[lo:hi], c.Decimals)
		default:
			copyUnlessSame(out.whole.Ints[lo:hi], c.Ints)
		}
	}
	if c.Status != nil {
		out.once.Do(func() { out.status = o.statuses() })
		copy(out.status[lo:hi], c.Status)
	}
	return nil
}

// statuses returns the statuses of a column. The mapping has room for every column's; partitions ask for it side by side.
func (o *output) statuses() []selfsame.Status {
	o.taking.Lock()
	defer o.taking.Unlock()
	return taken[selfsame.Status](o.mapped, len(o.place))
}

func copyUnlessSame[T any](dst, src []T) {
	if &dst[0] != &src[0] {
		copy(dst, src)
	}
}

// end returns the result, or the first error and nothing.
func (o *output) end(errs []error) (r *Result, err error) {
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	if err == nil {
		r, err = o.result()
	}
	if err == nil && o.mapped == nil {
		o.bringInOrder(r)
	}
	switch {
	case o.mapped == nil:
	case err != nil:
		o.mapped.unmap()
	default:
		runtime.AddCleanup(r, (*mapping).unmap, o.mapped)
	}
	return r, err
}

// result joins what the partitions gave.
func (o *output) result() (*Result, error) {
	r := &Result{Place: o.place, Rows: int64(len(o.place)), mapped: o.mapped}
	for i := range o.columns {
		c := &o.columns[i]
		whole := c.whole
		if whole == nil {
			var err error
			if whole, err = o.join(i); err != nil {
				return nil, err
			}
		} else {
			whole.Status = c.status
		}
		r.Columns = append(r.Columns, whole)
	}
	if !o.s.spec.Detail {
		return r, nil
	}
	if o.s.spec.AsOf {
		r.Newest, r.NewestArrival = o.newest, o.arrival
		return r, nil
	}
	for _, p := range o.s.spec.cells {
		r.Newest = append(r.Newest, o.newest[p.trace])
		r.NewestArrival = append(r.NewestArrival, o.arrival[p.trace])
	}
	return r, nil
}

// join appends the columns of the partitions. Offsets are 32 bits wide: more bytes or elements than that are an error.
func (o *output) join(i int) (*column.Column, error) {
	parts := o.columns[i].parts
	var length, elems, size int
	for _, c := range parts {
		length += c.Len()
		size += len(c.Bytes)
		if c.Elems != nil {
			elems += c.Elems.Len()
			size += len(c.Elems.Bytes)
		}
	}
	if size > math.MaxUint32 || elems > math.MaxUint32 {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: o.s.spec.Name, Message: fmt.Sprintf("output %d holds %d bytes and %d elements, %d are the most in one run", i, size, elems, math.MaxUint32),
			Hint: "train on fewer rows at a time"}
	}
	whole := column.New(o.columnType(i), length)
	for p, c := range parts {
		whole.AppendRange(c, 0, c.Len())
		parts[p] = nil
	}
	return whole, nil
}
