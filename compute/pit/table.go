// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math"
	"sync/atomic"

	"selfsame"
	"selfsame/column"
)

// table holds what a result has of fixed width, row after row in sweep order:
//
//	[value] … [τ of the newest event] … [its α] … [eight statuses] …    in words of 64 bits; a decimal takes two
//
// Rows are read in another order than they are swept. What stands together is read together: a row costs a few lines of memory where columns
// would cost one a value. Several goroutines may fill rows that are not the same, and, once all are there, read.
type table struct {
	width   int
	words   []uint64
	fields  []field // one an output column
	newest  []int   // trace -> word
	arrival []int   // trace -> word, that of newest where α = τ
	status  int     // the first word of statuses
}

// field is where a row holds the value of a column.
type field struct {
	kind selfsame.Kind
	word int         // -1: the column is of variable width and not in the table
	some atomic.Bool // some row has a status other than Present
}

// layout returns a table without rows. arrivals says that α is not τ for every event.
func layout(types []selfsame.Type, traces int, arrivals bool) *table {
	t := &table{fields: make([]field, len(types))}
	take := func(n int) int {
		t.width += n
		return t.width - n
	}
	for i, typ := range types {
		f := &t.fields[i]
		switch f.kind = typ.Kind; {
		case !fixed(typ.Kind):
			f.word = -1
		case typ.Kind == selfsame.Decimal:
			f.word = take(2)
		default:
			f.word = take(1)
		}
	}
	for range traces {
		t.newest = append(t.newest, take(1))
	}
	t.arrival = t.newest
	if arrivals {
		t.arrival = nil
		for range traces {
			t.arrival = append(t.arrival, take(1))
		}
	}
	t.status = take((len(types) + 7) / 8)
	t.width = (t.width + 3) / 4 * 4 // a row begins where a line of memory does, or half of one
	return t
}

// blockRows is how many rows are moved in one go: they fit into the first cache.
const blockRows = 64

// put writes n rows from number `at` on.
func (t *table) put(at, n int, cols []*column.Column, newest, arrival [][]int64) error {
	for i, c := range cols {
		if c.Len() != n || (c.Status != nil && len(c.Status) != n) {
			return fault("", fmt.Sprintf("a kernel gave %d values and %d statuses of output %d for %d rows", c.Len(), len(c.Status), i, n))
		}
	}
	for lo := 0; lo < n; lo += blockRows {
		hi := min(n, lo+blockRows)
		rows := t.words[(at+lo)*t.width : (at+hi)*t.width]
		for i, c := range cols {
			t.putColumn(rows, i, c, lo, hi)
		}
		for k, w := range t.newest {
			t.putInts(rows[w:], newest[k][lo:hi])
			if a := t.arrival[k]; a != w {
				t.putInts(rows[a:], arrival[k][lo:hi])
			}
		}
	}
	return nil
}

func (t *table) putInts(rows []uint64, values []int64) {
	for i, v := range values {
		rows[i*t.width] = uint64(v)
	}
}

// putColumn writes values [lo, hi) of column i.
func (t *table) putColumn(rows []uint64, i int, c *column.Column, lo, hi int) {
	f := &t.fields[i]
	if f.word < 0 {
		return
	}
	at := rows[f.word:]
	switch f.kind {
	case selfsame.Bool:
		for k, v := range c.Bools[lo:hi] {
			if v {
				at[k*t.width] = 1
			}
		}
	case selfsame.Float64:
		for k, v := range c.Floats[lo:hi] {
			at[k*t.width] = math.Float64bits(v)
		}
	case selfsame.Decimal:
		for k, v := range c.Decimals[lo:hi] {
			at[k*t.width], at[k*t.width+1] = uint64(v.Hi), v.Lo
		}
	default:
		t.putInts(at, c.Ints[lo:hi])
	}
	if c.Status == nil {
		return
	}
	f.some.Store(true)
	at = rows[t.status+i/8:]
	for k, s := range c.Status[lo:hi] {
		at[k*t.width] |= uint64(s) << (i % 8 * 8)
	}
}

// open makes room for n rows in v.
func (t *table) open(v *Values, n int) {
	for i := range t.fields {
		if f := &t.fields[i]; f.word >= 0 {
			v.Columns[i].Resize(n)
			if f.some.Load() {
				v.status[i] = resize(v.status[i], n)
				v.Columns[i].Status = v.status[i]
			}
		}
	}
	for k := range v.series {
		v.series[k] = resize(v.series[k], n)
	}
	v.at = resize(v.at, blockRows)
}

// read writes the rows at places into v, which has room for them. m is the mapping that holds the table's words, nil: none.
func (t *table) read(v *Values, place []uint32, m *mapping) {
	for lo := 0; lo < len(place); lo += blockRows {
		hi := min(len(place), lo+blockRows)
		at := v.at[:hi-lo]
		for i, p := range place[lo:hi] {
			at[i] = int(p) * t.width
		}
		t := t
		if m != nil {
			t = t.fetched(v, at, m)
		}
		for i, c := range v.Columns {
			t.readColumn(at, i, c, lo, hi)
		}
		for k, series := range v.series {
			t.readInts(series[lo:hi], at, t.series(k))
		}
	}
}

// fetched returns a table of the rows that begin at the given words of a mapped one, and sets these to where they begin there.
func (t *table) fetched(v *Values, at []int, m *mapping) *table {
	v.block = resize(v.block, len(at)*t.width)
	for i, row := range at {
		if !m.read(v.block[i*t.width:(i+1)*t.width], row) {
			copy(v.block[i*t.width:], t.words[row:row+t.width])
		}
		at[i] = i * t.width
	}
	few := *t
	few.words = v.block
	return &few
}

// series returns the word of series number k: the traces' τ, then their α where that is another.
func (t *table) series(k int) int {
	if k < len(t.newest) {
		return t.newest[k]
	}
	return t.arrival[k-len(t.newest)]
}

// kinds is how many series the rows hold.
func (t *table) kinds() int {
	if n := len(t.newest); n > 0 && t.arrival[0] != t.newest[0] {
		return 2 * n
	}
	return len(t.newest)
}

// readInts reads one word of the rows that begin at the given words. The rows are far apart: that none waits for another hides the way there.
func (t *table) readInts(values []int64, at []int, word int) {
	values = values[:len(at)]
	for i, row := range at {
		values[i] = int64(t.words[row+word])
	}
}

// readColumn writes values [lo, hi) of column i.
func (t *table) readColumn(at []int, i int, c *column.Column, lo, hi int) {
	f := &t.fields[i]
	if f.word < 0 {
		return
	}
	switch f.kind {
	case selfsame.Bool:
		for k, row := range at {
			c.Bools[lo+k] = t.words[row+f.word] != 0
		}
	case selfsame.Float64:
		floats := c.Floats[lo:hi][:len(at)]
		for k, row := range at {
			floats[k] = math.Float64frombits(t.words[row+f.word])
		}
	case selfsame.Decimal:
		for k, row := range at {
			c.Decimals[lo+k] = selfsame.Int128{Hi: int64(t.words[row+f.word]), Lo: t.words[row+f.word+1]}
		}
	default:
		t.readInts(c.Ints[lo:hi], at, f.word)
	}
	if c.Status == nil {
		return
	}
	status, word, shift := c.Status[lo:hi][:len(at)], t.status+i/8, i%8*8
	for k, row := range at {
		status[k] = selfsame.Status(t.words[row+word] >> shift)
	}
}
