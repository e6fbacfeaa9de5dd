// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import "math"

// highMask keeps the upper 26 bits of a significand.
const highMask = ^uint64(1<<27 - 1)

// split returns a as the sum of 26 and 27 bits.
func split(a float64) (hi, lo float64) {
	hi = math.Float64frombits(math.Float64bits(a) & highMask)
	return hi, a - hi
}

// twoSum returns a + b exactly, as the rounded sum and its error.
func twoSum(a, b float64) (s, e float64) {
	s = a + b
	t := s - a
	return s, (a - (s - t)) + (b - t)
}

// fastSum is twoSum for |a| >= |b| or a = 0.
func fastSum(a, b float64) (s, e float64) {
	s = a + b
	return s, (a - s) + b
}

// twoProduct returns a·b to about 106 bits, as the rounded product and its error. Neither overflows nor underflows for
// operands of which all products of parts are within 2^±900.
func twoProduct(a, b float64) (p, e float64) {
	p = float64(a * b)
	ah, al := split(a)
	bh, bl := split(b)
	e = float64(ah*bh) - p
	e += float64(ah * bl)
	e += float64(al * bh)
	return p, e + float64(al*bl)
}

// divide returns (nh + nl) / (dh + dl) to about 100 bits.
func divide(nh, nl, dh, dl float64) (q, e float64) {
	q = nh / dh
	p, pe := twoProduct(q, dh)
	return q, ((nh - p) - pe + nl - float64(q*dl)) / dh
}

// scale returns y·2^k, rounded once, for y in [½, 4] and any k that a result of these functions can have.
func scale(y float64, k int) float64 {
	switch {
	case k > 1023:
		return float64(float64(y*0x1p1023) * power2(min(k-1023, 1023)))
	case k < -1021:
		return float64(float64(y*0x1p-969) * power2(max(k+969, -1022))) // only the second product rounds
	}
	return float64(y * power2(k))
}

// power2 returns 2^k for k in [-1022, 1023].
func power2(k int) float64 { return math.Float64frombits(uint64(k+1023) << 52) }
