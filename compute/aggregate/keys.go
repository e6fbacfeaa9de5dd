// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"selfsame"
	"selfsame/column"
)

// keys are int64 that stand in the order of the values of the events that contribute: of[k] belongs to number k, and equal keys
// mean equal values. All kernels that compare values compare keys. Integers are their own keys; strings and wide decimals are
// ranked among the entity's values.
type keys struct {
	of     []int64
	buffer []int64
	source *column.Column
	ranked bool    // keys are ranks into rowOf
	rowOf  []int32 // rank -> a row with that value
	sorted []prefixed
}

// prefixed is a value to be ranked: its leading bytes, in order, and where it is.
type prefixed struct {
	prefix uint64
	number int32
	row    int32
}

// load makes the keys of the values of c that contribute. The keys of integers may be the column's own memory.
func (s *keys) load(p *presence, c *column.Column) {
	s.source, s.ranked = c, false
	if s.shares(p) {
		s.of = c.Ints[p.lo : int(p.lo)+p.n]
		return
	}
	s.buffer = room(s.buffer, p.n)
	s.of = s.buffer
	if !s.fill(p, 0) {
		s.rank(p)
	}
}

// resume is load where the first `from` numbers are those of the last load; it reports whether their keys are.
func (s *keys) resume(p *presence, c *column.Column, from int) bool {
	s.source = c
	switch {
	case s.ranked:
		s.load(p, c)
		return false
	case s.shares(p):
		s.of = c.Ints[p.lo : int(p.lo)+p.n]
		return true
	}
	s.buffer = regrow(s.buffer, p.n, from)
	s.of = s.buffer
	if !s.fill(p, from) {
		s.rank(p)
		return false
	}
	return true
}

// shares reports whether the keys are the column's own memory.
func (s *keys) shares(p *presence) bool {
	kind := s.source.Type.Kind
	return p.all && (kind == selfsame.Int64 || kind == selfsame.Timestamp || kind == selfsame.Date)
}

// fill makes the keys from number `from` on; false: the values need ranks.
func (s *keys) fill(p *presence, from int) bool {
	c := s.source
	switch c.Type.Kind {
	case selfsame.Bool:
		for k := from; k < p.n; k++ {
			s.of[k] = 0
			if c.Bools[p.row(int32(k))] {
				s.of[k] = 1
			}
		}
	case selfsame.Float64:
		s.fillFloats(p, from)
	case selfsame.Decimal:
		for k := from; k < p.n; k++ {
			d := c.Decimals[p.row(int32(k))]
			if d.Hi != int64(d.Lo)>>63 {
				return false
			}
			s.of[k] = int64(d.Lo)
		}
	case selfsame.String, selfsame.Bytes:
		return false
	default:
		for k := from; k < p.n; k++ {
			s.of[k] = c.Ints[p.row(int32(k))]
		}
	}
	return true
}

func (s *keys) fillFloats(p *presence, from int) {
	floats, of := s.source.Floats, s.of[from:p.n]
	if p.all {
		for k, f := range floats[int(p.lo)+from : int(p.lo)+p.n] {
			of[k] = floatKey(f)
		}
		return
	}
	for k, row := range p.rows[from:p.n] {
		of[k] = floatKey(floats[row])
	}
}

// rank sorts the values and numbers them, equal ones alike.
func (s *keys) rank(p *presence) {
	s.ranked = true
	s.sorted = room(s.sorted, p.n)
	for k := range s.sorted {
		row := p.row(int32(k))
		s.sorted[k] = prefixed{prefix: s.prefix(row), number: int32(k), row: row}
	}
	slices.SortFunc(s.sorted, func(a, b prefixed) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		return s.compare(a.row, b.row)
	})
	s.rowOf = s.rowOf[:0]
	for k, v := range s.sorted {
		if k == 0 || v.prefix != s.sorted[k-1].prefix || s.compare(v.row, s.sorted[k-1].row) != 0 {
			s.rowOf = append(s.rowOf, v.row)
		}
		s.of[v.number] = int64(len(s.rowOf) - 1)
	}
}

// prefix is an integer that orders values as far as it goes.
func (s *keys) prefix(row int32) uint64 {
	if s.source.Type.Kind == selfsame.Decimal {
		return uint64(s.source.Decimals[row].Hi) ^ signBit
	}
	b := s.source.Str(int(row))
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var head [8]byte
	copy(head[:], b)
	return binary.BigEndian.Uint64(head[:])
}

// compare orders two values with equal prefixes.
func (s *keys) compare(i, j int32) int {
	if s.source.Type.Kind == selfsame.Decimal {
		return cmp.Compare(s.source.Decimals[i].Lo, s.source.Decimals[j].Lo)
	}
	return bytes.Compare(s.source.Str(int(i)), s.source.Str(int(j)))
}

// appendTo appends the value of a key to out, a column of the values' type.
func (s *keys) appendTo(out *column.Column, key int64) {
	if s.ranked {
		out.AppendFrom(s.source, int(s.rowOf[key]))
		return
	}
	switch s.source.Type.Kind {
	case selfsame.Float64:
		appendFloat(out, keyFloat(key))
	case selfsame.Bool:
		out.Bools = append(out.Bools, key != 0)
		appendPresent(out)
	case selfsame.Decimal:
		out.Decimals = append(out.Decimals, selfsame.Int128{Hi: key >> 63, Lo: uint64(key)})
		appendPresent(out)
	default:
		appendInt(out, key)
	}
}
