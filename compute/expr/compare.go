// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

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

// comparer compares value i of a with value j of b, two columns of one kind: -1, 0 or 1. The order is total.
type comparer func(a, b *column.Column, i, j int) int

var comparers = map[selfsame.Kind]comparer{
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

// isExact reports whether d is a decimal and x a number that is one beside it.
func isExact(d, x *step) bool {
	return d.typ.Kind == selfsame.Decimal && (x.typ.Kind == selfsame.Decimal || x.typ.Kind == selfsame.Int64 || x.point != nil)
}

// mixedOrder compares an int64 or a decimal with a float64 exactly; nil for other types.
func mixedOrder(l, r *step) comparer {
	switch {
	case isExact(l, r) || isExact(r, l):
	case r.typ.Kind == selfsame.Float64:
		return withFloat(l.typ.Kind)
	case l.typ.Kind == selfsame.Float64:
		if order := withFloat(r.typ.Kind); order != nil {
			return func(a, b *column.Column, i, j int) int { return -order(b, a, j, i) }
		}
	}
	return nil
}

// withFloat compares values of a kind with float64 values.
func withFloat(k selfsame.Kind) comparer {
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

// compareEach makes a kernel of an order.
func compareEach(order comparer, rel relation) kernel {
	return func(s *scratch, a, b *column.Column, rows int) {
		out := s.out.Bools[:rows]
		for i := range out {
			if s.out.StatusAt(i) == selfsame.Present {
				out[i] = rel[1+order(a, b, i, i)]
			}
		}
	}
}

// compareKernel compares two columns of one type.
func (c *checker) compareKernel(t selfsame.Type, rel relation) kernel {
	switch t.Kind {
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return func(s *scratch, a, b *column.Column, rows int) {
			compareOrdered(s.out.Bools[:rows], a.Ints[:rows], b.Ints[:rows], rel)
		}
	case selfsame.Float64:
		if c.scope.KeepNaN {
			break
		}
		return func(s *scratch, a, b *column.Column, rows int) {
			compareOrdered(s.out.Bools[:rows], a.Floats[:rows], b.Floats[:rows], rel)
		}
	}
	return compareEach(comparers[t.Kind], rel)
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

// constantCompare is = or <> of a string with a constant, the commonest condition; nil for anything else.
func constantCompare(op string, l, r *step) *step {
	if l.value != nil {
		l, r = r, l
	}
	if op != "=" && op != "<>" || l.value != nil || r.value == nil || r.value.Status != selfsame.Present || r.typ.Kind != selfsame.String {
		return nil
	}
	want, equal := []byte(r.value.Str), op == "="
	return unaryStep(boolType, l, func(s *scratch, a, _ *column.Column, rows int) {
		out, from := s.out.Bools[:rows], a.Offsets[0]
		for i, to := range a.Offsets[1 : rows+1] {
			out[i] = (int(to-from) == len(want) && string(a.Bytes[from:to]) == string(want)) == equal
			from = to
		}
	})
}

// isNullStep is x IS [NOT] NULL. An error stays one.
func isNullStep(x *step, not bool) *step {
	return &step{typ: boolType, slot: -1, build: func(b *builder) run {
		eval, s := x.build(b), newScratch(boolType)
		return func(in *Input) *column.Column {
			a := eval(in)
			s.begin(in.Rows)
			out := s.out.Bools[:in.Rows]
			for i := range out {
				st := a.StatusAt(i)
				out[i] = (st == selfsame.Null) != not
				if st.IsError() {
					s.mark(i, in.Rows, st)
				}
			}
			return s.out
		}
	}}
}

// distinctStep is IS [NOT] DISTINCT FROM: nulls are equal. An error stays one.
func distinctStep(order comparer, l, r *step, distinct bool) *step {
	return &step{typ: boolType, slot: -1, build: func(b *builder) run {
		left, right, s := l.build(b), r.build(b), newScratch(boolType)
		return func(in *Input) *column.Column {
			x, y := left(in), right(in)
			s.begin(in.Rows)
			out := s.out.Bools[:in.Rows]
			for i := range out {
				sx, sy := x.StatusAt(i), y.StatusAt(i)
				equal := sx == sy
				if equal && sx == selfsame.Present {
					equal = order(x, y, i, i) == 0
				}
				out[i] = equal != distinct
				if st := max(sx, sy); st.IsError() {
					s.mark(i, in.Rows, st)
				}
			}
			return s.out
		}
	}}
}
