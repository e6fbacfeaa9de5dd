// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// countDistinctFunc is count(distinct x): the set of the values, up to max_values of them, a semilattice. Beyond, the state is
// the one state "too many", which absorbs all others. A set cannot forget one of two equal events, so it is not invertible; the
// kernel counts how often each value is in.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many items, and the items, ascending.
var countDistinctFunc = &Func{
	Name:    "count(distinct)",
	Class:   Holistic,
	Summary: "The number of different values of x, exact up to max_values of them in one window and an error beyond; nulls do not count.",
	Example: "count(distinct merchant_id) over 7d",
	Bind:    bindDistinct,
}

func bindDistinct(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || c.Star || !isScalar(c.Args[0]) {
		return nil, wrongArguments("count(distinct)", c, "write count(distinct x) of one scalar")
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Int64), Family: "distinct",
		NewState: func() State { return &distinctState{t: c.Args[0], limit: c.MaxValues, keepNaN: c.KeepNaN} },
		NewKernel: func([]*Call) Kernel {
			return &distinctKernel{limit: c.MaxValues, keepNaN: c.KeepNaN}
		},
	}, nil
}

type distinctState struct {
	t       selfsame.Type
	limit   int64
	upto    int64 // the value beyond the limit; 0: an error
	keepNaN bool
	over    bool // more than limit values
	values  map[item]struct{}
}

func (s *distinctState) Add(e *Event) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.offer(itemOf(e.Args[0]))
	}
}

func (s *distinctState) offer(a item) {
	if s.over {
		return
	}
	if s.values == nil {
		s.values = map[item]struct{}{}
	}
	s.values[a] = struct{}{}
	if int64(len(s.values)) > s.limit {
		s.over, s.values = true, nil
	}
}

func (s *distinctState) Merge(other State) {
	o := other.(*distinctState)
	if o.over {
		s.over, s.values = true, nil
	}
	for a := range o.values { // a union does not depend on the order
		s.offer(a)
	}
}

func (s *distinctState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	sorted := make([]item, 0, len(s.values))
	for a := range s.values { // sorted below
		sorted = append(sorted, a)
	}
	slices.SortFunc(sorted, item.compare)
	b = exact.AppendUvarint(append(b, 0), uint64(len(sorted)))
	for _, a := range sorted {
		b = appendItem(b, s.t, a)
	}
	return b
}

func (s *distinctState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	values := map[item]struct{}{}
	if !over {
		decodeItems(d, s.t, decodeHowMany(d, s.limit, "values"), func(a item) { values[a] = struct{}{} })
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.values = over, values
	return nil
}

func (s *distinctState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: int64(len(s.values))}
	switch {
	case s.over && s.upto > 0:
		v.Int = s.upto
	case s.over:
		v.Status = selfsame.ErrorMaxValues
	}
	return v
}

// distinctKernel numbers the entity's different values once and counts, for each, how many of its events are in the window.
type distinctKernel struct {
	limit    int64
	upto     int64 // the value beyond the limit; 0: an error
	keepNaN  bool
	presence presence
	source   *column.Column
	numbers  valueNumbers
	ready    bool
	window   valueCounts // of Ranges
	general  valueCounts
	open     bool // general is of this entity
	spans    []span
	turn     int // counts what spans were asked for
}

// span is the counts of events [a, b), kept for the next question about nearly the same: an entity that is asked again and again has
// windows that move little.
type span struct {
	valueCounts
	a, b int32
	turn int // when it was asked for last
}

const (
	mostSpans = 8   // windows that are kept
	leastSpan = 256 // events from which on one is
)

// valueCounts counts events per value, and the values with any.
type valueCounts struct {
	counts    []int32
	different int64
}

func (t *valueCounts) reset(n int) { t.counts, t.different = zeroed(t.counts, n), 0 }

// grow makes room for values up to n; those that are new have no events.
func (t *valueCounts) grow(n int) {
	for len(t.counts) < n {
		t.counts = append(t.counts, 0)
	}
}

func (t *valueCounts) add(v int32) {
	if t.counts[v] == 0 {
		t.different++
	}
	t.counts[v]++
}

func (t *valueCounts) remove(v int32) {
	t.counts[v]--
	if t.counts[v] == 0 {
		t.different--
	}
}

func (k *distinctKernel) Load(ev *Events) {
	k.presence.load(ev, k.keepNaN)
	k.source, k.ready, k.open = ev.Args[0], false, false
	k.spans = k.spans[:0]
}

