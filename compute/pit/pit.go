// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package pit is the point-in-time evaluation: events × rows that ask → values.
//
// It is given events that are admitted and resolved (each with the interval of knowledge in which it is visible) and rows
// that ask (entity, T, cut), and it evaluates windowed cells and as-of joins for every row, exactly as semantics say (P1, P2).
// There are two ways to ask and one evaluation. A Sweep answers all rows of a run: it partitions by entity, sorts each entity's events by
// the total order, and sweeps; partitions that do not fit in memory are spilled. An Entity answers questions about one entity, one after
// another, while its events come in. Sweep.Add may be called by several goroutines; an Entity is one goroutine's at a time. The package
// reads no files but its own spill and knows no sources.
package pit

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// Cell is one aggregate over one window.
type Cell struct {
	Call   *aggregate.Call
	Args   []int // event columns of the call's arguments
	Filter int   // event column (bool) of the call's filter, or -1
	Window selfsame.Window
}

// Asked returns the event columns that the cell reads of the row that asks, none where its window does not count it.
func (c *Cell) Asked() []int {
	switch {
	case !c.Window.Request:
		return nil
	case c.Filter >= 0:
		return append(slices.Clone(c.Args), c.Filter)
	}
	return c.Args
}

// Spec is one view in one role: what to evaluate for its rows.
type Spec struct {
	Name    string          // of the view, for messages
	Columns []selfsame.Type // event columns that Block.Columns bring

	Cells []Cell // windowed views

	AsOf   bool          // as-of view: gather Columns of the newest row
	TTL    int64         // as-of: greatest age, inclusive; < 0: unlimited
	Closed selfsame.Edge // as-of: ClosedBoth (τ <= T) or ClosedLeft (τ < T)
	Static bool          // as-of: the source has no event time; τ is MinTime and every row is visible

	OrderType selfsame.Type // type of the source's order field; Unknown: none
	NeedOrder bool          // some value depends on the order of events with one τ
	Detail    bool          // --with, report, leak proof: also give Newest and NewestArrival
}

// Rows are the rows that ask, in the order of their file. Entity NoEntity is a row whose key holds a null.
type Rows struct {
	Entity   []uint32
	At       []int64 // T
	Known    []int64 // κ: a row sees events with α <= κ. nil: final, everything admitted
	Entities int     // ids are 0 … Entities-1
	Request  *RequestRows
}

// RequestRows are what windows take from rows that ask. For windows with request a row is an event of the view at its T. nil: nothing.
type RequestRows struct {
	Columns []*column.Column // event columns, a value a row; nil: no window with request reads it
	Counts  []bool           // whether the row is an event of the view and of the entity that it asks about; nil: none is
	// Lengths are, by the field that chooses them, lengths of windows in microseconds. What is not in (0, greatest] makes the values of a
	// window of that greatest length errors.
	Lengths map[string][]int64
}

// counts reports whether row i is an event.
func (r *RequestRows) counts(i int) bool { return r != nil && r.Counts != nil && r.Counts[i] }

// NoEntity marks a row or event without an entity.
const NoEntity = ^uint32(0)

// Block is a run of events of one view, resolved. Its memory belongs to the caller again when Add returns.
type Block struct {
	Entity []uint32 // dense id; events whose key no row asks for are left out by the caller
	Tau    []int64
	// From and Until bound the knowledge in which an event is visible: From <= κ < Until. From nil: α = τ. Until nil: for ever.
	// With Rows.Known nil an event is visible iff Until is MaxTime.
	From, Until []int64
	Arrival     []int64        // α where it is not From; nil: From
	Order       *column.Column // nil: none
	Place       uint8          // the source's place in the view's list
	Hash        []uint64       // of the canonical id or payload; nil where NeedOrder is false
	Delete      []bool         // as-of: the row says that there is none. nil: none does
	Columns     []*column.Column
}
