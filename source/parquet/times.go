// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/apache/arrow-go/v18/parquet/metadata"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

const dayMicros = int64(86_400_000_000)

// unitOf returns how counts of an Arrow unit become microseconds: count·mul/div.
func unitOf(u arrow.TimeUnit) (mul, div int64) {
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

func (cv *converter) timestamps(c *column.Column, a arrow.Array) {
	switch a := a.(type) {
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		mul, div := unitOf(t.Unit)
		naive := t.TimeZone == "" && cv.how.Zone != nil
		from := len(c.Ints)
		c.Ints = append(c.Ints, arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))...)
		cv.nulls(c, a)
		if t.TimeZone == "" && cv.how.Zone == nil {
			cv.rows.Undeclared += int64(a.Len())
		}
		if mul != 1 || div != 1 || naive {
			cv.scale(c, a, from, mul, div, naive)
		}
	case *array.Date32, *array.Date64:
		from := len(c.Ints)
		cv.dates(c, a)
		for i := range a.Len() {
			cv.at(c, a, from, i, dayMicros, 1, true)
		}
	case *array.Int64, *array.Int32, *array.Int16, *array.Int8, *array.Uint32, *array.Uint16, *array.Uint8, *array.Uint64:
		from := len(c.Ints)
		cv.integers(c, a)
		cv.nulls(c, a)
		for i := range a.Len() {
			cv.at(c, a, from, i, cv.how.Time.Unit(), 1, false)
		}
	default:
		cv.texts(c, a)
	}
}

// scale makes microseconds UTC of the counts appended from place from on.
func (cv *converter) scale(c *column.Column, a arrow.Array, from int, mul, div int64, naive bool) {
	for i := range a.Len() {
		cv.at(c, a, from, i, mul, div, naive)
	}
}

func (cv *converter) at(c *column.Column, a arrow.Array, from, i int, mul, div int64, naive bool) {
	if c.StatusAt(from+i) != selfsame.Present {
		return
	}
	v, why := source.Scale(c.Ints[from+i], mul, div, cv.how.Floor)
	if why != "" {
		cv.report(i, strconv.FormatInt(c.Ints[from+i], 10), string(why))
		c.SetStatus(from+i, selfsame.Null)
		return
	}
	if naive {
		v = source.Naive(v, cv.how, cv.rows)
	}
	c.Ints[from+i] = v
}

func (cv *converter) dates(c *column.Column, a arrow.Array) {
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
func (cv *converter) texts(c *column.Column, a arrow.Array) {
	for i := range a.Len() {
		if a.IsNull(i) {
			c.AppendStatus(selfsame.Null)
			continue
		}
		b := bytesAt(a, i)
		if why := source.AppendText(c, b, cv.how, cv.rows); why != "" {
			c.AppendStatus(selfsame.Null)
			cv.report(i, string(b), why)
		}
	}
}

// bounds returns the least and greatest instant of a timestamp column in a row group by its statistics.
func (r *Reader) bounds(group int, w source.Wanted) (least, greatest int64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false // statistics that cannot be read prune nothing
		}
	}()
	i, found := r.field[w.Column]
	if !found || !r.manifest.Fields[i].IsLeaf() {
		return 0, 0, false
	}
	f := r.manifest.Fields[i]
	chunk, err := r.meta.RowGroup(group).ColumnChunk(f.ColIndex)
	if err != nil {
		return 0, 0, false
	}
	if set, err := chunk.StatsSet(); err != nil || !set {
		return 0, 0, false
	}
	stats, err := chunk.Statistics()
	if err != nil || stats == nil || !stats.HasMinMax() || !stats.HasNullCount() || stats.NullCount() != 0 {
		return 0, 0, false
	}
	var lo, hi int64
	switch s := stats.(type) {
	case *metadata.Int64Statistics:
		lo, hi = s.Min(), s.Max()
	case *metadata.Int32Statistics:
		lo, hi = int64(s.Min()), int64(s.Max())
	default:
		return 0, 0, false
	}
	return r.instants(f.Field.Type, lo, hi)
}

// instants converts counts of a column to instants. A zone keeps the order of naive times only within a day, which is allowed for.
func (r *Reader) instants(t arrow.DataType, lo, hi int64) (least, greatest int64, ok bool) {
	mul, div, naive := r.how.Time.Unit(), int64(1), false
	switch t := t.(type) {
	case *arrow.TimestampType:
		mul, div = unitOf(t.Unit)
		naive = t.TimeZone == "" && r.how.Zone != nil
	case *arrow.Date32Type:
		mul, naive = dayMicros, r.how.Zone != nil
	case *arrow.Int64Type, *arrow.Int32Type:
	default:
		return 0, 0, false
	}
	if mul == 0 || lo > hi {
		return 0, 0, false
	}
	least, why := source.Scale(lo, mul, div, true)
	if why != "" {
		return 0, 0, false
	}
	if greatest, why = source.Scale(hi, mul, div, true); why != "" {
		return 0, 0, false
	}
	if naive {
		least, greatest = least-dayMicros, greatest+dayMicros
		if least > greatest {
			return 0, 0, false
		}
	}
	return least, greatest, true
}
