// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import "math"

// Pow returns x^y, with the special values of IEEE 754 pow: 1 for y = 0 and for x = 1, NaN for a finite negative x and
// a finite y that is not whole, ±Inf for a zero x and a negative y.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case y == 1:
		return x
	case x != x || y != y:
		return math.NaN()
	}
	a := math.Abs(x)
	if math.IsInf(y, 0) {
		switch {
		case a == 1:
			return 1
		case (a > 1) == (y > 0):
			return math.Inf(1)
		}
		return 0
	}
	whole, odd := parity(y)
	negative := math.Signbit(x) && odd
	switch {
	case a == 0 || math.IsInf(a, 0):
		return signed(powEdge(a == 0, y < 0), negative)
	case x < 0 && !whole:
		return math.NaN()
	}
	return signed(powPositive(a, y), negative)
}

// powEdge is 0^y or Inf^y.
func powEdge(zero, inverse bool) float64 {
	if zero != inverse {
		return 0
	}
	return math.Inf(1)
}

func signed(y float64, negative bool) float64 {
	if negative {
		return -y
	}
	return y
}

// parity reports whether y is whole and whether it is odd. Every float64 from 2^53 on is even.
func parity(y float64) (whole, odd bool) {
	a := math.Abs(y)
	if a >= 1<<53 {
		return true, false
	}
	n := int64(a)
	return float64(n) == a, float64(n) == a && n&1 == 1
}

// powPositive returns a^y for a positive finite a and a finite y other than 0.
func powPositive(a, y float64) float64 {
	h, l := logSum(a)
	switch b := math.Abs(y); {
	case h == 0:
		return 1
	case b >= 0x1p65: // |ln a| is at least 2^-53
		return powEdge(h < 0, y < 0)
	case b < 0x1p-70: // |ln a| is below 2^10
		return 1
	}
	p, e := twoProduct(h, y)
	e += float64(l * y)
	switch {
	case p > 710:
		return math.Inf(1)
	case p < -746:
		return 0
	}
	return expSum(p, e)
}
