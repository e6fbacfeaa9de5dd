// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"encoding/binary"
	"math"
	"math/bits"

	"selfsame"
	"selfsame/column"
)

// An encoded row or retraction:
//
//	+----------------+-------+-------+------------+--------+-------------+----------+-------------+---------+
//	| uvarint length | flags | place | varint Seq | 8: τ   | varint α-τ  | 8: hash  | bitmap of   | values  |
//	| of the rest    |       | if P  |            | LE     | unless N    | if Hash  | missing if M|         |
//	+----------------+-------+-------+------------+--------+-------------+----------+-------------+---------+
//	| uvarint length | R     | varint target | varint Seq | 8: α LE unless N |
//	+----------------+-------+---------------+------------+------------------+
const (
	flagRetraction = 1 << iota // R
	flagDelete                 // the row says that there is none
	flagPlace                  // P: the place is not 0
	flagNever                  // N: α is MaxTime
	flagMissing                // M: the order or a column has no value
	flagsKnown     = 1<<iota - 1
)

// AppendRow appends the encoding of a row: its head, and value i of order (nil where the layout has none) and of each column.
func (l *Layout) AppendRow(dst []byte, h Head, order *column.Column, cols []*column.Column, i int) []byte {
	start := len(dst)
	dst = append(dst, 0, 0)
	var flags byte
	if h.Delete {
		flags |= flagDelete
	}
	if h.Place != 0 {
		flags |= flagPlace
		dst = append(dst, h.Place)
	}
	dst = binary.AppendVarint(dst, h.Seq)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Tau))
	if h.Alpha == selfsame.MaxTime {
		flags |= flagNever
	} else {
		dst = binary.AppendVarint(dst, h.Alpha-h.Tau)
	}
	if l.Hash {
		dst = binary.LittleEndian.AppendUint64(dst, h.Hash)
	}
	if l.anyMissing(order, cols, i) {
		flags |= flagMissing
		dst = l.appendMissing(dst, order, cols, i)
	}
	if l.ordered() {
		dst = appendSlot(dst, order, i, h.Tau)
	}
	for _, c := range cols {
		dst = appendSlot(dst, c, i, h.Tau)
	}
	dst[start+1] = flags
	return closeFrame(dst, start)
}

// AppendRetraction appends a note that the row target stops being visible at seq, known at alpha.
func AppendRetraction(dst []byte, target, seq, alpha int64) []byte {
	start := len(dst)
	dst = append(dst, 0, flagRetraction)
	dst = binary.AppendVarint(dst, target)
	dst = binary.AppendVarint(dst, seq)
	if alpha == selfsame.MaxTime {
		dst[start+1] |= flagNever
	} else {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(alpha))
	}
	return closeFrame(dst, start)
}

// closeFrame writes the length of what stands behind the byte at start into it, moving the rest where one byte is too few.
func closeFrame(dst []byte, start int) []byte {
	n := len(dst) - start - 1
	if n < 0x80 {
		dst[start] = byte(n)
		return dst
	}
	more := (bits.Len(uint(n))+6)/7 - 1
	for range more {
		dst = append(dst, 0)
	}
	copy(dst[start+1+more:], dst[start+1:start+1+n])
	binary.PutUvarint(dst[start:], uint64(n))
	return dst
}

func (l *Layout) ordered() bool { return l.Order.Kind != selfsame.Unknown }

// slots is the number of values that may be missing.
func (l *Layout) slots() int {
	if l.ordered() {
		return len(l.Columns) + 1
	}
	return len(l.Columns)
}

func (l *Layout) anyMissing(order *column.Column, cols []*column.Column, i int) bool {
	if l.ordered() && order.StatusAt(i) != selfsame.Present {
		return true
	}
	for _, c := range cols {
		if c.Status != nil && c.Status[i] != selfsame.Present {
			return true
		}
	}
	return false
}

// appendMissing appends a bit for each slot, the order's first: 1 where it has no value.
func (l *Layout) appendMissing(dst []byte, order *column.Column, cols []*column.Column, i int) []byte {
	at, slot := len(dst), 0
	for range (l.slots() + 7) / 8 {
		dst = append(dst, 0)
	}
	mark := func(c *column.Column) {
		if c.StatusAt(i) != selfsame.Present {
			dst[at+slot/8] |= 1 << (slot % 8)
		}
		slot++
	}
	if l.ordered() {
		mark(order)
	}
	for _, c := range cols {
		mark(c)
	}
	return dst
}

// appendSlot appends value i, or its status where it is missing.
func appendSlot(dst []byte, c *column.Column, i int, tau int64) []byte {
	if s := c.StatusAt(i); s != selfsame.Present {
		return append(dst, byte(s))
	}
	return appendValue(dst, c, i, tau)
}

func appendValue(dst []byte, c *column.Column, i int, tau int64) []byte {
	switch c.Type.Kind {
	case selfsame.Bool:
		if c.Bools[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case selfsame.Int64, selfsame.Date:
		return binary.AppendVarint(dst, c.Ints[i])
	case selfsame.Timestamp:
		return binary.AppendVarint(dst, c.Ints[i]-tau)
	case selfsame.Float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(c.Floats[i]))
	case selfsame.Decimal:
		return appendDecimal(dst, c.Decimals[i])
	case selfsame.String, selfsame.Bytes:
		s := c.Str(i)
		return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
	}
	lo, hi := int(c.Offsets[i]), int(c.Offsets[i+1])
	dst = binary.AppendUvarint(dst, uint64(hi-lo))
	for j := lo; j < hi; j++ {
		if c.Keys != nil {
			dst = appendValue(dst, c.Keys, j, tau)
		}
		if dst = append(dst, byte(c.Elems.StatusAt(j))); c.Elems.StatusAt(j) == selfsame.Present {
			dst = appendValue(dst, c.Elems, j, tau)
		}
	}
	return dst
}

// appendDecimal appends the number of bytes and the bytes, least significant first, without those that only repeat the sign.
func appendDecimal(dst []byte, d selfsame.Int128) []byte {
	sign := uint64(d.Hi >> 63)
	wide := bits.Len64(uint64(d.Hi) ^ sign)
	if wide > 0 || (d.Lo^sign)>>63 != 0 {
		wide += 64
	} else {
		wide = bits.Len64(d.Lo ^ sign)
	}
	n := 0
	if wide > 0 || sign != 0 {
		n = wide/8 + 1
	}
	dst = append(dst, byte(n))
	dst = appendLow(dst, d.Lo, min(n, 8))
	return appendLow(dst, uint64(d.Hi), n-min(n, 8))
}

func appendLow(dst []byte, v uint64, n int) []byte {
	for range n {
		dst = append(dst, byte(v))
		v >>= 8
	}
	return dst
}
