// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrowcolumn

import (
	"fmt"
	"math"
	"math/big"
	"sort"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// Converter appends Arrow arrays to columns. A value that its column cannot hold is reported with its place in the array and becomes a null.
type Converter struct {
	How    *source.Reading
	Rows   *source.Rows
	Report func(i int, text, why string)
}

// readable reports whether values of an Arrow type can be read as a type, up to single values that do not fit.
func readable(have arrow.DataType, want selfsame.Type, how *source.Reading) bool {
	if d, ok := have.(*arrow.DictionaryType); ok {
		return readable(d.ValueType, want, how)
	}
	exact, reason := TypeOf(have)
	if have.ID() == arrow.NULL {
		return true
	}
	if reason != "" {
		return false
	}
	switch want.Kind {
	case selfsame.Int64:
		return exact.Kind == selfsame.Int64 || (exact.Kind == selfsame.Decimal && exact.Scale == 0)
	case selfsame.Float64:
		return exact.Kind == selfsame.Float64 || exact.Kind == selfsame.Int64
	case selfsame.Decimal:
		return exact.Kind == selfsame.Decimal || exact.Kind == selfsame.Int64
	case selfsame.String:
		return exact.Kind == selfsame.String || exact.Kind == selfsame.Bytes
	case selfsame.Bytes:
		return exact.Kind == selfsame.Bytes || exact.Kind == selfsame.String
	case selfsame.Timestamp:
		return exact.Kind == selfsame.Timestamp || exact.Kind == selfsame.Date || exact.Kind == selfsame.String ||
			(exact.Kind == selfsame.Int64 && how.Time.Unit() > 0)
	case selfsame.Date:
		return exact.Kind == selfsame.Date || exact.Kind == selfsame.String
	case selfsame.List:
		l, ok := have.(arrow.ListLikeType)
		return ok && exact.Kind == selfsame.List && readable(l.Elem(), *want.Elem, how)
	case selfsame.Map:
		m, ok := have.(*arrow.MapType)
		return ok && readable(m.ItemType(), *want.Elem, how)
	}
	return exact.Kind == want.Kind
}

// Conforms says why values of an Arrow type can never be read as a type, or nothing.
func Conforms(have arrow.DataType, want selfsame.Type, how *source.Reading) string {
	if readable(have, want, how) {
		return ""
	}
	why := fmt.Sprintf("holds %s and cannot be read as %s without loss", have, want)
	if exact, reason := TypeOf(have); reason == "" {
		why += ": declare " + exact.String()
	}
	return why
}

// Append appends every value of a to c. Conforms has found nothing against their types.
func (cv *Converter) Append(c *column.Column, a arrow.Array) {
	if a.Len() == 0 {
		return
	}
	switch a := a.(type) {
	case *array.Null:
		for range a.Len() {
			c.AppendStatus(selfsame.Null)
		}
		return
	case *array.Dictionary:
		cv.dictionary(c, a)
		return
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		b := a.(*array.Boolean)
		for i := range a.Len() {
			c.Bools = append(c.Bools, b.IsValid(i) && b.Value(i))
		}
	case selfsame.Int64:
		cv.integers(c, a)
	case selfsame.Float64:
		cv.floats(c, a)
	case selfsame.Decimal:
		cv.decimals(c, a)
		return
	case selfsame.String, selfsame.Bytes:
		cv.strings(c, a)
	case selfsame.Timestamp:
		cv.timestamps(c, a)
		return
	case selfsame.Date:
		cv.dates(c, a)
		return
	case selfsame.List, selfsame.Map:
		cv.nested(c, a)
		return
	}
	cv.nulls(c, a)
}

// dictionary appends the values that places in a dictionary stand for. A value that cannot be read is reported for each row that has it.
func (cv *Converter) dictionary(c *column.Column, a *array.Dictionary) {
	values := column.New(c.Type, a.Dictionary().Len())
	type fault struct{ text, why string }
	bad := map[int]fault{}
	into := Converter{How: cv.How, Rows: cv.Rows, Report: func(i int, text, why string) { bad[i] = fault{text, why} }}
	into.Append(values, a.Dictionary())
	for i := range a.Len() {
		if a.IsNull(i) {
			c.AppendStatus(selfsame.Null)
			continue
		}
		j := a.GetValueIndex(i)
		if f, ok := bad[j]; ok {
			cv.Report(i, f.text, f.why)
		}
		c.AppendFrom(values, j)
	}
}

// nulls gives the values appended last, one for each of a, their statuses. NaN that are null already stay so.
func (cv *Converter) nulls(c *column.Column, a arrow.Array) {
	n, total := a.Len(), c.Len()
	if a.NullN() == 0 {
		if c.Status != nil && len(c.Status) < total {
			c.Status = append(c.Status, make([]selfsame.Status, total-len(c.Status))...)
		}
		return
	}
	if len(c.Status) < total {
		c.Status = append(c.Status, make([]selfsame.Status, total-len(c.Status))...)
	}
	for i := range n {
		if a.IsNull(i) {
			c.Status[total-n+i] = selfsame.Null
		}
	}
}

// fail reports value i of the array and makes the value appended last null.
func (cv *Converter) fail(c *column.Column, i int, text, why string) {
	cv.Report(i, text, why)
	for len(c.Status) < c.Len() {
		c.Status = append(c.Status, selfsame.Present)
	}
	c.Status[c.Len()-1] = selfsame.Null
}

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32
}

