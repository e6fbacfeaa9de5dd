// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// maxGapFunc is max_gap() and max_gap(x): the most microseconds between an event and the next.
//
// Algebra: the set of the different τ, up to max_values of them (number_set.go), and whether there is more than one event. Encoding: the set; of a single τ
// also byte 1 where several events have it, else 0.
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
		NewState:  func() State { return &maxGapState{keepNaN: c.KeepNaN, taus: numberSet{limit: c.MaxValues}} },
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &maxGapScanner{}) },
	}, nil
}

type maxGapState struct {
	keepNaN bool
	several bool // events
	taus    numberSet
}

func (s *maxGapState) Add(e *Event) {
	for i := range e.Args {
		if skipped(&e.Args[i], s.keepNaN) {
			return
		}
	}
	s.several = s.several || len(s.taus.numbers) > 0
	s.taus.offer(e.Tau)
}

func (s *maxGapState) Merge(other State) {
	o := other.(*maxGapState)
	s.several = s.several || o.several || (len(s.taus.numbers) > 0 && len(o.taus.numbers) > 0)
	s.taus.merge(&o.taus)
}

func (s *maxGapState) AppendTo(b []byte) []byte {
	switch b = s.taus.appendTo(b); {
	case len(s.taus.numbers) != 1:
		return b
	case s.several:
		return append(b, 1)
	}
	return append(b, 0)
}

func (s *maxGapState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	taus := s.taus.decode(d)
	several := len(taus.numbers) > 1
	if len(taus.numbers) == 1 {
		several = decodeFlag(d)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.taus, s.several = taus, several
	return nil
}

func (s *maxGapState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64)}
	most := uint64(0)
	taus := s.taus.sorted()
	for i := 1; i < len(taus); i++ {
		most = max(most, uint64(taus[i])-uint64(taus[i-1]))
	}
	switch {
	case s.taus.over:
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
		if different > c.Spec.MaxValues {
			break
		}
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
