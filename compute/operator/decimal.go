// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"math/big"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// Decimals is an operator on decimals, one of + - * / // %. / gives float64, the exact quotient rounded once; // and % floor. The caller
// gives the result its type; more than 38 digits are an overflow, a division by zero is null.
func Decimals(op string) Kernel {
	switch op {
	case "+", "-":
		return addDecimals(op == "-")
	case "*":
		return multiplyDecimals
	case "/":
		return divideDecimals
	}
	return floorDecimals(op == "//")
}

// aligned gives two decimals one scale; ok is false where that takes more than 128 bits.
func aligned(x selfsame.Int128, sx uint8, y selfsame.Int128, sy uint8) (a, b selfsame.Int128, ok bool) {
	scale := max(sx, sy)
	a, ok1 := exact.Rescale(x, sx, scale)
	b, ok2 := exact.Rescale(y, sy, scale)
	return a, b, ok1 && ok2
}

func addDecimals(subtract bool) Kernel {
	sum := (*big.Int).Add
	if subtract {
		sum = (*big.Int).Sub
	}
	return func(s *Scratch, a, b *column.Column, rows int) {
		x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.Out.Decimals[:rows]
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
			if !fits || !exact.Fits(z, exact.MaxDigits) {
				s.Mark(i, rows, selfsame.ErrorOverflow)
			}
		}
	}
}

func multiplyDecimals(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.Out.Decimals[:rows]
	for i := range x {
		z, ok := exact.Mul(x[i], y[i])
		out[i] = z
		if !ok || !exact.Fits(z, exact.MaxDigits) {
			s.Mark(i, rows, selfsame.ErrorOverflow)
		}
	}
}

func divideDecimals(s *Scratch, a, b *column.Column, rows int) {
	x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.Out.Floats[:rows]
	for i := range x {
		if exact.Sign(y[i]) == 0 {
			s.Mark(i, rows, selfsame.Null)
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
func floorDecimals(quotient bool) Kernel {
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
	return func(s *Scratch, a, b *column.Column, rows int) {
		x, y, out := a.Decimals[:rows], b.Decimals[:rows], s.Out.Decimals[:rows]
		for i := range x {
			if exact.Sign(y[i]) == 0 {
				s.Mark(i, rows, selfsame.Null)
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
			if !ok || !exact.Fits(q, exact.MaxDigits) {
				s.Mark(i, rows, selfsame.ErrorOverflow)
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
	if z.CmpAbs(bigOf(exact.Pow10(exact.MaxDigits))) >= 0 {
		return selfsame.Int128{}, false
	}
	lo := new(big.Int).And(z, new(big.Int).SetUint64(1<<64-1)) // of the two's complement
	return selfsame.Int128{Hi: new(big.Int).Rsh(z, 64).Int64(), Lo: lo.Uint64()}, true
}

// neg is -v of a decimal of at most 38 digits, which has a negative.
func neg(v selfsame.Int128) selfsame.Int128 {
	v, _ = exact.Neg(v)
	return v
}
