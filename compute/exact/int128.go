// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/bits"

	"selfsame"
)

// The ends of Int128.
var (
	MaxInt128 = selfsame.Int128{Hi: 1<<63 - 1, Lo: 1<<64 - 1}
	MinInt128 = selfsame.Int128{Hi: -1 << 63}
)

// FromInt64 returns v as an Int128.
func FromInt64(v int64) selfsame.Int128 { return selfsame.Int128{Hi: v >> 63, Lo: uint64(v)} }

// ToInt64 returns v as an int64; ok is false where it does not fit.
func ToInt64(v selfsame.Int128) (x int64, ok bool) {
	return int64(v.Lo), v.Hi == int64(v.Lo)>>63
}

// Add returns a + b; ok is false where the sum does not fit, and the sum is then reduced modulo 2^128.
func Add(a, b selfsame.Int128) (sum selfsame.Int128, ok bool) {
	lo, c := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), c)
	sum = selfsame.Int128{Hi: int64(hi), Lo: lo}
	return sum, (a.Hi^sum.Hi)&(b.Hi^sum.Hi) >= 0
}

// Sub returns a - b; ok is false where the difference does not fit, and the difference is then reduced modulo 2^128.
func Sub(a, b selfsame.Int128) (diff selfsame.Int128, ok bool) {
	lo, c := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), c)
	diff = selfsame.Int128{Hi: int64(hi), Lo: lo}
	return diff, (a.Hi^b.Hi)&(a.Hi^diff.Hi) >= 0
}

// Neg returns -a; ok is false for the least Int128, which has no negative.
func Neg(a selfsame.Int128) (neg selfsame.Int128, ok bool) { return Sub(selfsame.Int128{}, a) }

// MulInt64 returns x * y, which always fits.
func MulInt64(x, y int64) selfsame.Int128 {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	return selfsame.Int128{Hi: int64(hi) - (x>>63)&y - (y>>63)&x, Lo: lo}
}

// Mul returns a * b; ok is false where the product does not fit, and the product is then undefined.
func Mul(a, b selfsame.Int128) (product selfsame.Int128, ok bool) {
	na, ah, al := magnitude(a)
	nb, bh, bl := magnitude(b)
	if ah != 0 && bh != 0 {
		return selfsame.Int128{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	over1, cross1 := bits.Mul64(ah, bl)
	over2, cross2 := bits.Mul64(al, bh)
	hi, c1 := bits.Add64(hi, cross1, 0)
	hi, c2 := bits.Add64(hi, cross2, 0)
	if over1|over2|c1|c2 != 0 {
		return selfsame.Int128{}, false
	}
	return signed(na != nb, hi, lo)
}

// QuoRem returns the quotient of a and b truncated toward zero, and the remainder, which has the sign of a. ok is false for a zero
// divisor and for the one quotient that does not fit, the least Int128 by -1.
func QuoRem(a, b selfsame.Int128) (quo, rem selfsame.Int128, ok bool) {
	if b == (selfsame.Int128{}) {
		return quo, rem, false
	}
	na, ah, al := magnitude(a)
	nb, bh, bl := magnitude(b)
	qh, ql, rh, rl := divide(ah, al, bh, bl)
	quo, ok = signed(na != nb, qh, ql)
	rem, _ = signed(na, rh, rl)
	return quo, rem, ok
}

// divide is unsigned 128-bit division; the divisor is not zero.
func divide(ah, al, bh, bl uint64) (qh, ql, rh, rl uint64) {
	if bh == 0 {
		qh, rh = ah/bl, ah%bl
		ql, rl = bits.Div64(rh, al, bl)
		return qh, ql, 0, rl
	}
	// The estimate of the quotient from the divisor's top 64 bits is at most one too large.
	s := uint(bits.LeadingZeros64(bh))
	top := bh<<s | bl>>(64-s)
	q, _ := bits.Div64(ah>>1, ah<<63|al>>1, top)
	q >>= 63 - s
	if q != 0 {
		q--
	}
	ph, pl := bits.Mul64(q, bl)
	ph += q * bh
	rl, c := bits.Sub64(al, pl, 0)
	rh, _ = bits.Sub64(ah, ph, c)
	if rh > bh || (rh == bh && rl >= bl) {
		q++
		rl, c = bits.Sub64(rl, bl, 0)
		rh, _ = bits.Sub64(rh, bh, c)
	}
	return 0, q, rh, rl
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b.
func Cmp(a, b selfsame.Int128) int {
	switch {
	case a == b:
		return 0
	case a.Hi < b.Hi || (a.Hi == b.Hi && a.Lo < b.Lo):
		return -1
	}
	return 1
}

// Sign returns -1, 0 or 1.
func Sign(a selfsame.Int128) int {
	switch {
	case a.Hi < 0:
		return -1
	case a.Hi == 0 && a.Lo == 0:
		return 0
	}
	return 1
}

// magnitude returns the sign and the absolute value of v.
func magnitude(v selfsame.Int128) (neg bool, hi, lo uint64) {
	mask := uint64(v.Hi >> 63)
	lo, b := bits.Sub64(v.Lo^mask, mask, 0)
	hi, _ = bits.Sub64(uint64(v.Hi)^mask, mask, b)
	return v.Hi < 0, hi, lo
}

// signed is the number of that sign and magnitude; ok is false where it does not fit.
func signed(neg bool, hi, lo uint64) (v selfsame.Int128, ok bool) {
	if !neg {
		return selfsame.Int128{Hi: int64(hi), Lo: lo}, hi>>63 == 0
	}
	lo, b := bits.Sub64(0, lo, 0)
	hi, _ = bits.Sub64(0, hi, b)
	return selfsame.Int128{Hi: int64(hi), Lo: lo}, hi>>63 == 1 || hi|lo == 0
}
