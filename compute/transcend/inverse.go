// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import "math"

// Atan returns the arc tangent of x in radians, NaN for NaN.
func Atan(x float64) float64 {
	a := math.Abs(x)
	switch {
	case x != x || a < 0x1p-27:
		return x
	case a > 0x1p60:
		return math.Copysign(quarterHigh, x)
	}
	h, l := quadrantAngle(a, 0, 1, 0)
	return signed(h+l, x < 0)
}

// Asin returns the arc sine of x in radians, NaN outside [-1, 1].
func Asin(x float64) float64 {
	a := math.Abs(x)
	switch {
	case !(a <= 1):
		return math.NaN()
	case a < 0x1p-27:
		return x
	}
	ch, cl := cathetus(a)
	h, l := quadrantAngle(a, 0, ch, cl)
	return signed(h+l, x < 0)
}

// Acos returns the arc cosine of x in radians, NaN outside [-1, 1].
func Acos(x float64) float64 {
	a := math.Abs(x)
	switch {
	case !(a <= 1):
		return math.NaN()
	case x == 1:
		return 0
	case a < 0x1p-60:
		return quarterHigh
	}
	ch, cl := cathetus(a)
	h, l := quadrantAngle(ch, cl, a, 0)
	if x < 0 {
		h, l = beyond(2*quarterHigh, 2*quarterLow, h, l)
	}
	return h + l
}

// Atan2 returns the angle of the point (x, y) in radians, in [-π, π], with the special values of IEEE 754 atan2.
func Atan2(y, x float64) float64 {
	if x != x || y != y {
		return math.NaN()
	}
	a, b := math.Abs(y), math.Abs(x)
	if a == 0 || b == 0 || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return math.Copysign(axisAngle(a, b, math.Signbit(x)), y)
	}
	_, ey := math.Frexp(a)
	_, ex := math.Frexp(b)
	switch {
	case ey-ex > 61:
		return math.Copysign(quarterHigh, y)
	case ex-ey > 61:
		if x < 0 {
			return math.Copysign(2*quarterHigh, y)
		}
		return y / x // atan t is t to 120 bits
	}
	if max(ex, ey) > 300 || min(ex, ey) < -300 {
		a, b = math.Ldexp(a, -ex), math.Ldexp(b, -ex)
	}
	h, l := quadrantAngle(a, 0, b, 0)
	if x < 0 {
		h, l = beyond(2*quarterHigh, 2*quarterLow, h, l)
	}
	return math.Copysign(h+l, y)
}

// axisAngle is the angle in [0, π] where a coordinate is zero or infinite: a = |y|, b = |x|.
func axisAngle(a, b float64, left bool) float64 {
	switch {
	case math.IsInf(a, 0) && math.IsInf(b, 0):
		if left {
			return 1.5 * quarterHigh
		}
		return 0.5 * quarterHigh
	case math.IsInf(a, 0), b == 0 && a != 0:
		return quarterHigh
	case left:
		return 2 * quarterHigh
	}
	return 0
}

// cathetus returns √(1 - a²) for a in [0, 1] as an unevaluated sum.
func cathetus(a float64) (h, l float64) {
	s, se := twoProduct(a, a)
	d, de := twoSum(1, -s)
	d, de = fastSum(d, de-se)
	if d <= 0 {
		return 0, 0
	}
	h = math.Sqrt(d)
	p, e := twoProduct(h, h)
	return h, ((d - p) - e + de) / (2 * h)
}

// beyond returns (ah + al) - (h + l) for the larger a.
func beyond(ah, al, h, l float64) (float64, float64) {
	s, e := twoSum(ah, -h)
	return s, e + (al - l)
}

// quadrantAngle returns the angle of the point (xh + xl, yh + yl), both not negative and not both 0, as an unevaluated sum.
func quadrantAngle(yh, yl, xh, xl float64) (h, l float64) {
	if yh <= xh {
		return octantAngle(yh, yl, xh, xl)
	}
	h, l = octantAngle(xh, xl, yh, yl)
	return beyond(quarterHigh, quarterLow, h, l)
}

// octantAngle is quadrantAngle for y <= x. With c = j/64 near y/x,
//
//	atan(y/x) = atan c + atan t,  t = (y - c·x) / (x + c·y),  |t| <= 1/127
func octantAngle(yh, yl, xh, xl float64) (h, l float64) {
	j := int(float64(yh/xh*64) + 0.5)
	c := float64(j) / 64
	nh, nl, dh, dl := yh, yl, xh, xl
	if j != 0 {
		// c has 7 bits: its products with the parts of a split are exact.
		p, e := split(xh)
		nh, nl = twoSum(yh, -float64(c*p))
		var low float64
		nh, low = twoSum(nh, -float64(c*e))
		nl += low + (yl - float64(c*xl))
		p, e = split(yh)
		dh, dl = twoSum(xh, float64(c*p))
		dh, low = twoSum(dh, float64(c*e))
		dl += low + (xl + float64(c*yl))
	}
	t, te := divide(nh, nl, dh, dl)
	z := float64(t * t)
	p := 1.0/7 - float64(z*(1.0/9-float64(z*(1.0/11))))
	p = 1.0/5 - float64(z*p)
	p = 1.0/3 - float64(z*p)
	te = te - float64(z*te) - float64(float64(t*z)*p)
	a := &atanTable[j]
	h, e := twoSum(a[0], t)
	return fastSum(h, e+a[1]+te)
}
