// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"selfsame"
	"selfsame/column"
)

// Layout is the shape of the rows of one state. docs/format/online.md draws the bytes.
type Layout struct {
	Hash    bool          // rows carry the hash that breaks ties
	Order   selfsame.Type // of the source's order field; Unknown: none
	Columns []selfsame.Type
}

// Head is what a row is beside its columns.
type Head struct {
	Seq    int64 // >= 0: the log offset at which it became known; < 0: a row of history, -1 - its position
	Tau    int64
	Alpha  int64 // MaxTime: never known by time, in a position cut all the same
	Place  uint8 // of its source in the view's list
	Delete bool  // as-of states: the row says that there is none from τ on
	Hash   uint64
}

// Retraction ends the visibility of the rows with Seq Target, in whichever order the two come.
type Retraction struct {
	Target int64 // Seq of the row that ends
	Seq    int64 // place in the log at which it ends
	Alpha  int64 // α of the entry that ends it; MaxTime: never known by time
}

// Rows are decoded rows of one entity, in any order. Slices that a layout has no need of are nil. The zero value is empty and ready.
type Rows struct {
	Seq, Tau, Alpha []int64
	// UntilSeq and UntilAlpha are where a row's visibility ends: it is in a cut C iff Seq < C <= UntilSeq, and known at κ iff Alpha <= κ < UntilAlpha.
	// nil: no row has an end. Settle fills them.
	UntilSeq, UntilAlpha []int64
	Place                []uint8
	Delete               []bool // nil: none
	Hash                 []uint64
	Order                *column.Column
	Columns              []*column.Column
	// Retractions are all that were decoded since Reset, those whose rows are not here included; Settle sorts them.
	Retractions []Retraction

	layout *Layout
	twice  bool  // some Seq may be there twice
	next   int64 // one more than the greatest Seq so far
	oldest int64 // least Seq below 0 so far, 0: none
	seen   map[place]struct{}
}

// Len returns the number of rows.
func (r *Rows) Len() int { return len(r.Seq) }

// Reset empties r and keeps its memory.
func (r *Rows) Reset() {
	r.Seq, r.Tau, r.Alpha = r.Seq[:0], r.Tau[:0], r.Alpha[:0]
	r.UntilSeq, r.UntilAlpha, r.Delete = nil, nil, nil
	r.Place, r.Hash, r.Retractions = r.Place[:0], r.Hash[:0], r.Retractions[:0]
	if r.Order != nil {
		r.Order.Reset()
	}
	for _, c := range r.Columns {
		c.Reset()
	}
	r.twice, r.next, r.oldest = false, 0, 0
}
