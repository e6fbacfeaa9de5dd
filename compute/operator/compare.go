// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"cmp"
	"math"
	"math/big"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// relation says for a comparison that gives -1, 0 or 1 whether the relation holds.
type relation [3]bool

var relations = map[string]relation{
	"=": {false, true, false}, "<>": {true, false, true}, "<": {true, false, false}, "<=": {true, true, false}, ">": {false, false, true}, ">=": {false, true, true},
}

// Comparer compares present value i of a with present value j of b: -1, 0 or 1. The order is total, NaN above +Inf.
type Comparer func(a, b *column.Column, i, j int) int

var comparers = map[selfsame.Kind]Comparer{
	selfsame.Unknown:   func(_, _ *column.Column, _, _ int) int { return 0 },
	selfsame.Bool:      func(a, b *column.Column, i, j int) int { return bit(a.Bools[i]) - bit(b.Bools[j]) },
	selfsame.Int64:     orderInts,
	selfsame.Timestamp: orderInts,
	selfsame.Date:      orderInts,
	selfsame.Float64:   func(a, b *column.Column, i, j int) int { return orderFloats(a.Floats[i], b.Floats[j]) },
	selfsame.Decimal: func(a, b *column.Column, i, j int) int {
		return orderDecimals(a.Decimals[i], a.Type.Scale, b.Decimals[j], b.Type.Scale)
	},
	selfsame.String: func(a, b *column.Column, i, j int) int { return bytes.Compare(a.Str(i), b.Str(j)) },
	selfsame.Bytes:  func(a, b *column.Column, i, j int) int { return bytes.Compare(a.Str(i), b.Str(j)) },
}

// Order compares values of a kind; decimals may have different scales. nil for kinds that do not compare.
func Order(k selfsame.Kind) Comparer { return comparers[k] }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func orderInts(a, b *column.Column, i, j int) int { return cmp.Compare(a.Ints[i], b.Ints[j]) }

// orderFloats puts NaN above +Inf.
func orderFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	}
	return bit(x != x) - bit(y != y)
}

// orderDecimals is exact for any scales.
func orderDecimals(x selfsame.Int128, sx uint8, y selfsame.Int128, sy uint8) int {
	if sx == sy {
		return exact.Cmp(x, y)
	}
	if a, b, ok := aligned(x, sx, y, sy); ok {
		return exact.Cmp(a, b)
	}
	// The one that leaves 128 bits on the greater scale is further from 0 than any decimal.
	if sx < sy {
		return exact.Sign(x)
	}
	return -exact.Sign(y)
}

// orderIntFloat compares an int64 with a float64 exactly.
func orderIntFloat(x int64, y float64) int {
	switch {
	case y != y || y >= -math.MinInt64:
		return -1
	case y < math.MinInt64:
		return 1
	}
	whole := math.Trunc(y)
	if c := cmp.Compare(x, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(whole, y)
}

// orderDecimalFloat compares a decimal with a float64 exactly: rounding keeps the order, so that only a tie needs big integers.
func orderDecimalFloat(x selfsame.Int128, scale uint8, y float64) int {
	if c := orderFloats(exact.DecimalToFloat(x, scale), y); c != 0 || math.IsInf(y, 0) {
		return c
	}
	r := new(big.Rat).SetFrac(bigOf(x), bigOf(exact.Pow10(int(scale))))
	return r.Cmp(new(big.Rat).SetFloat64(y))
}

// OrderFloat compares values of a kind, int64 or decimal, with float64 values exactly; nil for others.
func OrderFloat(k selfsame.Kind) Comparer {
	switch k {
	case selfsame.Int64:
		return func(a, b *column.Column, i, j int) int { return orderIntFloat(a.Ints[i], b.Floats[j]) }
	case selfsame.Decimal:
		return func(a, b *column.Column, i, j int) int {
			return orderDecimalFloat(a.Decimals[i], a.Type.Scale, b.Floats[j])
		}
	}
	return nil
}

// CompareEach is a comparison, one of = <> < <= > >=, by an order.
func CompareEach(order Comparer, op string) Kernel {
	rel := relations[op]
	return func(s *Scratch, a, b *column.Column, rows int) {
		out := s.Out.Bools[:rows]
		for i := range out {
			if s.Out.StatusAt(i) == selfsame.Present {
				out[i] = rel[1+order(a, b, i, i)]
			}
		}
	}
}

// Compare is a comparison, one of = <> < <= > >=, of values of one kind. keepNaN says that there may be NaN.
func Compare(k selfsame.Kind, op string, keepNaN bool) Kernel {
	rel := relations[op]
	switch {
	case k == selfsame.Int64 || k == selfsame.Timestamp || k == selfsame.Date:
		return func(s *Scratch, a, b *column.Column, rows int) {
			compareOrdered(s.Out.Bools[:rows], a.Ints[:rows], b.Ints[:rows], rel)
		}
	case k == selfsame.Float64 && !keepNaN:
		return func(s *Scratch, a, b *column.Column, rows int) {
			compareOrdered(s.Out.Bools[:rows], a.Floats[:rows], b.Floats[:rows], rel)
		}
	}
	return CompareEach(comparers[k], op)
}

// EqualText is = or <> of strings with a constant, the commonest condition.
func EqualText(want []byte, equal bool) Kernel {
	return func(s *Scratch, a, _ *column.Column, rows int) {
		out, from := s.Out.Bools[:rows], a.Offsets[0]
		for i, to := range a.Offsets[1 : rows+1] {
			out[i] = (int(to-from) == len(want) && string(a.Bytes[from:to]) == string(want)) == equal
			from = to
		}
	}
}

func compareOrdered[T int64 | float64](out []bool, x, y []T, rel relation) {
	x, y = x[:len(out)], y[:len(out)]
	switch rel {
	case relations["="]:
		for i := range out {
			out[i] = x[i] == y[i]
		}
	case relations["<>"]:
		for i := range out {
			out[i] = x[i] != y[i]
		}
	case relations["<"]:
		for i := range out {
			out[i] = x[i] < y[i]
		}
	case relations["<="]:
		for i := range out {
			out[i] = x[i] <= y[i]
		}
	case relations[">"]:
		for i := range out {
			out[i] = x[i] > y[i]
		}
	default:
		for i := range out {
			out[i] = x[i] >= y[i]
		}
	}
}
