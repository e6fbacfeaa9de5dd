// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is vector_min and vector_max: the least and the greatest element of each position of lists of numbers, nulls left out; a position without
// an element is null. Lists of two lengths, or one longer than maxVector, make the state "mixed", which absorbs all others: a semilattice.
//
// Encoding: byte 0 for no list, byte 1 for mixed, else byte 2, uvarint of the length, and for each position byte 0, or byte 1 and the item.

var vectorMinFunc = &Func{
	Name:    "vector_min",
	Class:   Lattice,
	Summary: "The list of the least values of each position of x, a list of numbers; lists of different lengths in one window are an error (overflow).",
	Example: "vector_min(embedding) over 30d",
	Bind:    bindVectorExtreme("vector_min", false),
}

var vectorMaxFunc = &Func{
	Name:    "vector_max",
	Class:   Lattice,
	Summary: "The list of the greatest values of each position of x, a list of numbers; lists of different lengths in one window are an error (overflow).",
	Example: "vector_max(embedding) over 30d",
	Bind:    bindVectorExtreme("vector_max", true),
}

func bindVectorExtreme(name string, greatest bool) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if !isVector(c) {
			return nil, wrongArguments(name, c, "write "+name+"(x), x a list of int64, float64 or decimal")
		}
		call := &Call{Result: c.Args[0], Family: "vector_extreme"}
		if greatest {
			call.role = roleGreatest
		}
		call.NewState = func() State { return newVectorExtreme(c, greatest) }
		call.NewKernel = func(members []*Call) Kernel {
			return newScanKernel(members, &vectorScanner{spec: c})
		}
		return call, nil
	}
}

// vectorExtreme is the State.
type vectorExtreme struct {
	elem     selfsame.Type
	greatest bool
	keepNaN  bool
	some     bool // there is a list
	mixed    bool // of more than one length
	found    []foundItem
}

// foundItem is the extreme of a position, have: there is one.
type foundItem struct {
	have bool
	item item
}

func newVectorExtreme(c CallSpec, greatest bool) *vectorExtreme {
	return &vectorExtreme{elem: *c.Args[0].Elem, greatest: greatest, keepNaN: c.KeepNaN}
}

// take begins a list of n elements; false: there is no use in them.
func (s *vectorExtreme) take(n int) bool {
	switch {
	case s.mixed:
	case n > maxVector || s.some && n != len(s.found):
		s.some, s.mixed, s.found = true, true, nil
	case !s.some:
		s.some, s.found = true, make([]foundItem, n)
	}
	return !s.mixed
}

func (s *vectorExtreme) offer(i int, a item) {
	f := &s.found[i]
	if c := a.compare(f.item); !f.have || (c < 0) != s.greatest && c != 0 {
		*f = foundItem{true, a}
	}
}

func (s *vectorExtreme) Add(e *Event) {
	v := &e.Args[0]
	if v.Status != selfsame.Present || !s.take(len(v.Elems)) {
		return
	}
	for i := range v.Elems {
		if x := &v.Elems[i]; !skipped(x, s.keepNaN) {
			s.offer(i, itemOf(*x))
		}
	}
}

func (s *vectorExtreme) Merge(other State) {
	o := other.(*vectorExtreme)
	switch {
	case o.mixed:
		s.take(maxVector + 1)
	case o.some && s.take(len(o.found)):
		for i, f := range o.found {
			if f.have {
				s.offer(i, f.item)
			}
		}
	}
}

func (s *vectorExtreme) AppendTo(b []byte) []byte {
	switch {
	case !s.some:
		return append(b, 0)
	case s.mixed:
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 2), uint64(len(s.found)))
	for _, f := range s.found {
		if f.have {
			b = appendItem(append(b, 1), s.elem, f.item)
		} else {
			b = append(b, 0)
		}
	}
	return b
}

