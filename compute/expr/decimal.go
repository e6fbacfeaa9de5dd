// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"
	"math/big"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// decimalArithmetic types l op r where a decimal stands beside a decimal, an int64 or a literal. With p1, s1 and p2, s2:
//
//   - -  scale max(s1, s2), one digit more than the greater whole part; at most 38 digits
//   - scale s1 + s2, p1 + p2 digits, at most 38; a scale beyond 38 is refused
//     //   whole number of at most 38 digits
//     %    scale max(s1, s2), 38 digits
//     /    float64, the exact quotient rounded once
//
// A result of more than 38 digits is an overflow error.
func (c *checker) decimalArithmetic(n *Binary, l, r *step) *step {
	l, r = c.asDecimal(n, l), c.asDecimal(n, r)
	a, b := l.typ, r.typ
	if a.Kind == selfsame.Unknown {
		a = b
	} else if b.Kind == selfsame.Unknown {
		b = a
	}
	l, r = c.convert(n, l, a), c.convert(n, r, b)
	t := widerDecimal(a, b)
	switch n.Op {
	case "/":
		return binaryStep(floatType, l, r, divideDecimals)
	case "+", "-":
		t.Precision = min(maxPrecision, t.Precision+1)
		return binaryStep(t, l, r, addDecimals(n.Op == "-"))
	case "*":
		if a.Scale+b.Scale > maxPrecision {
			c.fail(n, fmt.Sprintf("the product of %s and %s has more than %d digits after the point", a, b, maxPrecision), "CAST one to a smaller scale")
		}
		return binaryStep(selfsame.DecimalOf(min(maxPrecision, a.Precision+b.Precision), a.Scale+b.Scale), l, r, multiplyDecimals)
	case "//":
		return binaryStep(selfsame.DecimalOf(maxPrecision, 0), l, r, floorDecimals(true))
	}
	return binaryStep(selfsame.DecimalOf(maxPrecision, t.Scale), l, r, floorDecimals(false))
}

// asDecimal turns an int64 or a literal with a point into a decimal of its own digits.
func (c *checker) asDecimal(n Node, s *step) *step {
	switch {
	case s.point != nil:
		return constantStep(*s.point)
	case s.typ.Kind == selfsame.Int64:
		return c.convert(n, s, decimalOfInt(s))
	}
	return s
}

// aligned gives two decimals one scale; ok is false where that takes more than 128 bits.
func aligned(x selfsame.Int128, sx uint8, y selfsame.Int128, sy uint8) (a, b selfsame.Int128, ok bool) {
	scale := max(sx, sy)
	a, ok1 := exact.Rescale(x, sx, scale)
	b, ok2 := exact.Rescale(y, sy, scale)
	return a, b, ok1 && ok2
}

func addDecimals(subtract bool) kernel {
	sum := (*big.Int).Add
	if subtract {
		sum = (*big.Int).Sub
	}
	return func(s *scratch, a, b *column.Column, rows int) {
		x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.out.Decimals[:rows]
		for i := range x {
			u, v, ok := aligned(x[i], a.Type.Scale, y[i], b.Type.Scale)
			if subtract {
				v = neg(v)
			}
			z, fits := exact.Add(u, v)
			if !ok {
				z, fits = wideDecimal(sum, x[i], a.Type.Scale, y[i], b.Type.Scale)
			}
			out[i] = z
			if !fits || !exact.Fits(z, maxPrecision) {
				s.mark(i, rows, selfsame.ErrorOverflow)
			}
		}
	}
}

func multiplyDecimals(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.out.Decimals[:rows]
	for i := range x {
		z, ok := exact.Mul(x[i], y[i])
		out[i] = z
		if !ok || !exact.Fits(z, maxPrecision) {
			s.mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func divideDecimals(s *scratch, a, b *column.Column, rows int) {
	x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.out.Floats[:rows]
	for i := range x {
		if exact.Sign(y[i]) == 0 {
			s.mark(i, rows, selfsame.Null)
			continue
		}
		num := new(big.Int).Mul(bigOf(x[i]), bigOf(exact.Pow10(int(b.Type.Scale))))
		out[i] = ratio(num, new(big.Int).Mul(bigOf(y[i]), bigOf(exact.Pow10(int(a.Type.Scale)))))
	}
}

func bigOf(v selfsame.Int128) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return n.Add(n, new(big.Int).SetUint64(v.Lo))
}

// floorDecimals is the floor of the quotient, or the rest.
func floorDecimals(quotient bool) kernel {
	floor := func(_, u, v *big.Int) *big.Int {
		q, r := new(big.Int).DivMod(u, v, new(big.Int)) // rounds so that r >= 0
		if r.Sign() != 0 && v.Sign() < 0 {
			q.Sub(q, big.NewInt(1))
			r.Add(r, v)
		}
		if quotient {
			return q
		}
		return r
	}
	return func(s *scratch, a, b *column.Column, rows int) {
		x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.out.Decimals[:rows]
		for i := range x {
			if exact.Sign(y[i]) == 0 {
				s.mark(i, rows, selfsame.Null)
				continue
			}
			u, v, ok := aligned(x[i], a.Type.Scale, y[i], b.Type.Scale)
			q, r, _ := exact.QuoRem(u, v)
			if exact.Sign(r) != 0 && exact.Sign(r) != exact.Sign(v) {
				q, _ = exact.Sub(q, exact.FromInt64(1))
				r, _ = exact.Add(r, v)
			}
			if !quotient {
				q = r
			}
			if !ok {
				q, ok = wideDecimal(floor, x[i], a.Type.Scale, y[i], b.Type.Scale)
			}
			out[i] = q
			if !ok || !exact.Fits(q, maxPrecision) {
				s.mark(i, rows, selfsame.ErrorOverflow)
			}
		}
	}
}

// wideDecimal is an operator on two decimals whose common scale takes more than 128 bits; false where the result has more than 38 digits.
func wideDecimal(op func(z, u, v *big.Int) *big.Int, x selfsame.Int128, sx uint8, y selfsame.Int128, sy uint8) (selfsame.Int128, bool) {
	scale := max(sx, sy)
	u := new(big.Int).Mul(bigOf(x), bigOf(exact.Pow10(int(scale-sx))))
	v := new(big.Int).Mul(bigOf(y), bigOf(exact.Pow10(int(scale-sy))))
	z := op(new(big.Int), u, v)
	if z.CmpAbs(bigOf(exact.Pow10(maxPrecision))) >= 0 {
		return selfsame.Int128{}, false
	}
	lo := new(big.Int).And(z, new(big.Int).SetUint64(1<<64-1)) // of the two's complement
	return selfsame.Int128{Hi: new(big.Int).Rsh(z, 64).Int64(), Lo: lo.Uint64()}, true
}
