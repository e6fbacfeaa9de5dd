// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrowcolumn

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// Micros returns how counts of a unit become microseconds: count·mul/div.
func Micros(u arrow.TimeUnit) (mul, div int64) {
	switch u {
	case arrow.Second:
		return 1_000_000, 1
	case arrow.Millisecond:
		return 1000, 1
	case arrow.Nanosecond:
		return 1, 1000
	}
	return 1, 1
}

func (cv *Converter) timestamps(c *column.Column, a arrow.Array) {
	switch a := a.(type) {
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		mul, div := Micros(t.Unit)
		naive := t.TimeZone == "" && cv.How.Zone != nil
		from := len(c.Ints)
		c.Ints = append(c.Ints, arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))...)
		cv.nulls(c, a)
		if t.TimeZone == "" && cv.How.Zone == nil {
			cv.Rows.Undeclared += int64(a.Len())
		}
		if mul != 1 || div != 1 || naive {
			cv.scale(c, a, from, mul, div, naive)
		}
	case *array.Date32, *array.Date64:
		from := len(c.Ints)
		cv.dates(c, a)
		for i := range a.Len() {
			cv.at(c, a, from, i, selfsame.DayLength, 1, true)
		}
	case *array.Int64, *array.Int32, *array.Int16, *array.Int8, *array.Uint32, *array.Uint16, *array.Uint8, *array.Uint64:
		from := len(c.Ints)
		cv.integers(c, a)
		cv.nulls(c, a)
		for i := range a.Len() {
			cv.at(c, a, from, i, cv.How.Time.Unit(), 1, false)
		}
	default:
		cv.texts(c, a)
	}
}

// scale makes microseconds UTC of the counts appended from place from on.
func (cv *Converter) scale(c *column.Column, a arrow.Array, from int, mul, div int64, naive bool) {
	for i := range a.Len() {
		cv.at(c, a, from, i, mul, div, naive)
	}
}

func (cv *Converter) at(c *column.Column, a arrow.Array, from, i int, mul, div int64, naive bool) {
	if c.StatusAt(from+i) != selfsame.Present {
		return
	}
	v, why := source.Scale(c.Ints[from+i], mul, div, cv.How.Floor)
	if why != "" {
		cv.Report(i, strconv.FormatInt(c.Ints[from+i], 10), string(why))
		c.SetStatus(from+i, selfsame.Null)
		return
	}
	if naive {
		v = source.Naive(v, cv.How, cv.Rows)
	}
	c.Ints[from+i] = v
}

func (cv *Converter) dates(c *column.Column, a arrow.Array) {
	switch a := a.(type) {
	case *array.Date32:
		for _, v := range a.Date32Values() {
			c.Ints = append(c.Ints, int64(v))
		}
		cv.nulls(c, a)
	case *array.Date64:
		for i, v := range a.Date64Values() {
			q, r := int64(v)/86_400_000, int64(v)%86_400_000
			if r < 0 {
				q--
			}
			c.Ints = append(c.Ints, q)
			if c.Status != nil {
				c.Status = append(c.Status, selfsame.Present)
			}
			if r != 0 && a.IsValid(i) {
				cv.fail(c, i, strconv.FormatInt(int64(v), 10), "is not a whole day")
			}
		}
		cv.nulls(c, a)
	default:
		cv.texts(c, a)
	}
}

// texts reads strings as the column's type.
func (cv *Converter) texts(c *column.Column, a arrow.Array) {
	for i := range a.Len() {
		if a.IsNull(i) {
			c.AppendStatus(selfsame.Null)
			continue
		}
		b := bytesAt(a, i)
		if why := source.AppendText(c, b, cv.How, cv.Rows); why != "" {
			c.AppendStatus(selfsame.Null)
			cv.Report(i, string(b), why)
		}
	}
}
