// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// casts are the conversions of CAST by kind; conversions that fail give null. Beside them every type casts to itself, the
// numbers widen as they do by themselves, and NULL is of any type.
var casts = map[[2]selfsame.Kind]kernel{
	{selfsame.Bool, selfsame.Int64}: func(s *scratch, a, _ *column.Column, rows int) {
		for i, x := range a.Bools[:rows] {
			s.out.Ints[i] = int64(bit(x))
		}
	},
	{selfsame.Int64, selfsame.Bool}: func(s *scratch, a, _ *column.Column, rows int) {
		for i, x := range a.Ints[:rows] {
			s.out.Bools[i] = x != 0
		}
	},
	{selfsame.Int64, selfsame.Float64}: intsToFloats,
	{selfsame.Int64, selfsame.Decimal}: castEach(func(s *scratch, a *column.Column, i int) bool {
		v, ok := exact.Rescale(exact.FromInt64(a.Ints[i]), 0, s.out.Type.Scale)
		s.out.Decimals[i] = v
		return ok && exact.Fits(v, s.out.Type.Precision)
	}),
	{selfsame.Float64, selfsame.Int64}: castEach(func(s *scratch, a *column.Column, i int) (ok bool) {
		s.out.Ints[i], ok = exact.IntFromFloat(math.Round(a.Floats[i]))
		return ok
	}),
	{selfsame.Float64, selfsame.Decimal}: castEach(func(s *scratch, a *column.Column, i int) bool {
		v, ok := exact.DecimalFromFloat(a.Floats[i], s.out.Type.Scale)
		s.out.Decimals[i] = v
		return ok && exact.Fits(v, s.out.Type.Precision)
	}),
	{selfsame.Decimal, selfsame.Int64}: castEach(func(s *scratch, a *column.Column, i int) bool {
		v, ok := exact.Rescale(a.Decimals[i], a.Type.Scale, 0)
		x, fits := exact.ToInt64(v)
		s.out.Ints[i] = x
		return ok && fits
	}),
	{selfsame.Decimal, selfsame.Float64}: decimalsToFloats,
	{selfsame.Decimal, selfsame.Decimal}: castEach(func(s *scratch, a *column.Column, i int) bool {
		v, ok := exact.Rescale(a.Decimals[i], a.Type.Scale, s.out.Type.Scale)
		s.out.Decimals[i] = v
		return ok && exact.Fits(v, s.out.Type.Precision)
	}),
	{selfsame.Timestamp, selfsame.Date}: func(s *scratch, a, _ *column.Column, rows int) {
		for i, x := range a.Ints[:rows] {
			s.out.Ints[i] = floorDiv(x, microsPerDay)
		}
	},
	{selfsame.Date, selfsame.Timestamp}: castEach(func(s *scratch, a *column.Column, i int) bool {
		low, high := product(a.Ints[i], microsPerDay)
		s.out.Ints[i] = low
		return high == 0
	}),
	{selfsame.String, selfsame.Bool}: castText(func(s *scratch, b []byte, i int) bool {
		yes := bytes.EqualFold(b, []byte("true"))
		s.out.Bools[i] = yes
		return yes || bytes.EqualFold(b, []byte("false"))
	}),
	{selfsame.String, selfsame.Int64}: castText(func(s *scratch, b []byte, i int) bool {
		n, err := strconv.ParseInt(string(b), 10, 64)
		s.out.Ints[i] = n
		return err == nil
	}),
	{selfsame.String, selfsame.Float64}: castText(func(s *scratch, b []byte, i int) bool {
		f, err := strconv.ParseFloat(string(b), 64)
		s.out.Floats[i] = f + 0
		return err == nil && !bytes.ContainsAny(b, "xXpP_")
	}),
	{selfsame.String, selfsame.Decimal}: castText(func(s *scratch, b []byte, i int) bool {
		t := s.out.Type
		v, err := exact.ParseDecimal(b, t.Scale)
		if err != nil { // more digits than the scale has are rounded
			long, ok := parseDecimal(string(b))
			if !ok {
				return false
			}
			v, ok = exact.Rescale(long.Dec, long.Type.Scale, t.Scale)
			if !ok {
				return false
			}
		}
		s.out.Decimals[i] = v
		return exact.Fits(v, t.Precision)
	}),
	{selfsame.String, selfsame.Timestamp}: castText(func(s *scratch, b []byte, i int) (ok bool) {
		s.out.Ints[i], ok = parseTimestamp(string(b))
		return ok
	}),
	{selfsame.String, selfsame.Date}: castText(func(s *scratch, b []byte, i int) (ok bool) {
		s.out.Ints[i], ok = parseDate(string(b))
		return ok
	}),
	{selfsame.String, selfsame.Bytes}: castBytes(func([]byte) bool { return true }),
	{selfsame.Bytes, selfsame.String}: castBytes(utf8.Valid),
	{selfsame.Bool, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return strconv.AppendBool(b, a.Bools[i])
	}),
	{selfsame.Int64, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return strconv.AppendInt(b, a.Ints[i], 10)
	}),
	{selfsame.Float64, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return appendFloat(b, a.Floats[i])
	}),
	{selfsame.Decimal, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return exact.AppendDecimal(b, a.Decimals[i], a.Type.Scale)
	}),
	{selfsame.Timestamp, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return formatTimestamp(b, a.Ints[i])
	}),
	{selfsame.Date, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return formatDate(b, a.Ints[i])
	}),
}

