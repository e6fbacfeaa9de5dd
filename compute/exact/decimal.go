// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"errors"
	"math"
	"math/bits"

	"selfsame"
)

// MaxDigits is the greatest precision of a decimal.
const MaxDigits = 38

// What is wrong with the text of a decimal.
var (
	ErrSyntax   = errors.New("not a decimal number")
	ErrOverflow = errors.New("does not fit in a decimal of 38 digits")
	ErrInexact  = errors.New("has more digits after the point than the type")
)

// powers[i] is 10^i.
var powers = func() (t [MaxDigits + 1]selfsame.Int128) {
	t[0].Lo = 1
	for i := 1; i < len(t); i++ {
		t[i], _ = Mul(t[i-1], selfsame.Int128{Lo: 10})
	}
	return t
}()

// Pow10 returns 10^n for 0 <= n <= 38.
func Pow10(n int) selfsame.Int128 { return powers[n] }

// Fits reports whether v has at most precision digits, precision <= 38.
func Fits(v selfsame.Int128, precision uint8) bool {
	_, hi, lo := magnitude(v)
	p := powers[precision]
	return hi < uint64(p.Hi) || (hi == uint64(p.Hi) && lo < p.Lo)
}

// Rescale returns v * 10^(to-from): a decimal of scale from as one of scale to, rounded half away from zero where digits are
// dropped. ok is false where the result does not fit 128 bits. Scales are at most 38.
func Rescale(v selfsame.Int128, from, to uint8) (w selfsame.Int128, ok bool) {
	if to >= from {
		return Mul(v, powers[to-from])
	}
	p := powers[from-to]
	quo, rem, _ := QuoRem(v, p)
	_, rh, rl := magnitude(rem)
	twice := selfsame.Int128{Hi: int64(rh<<1 | rl>>63), Lo: rl << 1}
	if Cmp(twice, p) < 0 {
		return quo, true
	}
	if v.Hi < 0 {
		return Sub(quo, selfsame.Int128{Lo: 1})
	}
	return Add(quo, selfsame.Int128{Lo: 1})
}

// AppendDecimal appends the text of v / 10^scale with exactly scale digits after the point.
func AppendDecimal(b []byte, v selfsame.Int128, scale uint8) []byte {
	neg, hi, lo := magnitude(v)
	if neg {
		b = append(b, '-')
	}
	var buf [48]byte
	i := len(buf)
	for digits := 0; hi|lo != 0 || digits <= int(scale); digits++ {
		if digits == int(scale) && scale > 0 {
			i--
			buf[i] = '.'
		}
		var r uint64
		hi, r = hi/10, hi%10
		lo, r = bits.Div64(r, lo, 10)
		i--
		buf[i] = '0' + byte(r)
	}
	return append(b, buf[i:]...)
}

// FormatDecimal is AppendDecimal as a string.
func FormatDecimal(v selfsame.Int128, scale uint8) string {
	return string(AppendDecimal(make([]byte, 0, 42), v, scale))
}

// ParseDecimal reads [+-]digits[.digits][e[+-]digits] as an unscaled decimal of that scale. Zeros beyond the scale are read,
// other digits beyond it are ErrInexact; more than 38 digits are ErrOverflow; all else is ErrSyntax.
func ParseDecimal[T ~string | ~[]byte](s T, scale uint8) (selfsame.Int128, error) {
	p, err := scanDecimal(s)
	if err != nil {
		return selfsame.Int128{}, err
	}
	if p.last < p.first {
		return selfsame.Int128{}, nil
	}
	// The last digit that is not zero stands at 10^p.exponent; it must not lie beyond the scale.
	shift := p.exponent + int(scale)
	if shift < 0 {
		return selfsame.Int128{}, ErrInexact
	}
	var v selfsame.Int128
	digits := 0
	for i := p.first; i <= p.last; i++ {
		if s[i] == '.' {
			continue
		}
		if digits++; digits+shift > MaxDigits {
			return selfsame.Int128{}, ErrOverflow
		}
		v, _ = Mul(v, powers[1])
		v, _ = Add(v, selfsame.Int128{Lo: uint64(s[i] - '0')})
	}
	v, _ = Mul(v, powers[shift])
	if p.neg {
		v, _ = Neg(v)
	}
	return v, nil
}

