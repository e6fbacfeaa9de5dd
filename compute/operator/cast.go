// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
	"selfsame/compute/zone"
)

// Widen is the conversion that happens by itself; nil where there is none. Beyond its type a decimal is an overflow.
func Widen(from, to selfsame.Kind) Kernel { return widenings[[2]selfsame.Kind{from, to}] }

// Cast is the conversion of CAST; nil where there is none. A value that cannot be converted is null and counted (Scratch.Failed).
func Cast(from, to selfsame.Kind) Kernel { return casts[[2]selfsame.Kind{from, to}] }

// widenings are the conversions that happen by themselves.
var widenings = map[[2]selfsame.Kind]Kernel{
	{selfsame.Int64, selfsame.Float64}:   intsToFloats,
	{selfsame.Int64, selfsame.Decimal}:   intsToDecimals,
	{selfsame.Decimal, selfsame.Decimal}: rescaleDecimals,
	{selfsame.Decimal, selfsame.Float64}: decimalsToFloats,
}

func intsToFloats(s *Scratch, a, _ *column.Column, rows int) {
	x, out := a.Ints[:rows], s.Out.Floats[:rows]
	for i := range x {
		out[i] = float64(x[i])
	}
}

func intsToDecimals(s *Scratch, a, _ *column.Column, rows int) {
	x, out := a.Ints[:rows], s.Out.Decimals[:rows]
	t := s.Out.Type
	for i := range x {
		v, ok := exact.Rescale(exact.FromInt64(x[i]), 0, t.Scale)
		out[i] = v
		if !ok || !exact.Fits(v, t.Precision) {
			s.Mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func rescaleDecimals(s *Scratch, a, _ *column.Column, rows int) {
	x, out := a.Decimals[:rows], s.Out.Decimals[:rows]
	t := s.Out.Type
	for i := range x {
		v, ok := exact.Rescale(x[i], a.Type.Scale, t.Scale)
		out[i] = v
		if !ok || !exact.Fits(v, t.Precision) {
			s.Mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func decimalsToFloats(s *Scratch, a, _ *column.Column, rows int) {
	x, out := a.Decimals[:rows], s.Out.Floats[:rows]
	for i := range x {
		out[i] = exact.DecimalToFloat(x[i], a.Type.Scale)
	}
}

// casts are the conversions of CAST by kind; conversions that fail give null. Beside them every type casts to itself, the
// numbers widen as they do by themselves, and NULL is of any type.
var casts = map[[2]selfsame.Kind]Kernel{
	{selfsame.Bool, selfsame.Int64}: func(s *Scratch, a, _ *column.Column, rows int) {
		for i, x := range a.Bools[:rows] {
			s.Out.Ints[i] = int64(bit(x))
		}
	},
	{selfsame.Int64, selfsame.Bool}: func(s *Scratch, a, _ *column.Column, rows int) {
		for i, x := range a.Ints[:rows] {
			s.Out.Bools[i] = x != 0
		}
	},
	{selfsame.Int64, selfsame.Float64}: intsToFloats,
	{selfsame.Int64, selfsame.Decimal}: castEach(func(s *Scratch, a *column.Column, i int) bool {
		v, ok := exact.Rescale(exact.FromInt64(a.Ints[i]), 0, s.Out.Type.Scale)
		s.Out.Decimals[i] = v
		return ok && exact.Fits(v, s.Out.Type.Precision)
	}),
	{selfsame.Float64, selfsame.Int64}: castEach(func(s *Scratch, a *column.Column, i int) (ok bool) {
		s.Out.Ints[i], ok = exact.IntFromFloat(math.Round(a.Floats[i]))
		return ok
	}),
	{selfsame.Float64, selfsame.Decimal}: castEach(func(s *Scratch, a *column.Column, i int) bool {
		v, ok := exact.DecimalFromFloat(a.Floats[i], s.Out.Type.Scale)
		s.Out.Decimals[i] = v
		return ok && exact.Fits(v, s.Out.Type.Precision)
	}),
	{selfsame.Decimal, selfsame.Int64}: castEach(func(s *Scratch, a *column.Column, i int) bool {
		v, ok := exact.Rescale(a.Decimals[i], a.Type.Scale, 0)
		x, fits := exact.ToInt64(v)
		s.Out.Ints[i] = x
		return ok && fits
	}),
	{selfsame.Decimal, selfsame.Float64}: decimalsToFloats,
	{selfsame.Decimal, selfsame.Decimal}: castEach(func(s *Scratch, a *column.Column, i int) bool {
		v, ok := exact.Rescale(a.Decimals[i], a.Type.Scale, s.Out.Type.Scale)
		s.Out.Decimals[i] = v
		return ok && exact.Fits(v, s.Out.Type.Precision)
	}),
	{selfsame.Timestamp, selfsame.Date}: func(s *Scratch, a, _ *column.Column, rows int) {
		for i, x := range a.Ints[:rows] {
			s.Out.Ints[i] = zone.UTC.Date(x)
		}
	},
	{selfsame.Date, selfsame.Timestamp}: castEach(func(s *Scratch, a *column.Column, i int) bool {
		low, high := product(a.Ints[i], selfsame.DayLength)
		s.Out.Ints[i] = low
		return high == 0
	}),
	{selfsame.String, selfsame.Bool}: castText(func(s *Scratch, b []byte, i int) bool {
		yes := bytes.EqualFold(b, []byte("true"))
		s.Out.Bools[i] = yes
		return yes || bytes.EqualFold(b, []byte("false"))
	}),
	{selfsame.String, selfsame.Int64}: castText(func(s *Scratch, b []byte, i int) bool {
		n, err := strconv.ParseInt(string(b), 10, 64)
		s.Out.Ints[i] = n
		return err == nil
	}),
	{selfsame.String, selfsame.Float64}: castText(func(s *Scratch, b []byte, i int) bool {
		f, err := strconv.ParseFloat(string(b), 64)
		s.Out.Floats[i] = f + 0
		return err == nil && !bytes.ContainsAny(b, "xXpP_")
	}),
	{selfsame.String, selfsame.Decimal}: castText(func(s *Scratch, b []byte, i int) bool {
		t := s.Out.Type
		v, err := exact.ParseDecimal(b, t.Scale)
		if err != nil { // more digits than the scale has are rounded
			long, ok := ParseDecimal(string(b))
			if !ok {
				return false
			}
			v, ok = exact.Rescale(long.Dec, long.Type.Scale, t.Scale)
			if !ok {
				return false
			}
		}
		s.Out.Decimals[i] = v
		return exact.Fits(v, t.Precision)
	}),
	{selfsame.String, selfsame.Timestamp}: castText(func(s *Scratch, b []byte, i int) (ok bool) {
		s.Out.Ints[i], ok = ParseTimestamp(string(b))
		return ok
	}),
	{selfsame.String, selfsame.Date}: castText(func(s *Scratch, b []byte, i int) (ok bool) {
		s.Out.Ints[i], ok = ParseDate(string(b))
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
		return AppendFloat(b, a.Floats[i])
	}),
	{selfsame.Decimal, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return exact.AppendDecimal(b, a.Decimals[i], a.Type.Scale)
	}),
	{selfsame.Timestamp, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return AppendTimestamp(b, a.Ints[i])
	}),
	{selfsame.Date, selfsame.String}: castToText(func(b []byte, a *column.Column, i int) []byte {
		return AppendDate(b, a.Ints[i])
	}),
}

// castEach makes a kernel of a conversion of one value that may fail.
func castEach(one func(s *Scratch, a *column.Column, i int) bool) Kernel {
	return func(s *Scratch, a, _ *column.Column, rows int) {
		for i := range rows {
			if a.StatusAt(i) == selfsame.Present && !one(s, a, i) {
				s.fail(i, rows)
			}
		}
	}
}

// castText makes a kernel of a reader of text; blanks around it are dropped.
func castText(one func(s *Scratch, b []byte, i int) bool) Kernel {
	return castEach(func(s *Scratch, a *column.Column, i int) bool {
		return one(s, bytes.Trim(a.Str(i), " \t\r\n"), i)
	})
}

// castToText makes a kernel of a printer of values.
func castToText(one func(b []byte, a *column.Column, i int) []byte) Kernel {
	return func(s *Scratch, a, _ *column.Column, rows int) {
		out := s.Out
		for i := range rows {
			if a.StatusAt(i) == selfsame.Present {
				out.Bytes = one(out.Bytes, a, i)
			}
			out.Offsets = append(out.Offsets, uint32(len(out.Bytes)))
		}
	}
}

// castBytes copies bytes that pass a test.
func castBytes(valid func([]byte) bool) Kernel {
	return func(s *Scratch, a, _ *column.Column, rows int) {
		out := s.Out
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

// Concat is || of strings or bytes.
func Concat(s *Scratch, a, b *column.Column, rows int) {
	out := s.Out
	for i := range rows {
		if out.StatusAt(i) == selfsame.Present {
			out.Bytes = append(append(out.Bytes, a.Str(i)...), b.Str(i)...)
		}
		out.Offsets = append(out.Offsets, uint32(len(out.Bytes)))
	}
}
