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
		decodeItems(d, s.t, decodeHowMany(d, s.limit, "values"), func(a item) { counts[a] = decodeCount(d, 1) })
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

// countsSet is the counts of the values of a window, for slideKernel. The different values of an entity are put in order once.
type countsSet struct {
	small
	limit  int64
	source *column.Column
	values valueNumbers
	sorted []numbered // the different values, ascending
	window valueCounts
	list   []ranked
}

// numbered is a value and its number.
type numbered struct {
	item   item
	number int32
}

func (a numbered) compare(b numbered) int { return a.item.compare(b.item) }

// ranked is a value of the entity and how often it is in.
type ranked struct {
	number int32
	row    int32 // of an event that has it
	count  int64
}

func (s *countsSet) load(p *presence, ev *Events) {
	s.source = ev.Args[0]
	s.values.load(p, s.source)
	s.sorted = s.sorted[:0]
	s.sort(0)
	s.reset()
}

func (s *countsSet) resume(p *presence, ev *Events, from int) {
	s.source = ev.Args[0]
	kept := s.values.resume(p, s.source, from)
	s.sorted = slices.DeleteFunc(s.sorted, func(v numbered) bool { return v.number >= int32(kept) })
	s.sort(kept)
	s.window.grow(s.values.different())
}

// sort puts the values from a number on among the others.
func (s *countsSet) sort(from int) {
	for v := from; v < s.values.different(); v++ {
		s.sorted = append(s.sorted, numbered{itemAt(s.source, int(s.values.firsts[v])), int32(v)})
	}
	if from < s.values.different() {
		slices.SortFunc(s.sorted, numbered.compare)
	}
}

// followCounts is follow of a set that is in another.
func (s *countsSet) followCounts(o *countsSet) {
	s.source, s.values, s.sorted = o.source, o.values, o.sorted
	s.window.grow(s.values.different())
}

func (s *countsSet) reset()         { s.window.reset(s.values.different()) }
func (s *countsSet) add(k int32)    { s.window.add(s.values.of[k]) }
func (s *countsSet) remove(k int32) { s.window.remove(s.values.of[k]) }

// counted returns the values that are in with their counts, in their order. Where there are none, or more than max_values, it appends that to out. The list
// is valid until the next call.
func (s *countsSet) counted(out *column.Column) []ranked {
	s.list = s.list[:0]
	switch {
	case s.window.different > s.limit:
		out.AppendStatus(selfsame.ErrorMaxValues)
		return nil
	case s.window.different == 0:
		out.AppendStatus(selfsame.Null)
		return nil
	}
	for _, v := range s.sorted {
		if n := s.window.counts[v.number]; n > 0 {
			s.list = append(s.list, ranked{v.number, s.values.firsts[v.number], int64(n)})
		}
	}
	return s.list
}
