// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import (
	"math"
	"math/bits"
)

const (
	pi = 3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211707

	quarterHigh = 0x1.921fb54442d18p+0 // π/2
	quarterLow  = pi/2 - quarterHigh
)

// reduce returns r + e = |x| - q·π/2 with |r| <= π/4, and q modulo 4, for a finite x.
func reduce(x float64) (q int, r, e float64) {
	x = math.Abs(x)
	if x <= pi/4 {
		return 0, x, 0
	}
	// x = M·2^exponent with an integer M. Of x·2/π only the value modulo 4 counts, so the bits of 2/π that are worth 2^(2-exponent) or more
	// are left out; 192 bits from there on are enough for the result to have 78 bits after the worst cancellation of all float64.
	b := math.Float64bits(x)
	significand := b&(1<<52-1) | 1<<52
	exponent := int(b>>52) - 1075
	w2, w1, w0 := inversePiBits(exponent - 2)
	carry, p0 := bits.Mul64(significand, w0)
	high, low := bits.Mul64(significand, w1)
	p1, c := bits.Add64(low, carry, 0)
	p2 := significand*w2 + high + c

	q = int(p2 >> 62)
	p2, p1, p0 = p2<<2|p1>>62, p1<<2|p0>>62, p0<<2 // the fraction
	negative := p2>>63 == 1
	if negative {
		q = (q + 1) & 3
		var borrow uint64
		p0, borrow = bits.Sub64(0, p0, 0)
		p1, borrow = bits.Sub64(0, p1, borrow)
		p2, _ = bits.Sub64(0, p2, borrow)
	}
	shift := 0
	if p2 == 0 {
		p2, p1, p0 = p1, p0, 0
		shift = 64
	}
	n := bits.LeadingZeros64(p2)
	shift += n
	p2, p1 = p2<<n|p1>>(64-n), p1<<n|p0>>(64-n)
	size := power2(-shift - 53)
	if negative {
		size = -size
	}
	fh := float64(float64(p2>>11) * size)
	fl := float64(float64(p2&(1<<11-1)<<42|p1>>22) * float64(size*0x1p-53))
	r, e = twoProduct(fh, quarterHigh)
	r, e = fastSum(r, e+(float64(fh*quarterLow)+float64(fl*quarterHigh)))
	return q, r, e
}

// inversePiBits returns 192 bits of 2/π from bit position on, bit 0 being worth ½. Positions from -64 on are allowed.
func inversePiBits(position int) (w2, w1, w0 uint64) {
	position += 64
	word, n := position/64, position%64
	t := inversePi[word : word+4]
	return t[0]<<n | t[1]>>(64-n), t[1]<<n | t[2]>>(64-n), t[2]<<n | t[3]>>(64-n)
}

// sinSum returns sin(r + e) for |r| <= π/4 as an unevaluated sum.
func sinSum(r, e float64) (h, l float64) {
	z := float64(r * r)
	p := 1.0/6227020800 - float64(z*(1.0/1307674368000-float64(z*(1.0/355687428096000))))
	p = 1.0/39916800 - float64(z*p)
	p = 1.0/362880 - float64(z*p)
	p = 1.0/5040 - float64(z*p)
	p = 1.0/120 - float64(z*p)
	p = 1.0/6 - float64(z*p)
	return r, e - float64(0.5*float64(z*e)) - float64(float64(r*z)*p)
}

// cosSum returns cos(r + e) for |r| <= π/4 as an unevaluated sum.
func cosSum(r, e float64) (h, l float64) {
	z, zl := twoProduct(r, r)
	p := 1.0/87178291200 - float64(z*(1.0/20922789888000-float64(z*(1.0/6402373705728000))))
	p = 1.0/479001600 - float64(z*p)
	p = 1.0/3628800 - float64(z*p)
	p = 1.0/40320 - float64(z*p)
	p = 1.0/720 - float64(z*p)
	p = 1.0/24 - float64(z*p)
	h, l = fastSum(1, -float64(0.5*z))
	return h, l + (float64(float64(z*z)*p) - float64(0.5*zl) - float64(r*e))
}

// Sin returns the sine of x radians, for every finite x: NaN for an infinity and NaN.
func Sin(x float64) float64 {
	switch {
	case !(math.Abs(x) <= math.MaxFloat64):
		return math.NaN()
	case math.Abs(x) < 0x1p-27:
		return x
	}
	q, r, e := reduce(x)
	h, l := sinOf(q, r, e)
	return signed(h+l, x < 0)
}

// Cos returns the cosine of x radians, for every finite x: NaN for an infinity and NaN.
func Cos(x float64) float64 {
	if !(math.Abs(x) <= math.MaxFloat64) {
		return math.NaN()
	}
	q, r, e := reduce(x)
	h, l := sinOf((q+1)&3, r, e)
	return h + l
}

// Tan returns the tangent of x radians, for every finite x: NaN for an infinity and NaN.
func Tan(x float64) float64 {
	switch {
	case !(math.Abs(x) <= math.MaxFloat64):
		return math.NaN()
	case math.Abs(x) < 0x1p-27:
		return x
	}
	q, r, e := reduce(x)
	sh, sl := fastSum(sinOf(q, r, e))
	ch, cl := fastSum(sinOf((q+1)&3, r, e))
	h, l := divide(sh, sl, ch, cl)
	return signed(h+l, x < 0)
}

// sinOf returns sin(q·π/2 + r + e) as an unevaluated sum.
func sinOf(q int, r, e float64) (h, l float64) {
	if q&1 == 0 {
		h, l = sinSum(r, e)
	} else {
		h, l = cosSum(r, e)
	}
	if q&2 != 0 {
		return -h, -l
	}
	return h, l
}
