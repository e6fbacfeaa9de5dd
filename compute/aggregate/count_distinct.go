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
		at := d.Offset()
		n := d.Uvarint()
		if n > uint64(s.limit) {
			d.Corrupt(at, "more values than max_values")
		}
		var last item
		for i := uint64(0); i < n && d.Err() == nil; i++ {
			at = d.Offset()
			a := decodeItem(d, s.t)
			if d.Err() == nil && i > 0 && a.compare(last) <= 0 {
				d.Corrupt(at, "values out of order")
			}
			values[a] = struct{}{}
			last = a
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.values = over, values
	return nil
}

func (s *distinctState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: int64(len(s.values))}
	if s.over {
		v.Status = selfsame.ErrorMaxValues
	}
	return v
}

// distinctKernel numbers the entity's different values once and counts, for each, how many of its events are in the window.
type distinctKernel struct {
	limit    int64
	keepNaN  bool
	presence presence
	source   *column.Column
	numbers  valueNumbers
	ready    bool
	window   valueCounts // of Ranges
	general  valueCounts
	open     bool // general is of this entity
}

// valueCounts counts events per value, and the values with any.
type valueCounts struct {
	counts    []int32
	different int64
}

func (t *valueCounts) reset(n int) { t.counts, t.different = zeroed(t.counts, n), 0 }

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
	if t.different > k.limit {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	appendInt(out, t.different)
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
