// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package column holds the only bulk shape of Selfsame: typed columns with a status beside each value, and batches of
// them. Conversions to and from Arrow are at the edges, in the adapters.
//
// A column is a plain struct of slices so that kernels can loop over them; whoever holds a column may read it, one
// owner at a time may change it. Slices that a column returns are valid until its owner changes or resets it.
package column

import (
	"fmt"
	"math"
	"slices"

	"selfsame"
)

// Column is a run of values of one type. Exactly one group of slices is in use, by Type.Kind:
//
//	bool                       Bools
//	int64, timestamp, date     Ints       (microseconds; days)
//	float64                    Floats
//	decimal                    Decimals   (unscaled)
//	string, bytes              Offsets, Bytes: value i is Bytes[Offsets[i]:Offsets[i+1]]
//	list                       Offsets, Elems: value i is Elems[Offsets[i]:Offsets[i+1]]
//	map                        Offsets, Keys, Elems, keys in byte order
//
// Offsets has one entry more than the column has values and starts with 0. Where a value's status is not Present its
// slot is undefined and nobody may read it.
type Column struct {
	Type     selfsame.Type
	Status   []selfsame.Status // one a value; nil: all present
	Bools    []bool
	Ints     []int64
	Floats   []float64
	Decimals []selfsame.Int128
	Offsets  []uint32
	Bytes    []byte
	Keys     *Column
	Elems    *Column

	spare []selfsame.Status // memory that Recycle kept
}

// New returns an empty column with room for n values.
func New(t selfsame.Type, n int) *Column {
	c := &Column{Type: t}
	switch t.Kind {
	case selfsame.Bool:
		c.Bools = make([]bool, 0, n)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = make([]int64, 0, n)
	case selfsame.Float64:
		c.Floats = make([]float64, 0, n)
	case selfsame.Decimal:
		c.Decimals = make([]selfsame.Int128, 0, n)
	case selfsame.String, selfsame.Bytes:
		c.Offsets = append(make([]uint32, 0, n+1), 0)
	case selfsame.List:
		c.Offsets = append(make([]uint32, 0, n+1), 0)
		c.Elems = New(*t.Elem, n)
	case selfsame.Map:
		c.Offsets = append(make([]uint32, 0, n+1), 0)
		c.Keys = New(selfsame.Scalar(selfsame.String), n)
		c.Elems = New(*t.Elem, n)
	}
	return c
}

// Make returns a column of n zero values with status Present, for kernels that write by index. Only kinds of fixed
// width can be made so.
func Make(t selfsame.Type, n int) *Column {
	c := New(t, n)
	c.Resize(n)
	return c
}

