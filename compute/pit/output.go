// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"selfsame"
	"selfsame/column"
)

// output is the result while workers fill it. Every partition owns a range of sweep positions, known before the sweep; the last
// partition is the rows without an entity. Values of fixed width go to a table, of which partitions fill their ranges in place; columns of
// variable width are kept a column a partition and joined at the end.
type output struct {
	s        *Sweep
	rowStart []int // partition p is positions [rowStart[p], rowStart[p+1])
	rows     sortedRows
	place    []uint32
	types    []selfsame.Type
	table    *table
	apart    [][]*column.Column // output column -> its parts, by partition; nil: in the table
	traces   []int              // trace of the spec -> that of the table
	kept     []int              // trace of the table -> that of the spec
	mapped   *mapping           // nil: the result is on the heap
	supply   *supply            // of the heap; nil: the table is mapped
}

// sortedRows are the rows that ask, sorted by partition, stable.
type sortedRows struct {
	ent []uint32 // local ids
	row []uint32
}

func newOutput(s *Sweep) (*output, error) {
	o := &output{s: s}
	o.sortRows()
	n := len(s.rows.Entity)
	o.place = make([]uint32, n)
	for _, c := range s.spec.Cells {
		o.types = append(o.types, c.Call.Result)
	}
	if s.spec.AsOf {
		o.types = s.spec.Columns
	}
	o.findTraces()
	o.table = layout(o.types, len(o.kept), s.known)
	o.apart = make([][]*column.Column, len(o.types))
	for i, t := range o.types {
		if !fixed(t.Kind) {
			o.apart[i] = make([]*column.Column, s.partitions()+1)
		}
	}
	if size := o.tableSize(); s.opt.Memory > 0 && size > s.opt.Memory/4 {
		var err error
		if o.mapped, err = s.mapResult(size); err != nil {
			return nil, err
		}
	}
	if o.mapped == nil {
		o.supply = newSupply(s, o.table, n)
		return o, nil
	}
	all := taken[uint64](o.mapped, n*o.table.width)
	for rows := range slices.Chunk(all, max(1, segmentRows*o.table.width)) {
		o.table.segments = append(o.table.segments, rows)
	}
	return o, nil
}

// findTraces finds out which traces are the same for these events: those of one window and filter, where no argument has a null or an error.
func (o *output) findTraces() {
	spec := o.s.spec
	if !spec.Detail {
		return
	}
	if spec.AsOf {
		o.traces, o.kept = []int{0}, []int{0}
		return
	}
	whole := func(args []int) bool {
		return !slices.ContainsFunc(o.s.parts, func(p *part) bool {
			return slices.ContainsFunc(args, func(a int) bool { return p.hasStatus(a) })
		})
	}
	for i, t := range spec.traces {
		g := &spec.groups[t.group]
		same := slices.IndexFunc(o.kept, func(k int) bool {
			x := spec.traces[k]
			return x.window == t.window && spec.groups[x.group].filter == g.filter && whole(g.args) && whole(spec.groups[x.group].args)
		})
		if same < 0 {
			same = len(o.kept)
			o.kept = append(o.kept, i)
		}
		o.traces = append(o.traces, same)
	}
}

// tableSize is the bytes of the table, and of what aligns it.
func (o *output) tableSize() int64 { return int64(len(o.place))*int64(8*o.table.width) + slots64 }

// bytes returns what the result holds, without the values of variable width.
func (o *output) bytes() int64 {
	n := int64(len(o.place)) * int64(4+8)
	if o.mapped == nil {
		n += o.tableSize()
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
	o.rows = sortedRows{ent: make([]uint32, m), row: make([]uint32, m)}
	for r, e := range rows.Entity {
		p := partition(e)
		d := next[p]
		next[p]++
		o.rows.ent[d], o.rows.row[d] = e>>s.shift, uint32(r)
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
	r := &Result{Rows: int64(len(o.place)), types: o.types, place: o.place, table: o.table, apart: make([]*column.Column, len(o.types)), mapped: o.mapped}
	for i := range o.apart {
		if o.apart[i] == nil {
			continue
		}
		var err error
		if r.apart[i], err = o.join(i); err != nil {
			return nil, err
		}
	}
	if !o.s.spec.Detail {
		return r, nil
	}
	if o.s.spec.AsOf {
		r.trace = []int{0}
		return r, nil
	}
	for _, p := range o.s.spec.cells {
		r.trace = append(r.trace, o.traces[p.trace])
	}
	return r, nil
}

// join appends the columns of the partitions. Offsets are 32 bits wide: more bytes or elements than that are an error.
func (o *output) join(i int) (*column.Column, error) {
	parts := o.apart[i]
	var length, elems, size int
	for _, c := range parts {
		if c == nil {
			continue
		}
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
	whole := column.New(o.types[i], length)
	for p, c := range parts {
		if c != nil {
			whole.AppendRange(c, 0, c.Len())
			parts[p] = nil
		}
	}
	return whole, nil
}
