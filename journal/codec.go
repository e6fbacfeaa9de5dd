// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
)

// errShort is a content that ends too early or says what no writer says.
var errShort = errors.New("the record's content is not one that is written")

// decoder reads a content. After a failure it gives zeros and keeps the error.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() { d.b, d.err = nil, errShort }

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count is a number of things that take at least one byte each.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.fail()
		return make([]byte, n)
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) byte() byte     { return d.take(1)[0] }
func (d *decoder) bytes() []byte  { return d.take(d.count()) }
func (d *decoder) text() string   { return string(d.bytes()) }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.take(8)) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendType appends a type: its kind, then what the kind leaves open.
func appendType(b []byte, t selfsame.Type) []byte {
	b = append(b, byte(t.Kind))
	switch t.Kind {
	case selfsame.Decimal:
		b = append(b, t.Precision, t.Scale)
	case selfsame.List, selfsame.Map:
		b = appendType(b, *t.Elem)
	}
	return b
}

func (d *decoder) typ() selfsame.Type {
	t := selfsame.Type{Kind: selfsame.Kind(d.byte())}
	switch t.Kind {
	case selfsame.Decimal:
		t.Precision, t.Scale = d.byte(), d.byte()
	case selfsame.List, selfsame.Map:
		elem := d.typ()
		t.Elem = &elem
	case selfsame.Unknown, selfsame.Bool, selfsame.Int64, selfsame.Float64, selfsame.String, selfsame.Bytes, selfsame.Timestamp, selfsame.Date:
	default:
		d.fail()
	}
	return t
}

// appendColumn appends the values of c: each a status byte and, where it is 0, the value.
func appendColumn(b []byte, c *column.Column) []byte {
	if c.Status == nil && c.Type.Kind == selfsame.Float64 { // most of what is served
		b = slices.Grow(b, 9*len(c.Floats))
		for _, v := range c.Floats {
			b = binary.LittleEndian.AppendUint64(append(b, byte(selfsame.Present)), math.Float64bits(v))
		}
		return b
	}
	for i := range c.Len() {
		b = appendValue(b, c, i)
	}
	return b
}

func appendValue(b []byte, c *column.Column, i int) []byte {
	s := c.StatusAt(i)
	b = append(b, byte(s))
	if s != selfsame.Present {
		return b
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		if c.Bools[i] {
			return append(b, 1)
		}
		return append(b, 0)
	case selfsame.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(c.Floats[i]))
	case selfsame.Decimal:
		v := c.Decimals[i]
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, v.Lo), uint64(v.Hi))
	case selfsame.String, selfsame.Bytes:
		v := c.Str(i)
		return append(binary.AppendUvarint(b, uint64(len(v))), v...)
	case selfsame.List, selfsame.Map:
		lo, hi := int(c.Offsets[i]), int(c.Offsets[i+1])
		b = binary.AppendUvarint(b, uint64(hi-lo))
		for k := lo; k < hi; k++ {
			if c.Keys != nil {
				b = appendValue(b, c.Keys, k)
			}
			b = appendValue(b, c.Elems, k)
		}
		return b
	}
	return binary.AppendVarint(b, c.Ints[i])
}

func (d *decoder) column(t selfsame.Type, rows int) *column.Column {
	c := column.New(t, 0)
	for range rows {
		c.Append(d.value(t))
		if d.err != nil {
			break
		}
	}
	return c
}

func (d *decoder) value(t selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: t, Status: selfsame.Status(d.byte())}
	if v.Status > selfsame.ErrorLength {
		d.fail()
	}
	if v.Status != selfsame.Present || d.err != nil {
		return v
	}
	switch t.Kind {
	case selfsame.Bool:
		v.Int = int64(d.byte())
		if v.Int > 1 {
			d.fail()
		}
	case selfsame.Float64:
		v.Float = math.Float64frombits(d.uint64())
	case selfsame.Decimal:
		v.Dec.Lo = d.uint64()
		v.Dec.Hi = int64(d.uint64())
	case selfsame.String, selfsame.Bytes:
		v.Str = d.text()
	case selfsame.List, selfsame.Map:
		for range d.count() {
			if t.Kind == selfsame.Map {
				v.Keys = append(v.Keys, d.value(selfsame.Scalar(selfsame.String)).Str)
			}
			v.Elems = append(v.Elems, d.value(*t.Elem))
		}
	case selfsame.Unknown:
		d.fail()
	default:
		v.Int = d.varint()
	}
	return v
}

// appendScalar appends a value of any type, its type before it.
func appendScalar(b []byte, v selfsame.Value) []byte {
	b = appendType(b, v.Type)
	if v.Type.Kind == selfsame.Unknown {
		return b
	}
	c := column.New(v.Type, 1)
	c.Append(v)
	return appendValue(b, c, 0)
}

func (d *decoder) scalar() selfsame.Value {
	t := d.typ()
	if t.Kind == selfsame.Unknown {
		return selfsame.Value{Status: selfsame.Null}
	}
	return d.value(t)
}