// Resize sets the length of a column of a fixed-width kind to n, keeping its memory where it is enough, and drops the
// statuses. The contents are undefined: the caller writes every slot.
func (c *Column) Resize(n int) {
	c.Status = nil
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = grow(c.Bools, n)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = grow(c.Ints, n)
	case selfsame.Float64:
		c.Floats = grow(c.Floats, n)
	case selfsame.Decimal:
		c.Decimals = grow(c.Decimals, n)
	default:
		panic("column: Resize of " + c.Type.String())
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// Reset empties a column and keeps its memory.
func (c *Column) Reset() {
	c.Status = nil
	c.Bools, c.Ints, c.Floats, c.Decimals, c.Bytes = c.Bools[:0], c.Ints[:0], c.Floats[:0], c.Decimals[:0], c.Bytes[:0]
	if c.Offsets != nil {
		c.Offsets = append(c.Offsets[:0], 0)
	}
	if c.Keys != nil {
		c.Keys.Reset()
	}
	if c.Elems != nil {
		c.Elems.Reset()
	}
}

// Len returns the number of values.
func (c *Column) Len() int {
	switch c.Type.Kind {
	case selfsame.Bool:
		return len(c.Bools)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return len(c.Ints)
	case selfsame.Float64:
		return len(c.Floats)
	case selfsame.Decimal:
		return len(c.Decimals)
	case selfsame.Unknown:
		return len(c.Status)
	}
	return len(c.Offsets) - 1
}

// StatusAt returns the status of value i.
func (c *Column) StatusAt(i int) selfsame.Status {
	if c.Status == nil {
		return selfsame.Present
	}
	return c.Status[i]
}

// SetStatus sets the status of value i, making room for statuses at the first that is not Present.
func (c *Column) SetStatus(i int, s selfsame.Status) {
	if c.Status == nil {
		if s == selfsame.Present {
			return
		}
		c.Status = c.statuses(c.Len())
	}
	c.Status[i] = s
}

func (c *Column) capacity() int {
	return max(cap(c.Bools), cap(c.Ints), cap(c.Floats), cap(c.Decimals), cap(c.Offsets)-1)
}

// Str returns the bytes of value i of a string or bytes column. The slice belongs to the column.
func (c *Column) Str(i int) []byte { return c.Bytes[c.Offsets[i]:c.Offsets[i+1]] }

// Value returns value i in the slow shape. Its strings are copies.
func (c *Column) Value(i int) selfsame.Value {
	v := selfsame.Value{Type: c.Type, Status: c.StatusAt(i)}
	if v.Status != selfsame.Present {
		return v
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		if c.Bools[i] {
			v.Int = 1
		}
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		v.Int = c.Ints[i]
	case selfsame.Float64:
		v.Float = c.Floats[i]
	case selfsame.Decimal:
		v.Dec = c.Decimals[i]
	case selfsame.String, selfsame.Bytes:
		v.Str = string(c.Str(i))
	case selfsame.List, selfsame.Map:
		v.Elems = []selfsame.Value{}
		for j := int(c.Offsets[i]); j < int(c.Offsets[i+1]); j++ {
			v.Elems = append(v.Elems, c.Elems.Value(j))
			if c.Keys != nil {
				v.Keys = append(v.Keys, string(c.Keys.Str(j)))
			}
		}
	}
	return v
}

// AppendStatus appends a slot without a value.
func (c *Column) AppendStatus(s selfsame.Status) {
	c.appendZero()
	if s != selfsame.Present || c.Status != nil {
		c.pushStatus(s)
	}
}

// pushStatus records the status of the value appended last.
func (c *Column) pushStatus(s selfsame.Status) {
	if c.Type.Kind == selfsame.Unknown {
		return // its length is the number of its statuses; appendZero pushed one
	}
	n := c.Len()
	if c.Status == nil {
		if s == selfsame.Present {
			return
		}
		c.Status = c.statuses(n)
	} else if len(c.Status) < n {
		c.Status = append(c.Status, make([]selfsame.Status, n-len(c.Status))...)
	}
	c.Status[n-1] = s
}

func (c *Column) appendZero() {
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = append(c.Bools, false)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = append(c.Ints, 0)
	case selfsame.Float64:
		c.Floats = append(c.Floats, 0)
	case selfsame.Decimal:
		c.Decimals = append(c.Decimals, selfsame.Int128{})
	case selfsame.Unknown:
		c.Status = append(c.Status, selfsame.Null)
	default:
		c.Offsets = append(c.Offsets, c.Offsets[len(c.Offsets)-1])
	}
}

// AppendBytes appends a present value to a string or bytes column.
func (c *Column) AppendBytes(b []byte) {
	c.Bytes = append(c.Bytes, b...)
	c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
}

