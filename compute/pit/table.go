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
//
// Rows stand in segments, which need not be zero at first: what is put writes every word that is read.
type table struct {
	width    int
	segments [][]uint64 // of segmentRows rows, the last of fewer; nil: its rows are not swept yet
	fields   []field    // one an output column
	newest   []int      // trace -> word
	arrival  []int      // trace -> word, that of newest where α = τ
	status   int        // the first word of statuses
	statuses int        // how many words of them
}

// segmentRows is how many rows a segment has.
const segmentRows = 1 << 9

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
	t.statuses = (len(types) + 7) / 8
	t.status = take(t.statuses)
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
	for lo, hi := 0, 0; lo < n; lo = hi {
		first := (at + lo) % segmentRows
		hi = min(n, lo+blockRows, lo+segmentRows-first)
		rows := t.segments[(at+lo)/segmentRows][first*t.width : (first+hi-lo)*t.width]
		for i := t.status; i < len(rows); i += t.width {
			clear(rows[i : i+t.statuses])
		}
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
			at[k*t.width] = 0
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
	v.rows = resize(v.rows, blockRows)
}

// row returns the words of row n.
func (t *table) row(n int) []uint64 {
	at := n % segmentRows * t.width
	return t.segments[n/segmentRows][at : at+t.width]
}

// extend makes segments for so many rows.
func (t *table) extend(rows int) {
	for len(t.segments)*segmentRows < rows {
		t.segments = append(t.segments, make([]uint64, segmentRows*t.width))
	}
}

// read writes the rows at places into v, which has room for them. m is the mapping that holds the table, nil: none.
func (t *table) read(v *Values, place []uint32, m *mapping) {
	for lo := 0; lo < len(place); lo += blockRows {
		hi := min(len(place), lo+blockRows)
		rows := v.rows[:hi-lo]
		if m != nil {
			t.fetch(v, rows, place[lo:hi], m)
		} else {
			for i, p := range place[lo:hi] {
				rows[i] = t.row(int(p))
			}
		}
		for i, c := range v.Columns {
			t.readColumn(rows, i, c, lo, hi)
		}
		for k, series := range v.series {
			readInts(series[lo:hi], rows, t.series(k))
		}
	}
}

// fetch reads the rows at places of a mapped table.
func (t *table) fetch(v *Values, rows [][]uint64, place []uint32, m *mapping) {
	v.block = resize(v.block, len(rows)*t.width)
	for i, p := range place {
		rows[i] = v.block[i*t.width : (i+1)*t.width]
		if !m.read(rows[i], int(p)*t.width) {
			copy(rows[i], t.row(int(p)))
		}
	}
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

// readInts reads one word of rows. They are far apart: that none waits for another hides the way there.
func readInts(values []int64, rows [][]uint64, word int) {
	values = values[:len(rows)]
	for i, row := range rows {
		values[i] = int64(row[word])
	}
}

// readColumn writes values [lo, hi) of column i.
func (t *table) readColumn(rows [][]uint64, i int, c *column.Column, lo, hi int) {
	f := &t.fields[i]
	if f.word < 0 {
		return
	}
	switch f.kind {
	case selfsame.Bool:
		for k, row := range rows {
			c.Bools[lo+k] = row[f.word] != 0
		}
	case selfsame.Float64:
		floats := c.Floats[lo:hi][:len(rows)]
		for k, row := range rows {
			floats[k] = math.Float64frombits(row[f.word])
		}
	case selfsame.Decimal:
		for k, row := range rows {
			c.Decimals[lo+k] = selfsame.Int128{Hi: int64(row[f.word]), Lo: row[f.word+1]}
		}
	default:
		readInts(c.Ints[lo:hi], rows, f.word)
	}
	if c.Status == nil {
		return
	}
	status, word, shift := c.Status[lo:hi][:len(rows)], t.status+i/8, i%8*8
	for k, row := range rows {
		status[k] = selfsame.Status(row[word] >> shift)
	}
}
