// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is vector_sum and vector_avg, position by position over lists of numbers: embeddings, histograms. A position is Σx and n of the
// elements there (moments_state.go), nulls left out; a position without an element is null in the result. Beside them stands how many lists of each
// length there are, so that a list of another length makes the value an error for as long as it is in, and its removal makes it none: an abelian
// group. vector_min and vector_max are in vector_extreme.go.
//
// Encoding: uvarint of how many lengths, each as uvarint and varint of its lists, ascending; uvarint of how many positions, up to the last that is
// not empty, each as uvarint of its size and the state of sum.

// maxVector is the greatest length of a list that is folded. Longer ones count as of one length, maxVector + 1, and make the value an error.
const maxVector = 1 << 16

var vectorSumFunc = &Func{
	Name:    "vector_sum",
	Class:   Group,
	Summary: "The list of the sums of each position of x, a list of numbers, as sum gives them; lists of different lengths in one window are an error (overflow).",
	Example: "vector_sum(embedding) over 30d",
	Bind:    bindVector("vector_sum", sumOf),
}

var vectorAvgFunc = &Func{
	Name:    "vector_avg",
	Class:   Group,
	Summary: "The list of the means of each position of x, a list of numbers, as avg gives them; lists of different lengths in one window are an error (overflow).",
	Example: "vector_avg(embedding) over 30d",
	Bind:    bindVector("vector_avg", meanOf),
}

// isVector reports whether a call is of one list of numbers.
func isVector(c CallSpec) bool {
	return len(c.Args) == 1 && len(c.Consts) == 0 && c.Args[0].Kind == selfsame.List && c.Args[0].Elem.IsNumber()
}

func bindVector(name string, o member) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if !isVector(c) {
			return nil, wrongArguments(name, c, "write "+name+"(x), x a list of int64, float64 or decimal")
		}
		f := family{arg: *c.Args[0].Elem, keepNaN: c.KeepNaN}
		return &Call{
			Result: selfsame.ListOf(f.result(o)), Family: "vector", role: int(o),
			NewState: func() State { return &vectorState{vectorSums: vectorSums{family: f}, member: o} },
			NewKernel: func(members []*Call) Kernel {
				return newSlideKernel(members, func() running { return &vectorSet{vectorSums: vectorSums{family: f}} })
			},
		}, nil
	}
}

// lengthCount is how many lists of a length are in; below zero in a state with more retractions than events.
type lengthCount struct {
	length int
	lists  int64
}

// lengths counts lists by their lengths, ascending, none of them zero times.
type lengths []lengthCount

func (l *lengths) add(length int, lists int64) {
	length = min(length, maxVector+1)
	i, found := slices.BinarySearchFunc(*l, length, func(c lengthCount, n int) int { return cmp.Compare(c.length, n) })
	switch {
	case !found:
		*l = slices.Insert(*l, i, lengthCount{length, lists})
	case (*l)[i].lists+lists == 0:
		*l = slices.Delete(*l, i, i+1)
	default:
		(*l)[i].lists += lists
	}
}

// only returns the one length that there is; its status is null where there is none, and an error where there are several.
func (l lengths) only() (length int, status selfsame.Status) {
	switch {
	case len(l) == 0:
		return 0, selfsame.Null
	case len(l) > 1 || l[0].length > maxVector:
		return 0, selfsame.ErrorOverflow
	case l[0].lists < 1:
		return 0, selfsame.Null
	}
	return l[0].length, selfsame.Present
}

// vectorSums is the lengths of a multiset of lists, and n and Σx of each position.
type vectorSums struct {
	family
	lengths   lengths
	positions []*tally
}

func (s *vectorSums) reset() {
	s.lengths = s.lengths[:0]
	for _, p := range s.positions {
		p.reset()
	}
}

// position returns the sums of position i.
func (s *vectorSums) position(i int) *tally {
	for len(s.positions) <= i {
		s.positions = append(s.positions, newTally(s.family, true, false))
	}
	return s.positions[i]
}

func (s *vectorSums) finish(o member) selfsame.Value {
	out := selfsame.Value{Type: selfsame.ListOf(s.result(o))}
	n, status := s.lengths.only()
	if out.Status = status; status != selfsame.Present {
		return out
	}
	for i := range n {
		a := answer{status: selfsame.Null}
		if i < len(s.positions) {
			a = s.positions[i].finish(o)
		}
		if a.status.IsError() {
			return selfsame.Value{Type: out.Type, Status: a.status}
		}
		e := selfsame.Value{Type: *out.Type.Elem, Status: a.status}
		if a.status == selfsame.Present {
			e.Int, e.Float, e.Dec = a.i, a.f, a.d
		}
		out.Elems = append(out.Elems, e)
	}
	return out
}

