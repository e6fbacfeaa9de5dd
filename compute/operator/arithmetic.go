// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"math"
	"math/big"
	"math/bits"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

var negations = map[selfsame.Kind]Kernel{
	selfsame.Int64: func(s *Scratch, a, _ *column.Column, rows int) {
		x, out := a.Ints[:rows], s.Out.Ints[:rows]
		for i := range x {
			out[i] = -x[i]
			if x[i] == math.MinInt64 {
				s.Mark(i, rows, selfsame.ErrorOverflow)
			}
		}
	},
	selfsame.Float64: func(s *Scratch, a, _ *column.Column, rows int) {
		x, out := a.Floats[:rows], s.Out.Floats[:rows]
		for i := range x {
			out[i] = 0 - x[i]
		}
	},
	selfsame.Decimal: func(s *Scratch, a, _ *column.Column, rows int) {
		x, out := a.Decimals[:rows], s.Out.Decimals[:rows]
		for i := range x {
			out[i] = neg(x[i])
		}
	},
}

// Negate is -x of a kind; nil where there is none.
func Negate(k selfsame.Kind) Kernel { return negations[k] }

// Ints is an operator on int64, one of + - * // %. A result beyond int64 is an overflow, a division by zero null.
func Ints(op string) Kernel { return intArithmetic[op] }

var intArithmetic = map[string]Kernel{"+": addInts, "-": subtractInts, "*": multiplyInts, "//": floorDivideInts, "%": moduloInts}

// addInts and the kernels beside it compute every row and look for overflow in bulk: the loops that mark it run only where there is one.
func addInts(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.Out.Ints[:rows]
	var over int64
	for i := range x {
		z := x[i] + y[i]
		over |= (x[i] ^ z) & (y[i] ^ z)
		out[i] = z
	}
	for i := 0; over < 0 && i < rows; i++ {
		if (x[i]^out[i])&(y[i]^out[i]) < 0 {
			s.Mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func subtractInts(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.Out.Ints[:rows]
	var over int64
	for i := range x {
		z := x[i] - y[i]
		over |= (x[i] ^ y[i]) & (x[i] ^ z)
		out[i] = z
	}
	for i := 0; over < 0 && i < rows; i++ {
		if (x[i]^y[i])&(x[i]^out[i]) < 0 {
			s.Mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

// product is x*y in 128 bits; it fits int64 iff high is 0.
func product(x, y int64) (low, high int64) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	h := int64(hi) - (x>>63)&y - (y>>63)&x
	return int64(lo), h ^ int64(lo)>>63
}

func multiplyInts(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.Out.Ints[:rows]
	var over int64
	for i := range x {
		low, high := product(x[i], y[i])
		over |= high
		out[i] = low
	}
	for i := 0; over != 0 && i < rows; i++ {
		if _, high := product(x[i], y[i]); high != 0 {
			s.Mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func floorDivideInts(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.Out.Ints[:rows]
	for i := range x {
		switch {
		case y[i] == 0:
			s.Mark(i, rows, selfsame.Null)
			continue
		case y[i] == -1 && x[i] == math.MinInt64:
			s.Mark(i, rows, selfsame.ErrorOverflow)
			continue
		}
		q := x[i] / y[i]
		if q*y[i] != x[i] && (x[i] < 0) != (y[i] < 0) {
			q--
		}
		out[i] = q
	}
}

func moduloInts(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.Out.Ints[:rows]
	for i := range x {
		if y[i] == 0 {
			s.Mark(i, rows, selfsame.Null)
			continue
		}
		m := x[i] % y[i]
		if m != 0 && (m < 0) != (y[i] < 0) {
			m += y[i]
		}
		out[i] = m
	}
}

// ExactFloat is the number up to which every integer is a float64.
const ExactFloat = 1 << 53

// DivideInts is the quotient rounded once, to nearest even, also beyond 2^53.
func DivideInts(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Ints[:rows], b.Ints[:rows], s.Out.Floats[:rows]
	for i := range x {
		if y[i] == 0 {
			s.Mark(i, rows, selfsame.Null)
			continue
		}
		if uint64(x[i]+ExactFloat) <= 2*ExactFloat && uint64(y[i]+ExactFloat) <= 2*ExactFloat {
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
var floatArithmetic = map[string]func(s *Scratch, x, y, out []float64) (nan bool){
	"+": func(_ *Scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			z := x[i] + y[i]
			nan = nan || z != z
			out[i] = z
		}
		return nan
	},
	"-": func(_ *Scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			z := x[i] - y[i]
			nan = nan || z != z
			out[i] = z
		}
		return nan
	},
	"*": func(_ *Scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			z := float64(x[i]*y[i]) + 0
			nan = nan || z != z
			out[i] = z
		}
		return nan
	},
	"/": func(s *Scratch, x, y, out []float64) (nan bool) {
		zero := false
		for i := range x {
			z := x[i]/y[i] + 0
			nan = nan || z != z
			zero = zero || y[i] == 0
			out[i] = z
		}
		return markZeros(s, y, zero) || nan
	},
	"//": func(s *Scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			out[i], _ = floorMod64(x[i], y[i])
		}
		markZeros(s, y, true)
		return true
	},
	"%": func(s *Scratch, x, y, out []float64) (nan bool) {
		for i := range x {
			_, out[i] = floorMod64(x[i], y[i])
		}
		markZeros(s, y, true)
		return true
	},
}

// markZeros makes the rows null whose divisor is 0.
func markZeros(s *Scratch, y []float64, some bool) bool {
	for i := 0; some && i < len(y); i++ {
		if y[i] == 0 {
			s.Mark(i, len(y), selfsame.Null)
			s.Out.Floats[i] = 0
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

// Floats is an operator on float64, one of + - * / // %. A division by zero is null; NaN results are null or, where they are kept, the one
// canonical NaN.
func Floats(op string, keep bool) Kernel {
	compute := floatArithmetic[op]
	return func(s *Scratch, a, b *column.Column, rows int) {
		out := s.Out.Floats[:rows]
		if compute(s, a.Floats[:rows], b.Floats[:rows], out) {
			SettleNaN(s, keep, rows)
		}
	}
}

// SettleNaN applies the policy to the NaNs among float64 results.
func SettleNaN(s *Scratch, keep bool, rows int) {
	for i, z := range s.Out.Floats[:rows] {
		if z == z {
			continue
		}
		if keep {
			s.Out.Floats[i] = exact.NaN()
		} else {
			s.Mark(i, rows, selfsame.Null)
		}
	}
}