// Resume implements Resumer.
func (k *distinctKernel) Resume(ev *Events, from int) {
	k.source, k.open = ev.Args[0], false
	first := k.presence.before(int32(from))
	for i := range k.spans {
		k.spans[i].cut(k.numbers.of, first)
	}
	if numbers := k.presence.resume(ev, k.keepNaN, from); !numbers || first == 0 {
		k.ready, k.spans = false, k.spans[:0]
	} else if k.ready {
		k.numbers.resume(&k.presence, k.source, int(first))
	}
}

// cut takes the events from a number on out.
func (s *span) cut(of []int32, first int32) {
	for ; s.b > max(first, s.a); s.b-- {
		s.remove(of[s.b-1])
	}
	if s.a > first {
		s.a, s.b = first, first
	}
}

// move makes s the events [a, b).
func (s *span) move(of []int32, a, b int32) {
	for ; s.a > a; s.a-- {
		s.add(of[s.a-1])
	}
	for ; s.b < b; s.b++ {
		s.add(of[s.b])
	}
	for ; s.a < a; s.a++ {
		s.remove(of[s.a])
	}
	for ; s.b > b; s.b-- {
		s.remove(of[s.b-1])
	}
}

// near returns the counts of events [a, b), from the span that is least away.
func (k *distinctKernel) near(a, b int32) *valueCounts {
	best, way := -1, b-a
	for i := range k.spans {
		s := &k.spans[i]
		if d := max(s.a, a) - min(s.a, a) + max(s.b, b) - min(s.b, b); d < way && s.a < b && a < s.b {
			best, way = i, d
		}
	}
	if best < 0 {
		best = k.free()
		k.spans[best].reset(k.numbers.different())
		k.spans[best].a, k.spans[best].b = a, a
	}
	s := &k.spans[best]
	k.turn++
	s.turn = k.turn
	s.grow(k.numbers.different())
	s.move(k.numbers.of, a, b)
	return &s.valueCounts
}

// free returns a span that may be another's: a new one, else the one that was not asked for the longest.
func (k *distinctKernel) free() int {
	if len(k.spans) < mostSpans {
		k.spans = regrow(k.spans, len(k.spans)+1, len(k.spans))
		return len(k.spans) - 1
	}
	oldest := 0
	for i := range k.spans {
		if k.spans[i].turn < k.spans[oldest].turn {
			oldest = i
		}
	}
	return oldest
}

// ensure numbers the values when they are first needed.
func (k *distinctKernel) ensure() {
	if !k.ready {
		k.numbers.load(&k.presence, k.source)
		k.ready = true
	}
}

func (k *distinctKernel) Ranges(_ int, at []int64, lo, hi []int32, out *column.Column) {
	k.ensure()
	if len(at) == 1 {
		if from, to := k.presence.before(lo[0]), k.presence.before(hi[0]); to-from >= leastSpan {
			k.append(k.near(from, to), out)
			return
		}
	}
	k.window.reset(k.numbers.different())
	of := k.numbers.of
	var a, b int32 // numbers [a, b) are in
	for i := range at {
		from, to := k.presence.before(lo[i]), k.presence.before(hi[i])
		for ; a < min(from, b); a++ {
			k.window.remove(of[a])
		}
		if a < from {
			a, b = from, from
		}
		for ; b < to; b++ {
			k.window.add(of[b])
		}
		k.append(&k.window, out)
	}
}

func (k *distinctKernel) append(t *valueCounts, out *column.Column) {
	switch {
	case t.different <= k.limit:
		appendInt(out, t.different)
	case k.upto > 0:
		appendInt(out, k.upto)
	default:
		out.AppendStatus(selfsame.ErrorMaxValues)
	}
}

func (k *distinctKernel) Reset() {
	k.ensure()
	k.general.reset(k.numbers.different())
	k.open = true
}

func (k *distinctKernel) Add(i int32) {
	if !k.open {
		k.Reset()
	}
	if n, ok := k.presence.number(i); ok {
		k.general.add(k.numbers.of[n])
	}
}

func (k *distinctKernel) Remove(i int32) {
	if n, ok := k.presence.number(i); ok {
		k.general.remove(k.numbers.of[n])
	}
}

func (k *distinctKernel) Value(_ int, _ int64, out *column.Column) {
	if !k.open {
		k.Reset()
	}
	k.append(&k.general, out)
}
