// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// item is a present scalar in the shape that states keep: items of one type compare by (hi, lo, str), in the canonical
// order of the type. -0 is +0, and there is one NaN, above +Inf.
type item struct {
	hi, lo uint64
	str    string
}

const signBit = 1 << 63

func itemOf(v selfsame.Value) item {
	switch v.Type.Kind {
	case selfsame.Float64:
		return item{lo: uint64(floatKey(v.Float)) ^ signBit}
	case selfsame.Decimal:
		return item{hi: uint64(v.Dec.Hi) ^ signBit, lo: v.Dec.Lo}
	case selfsame.String, selfsame.Bytes:
		return item{str: v.Str}
	}
	return item{lo: uint64(v.Int) ^ signBit}
}

// numberItem is itemOf of value i of a column of numbers or times.
func numberItem(c *column.Column, i int) item {
	switch c.Type.Kind {
	case selfsame.Float64:
		return item{lo: uint64(floatKey(c.Floats[i])) ^ signBit}
	case selfsame.Decimal:
		return item{hi: uint64(c.Decimals[i].Hi) ^ signBit, lo: c.Decimals[i].Lo}
	}
	return item{lo: uint64(c.Ints[i]) ^ signBit}
}

// itemAt is itemOf of value i of a column, which is present.
func itemAt(c *column.Column, i int) item {
	switch c.Type.Kind {
	case selfsame.Bool, selfsame.String, selfsame.Bytes:
		return itemOf(c.Value(i))
	}
	return numberItem(c, i)
}

func (a item) compare(b item) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	if a.lo != b.lo {
		return cmp.Compare(a.lo, b.lo)
	}
	return strings.Compare(a.str, b.str)
}

// value gives an item back as a value of its type.
func (a item) value(t selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: t}
	switch t.Kind {
	case selfsame.Float64:
		v.Float = keyFloat(int64(a.lo ^ signBit))
	case selfsame.Decimal:
		v.Dec = selfsame.Int128{Hi: int64(a.hi ^ signBit), Lo: a.lo}
	case selfsame.String, selfsame.Bytes:
		v.Str = a.str
	default:
		v.Int = int64(a.lo ^ signBit)
	}
	return v
}

// appendItem appends the canonical bytes of an item: a string its length as a uvarint and its bytes, a decimal 16 bytes, a
// float64 8, a bool 1, all else the uvarint of its zigzag.
func appendItem(b []byte, t selfsame.Type, a item) []byte {
	switch t.Kind {
	case selfsame.Float64:
		return binary.BigEndian.AppendUint64(b, a.lo)
	case selfsame.Decimal:
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, a.hi), a.lo)
	case selfsame.String, selfsame.Bytes:
		return append(exact.AppendUvarint(b, uint64(len(a.str))), a.str...)
	case selfsame.Bool:
		return append(b, byte(a.lo))
	}
	return exact.AppendVarint(b, int64(a.lo^signBit))
}

func decodeItem(d *exact.Decoder, t selfsame.Type) item {
	at := d.Offset()
	switch t.Kind {
	case selfsame.Float64:
		a := item{lo: d.Uint64()}
		if d.Err() == nil && uint64(floatKey(keyFloat(int64(a.lo^signBit))))^signBit != a.lo {
			d.Corrupt(at, "a float64 that is not canonical")
		}
		return a
	case selfsame.Decimal:
		hi := d.Uint64()
		return item{hi: hi, lo: d.Uint64()}
	case selfsame.String, selfsame.Bytes:
		return item{str: string(d.Bytes(d.Uvarint()))}
	case selfsame.Bool:
		x := d.Byte()
		if x > 1 {
			d.Corrupt(at, "a bool that is neither 0 nor 1")
		}
		return item{lo: uint64(x) ^ signBit}
	}
	return item{lo: uint64(d.Varint()) ^ signBit}
}

// decodeItems reads n items that ascend; take reads what follows each.
func decodeItems(d *exact.Decoder, t selfsame.Type, n uint64, take func(a item)) {
	var last item
	for i := uint64(0); i < n && d.Err() == nil; i++ {
		at := d.Offset()
		a := decodeItem(d, t)
		if d.Err() == nil && i > 0 && a.compare(last) <= 0 {
			d.Corrupt(at, "values out of order")
		}
		take(a)
		last = a
	}
}

// nanKey is the key of the one canonical NaN.
var nanKey = int64(math.Float64bits(exact.NaN()))

// floatKey maps floats to integers of the same order: -0 to the key of +0, every NaN to one key above that of +Inf.
func floatKey(f float64) int64 {
	if f != f {
		return nanKey
	}
	bits := int64(math.Float64bits(f + 0))
	return bits ^ int64(uint64(bits>>63)>>1)
}

// keyFloat is the inverse of floatKey.
func keyFloat(k int64) float64 {
	return math.Float64frombits(uint64(k ^ int64(uint64(k>>63)>>1)))
}

// skipped reports whether an argument contributes nothing: it is not present, or a NaN where the source reads NaN as null.
func skipped(v *selfsame.Value, keepNaN bool) bool {
	return v.Status != selfsame.Present || (!keepNaN && v.Type.Kind == selfsame.Float64 && v.Float != v.Float)
}

// isScalar reports whether values of a type are items.
func isScalar(t selfsame.Type) bool { return t.Kind >= selfsame.Bool && t.Kind <= selfsame.Date }
