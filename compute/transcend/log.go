// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import "math"

const (
	ln2High = 0x1.62e42fefa38p-1 // 42 bits of ln2, so that the product with an exponent is exact
	ln2Low  = ln2 - ln2High

	ln10 = 2.30258509299404568401799145468436420760110148862877297603332790096757260967735248023599720508959829834

	log2eHigh  = 0x1.71547652b82fep+0
	log2eLow   = 1/ln2 - log2eHigh
	log10eHigh = 0x1.bcb7b1526e50ep-2
	log10eLow  = 1/ln10 - log10eHigh
)

// Log returns the natural logarithm of x: -Inf for 0, NaN below 0 and for NaN.
func Log(x float64) float64 {
	if !(x > 0 && x <= math.MaxFloat64) {
		return logSpecial(x)
	}
	h, l := logSum(x)
	return h + l
}

// Log2 returns the logarithm of x to base 2, exact for powers of two: -Inf for 0, NaN below 0 and for NaN.
func Log2(x float64) float64 {
	if !(x > 0 && x <= math.MaxFloat64) {
		return logSpecial(x)
	}
	h, l := logSum(x)
	p, e := twoProduct(h, log2eHigh)
	return p + (e + (float64(h*log2eLow) + float64(l*log2eHigh)))
}

// Log10 returns the logarithm of x to base 10, exact for powers of ten that are float64: -Inf for 0, NaN below 0 and for NaN.
func Log10(x float64) float64 {
	if !(x > 0 && x <= math.MaxFloat64) {
		return logSpecial(x)
	}
	h, l := logSum(x)
	p, e := twoProduct(h, log10eHigh)
	return p + (e + (float64(h*log10eLow) + float64(l*log10eHigh)))
}

func logSpecial(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	}
	return x
}

// logSum returns the natural logarithm of a positive finite x as an unevaluated sum, to about 67 bits.
//
//	x = 2^k·m, m in [0.7, 1.42); c is near 1/m and has 9 bits; f = m·c - 1 exactly, |f| < 2^-6.9
//	ln x = k·ln2 - ln c + f - f²/2 + f³/3 - …
func logSum(x float64) (h, l float64) {
	b := math.Float64bits(x)
	k := -1023
	if b < 1<<52 { // subnormal
		b = math.Float64bits(float64(x * 0x1p54))
		k -= 54
	}
	k += int(b >> 52)
	j := b >> 45 & 127
	exponent := uint64(1023)
	if j >= logHalved {
		exponent--
		k++
	}
	m := math.Float64frombits(b&(1<<52-1) | exponent<<52)
	t := &logTable[j]
	mh, ml := split(m)
	f, fe := twoSum(float64(mh*t[0])-1, float64(ml*t[0]))

	p := 1.0/9 - float64(f*(1.0/10))
	p = 1.0/8 - float64(f*p)
	p = 1.0/7 - float64(f*p)
	p = 1.0/6 - float64(f*p)
	p = 1.0/5 - float64(f*p)
	p = 1.0/4 - float64(f*p)
	p = 1.0/3 - float64(f*p)
	square, squareLow := twoProduct(f, f)
	tail := float64(float64(square*f)*p) + (fe - float64(f*fe) - float64(0.5*squareLow))

	e := float64(k)
	a, ae := twoSum(float64(e*ln2High), t[1])
	s, se := twoSum(a, f)
	h, he := twoSum(s, -float64(0.5*square))
	return fastSum(h, he+se+ae+(float64(e*ln2Low)+t[2])+tail)
}