func widen[T integer](c *column.Column, values []T) {
	for _, v := range values {
		c.Ints = append(c.Ints, int64(v))
	}
}

func (cv *Converter) integers(c *column.Column, a arrow.Array) {
	switch a := a.(type) {
	case *array.Int64:
		c.Ints = append(c.Ints, a.Int64Values()...)
	case *array.Int32:
		widen(c, a.Int32Values())
	case *array.Int16:
		widen(c, a.Int16Values())
	case *array.Int8:
		widen(c, a.Int8Values())
	case *array.Uint32:
		widen(c, a.Uint32Values())
	case *array.Uint16:
		widen(c, a.Uint16Values())
	case *array.Uint8:
		widen(c, a.Uint8Values())
	case *array.Uint64:
		for i, v := range a.Uint64Values() {
			c.Ints = append(c.Ints, int64(v))
			if v > math.MaxInt64 && a.IsValid(i) {
				cv.fail(c, i, strconv.FormatUint(v, 10), "is beyond int64")
			} else if c.Status != nil {
				c.Status = append(c.Status, selfsame.Present)
			}
		}
	default:
		for i := range a.Len() {
			v, scale := decimalAt(a, i)
			c.Ints = append(c.Ints, 0)
			if c.Status != nil {
				c.Status = append(c.Status, selfsame.Present)
			}
			if a.IsNull(i) {
				continue
			}
			if !v.IsInt64() || scale != 0 {
				cv.fail(c, i, v.String(), "is beyond int64")
				continue
			}
			c.Ints[len(c.Ints)-1] = v.Int64()
		}
	}
}

func (cv *Converter) floats(c *column.Column, a arrow.Array) {
	if a, ok := a.(*array.Float64); ok {
		cv.doubles(c, a)
		return
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			c.AppendStatus(selfsame.Null)
			continue
		}
		switch a := a.(type) {
		case *array.Float32:
			source.AppendFloat(c, float64(a.Value(i)), cv.How.KeepNaN)
		case *array.Float16:
			source.AppendFloat(c, float64(a.Value(i).Float32()), cv.How.KeepNaN)
		default:
			v, exact := integerAt(a, i)
			source.AppendFloat(c, v, true)
			if !exact {
				cv.fail(c, i, a.ValueStr(i), "loses digits as float64")
			}
		}
	}
}

// integerAt returns integer i as float64, and whether that is exact.
func integerAt(a arrow.Array, i int) (float64, bool) {
	if u, ok := a.(*array.Uint64); ok {
		v := u.Value(i)
		f := float64(v)
		return f, f < 1<<64 && uint64(f) == v
	}
	v := int64At(a, i)
	f := float64(v)
	return f, f < 1<<63 && int64(f) == v
}

