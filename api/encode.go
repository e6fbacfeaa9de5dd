// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
)

// encoder writes answers as JSON. Its memory is used again.
type encoder struct {
	out    []byte
	schema *Schema // of the answer
}

// quoted appends a JSON string; text that needs no escapes is copied whole.
func quoted(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return column.AppendQuoted(b, []byte(s))
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func quotedBytes(b, s []byte) []byte {
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return column.AppendQuoted(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// exactInt is the greatest whole number up to which every whole number is a double: readers of JSON mostly have no other numbers.
const exactInt = 1 << 53

// value appends present value i of a column. Integers beyond 2^53, decimals, times, NaN and the infinities are strings.
func value(b []byte, c *column.Column, i int) []byte {
	switch c.Type.Kind {
	case selfsame.Int64:
		if v := c.Ints[i]; v > exactInt || v < -exactInt {
			return append(strconv.AppendInt(append(b, '"'), v, 10), '"')
		}
		return strconv.AppendInt(b, c.Ints[i], 10)
	case selfsame.Float64:
		v := c.Floats[i]
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.AppendInt(b, int64(v), 10)
		}
		if b, ok := hundredths(b, v); ok {
			return b
		}
		return column.AppendJSON(b, c, i)
	case selfsame.String:
		return quotedBytes(b, c.Str(i))
	case selfsame.Decimal:
		return append(column.AppendText(append(b, '"'), c, i), '"')
	case selfsame.List, selfsame.Map:
		return nested(b, c, i)
	}
	return column.AppendJSON(b, c, i)
}

// hundredths appends a number of at most two decimals, as money mostly is, and reports whether it did. The text is the shortest that reads back
// as v, as that of column.AppendJSON: numbers of fifteen digits are all different, so that there is no shorter one.
func hundredths(b []byte, v float64) ([]byte, bool) {
	scaled := math.Abs(v) * 100
	if !(scaled < 1e15) {
		return b, false
	}
	n := int64(math.RoundToEven(scaled))
	if n == 0 || float64(n)/100 != math.Abs(v) {
		return b, false
	}
	if v < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendInt(b, n/100, 10)
	if n%100 == 0 {
		return b, true
	}
	b = append(b, '.', '0'+byte(n/10%10))
	if n%10 != 0 {
		b = append(b, '0'+byte(n%10))
	}
	return b, true
}

func nested(b []byte, c *column.Column, i int) []byte {
	open, end := byte('['), byte(']')
	if c.Keys != nil {
		open, end = '{', '}'
	}
	b = append(b, open)
	lo, hi := int(c.Offsets[i]), int(c.Offsets[i+1])
	for j := lo; j < hi; j++ {
		if j > lo {
			b = append(b, ',')
		}
		if c.Keys != nil {
			b = append(quotedBytes(b, c.Keys.Str(j)), ':')
		}
		if c.Elems.StatusAt(j) != selfsame.Present {
			b = append(b, "null"...)
			continue
		}
		b = value(b, c.Elems, j)
	}
	return append(b, end)
}

// slot appends value i of a column, null where it is withheld. An expired value is there where it was asked for.
func slot(b []byte, c *column.Column, i int, expired bool) []byte {
	if s := c.StatusAt(i); s == selfsame.Present || (s == selfsame.Expired && expired && c.Type.Kind != selfsame.Unknown) {
		return value(b, c, i)
	}
	return append(b, "null"...)
}

func moment(b []byte, t int64) []byte {
	if t == selfsame.MinTime {
		return append(b, "null"...)
	}
	return append(column.AppendTime(append(b, '"'), t), '"')
}

// answer appends an answer. started is when encoding began, for its own step.
func (e *encoder) answer(a *Answer, how *asked, columnsFrom int, started time.Time) {
	b := append(e.out, `{"request_id":`...)
	b = quoted(b, a.RequestID)
	if a.Service != "" {
		b = quoted(append(b, `,"service":`...), a.Service)
		b = strconv.AppendInt(append(b, `,"version":`...), a.Version, 10)
	}
	if a.Experiment != "" {
		b = variants(b, a)
	}
	b = moment(append(b, `,"at":`...), a.At)
	b = quoted(append(b, `,"cut":`...), a.Cut)
	b = strconv.AppendBool(append(b, `,"stale":`...), a.Stale)
	b = strconv.AppendInt(append(b, `,"row_count":`...), int64(a.Rows), 10)
	e.out = e.features(append(b, `,"schema":"`...), a, how.schema)
	if how.format == "columns" || (how.format == "" && a.Rows >= columnsFrom) {
		e.columns(a, how.q.Expired)
	} else {
		e.rows(a, how.q.Expired)
	}
	b = e.out
	if len(a.Warnings) > 0 {
		b = append(b, `,"warnings":[`...)
		for i, w := range a.Warnings {
			if i > 0 {
				b = append(b, ',')
			}
			b = quoted(b, w)
		}
		b = append(b, ']')
	}
	if how.timing {
		b = timing(b, a, started)
	}
	e.out = append(b, '}', '\n')
}

// variants appends which arm of an experiment each row is in.
func variants(b []byte, a *Answer) []byte {
	b = quoted(append(b, `,"experiment":`...), a.Experiment)
	b = append(b, `,"variants":[`...)
	for i, v := range a.Variants {
		if i > 0 {
			b = append(b, ',')
		}
		b = quoted(b, v)
	}
	return append(b, ']')
}

func timing(b []byte, a *Answer, started time.Time) []byte {
	b = strconv.AppendBool(append(b, `,"timing":{"cache_hit":`...), a.CacheMisses == 0 && a.CacheHits > 0)
	b = strconv.AppendInt(append(b, `,"cache_hits":`...), a.CacheHits, 10)
	b = strconv.AppendInt(append(b, `,"cache_misses":`...), a.CacheMisses, 10)
	b = append(b, `,"milliseconds":{`...)
	for _, s := range a.Milliseconds {
		b = append(quoted(b, s.Name), ':')
		b = append(strconv.AppendFloat(b, s.Milliseconds, 'f', 4, 64), ',')
	}
	b = append(b, `"encode":`...)
	b = strconv.AppendFloat(b, milliseconds(time.Since(started)), 'f', 4, 64)
	return append(b, '}', '}')
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// features appends the answer's schema: what its columns are. One that the caller knows is named and left out.
func (e *encoder) features(b []byte, a *Answer, known string) []byte {
	e.schema = a.schema()
	b = append(append(b, e.schema.id...), '"')
	if known == e.schema.id {
		return b
	}
	return append(b, e.schema.features...)
}

// typeName is the type as definitions write it.
func typeName(t selfsame.Type) string {
	switch t.Kind {
	case selfsame.Decimal, selfsame.List, selfsame.Map:
		return t.String()
	}
	return t.Kind.String()
}

func (e *encoder) name(i int) []byte { return e.schema.name(i) }

// rows appends an object a row: values by name, and statuses where a value is not present.
func (e *encoder) rows(a *Answer, expired bool) {
	b := append(e.out, `,"rows":[`...)
	for i := range a.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"values":{`...)
		absent, wrong, times := false, false, false
		for k := range a.Columns {
			c := &a.Columns[k]
			if k > 0 {
				b = append(b, ',')
			}
			b = append(b, e.name(k)...)
			s := c.Values.StatusAt(i)
			b = slot(b, c.Values, i, expired)
			absent, wrong, times = absent || s != selfsame.Present, wrong || s.IsError(), times || c.EventTimes != nil
		}
		b = append(b, '}')
		if absent {
			b = e.statuses(append(b, `,"status":`...), a, i, selfsame.Status.String, func(s selfsame.Status) bool { return s != selfsame.Present })
		}
		if wrong {
			b = e.statuses(append(b, `,"errors":`...), a, i, selfsame.Status.ErrorKind, selfsame.Status.IsError)
		}
		if times {
			b = e.times(append(b, `,"event_times":`...), a, i)
		}
		b = append(b, '}')
	}
	e.out = append(b, ']')
}

// statuses appends an object of what say says of the values of a row that want picks.
func (e *encoder) statuses(b []byte, a *Answer, row int, say func(selfsame.Status) string, want func(selfsame.Status) bool) []byte {
	b = append(b, '{')
	n := len(b)
	for k := range a.Columns {
		if s := a.Columns[k].Values.StatusAt(row); want(s) {
			if len(b) > n {
				b = append(b, ',')
			}
			b = append(b, e.name(k)...)
			b = append(append(append(b, '"'), say(s)...), '"')
		}
	}
	return append(b, '}')
}

func (e *encoder) times(b []byte, a *Answer, row int) []byte {
	b = append(b, '{')
	n := len(b)
	for k := range a.Columns {
		if times := a.Columns[k].EventTimes; times != nil {
			if len(b) > n {
				b = append(b, ',')
			}
			b = moment(append(b, e.name(k)...), times[row])
		}
	}
	return append(b, '}')
}

// columns appends a list a column, in the order of features.
func (e *encoder) columns(a *Answer, expired bool) {
	b := append(e.out, `,"columns":[`...)
	for k := range a.Columns {
		c := &a.Columns[k]
		if k > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"name":`...), e.name(k)[:len(e.name(k))-1]...)
		b = append(b, `,"values":[`...)
		absent, wrong := false, false
		for i := range a.Rows {
			if i > 0 {
				b = append(b, ',')
			}
			s := c.Values.StatusAt(i)
			absent, wrong = absent || s != selfsame.Present, wrong || s.IsError()
			b = slot(b, c.Values, i, expired)
		}
		b = append(b, ']')
		if absent {
			b = words(append(b, `,"status":`...), c.Values, a.Rows, selfsame.Status.String)
		}
		if wrong {
			b = words(append(b, `,"errors":`...), c.Values, a.Rows, selfsame.Status.ErrorKind)
		}
		if c.EventTimes != nil {
			b = append(b, `,"event_times":[`...)
			for i, t := range c.EventTimes[:a.Rows] {
				if i > 0 {
					b = append(b, ',')
				}
				b = moment(b, t)
			}
			b = append(b, ']')
		}
		b = append(b, '}')
	}
	e.out = append(b, ']')
}

func words(b []byte, c *column.Column, n int, say func(selfsame.Status) string) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), say(c.StatusAt(i))...), '"')
	}
	return append(b, ']')
}
