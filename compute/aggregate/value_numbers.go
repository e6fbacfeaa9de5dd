// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"math/bits"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
)

// valueNumbers gives equal values of an entity equal numbers 0 … different-1, in the order of their first events, by an open hash
// table. Sorting would do too, at three times the cost.
type valueNumbers struct {
	of     []int32 // value of event number k
	firsts []int32 // row of the first event with value v
	hashes []uint64
	slots  []int32 // 1 + value, 0 where free
}

func (v *valueNumbers) different() int { return len(v.firsts) }

// load numbers the values of c that contribute.
func (v *valueNumbers) load(p *presence, c *column.Column) {
	v.firsts, v.hashes = v.firsts[:0], v.hashes[:0]
	v.slots = zeroed(v.slots, 1<<bits.Len(uint(2*p.n)))
	v.number(p, c, 0)
}

// resume is load where the events before number from are those of the last. It returns how many values those have: these keep their numbers.
func (v *valueNumbers) resume(p *presence, c *column.Column, from int) (kept int) {
	for row := p.row(int32(from - 1)); len(v.firsts) > 0 && v.firsts[len(v.firsts)-1] > row; {
		v.forget() // numbered by first events: the last have none left
	}
	kept = len(v.firsts)
	if most := 2 * (len(v.firsts) + p.n - from); len(v.slots) < most {
		v.slots = zeroed(v.slots, 1<<bits.Len(uint(most)))
		for n, h := range v.hashes {
			v.slots[v.slot(h, 0)] = int32(n) + 1
		}
	}
	v.number(p, c, from)
	return kept
}

// slot returns the first slot from that of a hash on that holds what is asked for.
func (v *valueNumbers) slot(h uint64, holds int32) uint64 {
	mask := uint64(len(v.slots) - 1)
	at := h & mask
	for v.slots[at] != holds {
		at = (at + 1) & mask
	}
	return at
}

// forget takes the last value out. It was the last to find a slot, so no other was put behind its.
func (v *valueNumbers) forget() {
	n := len(v.firsts) - 1
	v.slots[v.slot(v.hashes[n], int32(n)+1)] = 0
	v.firsts, v.hashes = v.firsts[:n], v.hashes[:n]
}

// number gives the events from a number on the numbers of their values.
func (v *valueNumbers) number(p *presence, c *column.Column, from int) {
	v.of = regrow(v.of, p.n, from)
	mask := uint64(len(v.slots) - 1)
	for k := from; k < p.n; k++ {
		row := p.row(int32(k))
		h := hashOf(c, row)
		at := h & mask
		for ; ; at = (at + 1) & mask {
			n := v.slots[at] - 1
			if n < 0 {
				n = int32(len(v.firsts))
				v.slots[at] = n + 1
				v.firsts, v.hashes = append(v.firsts, row), append(v.hashes, h)
			} else if v.hashes[n] != h || !equalRows(c, v.firsts[n], row) {
				continue
			}
			v.of[k] = n
			break
		}
	}
}

func hashOf(c *column.Column, row int32) uint64 {
	switch c.Type.Kind {
	case selfsame.Bool:
		if c.Bools[row] {
			return mix(1)
		}
		return mix(0)
	case selfsame.Float64:
		return mix(uint64(floatKey(c.Floats[row])))
	case selfsame.Decimal:
		return mix(mix(uint64(c.Decimals[row].Hi)) ^ c.Decimals[row].Lo)
	case selfsame.String, selfsame.Bytes:
		return xxh3.Hash(c.Str(int(row)))
	}
	return mix(uint64(c.Ints[row]))
}

// mix spreads the bits of an integer over a word.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}

func equalRows(c *column.Column, i, j int32) bool {
	switch c.Type.Kind {
	case selfsame.Bool:
		return c.Bools[i] == c.Bools[j]
	case selfsame.Float64:
		return floatKey(c.Floats[i]) == floatKey(c.Floats[j])
	case selfsame.Decimal:
		return c.Decimals[i] == c.Decimals[j]
	case selfsame.String, selfsame.Bytes:
		return bytes.Equal(c.Str(int(i)), c.Str(int(j)))
	}
	return c.Ints[i] == c.Ints[j]
}
