// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"selfsame"
	"selfsame/column"
)

// levels are the definition and repetition levels of a run of rows of one leaf, and the places of its values that are there.
type levels struct {
	def, rep []uint8
	places   []uint32
	rows     int
}

// flat fills the levels of rows [lo, hi) of a column that is not nested. It reports whether every value is there; then
// places is left empty.
func (l *levels) flat(c *column.Column, lo, hi int) bool {
	l.room(hi - lo)
	if c.Status == nil {
		for i := range l.def {
			l.def[i] = 1
		}
		return true
	}
	if cap(l.places) < hi-lo {
		l.places = make([]uint32, hi-lo)
	}
	places, n := l.places[:hi-lo], 0
	for i, s := range c.Status[lo:hi] {
		d := uint8(0)
		if s == selfsame.Present {
			d = 1
		}
		l.def[i] = d
		places[n] = uint32(lo + i) // overwritten where the value is not there
		n += int(d)
	}
	l.places = places[:n]
	if n == hi-lo {
		l.places = l.places[:0]
		return true
	}
	return false
}

// none fills the levels of a column of nulls.
func (l *levels) none(rows int) {
	l.room(rows)
	clear(l.def)
}

func (l *levels) room(rows int) {
	l.rep, l.places, l.rows = nil, l.places[:0], rows
	if cap(l.def) < rows {
		l.def = make([]uint8, rows)
	}
	l.def = l.def[:rows]
}

// nested fills the levels of rows [lo, hi) of a list or map along steps, and returns the leaf's column.
func (l *levels) nested(c *column.Column, lo, hi int, steps []bool) *column.Column {
	l.def, l.rep, l.places, l.rows = l.def[:0], l.rep[:0], l.places[:0], hi-lo
	for i := lo; i < hi; i++ {
		l.value(c, i, steps, 0, 0, 0)
	}
	for _, key := range steps {
		c = below(c, key)
	}
	return c
}

// below goes one step down.
func below(c *column.Column, key bool) *column.Column {
	if key {
		return c.Keys
	}
	return c.Elems
}

// value emits value i of c, depth lists deep: def counts the levels defined above it, rep is the level at which it repeats.
func (l *levels) value(c *column.Column, i int, steps []bool, def, rep, depth uint8) {
	if c.StatusAt(i) != selfsame.Present {
		l.emit(def, rep)
		return
	}
	def++ // an optional value that is there
	if len(steps) == 0 {
		l.emit(def, rep)
		l.places = append(l.places, uint32(i))
		return
	}
	lo, hi := int(c.Offsets[i]), int(c.Offsets[i+1])
	if lo == hi {
		l.emit(def, rep)
		return
	}
	child := below(c, steps[0])
	for j := lo; j < hi; j++ {
		if steps[0] { // keys are required: being there adds no level
			l.emit(def+1, rep)
			l.places = append(l.places, uint32(j))
		} else {
			l.value(child, j, steps[1:], def+1, rep, depth+1)
		}
		rep = depth + 1
	}
}

func (l *levels) emit(def, rep uint8) {
	l.def = append(l.def, def)
	l.rep = append(l.rep, rep)
}
