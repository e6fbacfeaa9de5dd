// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"encoding/binary"
	"math"

	"selfsame"
)

// AppendBare appends the canonical bytes of present value i without a frame, as identities are hashed: a string is its
// UTF-8 bytes, a 64-bit value 8 bytes big-endian, a decimal 16, a bool one byte. Lists and maps are framed as in AppendFramed.
// docs/format/payload.md draws the bytes.
func (c *Column) AppendBare(b []byte, i int) []byte {
	switch c.Type.Kind {
	case selfsame.Bool:
		if c.Bools[i] {
			return append(b, 1)
		}
		return append(b, 0)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return binary.BigEndian.AppendUint64(b, uint64(c.Ints[i]))
	case selfsame.Float64:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(c.Floats[i]))
	case selfsame.Decimal:
		b = binary.BigEndian.AppendUint64(b, uint64(c.Decimals[i].Hi))
		return binary.BigEndian.AppendUint64(b, c.Decimals[i].Lo)
	case selfsame.String, selfsame.Bytes:
		return append(b, c.Str(i)...)
	}
	lo, hi := int(c.Offsets[i]), int(c.Offsets[i+1])
	b = binary.AppendUvarint(b, uint64(hi-lo))
	for j := lo; j < hi; j++ {
		if c.Keys != nil {
			b = c.Keys.AppendFramed(b, j)
		}
		b = c.Elems.AppendFramed(b, j)
	}
	return b
}

// AppendFramed appends the canonical bytes of value i so that a sequence of values can be told apart: one status byte (0 for a
// value that is not there, 1 for one that is), then the value; strings are preceded by their length as a uvarint.
func (c *Column) AppendFramed(b []byte, i int) []byte {
	if c.StatusAt(i) != selfsame.Present {
		return append(b, 0)
	}
	b = append(b, 1)
	if k := c.Type.Kind; k == selfsame.String || k == selfsame.Bytes {
		b = binary.AppendUvarint(b, uint64(c.Offsets[i+1]-c.Offsets[i]))
	}
	return c.AppendBare(b, i)
}
