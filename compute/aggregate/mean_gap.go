// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// meanGapFunc is mean_gap() and mean_gap(x): the microseconds between the oldest and the newest event by the number of gaps, n-1.
//
// Algebra: (n, least τ, greatest τ), the product of a count and two semilattices. Encoding: uvarint n; where n > 0 varint of the least τ and
// uvarint of what the greatest is above it.
var meanGapFunc = &Func{
	Name:    "mean_gap",
	Class:   Ordered,
	Summary: "The mean of the microseconds from one event to the next, rounded once; null for fewer than two. Without an x, events count whatever they hold.",
	Example: "mean_gap() over 30d",
	Bind:    bindMeanGap,
}

func bindMeanGap(c CallSpec) (*Call, error) {
	if len(c.Args) > 1 || len(c.Consts) != 0 || (len(c.Args) == 1 && !isScalar(c.Args[0])) {
		return nil, wrongArguments("mean_gap", c, "write mean_gap(x), or mean_gap() for events whatever they hold")
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Float64), Family: "mean_gap",
		NewState:  func() State { return &meanGapState{keepNaN: c.KeepNaN} },
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &meanGapScanner{}) },
	}, nil
}

// meanGap is the mean of the gaps of n events from first to last.
func meanGap(n uint64, first, last int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Float64)}
	if n < 2 {
		v.Status = selfsame.Null
		return v
	}
	m := exact.Moments{N: n - 1, S: selfsame.Int128{Lo: uint64(last) - uint64(first)}}
	v.Float = m.Mean()
	return v
}

type meanGapState struct {
	keepNaN     bool
	n           uint64
	first, last int64
}

func (s *meanGapState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	s.Merge(&meanGapState{n: 1, first: e.Tau, last: e.Tau})
}

func (s *meanGapState) Merge(other State) {
	o := other.(*meanGapState)
	switch {
	case o.n == 0:
		return
	case s.n == 0:
		s.first, s.last = o.first, o.last
	}
	s.n, s.first, s.last = s.n+o.n, min(s.first, o.first), max(s.last, o.last)
}

func (s *meanGapState) AppendTo(b []byte) []byte {
	b = exact.AppendUvarint(b, s.n)
	if s.n == 0 {
		return b
	}
	return exact.AppendUvarint(exact.AppendVarint(b, s.first), uint64(s.last)-uint64(s.first))
}

func (s *meanGapState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	var o meanGapState
	if o.n = d.Uvarint(); o.n > 1<<62 {
		d.Corrupt(0, "more events than there can be")
	}
	if o.n > 0 {
		o.first = d.Varint()
		at := d.Offset()
		o.last = int64(uint64(o.first) + d.Uvarint())
		if d.Err() == nil && (o.last < o.first || (o.n == 1 && o.last > o.first)) {
			d.Corrupt(at, "a time beyond all times, or two of one event")
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.n, s.first, s.last = o.n, o.first, o.last
	return nil
}

func (s *meanGapState) Finish(int64) selfsame.Value { return meanGap(s.n, s.first, s.last) }

// meanGapScanner looks at the ends of a window.
type meanGapScanner struct {
	presence *presence
	tau      []int64
}

func (s *meanGapScanner) load(p *presence, ev *Events) { s.presence, s.tau = p, ev.Tau }

func (s *meanGapScanner) appendValue(_ *Call, _ int64, numbers []int32, out *column.Column) {
	n := len(numbers)
	if n < 2 {
		out.AppendStatus(selfsame.Null)
		return
	}
	s.appendEnds(n, numbers[0], numbers[n-1], out)
}

func (s *meanGapScanner) empty()     {}
func (s *meanGapScanner) mark(int32) {}

func (s *meanGapScanner) appendSet(_ *Call, in *rankSet, out *column.Column) {
	s.appendEnds(in.size, in.pick(0), in.pick(in.size-1), out)
}

// appendEnds appends the mean gap of n events, more than one, from the first to the last.
func (s *meanGapScanner) appendEnds(n int, first, last int32, out *column.Column) {
	appendFloat(out, meanGap(uint64(n), s.tau[s.presence.row(first)], s.tau[s.presence.row(last)]).Float)
}
