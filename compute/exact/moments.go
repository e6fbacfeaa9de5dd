// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/big"
	"math/bits"

	"selfsame"
)

// Moments are n, Σx and Σx² of one set of values, exact: Σx = S * 2^Exp / 10^Scale and Σx² = Q * 2^(2*Exp) / 10^(2*Scale). Q is
// least significant word first.
type Moments struct {
	N     uint64
	S     selfsame.Int128
	Q     [4]uint64
	Exp   int   // float64 at a common exponent; otherwise 0
	Scale uint8 // decimals; otherwise 0
}

// fives[i] is 5^i. Dividing by 10^i is dividing by 5^i and lowering the exponent by i, which leaves more room in 64 bits.
var fives = func() (t [28]uint64) {
	t[0] = 1
	for i := 1; i < len(t); i++ {
		t[i] = 5 * t[i-1]
	}
	return t
}()

// denominator returns d * 5^k; ok is false where it does not fit 64 bits.
func denominator(d uint64, k int) (den uint64, ok bool) {
	if k == 0 {
		return d, true
	}
	if k >= len(fives) {
		return 0, false
	}
	hi, lo := bits.Mul64(d, fives[k])
	return lo, hi == 0
}

// Total returns the float64 nearest to Σx.
func (m *Moments) Total() float64 { return m.ratio(1) }

// Mean returns the float64 nearest to Σx / n, n > 0.
func (m *Moments) Mean() float64 { return m.ratio(m.N) }

func (m *Moments) ratio(n uint64) float64 {
	den, ok := denominator(n, int(m.Scale))
	if !ok {
		return bigMean(n, toBig(m.S), m)
	}
	neg, hi, lo := magnitude(m.S)
	return roundPair(neg, hi, lo, den, m.Exp-int(m.Scale))
}

// bigMean is the slow path of the mean of the sum s, at the exponent and scale of m.
func bigMean(n uint64, s *big.Int, m *Moments) float64 {
	den := new(big.Int).SetUint64(n)
	return bigRatio(s, den.Mul(den, toBig(powers[m.Scale])), m.Exp)
}

// Variance returns the float64 nearest to (nΣx² - (Σx)²) / n², or to (nΣx² - (Σx)²) / (n(n-1)) of a sample. n > 0, and n > 1 for a
// sample. Sums that belong to no set of values give 0 rather than a negative variance.
func (m *Moments) Variance(sample bool) float64 {
	d := m.N
	if sample {
		d--
	}
	over, d := bits.Mul64(d, m.N)
	den, ok := denominator(d, 2*int(m.Scale))
	_, sh, sl := magnitude(m.S)
	if ok && over == 0 && m.Q[3] == 0 && bits.Len64(m.Q[2])+bits.Len64(m.N) <= 64 && sh>>32 == 0 {
		return variance192(m.N, den, sh, sl, m.Q[0], m.Q[1], m.Q[2], 2*(m.Exp-int(m.Scale)))
	}
	num, fits := m.numerator()
	if over != 0 || !ok || !fits {
		return bigVariance(m.N, toBig(m.S), wordsToBig(m.Q[:]), *m, sample)
	}
	if int64(num[3]) < 0 {
		return 0
	}
	return roundRatio(false, num[:], den, 2*(m.Exp-int(m.Scale)))
}