func (s *vectorExtreme) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	next := *s
	next.some, next.mixed, next.found = false, false, nil
	switch kind := d.Byte(); kind {
	case 0, 1:
		next.some, next.mixed = kind == 1, kind == 1
	case 2:
		next.some = true
		at := d.Offset()
		n := d.Uvarint()
		if n > maxVector {
			d.Corrupt(at, "a list longer than those that are folded")
		}
		for i := uint64(0); i < n && d.Err() == nil; i++ {
			f := foundItem{have: decodeFlag(d)}
			if f.have {
				f.item = decodeItem(d, s.elem)
			}
			next.found = append(next.found, f)
		}
	default:
		d.Corrupt(0, "a kind of state that there is not")
	}
	if err := d.End(); err != nil {
		return err
	}
	*s = next
	return nil
}

func (s *vectorExtreme) Finish(int64) selfsame.Value {
	out := selfsame.Value{Type: selfsame.ListOf(s.elem)}
	switch {
	case !s.some:
		out.Status = selfsame.Null
	case s.mixed:
		out.Status = selfsame.ErrorOverflow
	}
	for _, f := range s.found {
		if f.have {
			out.Elems = append(out.Elems, f.item.value(s.elem))
		} else {
			out.Elems = append(out.Elems, selfsame.Value{Type: s.elem, Status: selfsame.Null})
		}
	}
	return out
}

// A window is put together from the extremes of blocks of 64 and of 4096 events in a row.
const (
	vectorShift  = 6
	vectorLevels = 2
)

// vectorScanner folds the lists of a window.
type vectorScanner struct {
	spec     CallSpec
	presence *presence
	column   *column.Column
	blocks   [2][vectorLevels][]*vectorExtreme // by role and level; nil until it is asked for
}

func (s *vectorScanner) load(p *presence, ev *Events) { s.resume(p, ev, 0) }

func (s *vectorScanner) resume(p *presence, ev *Events, from int) {
	s.presence, s.column = p, ev.Args[0]
	for role := range s.blocks {
		for level, b := range s.blocks[role] {
			shift := vectorShift * (level + 1)
			b = b[:min(len(b), from>>shift)]
			for len(b) < p.n>>shift {
				b = append(b, nil)
			}
			s.blocks[role][level] = b
		}
	}
}

func (s *vectorScanner) appendValue(c *Call, at int64, numbers []int32, out *column.Column) {
	state := newVectorExtreme(s.spec, c.role == roleGreatest)
	for len(numbers) > 0 && !state.mixed {
		taken := 1
		if level := blockOf(numbers); level >= 0 {
			taken = 1 << (vectorShift * (level + 1))
			state.Merge(s.block(c.role, level, numbers[0]))
		} else {
			s.fold(state, numbers[0])
		}
		numbers = numbers[taken:]
	}
	out.Append(state.Finish(at))
}

// blockOf returns the level of the largest block with which numbers begin, -1 where there is none.
func blockOf(numbers []int32) int {
	for level := vectorLevels - 1; level >= 0; level-- {
		size := int32(1) << (vectorShift * (level + 1))
		if len(numbers) >= int(size) && numbers[0]&(size-1) == 0 && numbers[size-1]-numbers[0] == size-1 {
			return level
		}
	}
	return -1
}

// block returns the extremes of a whole block, from its first number.
func (s *vectorScanner) block(role, level int, first int32) *vectorExtreme {
	below := vectorShift * level
	b := &s.blocks[role][level][first>>(below+vectorShift)]
	if *b != nil {
		return *b
	}
	*b = newVectorExtreme(s.spec, role == roleGreatest)
	for i := range int32(1) << vectorShift {
		if level == 0 {
			s.fold(*b, first+i)
		} else {
			(*b).Merge(s.block(role, level-1, first+i<<below))
		}
	}
	return *b
}

// fold takes an event in.
func (s *vectorScanner) fold(state *vectorExtreme, k int32) {
	row, elems := s.presence.row(k), s.column.Elems
	lo, hi := int(s.column.Offsets[row]), int(s.column.Offsets[row+1])
	if !state.take(hi - lo) {
		return
	}
	for i := lo; i < hi; i++ {
		if isDense(elems, i, i+1, s.spec.KeepNaN) {
			state.offer(i-lo, numberItem(elems, i))
		}
	}
}
