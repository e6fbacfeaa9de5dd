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

// maxGapScanner finds the widest gap of a run of events in a table of the gaps; in another set it looks through the events.
type maxGapScanner struct {
	presence         *presence
	tau              []int64
	gaps             runTable // of number k: the time since the event before it, in the order of integers
	times            []int32  // of number k: how many different τ there are before its own
	joinTree[gapsOf]          // of the general path
}

// gapsOf is what events are to those before and after them.
type gapsOf struct {
	first, last int64
	most        uint64
	different   int64 // τ
	events      int
}

func (s *maxGapScanner) one(k int32) gapsOf {
	tau := s.tauOf(k)
	return gapsOf{first: tau, last: tau, different: 1, events: 1}
}

func (s *maxGapScanner) join(a, b *gapsOf) gapsOf {
	switch {
	case a.events == 0:
		return *b
	case b.events == 0:
		return *a
	}
	between := uint64(b.first) - uint64(a.last)
	out := gapsOf{first: a.first, last: b.last, most: max(a.most, b.most, between), different: a.different + b.different, events: a.events + b.events}
	if between == 0 {
		out.different--
	}
	return out
}

func (s *maxGapScanner) appendSet(c *Call, in *rankSet, out *column.Column) {
	g := s.whole(in, s)
	appendGap(c, g.events, g.most, g.different, out)
}

func (s *maxGapScanner) load(p *presence, ev *Events) { s.resume(p, ev, 0) }

func (s *maxGapScanner) resume(p *presence, ev *Events, from int) {
	s.presence, s.tau = p, ev.Tau
	s.gaps.mask = -1
	s.gaps.cut(from)
	s.times = s.times[:min(from, len(s.times))]
}

// follow brings the gaps up to the events.
func (s *maxGapScanner) follow() {
	for k := len(s.times); k < s.presence.n; k++ {
		gap, times := uint64(0), int32(0)
		if k > 0 {
			gap, times = uint64(s.tauOf(int32(k)))-uint64(s.tauOf(int32(k)-1)), s.times[k-1]
		}
		if gap > 0 {
			times++
		}
		s.gaps.append(int64(gap ^ signBit))
		s.times = append(s.times, times)
	}
}

func (s *maxGapScanner) tauOf(k int32) int64 { return s.tau[s.presence.row(k)] }

// widest returns the widest gap between events, which are some, and how many different τ they have; of more than limit it stops counting.
func (s *maxGapScanner) widest(numbers []int32, limit int64) (most uint64, different int64) {
	n, first := len(numbers), numbers[0]
	if end := numbers[n-1] + 1; n > shortRun && int(end-first) == n {
		s.follow()
		return uint64(s.gaps.best(first+1, end)) ^ signBit, int64(s.times[end-1]-s.times[first]) + 1
	}
	different = 1
	last := s.tauOf(first)
	for _, k := range numbers[1:] {
		if different > limit {
			break
		}
		if tau := s.tauOf(k); tau != last {
			different++
			most = max(most, uint64(tau)-uint64(last))
			last = tau
		}
	}
	return most, different
}

func (s *maxGapScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	if len(numbers) == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	most, different := s.widest(numbers, c.Spec.MaxValues)
	appendGap(c, len(numbers), most, different, out)
}

// appendGap appends the widest gap of so many events, which are some, with so many different τ.
func appendGap(c *Call, events int, most uint64, different int64, out *column.Column) {
	switch {
	case different > c.Spec.MaxValues:
		out.AppendStatus(selfsame.ErrorMaxValues)
	case events == 1:
		out.AppendStatus(selfsame.Null)
	case most > math.MaxInt64:
		out.AppendStatus(selfsame.ErrorOverflow)
	default:
		appendInt(out, int64(most))
	}
}
