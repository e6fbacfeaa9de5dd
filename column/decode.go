// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"encoding/binary"
	"math"

	"selfsame"
)

// AppendDecoded appends the value of a scalar column whose framed bytes (AppendFramed) b begins with, null where there is none, and returns the
// bytes behind them. It reports false, and appends nothing, where b does not begin so.
func (c *Column) AppendDecoded(b []byte) (rest []byte, ok bool) {
	if len(b) == 0 || b[0] > 1 {
		return b, false
	}
	v := selfsame.Value{Type: c.Type}
	if b[0] == 0 {
		v.Status = selfsame.Null
		c.Append(v)
		return b[1:], true
	}
	b = b[1:]
	size := 8
	switch c.Type.Kind {
	case selfsame.Bool:
		size = 1
	case selfsame.Decimal:
		size = 16
	case selfsame.String, selfsame.Bytes:
		n, read := binary.Uvarint(b)
		if read <= 0 || n > uint64(len(b)-read) {
			return b, false
		}
		b, size = b[read:], int(n)
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date, selfsame.Float64:
	default:
		return b, false
	}
	if len(b) < size {
		return b, false
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		v.Int = int64(b[0])
	case selfsame.Decimal:
		v.Dec.Hi, v.Dec.Lo = int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])
	case selfsame.String, selfsame.Bytes:
		v.Str = string(b[:size])
	case selfsame.Float64:
		v.Float = math.Float64frombits(binary.BigEndian.Uint64(b))
	default:
		v.Int = int64(binary.BigEndian.Uint64(b))
	}
	c.Append(v)
	return b[size:], true
}
