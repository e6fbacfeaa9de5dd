// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// typeOf is the Arrow type of values of a type.
func typeOf(t selfsame.Type, cast offline.Cast) arrow.DataType {
	switch cast {
	case offline.Float32:
		return arrow.PrimitiveTypes.Float32
	case offline.Int32:
		return arrow.PrimitiveTypes.Int32
	}
	switch t.Kind {
	case selfsame.Bool:
		return arrow.FixedWidthTypes.Boolean
	case selfsame.Int64:
		return arrow.PrimitiveTypes.Int64
	case selfsame.Float64:
		return arrow.PrimitiveTypes.Float64
	case selfsame.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case selfsame.String:
		return arrow.BinaryTypes.String
	case selfsame.Bytes:
		return arrow.BinaryTypes.Binary
	case selfsame.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case selfsame.Date:
		return arrow.FixedWidthTypes.Date32
	case selfsame.List:
		return arrow.ListOf(typeOf(*t.Elem, offline.NoCast))
	case selfsame.Map:
		return arrow.MapOf(arrow.BinaryTypes.String, typeOf(*t.Elem, offline.NoCast))
	}
	return arrow.Null
}

// most is how many bytes of strings, or elements of lists, a record batch holds: Arrow counts them in 31 bits.
const most = math.MaxInt32

// arrayOf is a column as Arrow has it. It may share memory with the column. Values that are not there are zero, whatever stands in their place.
func arrayOf(c *column.Column, cast offline.Cast) (*array.Data, error) {
	n := c.Len()
	validity, nulls := validityOf(c)
	data := func(values []byte) *array.Data {
		return array.NewData(typeOf(c.Type, cast), n, []*memory.Buffer{validity, memory.NewBufferBytes(values)}, nil, nulls, 0)
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		bits := make([]byte, bitutil.BytesForBits(int64(n)))
		for i, v := range c.Bools {
			bitutil.SetBitTo(bits, i, v && c.StatusAt(i) == selfsame.Present)
		}
		return data(bits), nil
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		values, err := integers(c, cast)
		return data(values), err
	case selfsame.Float64:
		return data(floats(c, cast)), nil
	case selfsame.Decimal:
		values := make([]byte, 0, 16*n)
		for i, v := range c.Decimals {
			if c.StatusAt(i) != selfsame.Present {
				v = selfsame.Int128{}
			}
			values = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(values, v.Lo), uint64(v.Hi))
		}
		return data(values), nil
	case selfsame.String, selfsame.Bytes:
		if len(c.Bytes) > most {
			return nil, fmt.Errorf("%d rows hold more than %d bytes, which is the most of an Arrow record batch", n, most)
		}
		return array.NewData(typeOf(c.Type, cast), n, []*memory.Buffer{validity, offsetsOf(c), memory.NewBufferBytes(c.Bytes)}, nil, nulls, 0), nil
	case selfsame.List, selfsame.Map:
		return nested(c, validity, nulls)
	}
	return array.NewData(arrow.Null, n, []*memory.Buffer{nil}, nil, n, 0), nil
}

// validityOf is a bit for each value, 1 where it is there; nil where all are.
func validityOf(c *column.Column) (bits *memory.Buffer, nulls int) {
	if c.Status == nil {
		return nil, 0
	}
	b := make([]byte, bitutil.BytesForBits(int64(c.Len())))
	for i, st := range c.Status {
		if st == selfsame.Present {
			bitutil.SetBit(b, i)
		} else {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	return memory.NewBufferBytes(b), nulls
}

// offsetsOf shares the offsets of a column, which are below 2^31.
func offsetsOf(c *column.Column) *memory.Buffer {
	return memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(c.Offsets))
}

// integers are int64, or the four bytes of a date and of a cast to int32 or float32.
func integers(c *column.Column, cast offline.Cast) ([]byte, error) {
	narrow := cast == offline.Int32 || c.Type.Kind == selfsame.Date
	out := make([]byte, 0, 8*len(c.Ints))
	for i, v := range c.Ints {
		if c.StatusAt(i) != selfsame.Present {
			v = 0
		}
		switch {
		case cast == offline.Float32:
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
		case !narrow:
			out = binary.LittleEndian.AppendUint64(out, uint64(v))
		case !offline.FitsInt32(v): // of a cast that is known already
			return nil, fmt.Errorf("the date at day %d is out of the range of Arrow dates", v)
		default:
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		}
	}
	return out, nil
}

func floats(c *column.Column, cast offline.Cast) []byte {
	out := make([]byte, 0, 8*len(c.Floats))
	for i, v := range c.Floats {
		if c.StatusAt(i) != selfsame.Present {
			v = 0
		}
		if cast == offline.Float32 {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
		} else {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	}
	return out
}

func nested(c *column.Column, validity *memory.Buffer, nulls int) (*array.Data, error) {
	elems, err := arrayOf(c.Elems, offline.NoCast)
	if err != nil {
		return nil, err
	}
	if c.Elems.Len() > most {
		return nil, fmt.Errorf("lists hold more than %d elements, which is the most of an Arrow record batch", most)
	}
	t := typeOf(c.Type, offline.NoCast)
	buffers := []*memory.Buffer{validity, offsetsOf(c)}
	if c.Keys == nil {
		return array.NewData(t, c.Len(), buffers, []arrow.ArrayData{elems}, nulls, 0), nil
	}
	keys, err := arrayOf(c.Keys, offline.NoCast)
	if err != nil {
		return nil, err
	}
	entries := array.NewData(t.(*arrow.MapType).Elem(), c.Keys.Len(), []*memory.Buffer{nil}, []arrow.ArrayData{keys, elems}, 0, 0)
	return array.NewData(t, c.Len(), buffers, []arrow.ArrayData{entries}, nulls, 0), nil
}
