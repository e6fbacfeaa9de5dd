// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// arithmetic types l op r for + - * / // %.
//
// Of two numbers the result is a float64 if either is, else a decimal if either is, else an int64; / is always a float64. Times
// and dates move by int64 microseconds and days, and differ by them.
func (c *checker) arithmetic(n *Binary, l, r *step) *step {
	if l.typ.Kind == selfsame.Unknown && r.typ.Kind == selfsame.Unknown {
		return c.convert(n, l, floatType)
	}
	if isTime(l.typ) || isTime(r.typ) {
		return c.timeArithmetic(n, l, r)
	}
	for _, x := range []*step{l, r} {
		if x.typ.Kind != selfsame.Unknown && !isNumber(x.typ) {
			hint := ""
			if n.Op == "+" && x.typ.Kind == selfsame.String {
				hint = "strings are joined by ||"
			}
			c.fail(n, fmt.Sprintf("%s takes numbers, not %s and %s", n.Op, l.typ, r.typ), hint)
		}
	}
	t := c.common(n, []*step{l, r})
	if t.Kind == selfsame.Decimal {
		return c.decimalArithmetic(n, l, r)
	}
	l, r = c.convert(n, l, t), c.convert(n, r, t)
	if t.Kind == selfsame.Int64 {
		if n.Op == "/" {
			return binaryStep(floatType, l, r, divideInts)
		}
		return binaryStep(t, l, r, intArithmetic[n.Op])
	}
	return binaryStep(t, l, r, withNaN(floatArithmetic[n.Op], c.scope.KeepNaN))
}

func isTime(t selfsame.Type) bool { return t.Kind == selfsame.Timestamp || t.Kind == selfsame.Date }

func (c *checker) timeArithmetic(n *Binary, l, r *step) *step {
	if n.Op == "+" && isTime(r.typ) {
		l, r = r, l
	}
	if n.Op == "-" && (r.text || l.text) {
		l, r, _ = c.pair(n, l, r)
	}
	if r.typ.Kind == selfsame.Unknown {
		r = c.convert(n, r, intType)
	}
	switch {
	case n.Op == "-" && isTime(l.typ) && l.typ.Equal(r.typ):
		return binaryStep(intType, l, r, subtractInts)
	case n.Op == "-" && l.typ.Kind == selfsame.Unknown && isTime(r.typ):
		return binaryStep(intType, c.convert(n, l, r.typ), r, subtractInts)
	case (n.Op == "+" || n.Op == "-") && isTime(l.typ) && r.typ.Kind == selfsame.Int64:
		return binaryStep(l.typ, l, r, intArithmetic[n.Op])
	}
	c.fail(n, fmt.Sprintf("%s does not take %s and %s", n.Op, l.typ, r.typ),
		"timestamp - timestamp is int64 microseconds, timestamp + int64 adds microseconds; date counts in days")
	return nil
}

var negations = map[selfsame.Kind]kernel{
	selfsame.Int64: func(s *scratch, a, _ *column.Column, rows int) {
		x, out := a.Ints[:rows], s.out.Ints[:rows]
		for i := range x {
			out[i] = -x[i]
			if x[i] == math.MinInt64 {
				s.mark(i, rows, selfsame.ErrorOverflow)
			}
		}
	},
	selfsame.Float64: func(s *scratch, a, _ *column.Column, rows int) {
		x, out := a.Floats[:rows], s.out.Floats[:rows]
		for i := range x {
			out[i] = 0 - x[i]
		}
	},
	selfsame.Decimal: func(s *scratch, a, _ *column.Column, rows int) {
		x, out := a.Decimals[:rows], s.out.Decimals[:rows]
		for i := range x {
			out[i] = neg(x[i])
		}
	},
}

var intArithmetic = map[string]kernel{"+": addInts, "-": subtractInts, "*": multiplyInts, "//": floorDivideInts, "%": moduloInts}

