// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"maps"
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// maxGapFunc is max_gap() and max_gap(x): the most microseconds between an event and the next.
//
// Algebra: the set of the different τ, up to max_values of them, and whether there is more than one event; beyond, the one state "too many", which
// absorbs all others. Encoding: byte 1 for too many; else byte 0, uvarint of how many τ, the varint of the first and the uvarint of what each is above
// the one before; of a single τ also byte 1 where several events have it, else 0.
var maxGapFunc = &Func{
	Name:  "max_gap",
	Class: Holistic,
	Summary: "The most microseconds from one event to the next; null for fewer than two. Without an x, events count whatever they hold. " +
		"It keeps up to max_values different event times.",
	Example: "max_gap() over 30d",
	Bind:    bindMaxGap,
}

func bindMaxGap(c CallSpec) (*Call, error) {
	if len(c.Args) > 1 || len(c.Consts) != 0 || (len(c.Args) == 1 && !isScalar(c.Args[0])) {
		return nil, wrongArguments("max_gap", c, "write max_gap(x), or max_gap() for events whatever they hold")
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Int64), Family: "max_gap",
		NewState:  func() State { return &maxGapState{limit: c.MaxValues, keepNaN: c.KeepNaN} },
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &maxGapScanner{}) },
	}, nil
}

type maxGapState struct {
	limit   int64
	keepNaN bool
	over    bool // more than limit different τ
	several bool // events
	taus    map[int64]struct{}
}

func (s *maxGapState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	s.several = s.several || len(s.taus) > 0
	s.offer(e.Tau)
}

func (s *maxGapState) offer(tau int64) {
	if s.over {
		return
	}
	if s.taus == nil {
		s.taus = map[int64]struct{}{}
	}
	s.taus[tau] = struct{}{}
	if int64(len(s.taus)) > s.limit {
		s.over, s.taus = true, nil
	}
}

func (s *maxGapState) Merge(other State) {
	o := other.(*maxGapState)
	if o.over {
		s.over, s.taus = true, nil
	}
	s.several = s.several || o.several || (len(s.taus) > 0 && len(o.taus) > 0)
	for tau := range o.taus { // a set does not depend on the order
		s.offer(tau)
	}
}

func (s *maxGapState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.taus)))
	for i, tau := range s.sorted() {
		if i == 0 {
			b = exact.AppendVarint(b, tau.at)
		} else {
			b = exact.AppendUvarint(b, tau.gap)
		}
	}
	if len(s.taus) != 1 {
		return b
	}
	if s.several {
		return append(b, 1)
	}
	return append(b, 0)
}

// spaced is a τ and what it is above the one before.
type spaced struct {
	at  int64
	gap uint64
}

func (s *maxGapState) sorted() []spaced {
	taus := slices.Sorted(maps.Keys(s.taus))
	out := make([]spaced, len(taus))
	for i, tau := range taus {
		out[i].at = tau
		if i > 0 {
			out[i].gap = uint64(tau) - uint64(taus[i-1])
		}
	}
	return out
}

func (s *maxGapState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	o := maxGapState{limit: s.limit}
	if o.over = decodeFlag(d); !o.over {
		o.decodeTaus(d)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.several, s.taus = o.over, o.several, o.taus
	return nil
}

func (s *maxGapState) decodeTaus(d *exact.Decoder) {
	at := d.Offset()
	n := d.Uvarint()
	if n > uint64(s.limit) {
		d.Corrupt(at, "more values than max_values")
	}
	last := int64(0)
	for i := uint64(0); i < n && d.Err() == nil; i++ {
		at = d.Offset()
		if i == 0 {
			last = d.Varint()
		} else {
			tau := int64(uint64(last) + d.Uvarint())
			if d.Err() == nil && tau <= last {
				d.Corrupt(at, "a time that is not above the one before")
			}
			last = tau
		}
		s.offer(last)
	}
	s.several = n > 1
	if n == 1 {
		s.several = decodeFlag(d)
	}
}

func (s *maxGapState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64)}
	most := uint64(0)
	for _, tau := range s.sorted() {
		most = max(most, tau.gap)
	}
	switch {
	case s.over:
		v.Status = selfsame.ErrorMaxValues
	case !s.several:
		v.Status = selfsame.Null
	case most > math.MaxInt64:
		v.Status = selfsame.ErrorOverflow
	default:
		v.Int = int64(most)
	}
	return v
}

type maxGapScanner struct {
	presence *presence
	tau      []int64
}

func (s *maxGapScanner) load(p *presence, ev *Events) { s.presence, s.tau = p, ev.Tau }

func (s *maxGapScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	if len(numbers) == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	different, most := int64(1), uint64(0)
	last := s.tau[s.presence.row(numbers[0])]
	for _, k := range numbers[1:] {
		if tau := s.tau[s.presence.row(k)]; tau != last {
			different++
			most = max(most, uint64(tau)-uint64(last))
			last = tau
		}
	}
	switch {
	case different > c.Spec.MaxValues:
		out.AppendStatus(selfsame.ErrorMaxValues)
	case len(numbers) == 1:
		out.AppendStatus(selfsame.Null)
	case most > math.MaxInt64:
		out.AppendStatus(selfsame.ErrorOverflow)
	default:
		appendInt(out, int64(most))
	}
}