func int64At(a arrow.Array, i int) int64 {
	switch a := a.(type) {
	case *array.Int64:
		return a.Value(i)
	case *array.Int32:
		return int64(a.Value(i))
	case *array.Int16:
		return int64(a.Value(i))
	case *array.Int8:
		return int64(a.Value(i))
	case *array.Uint32:
		return int64(a.Value(i))
	case *array.Uint16:
		return int64(a.Value(i))
	case *array.Uint8:
		return int64(a.Value(i))
	}
	panic(fmt.Sprintf("no integer in %s", a.DataType()))
}

// doubles appends float64 values: the common case, without a look at each status.
func (cv *Converter) doubles(c *column.Column, a *array.Float64) {
	from := len(c.Floats)
	c.Floats = append(c.Floats, a.Float64Values()...)
	nan := false
	for i, v := range c.Floats[from:] {
		if v == 0 {
			c.Floats[from+i] = 0 // -0 is +0
		}
		nan = nan || v != v
	}
	if !nan {
		return
	}
	for i, v := range c.Floats[from:] {
		if v == v {
			continue
		}
		c.Floats[from+i] = math.NaN()
		if !cv.How.KeepNaN {
			for len(c.Status) < len(c.Floats) {
				c.Status = append(c.Status, selfsame.Present)
			}
			c.Status[from+i] = selfsame.Null
		}
	}
}

// decimalAt returns the unscaled value and scale of decimal or integer i.
func decimalAt(a arrow.Array, i int) (*big.Int, int) {
	switch a := a.(type) {
	case *array.Decimal32:
		return big.NewInt(int64(a.Value(i))), int(a.DataType().(arrow.DecimalType).GetScale())
	case *array.Decimal64:
		return big.NewInt(int64(a.Value(i))), int(a.DataType().(arrow.DecimalType).GetScale())
	case *array.Decimal128:
		return a.Value(i).BigInt(), int(a.DataType().(arrow.DecimalType).GetScale())
	case *array.Decimal256:
		return a.Value(i).BigInt(), int(a.DataType().(arrow.DecimalType).GetScale())
	case *array.Uint64:
		return new(big.Int).SetUint64(a.Value(i)), 0
	}
	return big.NewInt(int64At(a, i)), 0
}

func (cv *Converter) decimals(c *column.Column, a arrow.Array) {
	d, same := a.(*array.Decimal128)
	if same {
		t := a.DataType().(arrow.DecimalType)
		same = t.GetScale() == int32(c.Type.Scale) && t.GetPrecision() <= int32(c.Type.Precision)
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			c.AppendStatus(selfsame.Null)
			continue
		}
		v := selfsame.Value{Type: c.Type}
		if same {
			n := d.Value(i)
			v.Dec = selfsame.Int128{Hi: n.HighBits(), Lo: n.LowBits()}
			c.Append(v)
			continue
		}
		n, scale := decimalAt(a, i)
		var why string
		v.Dec, why = source.Rescale(n, scale, c.Type)
		c.Append(v)
		if why != "" {
			cv.fail(c, i, a.ValueStr(i), why)
		}
	}
}

func (cv *Converter) strings(c *column.Column, a arrow.Array) {
	checked := c.Type.Kind == selfsame.String
	switch a := a.(type) {
	case *array.String:
		checked = !appendStrings(c, a.ValueOffsets(), a.ValueBytes()) && checked
	case *array.Binary:
		checked = !appendStrings(c, a.ValueOffsets(), a.ValueBytes()) && checked
	default:
		for i := range a.Len() {
			if a.IsNull(i) {
				c.AppendStatus(selfsame.Null)
			} else {
				c.AppendBytes(bytesAt(a, i))
			}
		}
	}
	n := c.Len()
	for i := range a.Len() {
		if checked && a.IsValid(i) && !utf8.Valid(c.Str(n-a.Len()+i)) {
			cv.Report(i, strconv.Quote(string(c.Str(n-a.Len()+i))), "is not valid UTF-8")
		}
	}
}

