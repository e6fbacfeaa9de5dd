// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math/bits"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// This file is bit_and, bit_or and bit_xor of int64, in two's complement, so that a flag word of 64 bits is folded bit by bit. The first two are
// semilattices and keep the word; the third is a group and keeps how many values it is of, so that none can be told from a word of zeros.
//
// Encoding of bit_and and bit_or: byte 0 for the empty set, else byte 1 and varint of the word. Of bit_xor: varint of n, varint of the word.

// Roles of the family "bits".
const (
	roleAnd = iota
	roleOr
	roleXor
)

var bitAndFunc = &Func{
	Name:    "bit_and",
	Class:   Lattice,
	Summary: "The bits that are set in every value of x that is not null, x of type int64.",
	Example: "bit_and(flags) over 30d",
	Bind:    bindBits("bit_and", roleAnd),
}

var bitOrFunc = &Func{
	Name:    "bit_or",
	Class:   Lattice,
	Summary: "The bits that are set in any value of x, x of type int64.",
	Example: "bit_or(flags) over 30d",
	Bind:    bindBits("bit_or", roleOr),
}

var bitXorFunc = &Func{
	Name:    "bit_xor",
	Class:   Group,
	Summary: "The bits that are set in an odd number of values of x, x of type int64.",
	Example: "bit_xor(flags) over 30d",
	Bind:    bindBits("bit_xor", roleXor),
}

func bindBits(name string, role int) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) != 1 || len(c.Consts) != 0 || c.Args[0].Kind != selfsame.Int64 {
			return nil, wrongArguments(name, c, "write "+name+"(x), x of type int64")
		}
		return &Call{
			Result: c.Args[0], Family: "bits", role: role,
			NewState: func() State {
				if role == roleXor {
					return &xorState{}
				}
				return &bitState{role: role}
			},
			NewKernel: func(members []*Call) Kernel {
				return newSlideKernel(members, func() running { return &bitSet{} })
			},
		}, nil
	}
}

// bitWord is how many values are in, for and and or at most 1, and their word.
type bitWord struct {
	n    int64
	word int64
}

func (s *bitWord) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: s.word}
	if s.n == 0 {
		v.Int, v.Status = 0, selfsame.Null
	}
	return v
}

// bitState is the State of bit_and and bit_or.
type bitState struct {
	bitWord
	role int
}

func (s *bitState) Add(e *Event) {
	if v := &e.Args[0]; v.Status == selfsame.Present {
		s.offer(v.Int)
	}
}

func (s *bitState) offer(word int64) {
	switch {
	case s.n == 0:
		s.n, s.word = 1, word
	case s.role == roleAnd:
		s.word &= word
	default:
		s.word |= word
	}
}

func (s *bitState) Merge(other State) {
	if o := other.(*bitState); o.n > 0 {
		s.offer(o.word)
	}
}

func (s *bitState) AppendTo(b []byte) []byte {
	if s.n == 0 {
		return append(b, 0)
	}
	return exact.AppendVarint(append(b, 1), s.word)
}

func (s *bitState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	var w bitWord
	if decodeFlag(d) {
		w = bitWord{n: 1, word: d.Varint()}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.bitWord = w
	return nil
}

// xorState is the State of bit_xor.
type xorState struct{ bitWord }

func (s *xorState) Add(e *Event) { s.apply(e, 1) }

// Remove implements Inverter.
func (s *xorState) Remove(e *Event) { s.apply(e, -1) }

func (s *xorState) apply(e *Event, by int64) {
	if v := &e.Args[0]; v.Status == selfsame.Present {
		s.n += by
		s.word ^= v.Int
	}
}

func (s *xorState) Merge(other State) {
	o := other.(*xorState)
	s.n += o.n
	s.word ^= o.word
}

func (s *xorState) AppendTo(b []byte) []byte {
	return exact.AppendVarint(exact.AppendVarint(b, s.n), s.word)
}

func (s *xorState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	w := bitWord{n: d.Varint(), word: d.Varint()}
	if err := d.End(); err != nil {
		return err
	}
	s.bitWord = w
	return nil
}

// bitSet counts, for each bit, the values of a window that have it set.
type bitSet struct {
	columnSet
	n    int32
	ones [64]int32
}

func (s *bitSet) load(p *presence, ev *Events) {
	s.resume(p, ev, 0)
	s.reset()
}

func (s *bitSet) follow(with running) { s.columnSet = with.(*bitSet).columnSet }

func (s *bitSet) reset() { s.n, s.ones = 0, [64]int32{} }

func (s *bitSet) add(k int32)    { s.apply(k, 1) }
func (s *bitSet) remove(k int32) { s.apply(k, -1) }

func (s *bitSet) apply(k, by int32) {
	s.n += by
	for w := uint64(s.column.Ints[s.presence.row(k)]); w != 0; w &= w - 1 {
		s.ones[bits.TrailingZeros64(w)] += by
	}
}

func (s *bitSet) appendValue(c *Call, _ int64, out *column.Column) {
	if s.n == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	word := uint64(0)
	for i, ones := range s.ones {
		set := false
		switch c.role {
		case roleAnd:
			set = ones == s.n
		case roleOr:
			set = ones > 0
		default:
			set = ones&1 != 0
		}
		if set {
			word |= 1 << i
		}
	}
	appendInt(out, int64(word))
}