// Append appends v, whose type must be the column's.
func (c *Column) Append(v selfsame.Value) {
	if v.Status != selfsame.Present {
		c.AppendStatus(v.Status)
		return
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = append(c.Bools, v.Int != 0)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = append(c.Ints, v.Int)
	case selfsame.Float64:
		c.Floats = append(c.Floats, v.Float)
	case selfsame.Decimal:
		c.Decimals = append(c.Decimals, v.Dec)
	case selfsame.String, selfsame.Bytes:
		c.Bytes = append(c.Bytes, v.Str...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	case selfsame.List, selfsame.Map:
		for i, e := range v.Elems {
			c.Elems.Append(e)
			if c.Keys != nil {
				c.Keys.Append(selfsame.Value{Type: c.Keys.Type, Str: v.Keys[i]})
			}
		}
		c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	default:
		panic("column: Append of a present value to a column of " + c.Type.String())
	}
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
}

// AppendFrom appends value i of src, a column of the same type.
func (c *Column) AppendFrom(src *Column, i int) {
	if s := src.StatusAt(i); s != selfsame.Present {
		c.AppendStatus(s)
		return
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = append(c.Bools, src.Bools[i])
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = append(c.Ints, src.Ints[i])
	case selfsame.Float64:
		c.Floats = append(c.Floats, src.Floats[i])
	case selfsame.Decimal:
		c.Decimals = append(c.Decimals, src.Decimals[i])
	case selfsame.String, selfsame.Bytes:
		c.Bytes = append(c.Bytes, src.Str(i)...)
		c.Offsets = append(c.Offsets, uint32(len(c.Bytes)))
	default:
		for j := int(src.Offsets[i]); j < int(src.Offsets[i+1]); j++ {
			c.Elems.AppendFrom(src.Elems, j)
			if c.Keys != nil {
				c.Keys.AppendFrom(src.Keys, j)
			}
		}
		c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	}
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
}

// Gather replaces c by the values of src at the places of idx, in that order. c and src have one type and share no memory.
func (c *Column) Gather(src *Column, idx []uint32) {
	c.Reset()
	c.AppendGather(src, idx)
}

// AppendGather appends the values of src at the places of idx, in that order. c and src have one type and share no memory.
func (c *Column) AppendGather(src *Column, idx []uint32) {
	before := c.Len()
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = gather(c.Bools, src.Bools, idx)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = gather(c.Ints, src.Ints, idx)
	case selfsame.Float64:
		c.Floats = gather(c.Floats, src.Floats, idx)
	case selfsame.Decimal:
		c.Decimals = gather(c.Decimals, src.Decimals, idx)
	default:
		for _, i := range idx {
			c.AppendFrom(src, int(i))
		}
		return
	}
	if src.Status == nil && c.Status == nil {
		return
	}
	if c.Status == nil {
		c.Status = make([]selfsame.Status, before, c.capacity())
	}
	if src.Status == nil {
		c.Status = append(c.Status, make([]selfsame.Status, len(idx))...)
		return
	}
	c.Status = gather(c.Status, src.Status, idx)
}

func gather[T any](dst, src []T, idx []uint32) []T {
	n := len(dst)
	dst = slices.Grow(dst, len(idx))[:n+len(idx)]
	out := dst[n:]
	for i, j := range idx {
		out[i] = src[j]
	}
	return dst
}