type vectorState struct {
	vectorSums
	member member
}

func (s *vectorState) Add(e *Event) { s.apply(e, 1) }

// Remove implements Inverter.
func (s *vectorState) Remove(e *Event) { s.apply(e, -1) }

func (s *vectorState) apply(e *Event, by int64) {
	v := &e.Args[0]
	if v.Status != selfsame.Present {
		return
	}
	s.lengths.add(len(v.Elems), by)
	for i := range min(len(v.Elems), maxVector) {
		if v.Elems[i].Status == selfsame.Present {
			s.position(i).addValue(&v.Elems[i], by)
		}
	}
}

func (s *vectorState) Merge(other State) {
	o := other.(*vectorState)
	for _, c := range slices.Clone(o.lengths) {
		s.lengths.add(c.length, c.lists)
	}
	for i, p := range o.positions {
		s.position(i).merge(p)
	}
}

func (s *vectorState) AppendTo(b []byte) []byte {
	b = exact.AppendUvarint(b, uint64(len(s.lengths)))
	for _, c := range s.lengths {
		b = exact.AppendVarint(exact.AppendUvarint(b, uint64(c.length)), c.lists)
	}
	var encoded [][]byte
	used := 0
	for i, p := range s.positions {
		encoded = append(encoded, (&momentState{tally: *p, member: sumOf}).AppendTo(nil))
		if !isEmptySum(encoded[i]) {
			used = i + 1
		}
	}
	b = exact.AppendUvarint(b, uint64(used))
	for _, p := range encoded[:used] {
		b = append(exact.AppendUvarint(b, uint64(len(p))), p...)
	}
	return b
}

// isEmptySum reports whether b is the state of the sum of nothing: n = 0 and Σx = 0.
func isEmptySum(b []byte) bool { return len(b) == 2 && b[0] == 0 && b[1] == 0 }

// Decode implements State. After an error the state is as it was.
func (s *vectorState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	next := vectorSums{family: s.family}
	for n, last := d.Uvarint(), -1; n > 0 && d.Err() == nil; n-- {
		at := d.Offset()
		length, lists := d.Uvarint(), d.Varint()
		if d.Err() == nil && (length > maxVector+1 || int(length) <= last || lists == 0) {
			d.Corrupt(at, "a length out of order, out of range or of no list")
		}
		next.lengths, last = append(next.lengths, lengthCount{int(length), lists}), int(length)
	}
	at := d.Offset()
	n := d.Uvarint()
	if n > maxVector {
		d.Corrupt(at, "more positions than a list has")
	}
	for i := uint64(0); i < n && d.Err() == nil; i++ {
		at = d.Offset()
		p := d.Bytes(d.Uvarint())
		if d.Err() != nil {
			break
		}
		state := newMomentState(s.family, sumOf)
		if state.Decode(p) != nil || i == n-1 && isEmptySum(p) {
			d.Corrupt(at, "a position that is no sum")
		}
		next.positions = append(next.positions, &state.tally)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.vectorSums = next
	return nil
}

func (s *vectorState) Finish(int64) selfsame.Value { return s.finish(s.member) }

// vectorSet is vectorSums over the lists of an entity, for slideKernel.
type vectorSet struct {
	columnSet
	vectorSums
}

func (s *vectorSet) load(p *presence, ev *Events) {
	s.resume(p, ev, 0)
	s.reset()
}

func (s *vectorSet) follow(with running) { s.columnSet = with.(*vectorSet).columnSet }

func (s *vectorSet) add(k int32)    { s.apply(k, 1) }
func (s *vectorSet) remove(k int32) { s.apply(k, -1) }

func (s *vectorSet) apply(k int32, by int64) {
	row := s.presence.row(k)
	lo, hi := int(s.column.Offsets[row]), int(s.column.Offsets[row+1])
	s.lengths.add(hi-lo, by)
	for i := range min(hi-lo, maxVector) {
		if s.column.Elems.StatusAt(lo+i) == selfsame.Present {
			s.position(i).addFrom(s.column.Elems, lo+i, by)
		}
	}
}

func (s *vectorSet) appendValue(c *Call, _ int64, out *column.Column) {
	out.Append(s.finish(member(c.role)))
}
