// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"selfsame"
	"selfsame/column"
)

// A block, as docs/format/log.md draws it:
//
//	+------+--------------+----------+-----------+--------+-----------------+---------------+
//	| 0x01 | 4: CRC-32C   | 8: first | uvarint   | 8: α   | name and schema | Tau, Ops,     |
//	| form | of what      | offset   | n, rows   | LE     | of the source   | columns       |
//	|      | follows, LE  | LE       |           |        |                 |               |
//	+------+--------------+----------+-----------+--------+-----------------+---------------+
const (
	blockForm  = 0x01
	headBytes  = 5 // form and checksum
	noOps      = 0
	withOps    = 1
	allPresent = 0
	someAbsent = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal fills the checksum of a form that begins at start.
func seal(b []byte, start int) []byte {
	binary.LittleEndian.PutUint32(b[start+1:], crc32.Checksum(b[start+headBytes:], castagnoli))
	return b
}

// AppendBlock appends the encoding of a block, whose First, Alpha, Name, Rows and Tau are set.
func AppendBlock(dst []byte, b *Block) []byte {
	start := len(dst)
	dst = append(dst, blockForm, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(b.First))
	dst = binary.AppendUvarint(dst, uint64(b.Rows.Rows))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(b.Alpha))
	dst = appendString(dst, b.Name)
	dst = binary.AppendUvarint(dst, uint64(len(b.Rows.Fields)))
	for _, f := range b.Rows.Fields {
		dst = appendString(appendString(dst, f.Name), f.Type.String())
	}
	dst = appendDeltas(dst, b.Tau)
	if b.Ops == nil {
		dst = append(dst, noOps)
	} else {
		dst = append(dst, withOps)
		for _, o := range b.Ops {
			dst = append(dst, byte(o))
		}
	}
	for _, c := range b.Rows.Columns {
		dst = appendColumn(dst, c, 0, b.Rows.Rows)
	}
	return seal(dst, start)
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendDeltas appends each number as its difference from the one before, wrapping.
func appendDeltas(dst []byte, s []int64) []byte {
	last := int64(0)
	for _, v := range s {
		dst = binary.AppendVarint(dst, v-last)
		last = v
	}
	return dst
}

// appendColumn appends values [lo, hi): the statuses where one is missing, then every slot.
func appendColumn(dst []byte, c *column.Column, lo, hi int) []byte {
	dst = appendStatuses(dst, c, lo, hi)
	switch c.Type.Kind {
	case selfsame.Bool:
		for i := lo; i < hi; i++ {
			dst = append(dst, bit(c.StatusAt(i) == selfsame.Present && c.Bools[i]))
		}
	case selfsame.Int64:
		for i := lo; i < hi; i++ {
			dst = binary.AppendVarint(dst, present(c, c.Ints, i, 0))
		}
	case selfsame.Timestamp, selfsame.Date:
		last := int64(0)
		for i := lo; i < hi; i++ {
			v := present(c, c.Ints, i, last)
			dst = binary.AppendVarint(dst, v-last)
			last = v
		}
	case selfsame.Float64:
		for i := lo; i < hi; i++ {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(present(c, c.Floats, i, 0)))
		}
	case selfsame.Decimal:
		for i := lo; i < hi; i++ {
			d := present(c, c.Decimals, i, selfsame.Int128{})
			dst = binary.AppendVarint(binary.AppendUvarint(dst, d.Lo), d.Hi)
		}
	case selfsame.String, selfsame.Bytes:
		dst = appendLengths(dst, c.Offsets, lo, hi)
		dst = append(dst, c.Bytes[c.Offsets[lo]:c.Offsets[hi]]...)
	case selfsame.List, selfsame.Map:
		dst = appendLengths(dst, c.Offsets, lo, hi)
		from, to := int(c.Offsets[lo]), int(c.Offsets[hi])
		if c.Keys != nil {
			dst = appendColumn(dst, c.Keys, from, to)
		}
		dst = appendColumn(dst, c.Elems, from, to)
	}
	return dst
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// present is value i, or other where it is missing.
func present[T any](c *column.Column, s []T, i int, other T) T {
	if c.StatusAt(i) != selfsame.Present {
		return other
	}
	return s[i]
}

func appendStatuses(dst []byte, c *column.Column, lo, hi int) []byte {
	some := false
	for i := lo; i < hi && !some; i++ {
		some = c.StatusAt(i) != selfsame.Present
	}
	if !some {
		return append(dst, allPresent)
	}
	dst = append(dst, someAbsent)
	for i := lo; i < hi; i++ {
		dst = append(dst, byte(c.StatusAt(i)))
	}
	return dst
}

func appendLengths(dst []byte, offsets []uint32, lo, hi int) []byte {
	for i := lo; i < hi; i++ {
		dst = binary.AppendUvarint(dst, uint64(offsets[i+1]-offsets[i]))
	}
	return dst
}

// AppendRefused appends the encoding of a refused row; its Seq is the key and not in it.
func AppendRefused(dst []byte, r *Refused) []byte {
	start := len(dst)
	dst = append(dst, blockForm, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Alpha))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Tau))
	for _, s := range []string{r.Source, r.Verdict, r.Reason, r.Row} {
		dst = appendString(dst, s)
	}
	return seal(dst, start)
}
