// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math"
	"math/big"
	"math/bits"
)

// FloatSum is the exact Σx of finite float64 values, of any exponent, in any order, with any retractions: a group element. It
// holds up to 2^61 values. Make it with NewFloatSum.
type FloatSum struct{ acc accumulator }

// NewFloatSum returns an empty sum.
func NewFloatSum() *FloatSum {
	return &FloatSum{accumulator{chunks: make([]int64, sumChunks)}}
}

// Add adds x, which is finite.
func (s *FloatSum) Add(x float64) {
	m, e, neg, _ := split(x)
	s.acc.add(neg, 0, m, uint(e+sumBias))
}

// Sub subtracts x, which is finite.
func (s *FloatSum) Sub(x float64) { s.Add(-x) }

// Merge adds the sum t.
func (s *FloatSum) Merge(t *FloatSum) { s.acc.merge(&t.acc, 1) }

// Unmerge subtracts the sum t.
func (s *FloatSum) Unmerge(t *FloatSum) { s.acc.merge(&t.acc, -1) }

// Reset makes the sum empty.
func (s *FloatSum) Reset() { s.acc.reset() }

// AppendTo appends the canonical encoding of docs/format/exact.md: an integer whose bit 0 is 2^-1088.
func (s *FloatSum) AppendTo(b []byte) []byte { return s.acc.appendTo(b) }

// Decode replaces the sum by what AppendTo wrote.
func (s *FloatSum) Decode(d *Decoder) { s.acc.decode(d) }

// Round returns the float64 nearest to the sum, ties to even; beyond the range of float64 it is an infinity.
func (s *FloatSum) Round() float64 { return s.Mean(1) }

// Mean returns the float64 nearest to the sum / n, n > 0.
func (s *FloatSum) Mean(n uint64) float64 {
	s.acc.normalize()
	var buf [sumChunks/2 + 1]uint64
	neg, mag := s.acc.abs(buf[:])
	return roundRatio(neg, mag, n, 32*s.acc.lo-sumBias)
}

// toBig returns the normalized sum as a multiple of chunk base, base <= lo.
func (a *accumulator) toBig(base int) *big.Int {
	if a.lo == a.hi {
		return new(big.Int)
	}
	var buf [squareChunks/2 + 1]uint64
	w := buf[:]
	if need := (a.hi-a.lo)/2 + 1; need > len(w) {
		w = make([]uint64, need)
	}
	neg, mag := a.abs(w)
	z := wordsToBig(mag)
	z.Lsh(z, uint(32*(a.lo-base)))
	if neg {
		z.Neg(z)
	}
	return z
}

// SquareSum is the exact Σx² of finite float64 values, as FloatSum is their Σx. Make it with NewSquareSum.
type SquareSum struct{ acc accumulator }

// NewSquareSum returns an empty sum.
func NewSquareSum() *SquareSum {
	return &SquareSum{accumulator{chunks: make([]int64, squareChunks)}}
}

// Add adds x * x; x is finite.
func (q *SquareSum) Add(x float64) { q.add(x, false) }

// Sub subtracts x * x; x is finite.
func (q *SquareSum) Sub(x float64) { q.add(x, true) }

func (q *SquareSum) add(x float64, neg bool) {
	m, e, _, _ := split(x)
	hi, lo := bits.Mul64(m, m)
	q.acc.add(neg, hi, lo, uint(2*e+squareBias))
}

// Merge adds the sum t.
func (q *SquareSum) Merge(t *SquareSum) { q.acc.merge(&t.acc, 1) }

// Unmerge subtracts the sum t.
func (q *SquareSum) Unmerge(t *SquareSum) { q.acc.merge(&t.acc, -1) }

// Reset makes the sum empty.
func (q *SquareSum) Reset() { q.acc.reset() }

// AppendTo appends the canonical encoding of docs/format/exact.md: an integer whose bit 0 is 2^-2176.
func (q *SquareSum) AppendTo(b []byte) []byte { return q.acc.appendTo(b) }

// Decode replaces the sum by what AppendTo wrote.
func (q *SquareSum) Decode(d *Decoder) { q.acc.decode(d) }

// FloatVariance returns RN((nQ - S²) / n²), or RN((nQ - S²) / (n(n-1))) of a sample, of n finite values with sum s and sum of
// squares q. n > 0, and n > 1 for a sample.
func FloatVariance(n uint64, s *FloatSum, q *SquareSum, sample bool) float64 {
	s.acc.normalize()
	q.acc.normalize()
	if s.acc.lo == s.acc.hi && q.acc.lo == q.acc.hi {
		return 0
	}
	// One exponent for both: chunk c of the sum and chunk 2c of the squares, at or below the lowest that is not zero.
	c := q.acc.lo / 2
	if s.acc.lo < s.acc.hi {
		c = min(c, s.acc.lo)
	}
	var sw [2]uint64
	m := Moments{N: n, Exp: 32*c - sumBias}
	if s.acc.words(c, sw[:]) && q.acc.words(2*c, m.Q[:]) && !q.acc.isNeg() {
		m.S.Hi, m.S.Lo = int64(sw[1]), sw[0]
		return m.Variance(sample)
	}
	return bigVariance(n, s.acc.toBig(c), q.acc.toBig(2*c), m, sample)
}

// Specials counts the values of a float64 sum that are not finite, so that they can be taken out again. The zero value is none.
type Specials struct {
	NaN, Pos, Neg int64 // Pos and Neg are the infinities
}

// Add counts x by times, by = 1 or -1, and reports whether x is one of them; a finite x is not counted.
func (s *Specials) Add(x float64, by int64) bool {
	switch {
	case x-x == 0:
		return false
	case math.IsInf(x, 1):
		s.Pos += by
	case math.IsInf(x, -1):
		s.Neg += by
	default:
		s.NaN += by
	}
	return true
}

// Merge adds by * t.
func (s *Specials) Merge(t Specials, by int64) {
	s.NaN += by * t.NaN
	s.Pos += by * t.Pos
	s.Neg += by * t.Neg
}

// Any reports whether one of the counts is not zero.
func (s *Specials) Any() bool { return *s != Specials{} }

// Sum is the sum that the specials force on whatever finite values are beside them: an infinity, or NaN for a NaN or for
// infinities of both signs. It is called only where Any is true.
func (s *Specials) Sum() float64 {
	switch {
	case s.NaN != 0 || (s.Pos != 0 && s.Neg != 0):
		return NaN()
	case s.Pos != 0:
		return math.Inf(1)
	}
	return math.Inf(-1)
}
