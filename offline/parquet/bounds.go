// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
)

// bounds are the least and the greatest of a run of values, for statistics. Numbers are kept as keys whose order as int64 is that of
// the values. NaN are left out, as Parquet wants it.
type bounds struct {
	some     bool
	low, top int64 // keys
	least    []byte
	greatest []byte
}

// longest is the length of the longest value that is kept in statistics.
const longest = 4096

// floatKey maps the bits of a float64 to a key: negative numbers have their order turned round. It is its own inverse.
func floatKey(b uint64) int64 { return int64(b) ^ int64(uint64(int64(b)>>63)>>1) }

const infinity = 0x7FF0000000000000

// ints takes integers, as they are.
func (s *bounds) ints(values []uint64) {
	if len(values) == 0 {
		return
	}
	low, top := int64(values[0]), int64(values[0])
	for _, v := range values {
		low, top = min(low, int64(v)), max(top, int64(v))
	}
	s.key(low, top)
}

// floats takes the bits of float64 values.
func (s *bounds) floats(values []uint64) {
	low, top := int64(math.MaxInt64), int64(math.MinInt64)
	for _, v := range values {
		k := floatKey(v)
		if k > infinity || k < ^infinity { // NaN
			continue
		}
		low, top = min(low, k), max(top, k)
	}
	if low <= top {
		s.key(low, top)
	}
}

func (s *bounds) key(low, top int64) {
	if !s.some {
		s.some, s.low, s.top = true, low, top
		return
	}
	s.low, s.top = min(s.low, low), max(s.top, top)
}

// bytes takes one value, ordered by compare.
func (s *bounds) bytes(v []byte, compare func(a, b []byte) int) {
	if !s.some || compare(v, s.least) < 0 {
		s.least = append(s.least[:0], v...)
	}
	if !s.some || compare(v, s.greatest) > 0 {
		s.greatest = append(s.greatest[:0], v...)
	}
	s.some = true
}

// merge takes the bounds of a further run of the leaf.
func (l *leaf) merge(s, o *bounds) {
	switch {
	case !o.some:
	case l.keyed():
		s.key(o.low, o.top)
	default:
		s.bytes(o.least, l.compare)
		s.bytes(o.greatest, l.compare)
	}
}

func (s *bounds) reset() {
	s.some = false
	s.least, s.greatest = s.least[:0], s.greatest[:0]
}

// encoded returns the bounds in plain encoding, as statistics hold them. It is false where there are none, or one is too long.
func (l *leaf) encoded(s *bounds) (least, greatest []byte, ok bool) {
	switch {
	case !s.some:
		return nil, nil, false
	case !l.keyed():
		return bytes.Clone(s.least), bytes.Clone(s.greatest), max(len(s.least), len(s.greatest)) <= longest
	}
	return l.bound(s.low, math.Copysign(0, -1)), l.bound(s.top, 0), true
}

// bound encodes one bound. Among floats a zero gets the sign that says least.
func (l *leaf) bound(key int64, zero float64) []byte {
	switch l.physical {
	case physicalInt32:
		return binary.LittleEndian.AppendUint32(nil, uint32(key))
	case physicalInt64:
		return binary.LittleEndian.AppendUint64(nil, uint64(key))
	}
	f := math.Float64frombits(uint64(floatKey(uint64(key))))
	if f == 0 {
		f = zero
	}
	if l.physical == physicalFloat {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(f)))
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(f))
}

// order says how the bounds of consecutive pages follow each other, as the column index names it.
func (l *leaf) order(values [][]byte) (ascending, descending bool) {
	ascending, descending = true, true
	for i := 1; i < len(values); i++ {
		c := l.compare(values[i-1], values[i])
		ascending, descending = ascending && c <= 0, descending && c >= 0
	}
	return ascending, descending
}

// compare orders two values in plain encoding.
func (l *leaf) compare(a, b []byte) int {
	switch l.physical {
	case physicalInt32:
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	case physicalInt64:
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case physicalFloat:
		return cmp.Compare(math.Float32frombits(binary.LittleEndian.Uint32(a)), math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case physicalDouble:
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case physicalFixed:
		return compareSigned(a, b)
	}
	return bytes.Compare(a, b)
}

// compareSigned orders big-endian numbers in two's complement, of one length.
func compareSigned(a, b []byte) int {
	if c := cmp.Compare(int8(a[0]), int8(b[0])); c != 0 {
		return c
	}
	return bytes.Compare(a, b)
}

// statistics writes the field of a chunk's statistics.
func (t *compact) statistics(id int16, least, greatest []byte, known bool, nulls int64) {
	t.within(id, func() {
		t.i64(3, nulls)
		if known {
			t.binary(5, greatest)
			t.binary(6, least)
		}
	})
}
