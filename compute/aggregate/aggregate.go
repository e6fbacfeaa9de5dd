// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package aggregate holds the aggregations: one file each, with its algebra in the comment.
//
// An aggregation is an exact commutative monoid (A1) with a finisher (A2). It has two implementations that must agree in
// every bit: a State, one event at a time, whose encoded bytes are what is stored and merged; and a Kernel, which
// evaluates many windows over the sorted events of one entity. The package decides what a value is; it knows neither
// windows nor knowledge: its callers say which events are in.
//
// Nothing here starts a goroutine. A Kernel or a State is used by one goroutine at a time.
package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// Class is the algebra of an aggregation.
type Class uint8

// The classes.
const (
	Group    Class = iota // abelian group: invertible, prefix sums, retractable
	Lattice               // commutative idempotent monoid: min, max
	Ordered               // bounded selection under the total order of events
	Holistic              // needs the multiset of values, bounded by max_values
)

// Func is one aggregation of the language.
type Func struct {
	Name    string
	Class   Class
	Summary string // one sentence for the reference
	Example string // one feature expression for the reference
	// Bind types a call. It returns an error that says which arguments the function takes.
	Bind func(c CallSpec) (*Call, error)
}

// CallSpec is a call as it stands in an expression, its arguments typed.
type CallSpec struct {
	Args         []selfsame.Type  // types of the arguments that vary by event
	Consts       []selfsame.Value // trailing constant arguments: n, q
	Constant     bool             // the first of Args is the same for every event
	Distinct     bool             // count(distinct x)
	RespectNulls bool             // last(x) respect nulls
	HalfLife     int64            // of decayed_sum and decayed_avg, microseconds; 0: not given
	Step         int64            // likewise
	Star         bool             // count(*)
	MaxValues    int64            // bound of the view, > 0
	KeepNaN      bool             // the source's NaN policy: Inf - Inf is NaN rather than null
}

// Call is a typed call. Calls with equal Family over the same arguments and filter share one kernel where their bounds are the same.
type Call struct {
	Func      *Func
	Spec      CallSpec
	Result    selfsame.Type
	NeedTime  bool   // the finisher reads T
	NeedOrder bool   // the value depends on the order of events beyond τ, so ties must be broken canonically
	Family    string // "" : shares with nobody
	// NewState returns an empty state.
	NewState func() State
	// NewKernel returns a kernel that serves members, all of one Family.
	NewKernel func(members []*Call) Kernel

	role     int            // which member of its family the call is, for the kernel
	depth    int            // n of the calls that select by order or by count
	tallied  tallied        // how the calls of family "tally" follow from the counts of values
	quantile exact.Quantile // q of the quantiles
	product  *productMember // of the calls that follow from sums of products
}

// SameBound reports whether max_values bounds two calls of one function alike: it does where it bounds neither.
func (c *Call) SameBound(o *Call) bool {
	return c.Spec.MaxValues == o.Spec.MaxValues || c.Func == nil || c.Func.Class != Holistic
}

// Event is one row as an aggregation sees it, in the slow shape. Its order is (Tau, Rank...): Less in this package compares.
type Event struct {
	Tau   int64
	Order selfsame.Value // the source's order field, or a null
	Place int            // the source's place in the view's list
	Hash  uint64
	Args  []selfsame.Value // a null or error argument is skipped by the State; the caller counts errors
}

// State is the partial result of one aggregation over a set of events.
type State interface {
	Add(e *Event)
	// Merge adds the events of other, a State of the same Call. other is unchanged.
	Merge(other State)
	// AppendTo appends the canonical encoding: equal sets of events have equal bytes (A1).
	AppendTo(b []byte) []byte
	// Decode replaces the state by an encoded one. An error names the offset of the first wrong byte.
	Decode(b []byte) error
	// Finish returns the value at T. Its status is Present, Null or an error.
	Finish(at int64) selfsame.Value
}

// Inverter is implemented by the states of class Group: Remove undoes Add of an equal event.
type Inverter interface {
	Remove(e *Event)
}

// Events is the run of one entity's events [Lo, Hi) inside a partition's columns, sorted by the total order of events.
// Args are columns of the whole partition: event i of the entity is row i, Lo <= i < Hi. Pass tells which rows the call's
// filter lets through (nil: all); rows that it drops, and rows with a null or an error among their arguments, contribute nothing.
type Events struct {
	Lo, Hi int
	Tau    []int64
	Args   []*column.Column
	Pass   []bool
}

// Kernel evaluates the calls of one family for one entity after another.
//
// Ranges is the fast path: windows that are contiguous runs of the sorted events. Reset, Add, Remove and Value are the
// general path, for late and retracted events: a set of events that changes one at a time, in any order.
type Kernel interface {
	// Load takes the events of the next entity. They stay unchanged until the next Load.
	Load(ev *Events)
	// Ranges appends to out, for each k, the value of member m over events [lo[k], hi[k]) at T at[k]. lo and hi hold rows of the
	// partition, lo[k] <= hi[k], and both never decrease with k. at, lo and hi have one length.
	Ranges(m int, at []int64, lo, hi []int32, out *column.Column)
	// Reset empties the set of events of the general path.
	Reset()
	// Add puts event i (a row of the partition, in [Lo, Hi)) into the set, where it is not.
	Add(i int32)
	// Remove takes event i out of the set, where it is.
	Remove(i int32)
	// Value appends the value of member m over the set at T to out.
	Value(m int, at int64, out *column.Column)
}

// Resumer is a Kernel that can take more events of the entity that it has: one whose events only come in is not loaded again for each.
type Resumer interface {
	// Resume is Load where the events before row from are those of the last Load or Resume. ev.Lo is the same, from > ev.Lo, and the
	// columns and slices may have moved. Events that were there from row `from` on may be others or gone.
	Resume(ev *Events, from int)
}

// Joint is a Kernel that answers several members over the same runs in one pass.
type Joint interface {
	// RangesOf is Ranges for each of members, which may repeat: out[i] takes the values of members[i].
	RangesOf(members []int, at []int64, lo, hi []int32, out []*column.Column)
}