// decimalText is where the digits of a decimal stand: first and last are the places of its outermost digits that are not zero
// (last < first: zero), exponent the power of ten of the last.
type decimalText struct {
	neg                   bool
	first, last, exponent int
}

func scanDecimal[T ~string | ~[]byte](s T) (p decimalText, err error) {
	i, n := 0, len(s)
	if i < n && (s[i] == '+' || s[i] == '-') {
		p.neg = s[i] == '-'
		i++
	}
	p.first, p.last = n, -1
	digits, point := 0, n
	for ; i < n; i++ {
		if s[i] == '.' && point == n {
			point = i
			continue
		}
		if s[i] < '0' || s[i] > '9' {
			break
		}
		digits++
		if s[i] != '0' {
			p.first = min(p.first, i)
			p.last = i
		}
	}
	if digits == 0 {
		return p, ErrSyntax
	}
	point = min(point, i)
	p.exponent = point - p.last
	if p.last < point {
		p.exponent--
	}
	if i < n {
		e, err := scanExponent(s[i:])
		if err != nil {
			return p, err
		}
		p.exponent += e
	}
	return p, nil
}

// scanExponent reads e[+-]digits. Beyond a thousand the size no longer matters: the number fits nowhere.
func scanExponent[T ~string | ~[]byte](s T) (int, error) {
	i, neg, e := 1, false, 0
	if s[0] != 'e' && s[0] != 'E' {
		return 0, ErrSyntax
	}
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	if i == len(s) {
		return 0, ErrSyntax
	}
	for ; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, ErrSyntax
		}
		e = min(e*10+int(s[i]-'0'), 1<<20)
	}
	if neg {
		e = -e
	}
	return e, nil
}

// DecimalToFloat returns the float64 nearest to v / 10^scale, ties to even.
func DecimalToFloat(v selfsame.Int128, scale uint8) float64 {
	neg, hi, lo := magnitude(v)
	if p := powers[scale]; p.Hi == 0 {
		return roundPair(neg, hi, lo, p.Lo, 0)
	}
	return bigRatio(toBig(v), toBig(powers[scale]), 0)
}

// DecimalFromFloat returns f * 10^scale rounded half away from zero: f as a decimal of that scale. ok is false for NaN, the
// infinities and where the result has more than 38 digits.
func DecimalFromFloat(f float64, scale uint8) (v selfsame.Int128, ok bool) {
	m, e, neg, finite := split(f)
	if !finite {
		return v, false
	}
	if e >= 0 {
		if bits.Len64(m)+e > 127 {
			return v, m == 0
		}
		hi, lo := shiftLeft(m, uint(e))
		v, ok = Mul(selfsame.Int128{Hi: int64(hi), Lo: lo}, powers[scale])
	} else {
		v, ok = decimalFromFraction(m, uint(-e), powers[scale])
	}
	if neg {
		v, _ = Neg(v)
	}
	return v, ok && Fits(v, MaxDigits)
}

// decimalFromFraction is m * p / 2^s rounded half up, m < 2^53, p < 2^127.
func decimalFromFraction(m uint64, s uint, p selfsame.Int128) (v selfsame.Int128, ok bool) {
	h0, l0 := bits.Mul64(m, p.Lo)
	h1, l1 := bits.Mul64(m, uint64(p.Hi))
	mid, c := bits.Add64(h0, l1, 0)
	w := [4]uint64{l0, mid, h1 + c}
	if s > 192 {
		return v, true
	}
	half := (w[(s-1)/64] >> ((s - 1) % 64)) & 1
	k, r := s/64, s%64
	at := func(i uint) uint64 {
		if i > 3 {
			return 0
		}
		return w[i]
	}
	lo := at(k)>>r | at(k+1)<<(64-r)
	hi := at(k+1)>>r | at(k+2)<<(64-r)
	top := at(k+2)>>r | at(k+3)<<(64-r)
	lo, c = bits.Add64(lo, half, 0)
	hi, c = bits.Add64(hi, 0, c)
	return selfsame.Int128{Hi: int64(hi), Lo: lo}, top|c == 0 && hi>>63 == 0
}

// IntFromFloat returns f rounded toward zero; ok is false for NaN, the infinities and beyond int64.
func IntFromFloat(f float64) (x int64, ok bool) {
	if !(f >= math.MinInt64 && f < -math.MinInt64) {
		return 0, false
	}
	return int64(f), true
}
