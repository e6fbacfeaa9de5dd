// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"
	"math/big"

	"selfsame/column"
)

// maxDigits is the greatest power of ten that float64 holds exactly.
const maxDigits = 22

var pow10 = func() (p [maxDigits + 1]float64) {
	p[0] = 1
	for i := 1; i <= maxDigits; i++ {
		p[i] = float64(p[i-1] * 10)
	}
	return p
}()

func roundInts(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	for i, x := range args[0].Ints[:rows] {
		digits := int64(0)
		if len(args) > 1 {
			digits = args[1].Ints[i]
		}
		if digits < -maxDigits || digits > maxDigits {
			setNull(out, skip, i)
			continue
		}
		y, ok := roundInt(x, digits)
		out.Ints[i] = y
		if !ok {
			setOverflow(out, skip, i)
		}
	}
}

func roundFloats(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	if len(args) == 1 {
		for i, x := range args[0].Floats[:rows] {
			out.Floats[i] = math.Round(x)
		}
		return
	}
	digits := args[1].Ints[:rows]
	for i, x := range args[0].Floats[:rows] {
		if d := digits[i]; d < -maxDigits || d > maxDigits {
			setNull(out, skip, i)
		} else {
			out.Floats[i] = roundFloat(x, d)
		}
	}
}

// roundInt rounds x half away from zero to a multiple of 10^-digits; ok is false where that is beyond int64.
func roundInt(x, digits int64) (y int64, ok bool) {
	if digits >= 0 {
		return x, true
	}
	m := uint64(x)
	if x < 0 {
		m = -m
	}
	m, ok = roundUint(m, -digits)
	switch {
	case !ok || x >= 0 && m > math.MaxInt64 || m > 1<<63:
		return 0, false
	case x < 0:
		return int64(-m), true
	}
	return int64(m), true
}

// roundUint rounds m half up to a multiple of 10^k.
func roundUint(m uint64, k int64) (uint64, bool) {
	if k > 19 {
		return 0, true // m < 2^64 < 10^20 / 2
	}
	p := uint64(1)
	for range k {
		p *= 10
	}
	r := m % p
	m -= r
	if r < p-r {
		return m, true
	}
	return m + p, m+p >= m
}

// roundFloat rounds the exact value of x half away from zero to digits after the point, and gives the float64 nearest to that
// decimal number.
func roundFloat(x float64, digits int64) float64 {
	a := math.Abs(x)
	switch {
	case !(a <= math.MaxFloat64) || a == 0:
		return x
	case digits == 0:
		return math.Round(x)
	case digits < 0:
		return math.Copysign(roundTens(a, -digits), x)
	}
	p := pow10[digits]
	hi := float64(a * p)
	if hi >= 1<<53 {
		return x // half a unit of the last digit is less than half the distance to the next float64
	}
	lo := productError(a, p, hi)
	n := math.Floor(hi)
	if f := hi - n - 0.5; f >= -lo { // a·p = hi + lo exactly, so this is n + f + ½ + lo against n + ½
		n++
	}
	return math.Copysign(n/p, x)
}

// productError returns a·b - hi exactly, where hi = float64(a*b) is at least 2^-900 and the operands are below 2^900; below that
// it is 0, which is near enough to tell such a product from one half.
func productError(a, b, hi float64) float64 {
	if hi < 0x1p-900 {
		return 0
	}
	const split = 1<<27 + 1
	t := float64(split * a)
	ah := t - float64(t-a)
	al := a - ah
	t = float64(split * b)
	bh := t - float64(t-b)
	bl := b - bh
	e := float64(ah*bh) - hi
	e += float64(ah * bl)
	e += float64(al * bh)
	return e + float64(al*bl)
}

// roundTens rounds a > 0 to a multiple of 10^k. A fraction never decides, because half of 10^k is whole.
func roundTens(a float64, k int64) float64 {
	if a < 1<<63 {
		if m, ok := roundUint(uint64(a), k); ok {
			return float64(m)
		}
	}
	m, _ := new(big.Float).SetFloat64(a).Int(nil)
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(k), nil)
	half := new(big.Int).Rsh(p, 1)
	m.Add(m, half)
	m.Sub(m, new(big.Int).Mod(m, p))
	y, _ := new(big.Float).SetInt(m).Float64()
	return y
}
