// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math/big"
	"math/bits"

	"selfsame"
)

// Scaled is the exact Σwx of values x and weights w, whole numbers of at most 2^62: a group element. Values are finite float64, or integers. Make it with
// NewScaled.
type Scaled struct{ acc accumulator }

// NewScaled returns an empty sum.
func NewScaled() *Scaled { return &Scaled{accumulator{chunks: make([]int64, squareChunks)}} }

// AddFloat adds w * x; x is finite.
func (s *Scaled) AddFloat(x float64, w uint64) {
	m, e, neg, _ := split(x)
	hi, lo := bits.Mul64(m, w)
	s.acc.add(neg, hi, lo, uint(e+squareBias))
}

// AddInt adds w * x.
func (s *Scaled) AddInt(x selfsame.Int128, w uint64) {
	neg, xh, xl := magnitude(x)
	hi, lo := bits.Mul64(xl, w)
	s.acc.add(neg, hi, lo, squareBias)
	if xh != 0 {
		hi, lo = bits.Mul64(xh, w)
		s.acc.add(neg, hi, lo, squareBias+64)
	}
}

// AddScaled adds w * t.
func (s *Scaled) AddScaled(t *Scaled, w uint64) {
	t.acc.normalize()
	for i := t.acc.lo; i < t.acc.hi; i++ {
		if c := t.acc.chunks[i]; c != 0 {
			hi, lo := bits.Mul64(uint64(max(c, -c)), w)
			s.acc.add(c < 0, hi, lo, uint(32*i))
		}
	}
}

// Merge adds the sum t.
func (s *Scaled) Merge(t *Scaled) { s.acc.merge(&t.acc, 1) }

// Reset makes the sum empty.
func (s *Scaled) Reset() { s.acc.reset() }

// AppendTo appends the canonical encoding, that of a SquareSum.
func (s *Scaled) AppendTo(b []byte) []byte { return s.acc.appendTo(b) }

// scaledChunks are those that Σwx of 2^61 values with w = 1 reaches into. A sum that is weighed takes two more.
const scaledChunks = (squareBias+1024+61)/32 + 1

// Decode replaces the sum by what AppendTo wrote of values with w = 1.
func (s *Scaled) Decode(d *Decoder) {
	at := d.Offset()
	if s.acc.decode(d); s.acc.hi > scaledChunks {
		s.acc.reset()
		d.Corrupt(at, "a sum beyond any values")
	}
}

// Quotient returns the float64 nearest to the sum / 10^scale / w, w > 0.
func (s *Scaled) Quotient(w selfsame.Int128, scale uint8) float64 {
	s.acc.normalize()
	var buf [squareChunks/2 + 1]uint64
	neg, mag := s.acc.abs(buf[:])
	exp := 32*s.acc.lo - squareBias
	if w.Hi == 0 {
		shift := bits.TrailingZeros64(w.Lo)
		if den, ok := denominator(w.Lo>>shift, int(scale)); ok {
			return roundRatio(neg, mag, den, exp-shift-int(scale))
		}
	}
	num := wordsToBig(mag)
	if neg {
		num.Neg(num)
	}
	return bigRatio(num, new(big.Int).Mul(toBig(w), toBig(powers[scale])), exp)
}
