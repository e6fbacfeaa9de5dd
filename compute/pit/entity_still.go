// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math"

	"selfsame"
	"selfsame/column"
)

// still is the values of one event of an as-of view side by side. An entity's columns lie all over the memory, and question after question
// wants the same newest event: from here it costs a few cache lines instead of one or two a column.
type still struct {
	place  int32             // of the event + 1; 0: none
	words  []uint64          // per column: the value, where it fits
	status []selfsame.Status // per column; nil: all present
}

// fitsWord reports whether a value of a kind is kept as a word.
func fitsWord(k selfsame.Kind) bool {
	switch k {
	case selfsame.Float64, selfsame.Int64, selfsame.Timestamp, selfsame.Date, selfsame.Bool:
		return true
	}
	return false
}

// hold makes s the values of the event at a place.
func (s *still) hold(place int32, columns []*column.Column) {
	s.place, s.status = place+1, nil
	s.words = resize(s.words, len(columns))
	for c, col := range columns {
		if st := col.StatusAt(int(place)); st != selfsame.Present {
			if s.status == nil {
				s.status = make([]selfsame.Status, len(columns))
			}
			s.status[c] = st
		}
		switch col.Type.Kind {
		case selfsame.Float64:
			s.words[c] = math.Float64bits(col.Floats[place])
		case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
			s.words[c] = uint64(col.Ints[place])
		case selfsame.Bool:
			s.words[c] = 0
			if col.Bools[place] {
				s.words[c] = 1
			}
		}
	}
}

// append appends the value of column c, of a kind that fits a word.
func (s *still) append(out *column.Column, c int) {
	w := s.words[c]
	switch out.Type.Kind {
	case selfsame.Float64:
		out.Floats = append(out.Floats, math.Float64frombits(w))
	case selfsame.Bool:
		out.Bools = append(out.Bools, w != 0)
	default:
		out.Ints = append(out.Ints, int64(w))
	}
	if out.Status == nil && s.status == nil {
		return
	}
	st := selfsame.Present
	if s.status != nil {
		st = s.status[c]
	}
	if out.Status != nil {
		out.Status = append(out.Status, st)
	} else {
		out.SetStatus(out.Len()-1, st)
	}
}

// latestStill answers a question of one row, whose event is picked.
func (b *book) latestStill(q *question, place int32) {
	if b.still.place != place+1 {
		b.still.hold(place, b.line.cols)
	}
	for i, c := range q.sel.cells {
		if out := q.out[i]; fitsWord(out.Type.Kind) {
			b.still.append(out, c)
		} else {
			b.gather(out, b.line.cols[c])
		}
	}
}
