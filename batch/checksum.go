// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"encoding/binary"
	"encoding/hex"
	"math"

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
	n := c.Len()
	if c.Status == nil {
		b = append(b, make([]byte, n)...)
		return b
	}
	for _, s := range c.Status {
		b = append(b, byte(min(s, selfsame.ErrorOverflow)))
	}
	return b
}

// appendValues appends the values: 8 bytes little-endian for 64-bit kinds (zero where a value is not there), the framed canonical bytes for the others.
func appendValues(b []byte, c *column.Column) []byte {
	switch c.Type.Kind {
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		for i, v := range c.Ints {
			if c.StatusAt(i) != selfsame.Present {
				v = 0
			}
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	case selfsame.Float64:
		for i, v := range c.Floats {
			if c.StatusAt(i) != selfsame.Present {
				v = 0
			}
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	default:
		for i := range c.Len() {
			b = c.AppendFramed(b, i)
		}
	}
	return b
}