// variance192 returns RN((nQ - S²) * 2^exp / den), |S| = sh:sl < 2^96, nQ < 2^192: all of it stays in registers. It is 0 where S²
// is the greater, which no values have.
func variance192(n, den, sh, sl, q0, q1, q2 uint64, exp int) float64 {
	h0, w0 := bits.Mul64(n, q0)
	h1, w1 := bits.Mul64(n, q1)
	w1, c := bits.Add64(w1, h0, 0)
	w2 := n*q2 + h1 + c
	s1, s0 := bits.Mul64(sl, sl)
	x1, x0 := bits.Mul64(sh<<1, sl)
	s1, c = bits.Add64(s1, x0, 0)
	s2 := sh*sh + x1 + c
	w0, c = bits.Sub64(w0, s0, 0)
	w1, c = bits.Sub64(w1, s1, c)
	w2, c = bits.Sub64(w2, s2, c)
	switch {
	case c != 0:
		return 0
	case w2 == 0:
		return roundPair(false, w1, w0, den, exp)
	}
	s := uint(bits.LeadingZeros64(w2))
	return divideNormal(false, w2<<s|w1>>(64-s), w1<<s|w0>>(64-s), w0<<s != 0, den, exp+64-int(s))
}

// numerator returns nQ - S² as 256 bits, two's complement.
func (m *Moments) numerator() (num [4]uint64, ok bool) {
	h0, w0 := bits.Mul64(m.N, m.Q[0])
	h1, w1 := bits.Mul64(m.N, m.Q[1])
	h2, w2 := bits.Mul64(m.N, m.Q[2])
	h3, w3 := bits.Mul64(m.N, m.Q[3])
	w1, c := bits.Add64(w1, h0, 0)
	w2, c = bits.Add64(w2, h1, c)
	w3, c = bits.Add64(w3, h2, c)
	s := square(m.S)
	w0, b := bits.Sub64(w0, s[0], 0)
	w1, b = bits.Sub64(w1, s[1], b)
	w2, b = bits.Sub64(w2, s[2], b)
	fits := h3|c == 0 && w3>>63 == 0
	w3, _ = bits.Sub64(w3, s[3], b)
	return [4]uint64{w0, w1, w2, w3}, fits
}

// bigVariance is the slow path of Variance, for sums s and q of any size at the exponent and scale of m.
func bigVariance(n uint64, s, q *big.Int, m Moments, sample bool) float64 {
	count := new(big.Int).SetUint64(n)
	num := new(big.Int).Mul(count, q)
	num.Sub(num, new(big.Int).Mul(s, s))
	if num.Sign() <= 0 {
		return 0
	}
	d := new(big.Int).Set(count)
	if sample {
		d.Sub(d, big.NewInt(1))
	}
	ten := toBig(powers[m.Scale])
	den := d.Mul(d, count)
	return bigRatio(num, den.Mul(den, ten).Mul(den, ten), 2*m.Exp)
}

// WideMean returns the float64 nearest to s / 10^scale / n, n > 0.
func WideMean(n uint64, s *Wide, scale uint8) float64 {
	m := Moments{N: n, Scale: scale}
	v, ok := s.Int128()
	if !ok {
		return bigMean(n, s.toBig(), &m)
	}
	m.S = v
	return m.Mean()
}

// WideVariance is Moments.Variance of sums that may not fit there, of values v / 10^scale.
func WideVariance(n uint64, s, q *Wide, scale uint8, sample bool) float64 {
	m := Moments{N: n, Q: [4]uint64(q[:4]), Scale: scale}
	v, ok := s.Int128()
	if !ok || q[4] != 0 {
		return bigVariance(n, s.toBig(), q.toBig(), m, sample)
	}
	m.S = v
	return m.Variance(sample)
}

// Add adds the sums of o, which has the exponent and scale of m. The caller knows that they fit: a Prefix makes sure of it for
// every part of its run.
func (m *Moments) Add(o *Moments) {
	m.N += o.N
	m.S, _ = Add(m.S, o.S)
	var c uint64
	for i := range m.Q {
		m.Q[i], c = bits.Add64(m.Q[i], o.Q[i], c)
	}
}

// Sub subtracts what Add added.
func (m *Moments) Sub(o *Moments) {
	m.N -= o.N
	m.S, _ = Sub(m.S, o.S)
	var c uint64
	for i := range m.Q {
		m.Q[i], c = bits.Sub64(m.Q[i], o.Q[i], c)
	}
}
