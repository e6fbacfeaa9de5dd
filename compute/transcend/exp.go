// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import "math"

const (
	// Constants are exact in Go; each is cut into float64 parts here.
	ln2 = 0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687

	expStep     = ln2 / 64
	expInverse  = 64 / ln2
	expStepHigh = 0x1.62e42fefap-7 // 36 bits of expStep, so that the product with an integer below 2^17 is exact
	expStepLow  = expStep - expStepHigh

	// nearest added to a float64 below 2^51 and taken away again rounds it to a whole number.
	nearest = 0x1.8p52
)

// Exp returns e^x: +Inf above about 709.78, 0 below about -745.13, NaN for NaN. The bound of its error is in the package comment.
func Exp(x float64) float64 { return expSum(x, 0) }

// expSum returns e^(x+lo) for |lo| < 2^-40.
func expSum(x, lo float64) float64 {
	switch {
	case x != x:
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	// x = k·ln2/64 + r, |r| <= ln2/128, r in two parts.
	k := float64(x*expInverse) + nearest - nearest
	rest := lo - float64(k*expStepLow)
	r, e := fastSum(x-float64(k*expStepHigh), rest)
	return expFinish(int(k), r, e)
}

// expFinish returns 2^(k/64) · e^(r+e).
func expFinish(k int, r, e float64) float64 {
	p := 1.0/120 + float64(r*(1.0/720))
	p = 1.0/24 + float64(r*p)
	p = 1.0/6 + float64(r*p)
	p = 0.5 + float64(r*p)
	p = r + (e + float64(float64(r*r)*p)) // e^r - 1
	t := &expTable[k&63]
	return scale(t[0]+(t[1]+float64(t[0]*p)), k>>6)
}

// Exp2 returns 2^x: exact for a whole x, +Inf from 1024 on, 0 below -1075, NaN for NaN.
func Exp2(x float64) float64 {
	switch {
	case x != x:
		return x
	case x >= 1024:
		return math.Inf(1)
	case x < -1075:
		return 0
	}
	k := float64(x*64) + nearest - nearest
	d := x - float64(k*(1.0/64))
	const high = 0x1.62e42fp-1 // 25 bits, so that the products with the parts of a split are exact
	dh, dl := split(d)
	r, e := fastSum(float64(dh*high), float64(dl*high)+float64(d*(ln2-high)))
	return expFinish(int(k), r, e)
}