// cast types CAST(x AS to).
func (c *checker) cast(n Node, x *step, to selfsame.Type) *step {
	switch {
	case x.typ.Kind == selfsame.Unknown:
		return nullStep(x, to)
	case x.point != nil && to.Kind == selfsame.Decimal:
		x = constantStep(*x.point)
	}
	if x.typ.Equal(to) {
		plain := *x
		plain.point, plain.text = nil, false
		return &plain
	}
	k := casts[[2]selfsame.Kind{x.typ.Kind, to.Kind}]
	if k == nil {
		hint := ""
		switch {
		case x.typ.Kind == selfsame.Timestamp && to.Kind == selfsame.Int64:
			hint = "x - timestamp '1970-01-01' is its int64 microseconds"
		case x.typ.Kind == selfsame.Int64 && to.Kind == selfsame.Timestamp:
			hint = "timestamp '1970-01-01' + x counts microseconds"
		}
		c.fail(n, fmt.Sprintf("%s cannot be cast to %s", x.typ, to), hint)
	}
	if to.Kind != selfsame.Float64 {
		return unaryStep(to, x, k)
	}
	keep := c.scope.KeepNaN
	return unaryStep(to, x, func(s *scratch, a, _ *column.Column, rows int) {
		k(s, a, nil, rows)
		settleNaN(s, keep, rows)
	})
}

// castEach makes a kernel of a conversion of one value that may fail.
func castEach(one func(s *scratch, a *column.Column, i int) bool) kernel {
	return func(s *scratch, a, _ *column.Column, rows int) {
		for i := range rows {
			if a.StatusAt(i) == selfsame.Present && !one(s, a, i) {
				s.fail(i, rows)
			}
		}
	}
}

// castText makes a kernel of a reader of text; blanks around it are dropped.
func castText(one func(s *scratch, b []byte, i int) bool) kernel {
	return castEach(func(s *scratch, a *column.Column, i int) bool {
		return one(s, bytes.Trim(a.Str(i), " \t\r\n"), i)
	})
}

// castToText makes a kernel of a printer of values.
func castToText(one func(b []byte, a *column.Column, i int) []byte) kernel {
	return func(s *scratch, a, _ *column.Column, rows int) {
		out := s.out
		for i := range rows {
			if a.StatusAt(i) == selfsame.Present {
				out.Bytes = one(out.Bytes, a, i)
			}
			out.Offsets = append(out.Offsets, uint32(len(out.Bytes)))
		}
	}
}

// castBytes copies bytes that pass a test.
func castBytes(valid func([]byte) bool) kernel {
	return func(s *scratch, a, _ *column.Column, rows int) {
		out := s.out
		for i := range rows {
			if a.StatusAt(i) == selfsame.Present {
				if b := a.Str(i); valid(b) {
					out.Bytes = append(out.Bytes, b...)
				} else {
					s.fail(i, rows)
				}
			}
			out.Offsets = append(out.Offsets, uint32(len(out.Bytes)))
		}
	}
}

// concatBytes is ||.
func concatBytes(s *scratch, a, b *column.Column, rows int) {
	out := s.out
	for i := range rows {
		if out.StatusAt(i) == selfsame.Present {
			out.Bytes = append(append(out.Bytes, a.Str(i)...), b.Str(i)...)
		}
		out.Offsets = append(out.Offsets, uint32(len(out.Bytes)))
	}
}

// appendFloat prints the shortest digits that read back as f, with a point or an exponent: 3.0, 0.1, 1e+21, NaN, +Inf.
func appendFloat(b []byte, f float64) []byte {
	start := len(b)
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) || f != f {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if bytes.IndexByte(b[start:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}