// addInts and the kernels beside it compute every row and look for overflow in bulk: the loops that mark it run only where there is one.
func addInts(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.out.Ints[:rows]
	var over int64
	for i := range x {
		z := x[i] + y[i]
		over |= (x[i] ^ z) & (y[i] ^ z)
		out[i] = z
	}
	for i := 0; over < 0 && i < rows; i++ {
		if (x[i]^out[i])&(y[i]^out[i]) < 0 {
			s.mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func subtractInts(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.out.Ints[:rows]
	var over int64
	for i := range x {
		z := x[i] - y[i]
		over |= (x[i] ^ y[i]) & (x[i] ^ z)
		out[i] = z
	}
	for i := 0; over < 0 && i < rows; i++ {
		if (x[i]^y[i])&(x[i]^out[i]) < 0 {
			s.mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

// product is x*y in 128 bits; it fits int64 iff high is 0.
func product(x, y int64) (low, high int64) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	h := int64(hi) - (x>>63)&y - (y>>63)&x
	return int64(lo), h ^ int64(lo)>>63
}

func multiplyInts(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.out.Ints[:rows]
	var over int64
	for i := range x {
		low, high := product(x[i], y[i])
		over |= high
		out[i] = low
	}
	for i := 0; over != 0 && i < rows; i++ {
		if _, high := product(x[i], y[i]); high != 0 {
			s.mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func floorDivideInts(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.out.Ints[:rows]
	for i := range x {
		switch {
		case y[i] == 0:
			s.mark(i, rows, selfsame.Null)
			continue
		case y[i] == -1 && x[i] == math.MinInt64:
			s.mark(i, rows, selfsame.ErrorOverflow)
			continue
		}
		q := x[i] / y[i]
		if q*y[i] != x[i] && (x[i] < 0) != (y[i] < 0) {
			q--
		}
		out[i] = q
	}
}

func moduloInts(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.out.Ints[:rows]
	for i := range x {
		if y[i] == 0 {
			s.mark(i, rows, selfsame.Null)
			continue
		}
		m := x[i] % y[i]
		if m != 0 && (m < 0) != (y[i] < 0) {
			m += y[i]
		}
		out[i] = m
	}
}

const exactFloat = 1 << 53 // integers up to it are float64s

// divideInts is the quotient rounded once, to nearest even, also beyond 2^53.
func divideInts(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.out.Floats[:rows]
	for i := range x {
		if y[i] == 0 {
			s.mark(i, rows, selfsame.Null)
			continue
		}
		if uint64(x[i]+exactFloat) <= 2*exactFloat && uint64(y[i]+exactFloat) <= 2*exactFloat {
			out[i] = float64(x[i])/float64(y[i]) + 0
			continue
		}
		out[i] = ratio(big.NewInt(x[i]), big.NewInt(y[i]))
	}
}

// ratio is num/den rounded to nearest even.
func ratio(num, den *big.Int) float64 {
	f, _ := new(big.Rat).SetFrac(num, den).Float64()
	return f
}

// floatArithmetic computes every row; it reports whether any result is NaN. Adding +0 turns -0 into +0.
var floatArithmetic = map[string]func(s *scratch, x, y, out []float64) (nan bool){
	"+": func(_ *scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			z := x[i] + y[i]
			nan = nan || z != z
			out[i] = z
		}
		return nan
	},
	"-": func(_ *scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			z := x[i] - y[i]
			nan = nan || z != z
			out[i] = z
		}
		return nan
	},
	"*": func(_ *scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			z := float64(x[i]*y[i]) + 0
			nan = nan || z != z
			out[i] = z
		}
		return nan
	},
	"/": func(s *scratch, x, y, out []float64) (nan bool) {
		zero := false
		for i := range x {
			z := x[i]/y[i] + 0
			nan = nan || z != z
			zero = zero || y[i] == 0
			out[i] = z
		}
		return markZeros(s, y, zero) || nan
	},
	"//": func(s *scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			out[i], _ = floorMod64(x[i], y[i])
		}
		markZeros(s, y, true)
		return true
	},
	"%": func(s *scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			_, out[i] = floorMod64(x[i], y[i])
		}
		markZeros(s, y, true)
		return true
	},
}

// markZeros makes the rows null whose divisor is 0.
func markZeros(s *scratch, y []float64, some bool) bool {
	for i := 0; some && i < len(y); i++ {
		if y[i] == 0 {
			s.mark(i, len(y), selfsame.Null)
			s.out.Floats[i] = 0
		}
	}
	return false
}

// floorMod64 is the floor of x/y and the rest x - floor(x/y)*y, each the exact result rounded once. The rest has the sign of y.
func floorMod64(x, y float64) (quotient, rest float64) {
	rest = math.Mod(x, y)
	turn := rest != 0 && (rest < 0) != (y < 0)
	switch {
	case rest != rest:
		return rest, rest
	case math.IsInf(y, 0) && turn:
		return -1, y
	}
	const sure = 1 << 51 // below it the rounded quotient is nearest to the right integer
	quotient = math.RoundToEven((x - rest) / y)
	if turn {
		quotient--
	}
	if !(math.Abs(quotient) < sure) {
		quotient = floorRatio(x, y)
	}
	if turn {
		rest += y
	}
	return quotient + 0, rest + 0
}

// floorRatio is the floor of the exact quotient of two finite numbers, rounded to nearest even.
func floorRatio(x, y float64) float64 {
	r := new(big.Rat).SetFloat64(x)
	r.Quo(r, new(big.Rat).SetFloat64(y))
	q := new(big.Int).Div(r.Num(), r.Denom()) // floors: the denominator is positive
	f, _ := new(big.Float).SetInt(q).Float64()
	return f
}

// withNaN makes a kernel of a float operator. NaN results are null or, where they are kept, the one canonical NaN.
func withNaN(op func(s *scratch, x, y, out []float64) bool, keep bool) kernel {
	return func(s *scratch, a, b *column.Column, rows int) {
		out := s.out.Floats[:rows]
		if op(s, a.Floats[:rows], b.Floats[:rows], out) {
			settleNaN(s, keep, rows)
		}
	}
}

// settleNaN applies the policy to the NaNs among float64 results.
func settleNaN(s *scratch, keep bool, rows int) {
	for i, z := range s.out.Floats[:rows] {
		if z == z {
			continue
		}
		if keep {
			s.out.Floats[i] = exact.NaN()
		} else {
			s.mark(i, rows, selfsame.Null)
		}
	}
}