func bytesAt(a arrow.Array, i int) []byte {
	switch a := a.(type) {
	case *array.LargeString:
		return []byte(a.Value(i))
	case *array.LargeBinary:
		return a.Value(i)
	case *array.StringView:
		return []byte(a.Value(i))
	case *array.BinaryView:
		return a.Value(i)
	case *array.FixedSizeBinary:
		return a.Value(i)
	case *array.String:
		return []byte(a.Value(i))
	case *array.Binary:
		return a.Value(i)
	}
	panic(fmt.Sprintf("no strings in %s", a.DataType()))
}

// appendStrings appends values that lie one behind the other, and reports whether every one of them is UTF-8.
func appendStrings(c *column.Column, offsets []int32, data []byte) bool {
	if uint64(len(c.Bytes))+uint64(len(data)) > column.MostBytes {
		panic(&selfsame.Error{Class: selfsame.ClassResource, Message: fmt.Sprintf("%d rows hold more than %d bytes of one column", c.Len()+len(offsets)-1, uint32(column.MostBytes)), Hint: "leave the column out"})
	}
	at, base := uint32(len(c.Bytes)), offsets[0]
	c.Bytes = append(c.Bytes, data...)
	whole := utf8.Valid(data)
	for i := 1; i < len(offsets); i++ {
		end := int(offsets[i] - base)
		if offsets[i] < offsets[i-1] || end > len(data) {
			panic("offsets of strings do not ascend")
		}
		whole = whole && (end == len(data) || utf8.RuneStart(data[end]))
		c.Offsets = append(c.Offsets, at+uint32(end))
	}
	return whole
}

// nested appends lists and maps.
func (cv *Converter) nested(c *column.Column, a arrow.Array) {
	l := a.(array.ListLike)
	bounds := func(i int) (int, int) {
		lo, hi := l.ValueOffsets(i)
		return int(lo), int(hi)
	}
	n := a.Len()
	lo, _ := bounds(0)
	_, hi := bounds(n - 1)
	elem := Converter{How: cv.How, Rows: cv.Rows, Report: func(i int, text, why string) {
		row := sort.Search(n, func(r int) bool { _, end := bounds(r); return end > lo+i })
		cv.Report(row, text, why)
	}}
	if m, ok := a.(*array.Map); ok {
		cv.maps(c, m, lo, hi, elem)
		return
	}
	base := c.Elems.Len()
	values := array.NewSlice(l.ListValues(), int64(lo), int64(hi))
	defer values.Release()
	elem.Append(c.Elems, values)
	for i := range n {
		start, end := bounds(i)
		if end < start || i > 0 && base+start-lo != int(c.Offsets[len(c.Offsets)-1]) {
			panic("offsets of lists do not ascend")
		}
		c.Offsets = append(c.Offsets, uint32(base+end-lo))
	}
	cv.nulls(c, a)
}

// maps appends maps, whose entries lie in [from, to), with their keys in byte order. A null key or a key that occurs twice is reported.
func (cv *Converter) maps(c *column.Column, a *array.Map, from, to int, elem Converter) {
	keys, items := column.New(c.Keys.Type, to-from), column.New(c.Elems.Type, to-from)
	for i, values := range []arrow.Array{a.Keys(), a.Items()} {
		part := array.NewSlice(values, int64(from), int64(to))
		elem.Append([]*column.Column{keys, items}[i], part)
		part.Release()
	}
	var order []int
	for i := range a.Len() {
		lo, hi := a.ValueOffsets(i)
		order = order[:0]
		for j := int(lo) - from; j < int(hi)-from; j++ {
			order = append(order, j)
		}
		sort.SliceStable(order, func(x, y int) bool { return string(keys.Str(order[x])) < string(keys.Str(order[y])) })
		for k, j := range order {
			switch {
			case keys.StatusAt(j) != selfsame.Present:
				cv.Report(i, "", "has a map with a null key")
			case k > 0 && string(keys.Str(j)) == string(keys.Str(order[k-1])):
				cv.Report(i, string(keys.Str(j)), "has a map with a key that occurs twice")
			}
			c.Keys.AppendFrom(keys, j)
			c.Elems.AppendFrom(items, j)
		}
		c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	}
	cv.nulls(c, a)
}