// AppendRange appends values [lo, hi) of src, a column of the same type.
func (c *Column) AppendRange(src *Column, lo, hi int) {
	if lo == hi {
		return
	}
	before := c.Len()
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = append(c.Bools, src.Bools[lo:hi]...)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = append(c.Ints, src.Ints[lo:hi]...)
	case selfsame.Float64:
		c.Floats = append(c.Floats, src.Floats[lo:hi]...)
	case selfsame.Decimal:
		c.Decimals = append(c.Decimals, src.Decimals[lo:hi]...)
	case selfsame.String, selfsame.Bytes:
		base := uint32(len(c.Bytes)) - src.Offsets[lo]
		c.Bytes = append(c.Bytes, src.Bytes[src.Offsets[lo]:src.Offsets[hi]]...)
		for _, o := range src.Offsets[lo+1 : hi+1] {
			c.Offsets = append(c.Offsets, base+o)
		}
	case selfsame.List, selfsame.Map:
		base := uint32(c.Elems.Len()) - src.Offsets[lo]
		c.Elems.AppendRange(src.Elems, int(src.Offsets[lo]), int(src.Offsets[hi]))
		if c.Keys != nil {
			c.Keys.AppendRange(src.Keys, int(src.Offsets[lo]), int(src.Offsets[hi]))
		}
		for _, o := range src.Offsets[lo+1 : hi+1] {
			c.Offsets = append(c.Offsets, base+o)
		}
	case selfsame.Unknown:
		c.Status = append(c.Status, src.Status[lo:hi]...)
		return
	}
	if src.Status == nil && c.Status == nil {
		return
	}
	if c.Status == nil {
		c.Status = make([]selfsame.Status, before, before+hi-lo)
	}
	if src.Status == nil {
		c.Status = append(c.Status, make([]selfsame.Status, hi-lo)...)
		return
	}
	c.Status = append(c.Status, src.Status[lo:hi]...)
}

// Batch is a run of rows: columns of equal length, named by their fields.
type Batch struct {
	Fields  []selfsame.Field
	Columns []*Column
	Rows    int
}

// NewBatch returns an empty batch with room for n rows.
func NewBatch(fields []selfsame.Field, n int) *Batch {
	b := &Batch{Fields: fields, Columns: make([]*Column, len(fields))}
	for i, f := range fields {
		b.Columns[i] = New(f.Type, n)
	}
	return b
}

// Reset empties a batch and keeps its memory.
func (b *Batch) Reset() {
	for _, c := range b.Columns {
		c.Reset()
	}
	b.Rows = 0
}

// Column returns the column of that name, or nil.
func (b *Batch) Column(name string) *Column {
	if i := b.Index(name); i >= 0 {
		return b.Columns[i]
	}
	return nil
}

// Index returns the place of the column of that name, or -1.
func (b *Batch) Index(name string) int {
	for i, f := range b.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// MostBytes is how many bytes of strings, and how many elements of lists, a column holds at most: its offsets have 32 bits.
const MostBytes = math.MaxUint32

// HasRoom reports whether every value of src, a column of the same type, can be appended within MostBytes. Whoever gathers columns asks first.
func (c *Column) HasRoom(src *Column) bool { return c.within(src, MostBytes) }

func (c *Column) within(src *Column, most uint64) bool {
	if uint64(len(c.Bytes))+uint64(len(src.Bytes)) > most {
		return false
	}
	if c.Elems == nil {
		return true
	}
	if uint64(c.Elems.Len())+uint64(src.Elems.Len()) > most || c.Keys != nil && !c.Keys.within(src.Keys, most) {
		return false
	}
	return c.Elems.within(src.Elems, most)
}

// Append appends every row of src, a batch with the same fields.
func (b *Batch) Append(src *Batch) {
	for i, c := range b.Columns {
		c.AppendRange(src.Columns[i], 0, src.Rows)
	}
	b.Rows += src.Rows
}

// Check returns an error that names the first column whose length is not the batch's.
func (b *Batch) Check() error {
	for i, c := range b.Columns {
		if c.Len() != b.Rows || (c.Status != nil && len(c.Status) != b.Rows) {
			return fmt.Errorf("column %s has %d values and %d statuses in a batch of %d rows", b.Fields[i].Name, c.Len(), len(c.Status), b.Rows)
		}
	}
	return nil
}

// Size returns the bytes of memory that the column holds, about.
func (c *Column) Size() int64 {
	n := int64(cap(c.Status)) + int64(cap(c.Bools)) + int64(cap(c.Ints)+cap(c.Floats))*8 + int64(cap(c.Decimals))*16 +
		int64(cap(c.Offsets))*4 + int64(cap(c.Bytes))
	if c.Keys != nil {
		n += c.Keys.Size()
	}
	if c.Elems != nil {
		n += c.Elems.Size()
	}
	return n
}
