// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"maps"
	"slices"

	"selfsame/compute/exact"
)

// numberSet is a set of up to limit integers; beyond, it is the one set "too many", which absorbs all others.
//
// Encoding: byte 1 for too many; else byte 0, uvarint of how many, the varint of the least and the uvarint of what each other is above the one before.
type numberSet struct {
	limit   int64
	over    bool
	numbers map[int64]struct{}
}

func (s *numberSet) offer(n int64) {
	if s.over {
		return
	}
	if s.numbers == nil {
		s.numbers = map[int64]struct{}{}
	}
	s.numbers[n] = struct{}{}
	if int64(len(s.numbers)) > s.limit {
		s.over, s.numbers = true, nil
	}
}

func (s *numberSet) merge(o *numberSet) {
	if o.over {
		s.over, s.numbers = true, nil
	}
	for n := range o.numbers { // a set does not depend on the order
		s.offer(n)
	}
}

// sorted returns the numbers, ascending.
func (s *numberSet) sorted() []int64 { return slices.Sorted(maps.Keys(s.numbers)) }

func (s *numberSet) appendTo(b []byte) []byte {
	if s.over {
		return append(b, 1)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.numbers)))
	last := int64(0)
	for i, n := range s.sorted() {
		if i == 0 {
			b = exact.AppendVarint(b, n)
		} else {
			b = exact.AppendUvarint(b, uint64(n)-uint64(last))
		}
		last = n
	}
	return b
}

// decode returns a set of the same limit.
func (s *numberSet) decode(d *exact.Decoder) numberSet {
	o := numberSet{limit: s.limit}
	if o.over = decodeFlag(d); o.over {
		return o
	}
	last := int64(0)
	for i, n := uint64(0), decodeHowMany(d, s.limit, "values"); i < n && d.Err() == nil; i++ {
		at, number := d.Offset(), int64(0)
		if i == 0 {
			number = d.Varint()
		} else if number = int64(uint64(last) + d.Uvarint()); d.Err() == nil && number <= last {
			d.Corrupt(at, "a value that is not above the one before")
		}
		o.offer(number)
		last = number
	}
	return o
}
