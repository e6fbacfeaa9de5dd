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

// Rows are decoded rows of one entity, in any order. Slices that a layout has no need of are nil.
type Rows struct {
	Seq, Tau, Alpha []int64
	// UntilSeq and UntilAlpha are where a row's visibility ends: it is in a cut C iff Seq < C <= UntilSeq, and known at κ iff Alpha <= κ < UntilAlpha.
	// nil: no row has an end.
	UntilSeq, UntilAlpha []int64
	Place                []uint8
	Delete               []bool // nil: none
	Hash                 []uint64
	Order                *column.Column
	Columns              []*column.Column

	ends []end // of retractions that Settle has not applied
}

// end is a retraction: the row target stops being visible at seq, known at alpha.
type end struct{ target, seq, alpha int64 }
