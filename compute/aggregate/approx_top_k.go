// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// approxTopKFunc is approx_top_k(x, n, a, b, …): top_k(x, n) of the values that the call names. Those it leaves out are the approximation: the counts of
// the others are exact, and what is kept does not grow with the window. A sketch that finds the values itself depends on the order of events.
//
// Algebra: the group of the counts, one for each named value, under +. Encoding: the varint of each, by value ascending.
var approxTopKFunc = &Func{
	Name:  "approx_top_k",
	Class: Group,
	Summary: "The n most frequent of the values that the call names, the most frequent first, of several with one count the least first; other values do not " +
		"count, and named ones that do not occur are left out. It keeps a count for each name and has no bound.",
	Example: "approx_top_k(category, 2, 'food', 'travel', 'rent') over 90d",
	Bind:    bindApproxTopK,
}

// mostNamed bounds the values that a call names.
const mostNamed = 1000

func bindApproxTopK(c CallSpec) (*Call, error) {
	const takes = "write approx_top_k(x, 2, 'a', 'b', 'c'): of the two most frequent among the values that are named, constants of the type of x"
	if len(c.Args) != 1 || len(c.Consts) < 2 || !isNamed(c.Args[0]) {
		return nil, wrongArguments("approx_top_k", c, takes)
	}
	n, err := countConst("approx_top_k", c.Consts[0])
	if err != nil {
		return nil, err
	}
	named := candidates{t: c.Args[0], place: map[item]int32{}}
	for _, v := range c.Consts[1:] {
		if v.Status != selfsame.Present || !v.Type.Equal(c.Args[0]) {
			return nil, wrongCall(fmt.Sprintf("a value that approx_top_k names is not a %s", c.Args[0]), takes)
		}
		named.items = append(named.items, itemOf(v))
	}
	slices.SortFunc(named.items, item.compare)
	if named.items = slices.Compact(named.items); len(named.items) != len(c.Consts)-1 || len(named.items) > mostNamed {
		return nil, wrongCall(fmt.Sprintf("approx_top_k names a value twice, or more than %d", mostNamed), takes)
	}
	for i, a := range named.items {
		named.place[a] = int32(i)
	}
	return &Call{
		Result: selfsame.ListOf(c.Args[0]), Family: fmt.Sprintf("approx_top_k %#v", named.items), depth: n,
		NewState: func() State {
			return &candidateState{candidates: &named, most: n, counts: make([]int64, len(named.items))}
		},
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &candidateSet{candidates: &named, counts: make([]int64, len(named.items))} })
		},
	}, nil
}

// isNamed reports whether constants of a type can be written.
func isNamed(t selfsame.Type) bool {
	switch t.Kind {
	case selfsame.Bool, selfsame.Int64, selfsame.String, selfsame.Timestamp, selfsame.Date:
		return true
	}
	return false
}

// candidates are the values that a call names.
type candidates struct {
	t     selfsame.Type
	items []item // ascending
	place map[item]int32
}

// top returns the places of the n most frequent among those that occur.
func (c *candidates) top(counts []int64, n int) []int32 {
	top := mostFrequent(counts, n)
	for i, at := range top {
		if counts[at] < 1 {
			return top[:i]
		}
	}
	return top
}

type candidateState struct {
	*candidates
	most   int
	counts []int64
}

func (s *candidateState) Add(e *Event) { s.move(e, 1) }

// Remove implements Inverter.
func (s *candidateState) Remove(e *Event) { s.move(e, -1) }

func (s *candidateState) move(e *Event, by int64) {
	if v := &e.Args[0]; v.Status == selfsame.Present {
		if i, ok := s.place[itemOf(*v)]; ok {
			s.counts[i] += by
		}
	}
}

func (s *candidateState) Merge(other State) {
	for i, n := range other.(*candidateState).counts {
		s.counts[i] += n
	}
}

func (s *candidateState) AppendTo(b []byte) []byte {
	for _, n := range s.counts {
		b = exact.AppendVarint(b, n)
	}
	return b
}

func (s *candidateState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	counts := make([]int64, len(s.items))
	for i := range counts {
		counts[i] = d.Varint()
	}
	if err := d.End(); err != nil {
		return err
	}
	s.counts = counts
	return nil
}

func (s *candidateState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.ListOf(s.t)}
	for _, i := range s.top(s.counts, s.most) {
		v.Elems = append(v.Elems, s.items[i].value(s.t))
	}
	if len(v.Elems) == 0 {
		v.Status = selfsame.Null
	}
	return v
}

// candidateSet counts the events of a window by candidate, for slideKernel.
type candidateSet struct {
	small
	*candidates
	values valueNumbers
	named  []int32 // of a value of the entity: its place among the candidates, none where it is not named
	counts []int64
}

func (s *candidateSet) load(p *presence, ev *Events) {
	s.values.load(p, ev.Args[0])
	s.named = s.named[:0]
	s.find(ev.Args[0])
	s.reset()
}

func (s *candidateSet) resume(p *presence, ev *Events, from int) {
	s.named = s.named[:s.values.resume(p, ev.Args[0], from)]
	s.find(ev.Args[0])
}

// find looks for the values that are new.
func (s *candidateSet) find(c *column.Column) {
	for _, row := range s.values.firsts[len(s.named):] {
		i, ok := s.place[itemAt(c, int(row))]
		if !ok {
			i = none
		}
		s.named = append(s.named, i)
	}
}

func (s *candidateSet) follow(with running) {
	o := with.(*candidateSet)
	s.values, s.named = o.values, o.named
}

func (s *candidateSet) remembers() {}

func (s *candidateSet) reset()         { clear(s.counts) }
func (s *candidateSet) add(k int32)    { s.move(k, 1) }
func (s *candidateSet) remove(k int32) { s.move(k, -1) }

func (s *candidateSet) move(k int32, by int64) {
	if i := s.named[s.values.of[k]]; i != none {
		s.counts[i] += by
	}
}

func (s *candidateSet) appendValue(c *Call, _ int64, out *column.Column) {
	top := s.top(s.counts, c.depth)
	if len(top) == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	for _, i := range top {
		out.Elems.Append(s.items[i].value(s.t))
	}
	closeList(out)
}
