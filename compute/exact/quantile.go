// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/big"
	"math/bits"

	"selfsame"
)

// Quantile is a q in [0, 1], an exact decimal num / den in lowest terms. The zero value is not a quantile.
type Quantile struct {
	num, den uint64
}

// maxQuantileDigits bounds the digits of a quantile after the point: den <= 10^18 keeps (n-1)*num / den in 128 bits.
const maxQuantileDigits = 18

// NewQuantile returns q = v / 10^scale; ok is false outside [0, 1] and for more than 18 digits after the point.
func NewQuantile(v selfsame.Int128, scale uint8) (q Quantile, ok bool) {
	for scale > maxQuantileDigits {
		quo, rem, _ := QuoRem(v, powers[1])
		if rem != (selfsame.Int128{}) {
			return q, false
		}
		v = quo
		scale--
	}
	den := powers[scale].Lo
	if v.Hi != 0 || v.Lo > den {
		return q, false
	}
	g := gcd(v.Lo, den)
	return Quantile{num: v.Lo / g, den: den / g}, true
}

// ParseQuantile reads q as it is written, such as 0.95; ok is as in NewQuantile.
func ParseQuantile(s string) (q Quantile, ok bool) {
	v, err := ParseDecimal(s, maxQuantileDigits)
	if err != nil {
		return q, false
	}
	return NewQuantile(v, maxQuantileDigits)
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Rank is the nearest rank of q among n values, max(1, ⌈qn⌉): 1 for the smallest. n >= 1.
func (q Quantile) Rank(n int) int {
	hi, lo := bits.Mul64(q.num, uint64(n))
	quo, rem := bits.Div64(hi, lo, q.den)
	if rem != 0 {
		quo++
	}
	return int(max(1, quo))
}

// Position is (n-1)q: the index from 0 of the value below, and how far to go from there to the next. n >= 1.
func (q Quantile) Position(n int) (index int, f Fraction) {
	hi, lo := bits.Mul64(q.num, uint64(n-1))
	quo, rem := bits.Div64(hi, lo, q.den)
	if rem == 0 {
		return int(quo), Fraction{0, 1}
	}
	g := gcd(rem, q.den)
	return int(quo), Fraction{rem / g, q.den / g}
}

// Fraction is num / den in [0, 1), in lowest terms.
type Fraction struct {
	num, den uint64
}

// IsZero reports whether the fraction is 0: the position is that of a value, and the next one is not needed.
func (f Fraction) IsZero() bool { return f.num == 0 }

// Between returns lo + (hi-lo)*f, rounded once, ties to even, lo <= hi. An infinite end that f gives any weight wins; both
// infinities, or a NaN, give NaN, and the caller applies its policy.
func (f Fraction) Between(lo, hi float64) float64 {
	if lo != lo || hi != hi && f.num != 0 {
		return NaN()
	}
	if f.num == 0 || lo == hi {
		return lo + 0
	}
	ml, el, nl, finite1 := split(lo)
	mh, eh, nh, finite2 := split(hi)
	if !finite1 || !finite2 {
		if s := lo + hi; s == s {
			return s
		}
		return NaN() // a sum of infinities has a NaN of the processor's choice
	}
	wl, wh := f.den-f.num, f.num
	if ml == 0 {
		el = eh
	}
	if mh == 0 {
		eh = el
	}
	e := min(el, eh)
	if bits.Len64(f.den)+53+max(el, eh)-e > 126 {
		return slowBetween(lo, hi, f)
	}
	s, _ := Add(weigh(nl, ml, wl, uint(el-e)), weigh(nh, mh, wh, uint(eh-e)))
	neg, h, l := magnitude(s)
	return roundPair(neg, h, l, f.den, e)
}

// weigh returns ±m*w << s, which fits.
func weigh(neg bool, m, w uint64, s uint) selfsame.Int128 {
	hi, lo := bits.Mul64(m, w)
	v, _ := signed(neg, hi<<s|lo>>(64-s)|lo<<(s-64), lo<<s)
	return v
}

func slowBetween(lo, hi float64, f Fraction) float64 {
	at := func(x float64, w uint64) *big.Int {
		m, e, neg, _ := split(x)
		z := new(big.Int).SetUint64(m)
		z.Lsh(z.Mul(z, new(big.Int).SetUint64(w)), uint(e+1074))
		if neg {
			z.Neg(z)
		}
		return z
	}
	sum := at(lo, f.den-f.num)
	sum.Add(sum, at(hi, f.num))
	return bigRatio(sum, new(big.Int).SetUint64(f.den), -1074)
}

// BetweenInt is Between for integers.
func (f Fraction) BetweenInt(lo, hi int64) float64 {
	return f.BetweenDecimal(FromInt64(lo), FromInt64(hi), 0)
}

// BetweenDecimal is Between for decimals of one scale.
func (f Fraction) BetweenDecimal(lo, hi selfsame.Int128, scale uint8) float64 {
	if f.num == 0 || lo == hi {
		return DecimalToFloat(lo, scale)
	}
	a, ok1 := Mul(lo, selfsame.Int128{Lo: f.den - f.num})
	b, ok2 := Mul(hi, selfsame.Int128{Lo: f.num})
	den, ok3 := Mul(selfsame.Int128{Lo: f.den}, powers[scale])
	s, ok4 := Add(a, b)
	if ok1 && ok2 && ok3 && ok4 && den.Hi == 0 {
		neg, h, l := magnitude(s)
		return roundPair(neg, h, l, den.Lo, 0)
	}
	x := toBig(lo)
	x.Mul(x, new(big.Int).SetUint64(f.den-f.num))
	y := toBig(hi)
	y.Mul(y, new(big.Int).SetUint64(f.num))
	d := new(big.Int).SetUint64(f.den)
	return bigRatio(x.Add(x, y), d.Mul(d, toBig(powers[scale])), 0)
}
