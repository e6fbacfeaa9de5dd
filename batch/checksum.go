// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
)

// ValuesChecksum is the checksum of the canonical values of a table. It depends on the values, their statuses, names, types and
// order, and on nothing else: not on the file's format, nor on this engine. docs/format/manifest.md draws its bytes.
type ValuesChecksum struct {
	fields  []selfsame.Field
	columns []*xxh3.Hasher
	buf     []byte
}

// NewValuesChecksum returns a checksum over columns of these fields.
func NewValuesChecksum(fields []selfsame.Field) *ValuesChecksum {
	v := &ValuesChecksum{fields: fields}
	for range fields {
		v.columns = append(v.columns, xxh3.New())
	}
	return v
}

// Add takes the next block of rows. Every block but the last has ChunkRows rows.
func (v *ValuesChecksum) Add(cols []*column.Column) {
	for i, c := range cols {
		v.buf = appendStatuses(v.buf[:0], c)
		v.buf = appendValues(v.buf, c)
		v.columns[i].Write(v.buf)
	}
}

// Columns returns the checksum of each column.
func (v *ValuesChecksum) Columns() []string {
	var out []string
	for _, h := range v.columns {
		out = append(out, sumText(h.Sum128()))
	}
	return out
}

// Sum returns the checksum of the table.
func (v *ValuesChecksum) Sum() string {
	var b []byte
	for i, h := range v.columns {
		for _, s := range []string{v.fields[i].Name, v.fields[i].Type.String()} {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
		sum := h.Sum128().Bytes()
		b = append(b, sum[:]...)
	}
	return sumText(xxh3.Hash128(b))
}

func sumText(u xxh3.Uint128) string {
	b := u.Bytes()
	return "xxh3:" + hex.EncodeToString(b[:])
}

// appendStatuses appends one byte a value; the kinds of errors are one.
func appendStatuses(b []byte, c *column.Column) []byte {
	b, out := extend(b, c.Len())
	clear(out)
	for i, s := range c.Status {
		out[i] = byte(min(s, selfsame.ErrorOverflow))
	}
	return b
}

// appendValues appends the values: 8 bytes little-endian for 64-bit kinds (zero where a value is not there), the framed canonical bytes for the others.
func appendValues(b []byte, c *column.Column) []byte {
	var out []byte
	switch c.Type.Kind {
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		b, out = extend(b, 8*len(c.Ints))
		for i, v := range c.Ints {
			binary.LittleEndian.PutUint64(out[8*i:8*i+8], uint64(v))
		}
		clearAbsent(out, c.Status)
	case selfsame.Float64:
		b, out = extend(b, 8*len(c.Floats))
		for i, v := range c.Floats {
			binary.LittleEndian.PutUint64(out[8*i:8*i+8], math.Float64bits(v))
		}
		clearAbsent(out, c.Status)
	default:
		for i := range c.Len() {
			b = c.AppendFramed(b, i)
		}
	}
	return b
}

// extend returns b with n more bytes, and those.
func extend(b []byte, n int) (whole, out []byte) {
	before := len(b)
	b = slices.Grow(b, n)[:before+n]
	return b, b[before:]
}

// clearAbsent clears the 8 bytes of each value that is not there. It does so without a branch: which values are there is hard to predict.
func clearAbsent(out []byte, status []selfsame.Status) {
	for i, s := range status {
		keep := -((uint64(s) - 1) >> 63) // all ones where s is 0, Present
		b := out[8*i : 8*i+8]
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)&keep)
	}
}
