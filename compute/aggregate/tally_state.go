// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"maps"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is what the aggregations share that follow from how often each value of x is in a window: mode, entropy, top_k and the like. Their state is
// the multiset of the values, up to max_values different ones; beyond, it is the one state "too many", which absorbs all others.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many different items, and each with its count as a uvarint, by item ascending.

// counted is a value and how often it is in.
type counted struct {
	item  item
	count int64
}

// countsState is the State of a call whose value follows from the counts of its values.
type countsState struct {
	t       selfsame.Type
	result  selfsame.Type
	limit   int64
	keepNaN bool
	over    bool // more than limit different values
	counts  map[item]int64
	finish  func(list []counted) selfsame.Value // of the values in their order; never of none
}

func (s *countsState) Add(e *Event) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.offer(itemOf(e.Args[0]), 1)
	}
}

func (s *countsState) offer(a item, n int64) {
	if s.over {
		return
	}
	if s.counts == nil {
		s.counts = map[item]int64{}
	}
	s.counts[a] += n
	if int64(len(s.counts)) > s.limit {
		s.over, s.counts = true, nil
	}
}

func (s *countsState) Merge(other State) {
	o := other.(*countsState)
	if o.over {
		s.over, s.counts = true, nil
	}
	for a, n := range o.counts { // sums do not depend on the order
		s.offer(a, n)
	}
}

// sorted returns the values with their counts, by value.
func (s *countsState) sorted() []counted {
	out := make([]counted, 0, len(s.counts))
	for _, a := range slices.SortedFunc(maps.Keys(s.counts), item.compare) {
		out = append(out, counted{a, s.counts[a]})
	}
	return out
}

func (s *countsState) AppendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.counts)))
	for _, c := range s.sorted() {
		b = exact.AppendUvarint(appendItem(b, s.t, c.item), uint64(c.count))
	}
	return b
}

func (s *countsState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	over := decodeFlag(d)
	counts := map[item]int64{}
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
			at = d.Offset()
			count := d.Uvarint()
			if d.Err() == nil && (count == 0 || count > 1<<62) {
				d.Corrupt(at, "a count that is none")
			}
			counts[a], last = int64(count), a
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.over, s.counts = over, counts
	return nil
}

func (s *countsState) Finish(int64) selfsame.Value {
	switch {
	case s.over:
		return selfsame.Value{Type: s.result, Status: selfsame.ErrorMaxValues}
	case len(s.counts) == 0:
		return selfsame.Value{Type: s.result, Status: selfsame.Null}
	}
	return s.finish(s.sorted())
}

// countsSet is the counts of the values of a window, for slideKernel. Values are numbered once for an entity, in their order.
type countsSet struct {
	limit   int64
	source  *column.Column
	keys    keys
	numbers []int32 // of event k: the rank of its value
	firsts  []int32 // a number of an event with the value of a rank
	window  valueCounts
	list    []ranked
}

// ranked is a value of the entity and how often it is in.
type ranked struct {
	event int32 // number of an event that has it
	count int64
}

func (s *countsSet) load(p *presence, ev *Events) {
	s.source = ev.Args[0]
	s.keys.load(p, s.source)
	order := make([]int32, p.n)
	for k := range order {
		order[k] = int32(k)
	}
	of := s.keys.of
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case of[a] < of[b]:
			return -1
		case of[a] > of[b]:
			return 1
		}
		return int(a) - int(b)
	})
	s.numbers, s.firsts = room(s.numbers, p.n), s.firsts[:0]
	for i, k := range order {
		if i == 0 || of[k] != of[order[i-1]] {
			s.firsts = append(s.firsts, k)
		}
		s.numbers[k] = int32(len(s.firsts) - 1)
	}
	s.reset()
}

func (s *countsSet) reset()         { s.window.reset(len(s.firsts)) }
func (s *countsSet) add(k int32)    { s.window.add(s.numbers[k]) }
func (s *countsSet) remove(k int32) { s.window.remove(s.numbers[k]) }

// values returns the values that are in with their counts, in their order; over: they are more than max_values. The list is valid until the next call.
func (s *countsSet) values() (list []ranked, over bool) {
	if s.window.different > s.limit {
		return nil, true
	}
	s.list = s.list[:0]
	for rank, n := range s.window.counts {
		if n > 0 {
			s.list = append(s.list, ranked{s.firsts[rank], int64(n)})
		}
	}
	return s.list, false
}
