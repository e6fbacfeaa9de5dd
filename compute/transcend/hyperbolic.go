// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import "math"

// Cbrt returns the cube root of x, of the sign of x; infinities and NaN are their own.
func Cbrt(x float64) float64 {
	if !(math.Abs(x) <= math.MaxFloat64) || x == 0 {
		return x
	}
	m, e := math.Frexp(math.Abs(x))
	q := (e + 3*400) / 3 // e = 3(q-400) + a rest from 0 to 2
	m = math.Ldexp(m, e+3*400-3*q)
	t := Exp(Log(m) / 3)
	p, pe := twoProduct(t, t)
	c, ce := twoProduct(p, t)
	rest := (m - c) - (ce + float64(pe*t)) // m - t³
	return math.Copysign(scale(t+rest/float64(3*p), q-400), x)
}

// Log1p returns ln(1+x), also near 0: -Inf for -1, NaN below and for NaN.
func Log1p(x float64) float64 {
	if !(x > -1 && x <= math.MaxFloat64) {
		return logSpecial(1 + x)
	}
	s, e := twoSum(1, x)
	h, l := logSum(s)
	r := e / s
	return h + (l + (r - float64(float64(0.5*r)*r)))
}

// Expm1 returns e^x - 1, also near 0: +Inf above about 709.78, -1 far below, NaN for NaN.
func Expm1(x float64) float64 {
	switch {
	case x > 40:
		return Exp(x)
	case x < -40:
		return -1
	case x != x:
		return x
	}
	n := float64(x*expInverse) + nearest - nearest
	r, e := fastSum(x-float64(n*expStepHigh), -float64(n*expStepLow))
	p := 1.0/120 + float64(r*(1.0/720))
	p = 1.0/24 + float64(r*p)
	p = 1.0/6 + float64(r*p)
	p = 0.5 + float64(r*p)
	p = r + (e + float64(float64(r*r)*p)) // e^r - 1
	k := int(n)
	if k == 0 {
		return p
	}
	t, s := &expTable[k&63], power2(k>>6)
	a, ae := twoSum(t[0], -1/s)
	return float64(s * (a + (ae + (t[1] + float64(t[0]*p)))))
}

// Sinh returns the hyperbolic sine of x.
func Sinh(x float64) float64 {
	a := math.Abs(x)
	y := 0.0
	if a < 22 {
		t := Expm1(a)
		y = float64(0.5 * (t + t/(t+1)))
	} else {
		h := Exp(float64(0.5 * a))
		y = float64(float64(0.5*h) * h)
	}
	return math.Copysign(y, x)
}

// Cosh returns the hyperbolic cosine of x.
func Cosh(x float64) float64 {
	a := math.Abs(x)
	if a < 22 {
		e := Exp(a)
		return float64(0.5*e) + 0.5/e
	}
	h := Exp(float64(0.5 * a))
	return float64(float64(0.5*h) * h)
}

// Tanh returns the hyperbolic tangent of x.
func Tanh(x float64) float64 {
	a := math.Abs(x)
	y := 1.0
	if a < 22 {
		t := Expm1(float64(2 * a))
		y = t / (t + 2)
	} else if x != x {
		return x
	}
	return math.Copysign(y, x)
}
