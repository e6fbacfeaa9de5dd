// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"selfsame"
)

// TestScaledIsExact holds Σwx and its quotient to rational arithmetic, over the whole range of values and weights.
func TestScaledIsExact(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 9))
		s, want := NewScaled(), new(big.Rat)
		for range 1 + r.IntN(8) {
			w := r.Uint64() >> (2 + r.IntN(62))
			weight := new(big.Rat).SetInt(new(big.Int).SetUint64(w))
			if r.IntN(2) == 0 {
				x := math.Ldexp(r.NormFloat64(), r.IntN(2098)-1074)
				x = math.Max(-math.MaxFloat64, math.Min(math.MaxFloat64, x))
				s.AddFloat(x, w)
				want.Add(want, weight.Mul(weight, new(big.Rat).SetFloat64(x)))
			} else {
				x := selfsame.Int128{Hi: r.Int64() >> r.IntN(64), Lo: r.Uint64()}
				s.AddInt(x, w)
				want.Add(want, weight.Mul(weight, new(big.Rat).SetInt(toBig(x))))
			}
		}
		again := NewScaled()
		again.AddScaled(s, 1)
		again.AddScaled(s, 6)
		want.Quo(want.Mul(want, big.NewRat(7, 1)), big.NewRat(300, 1))
		f, _ := want.Float64()
		if got := again.Quotient(selfsame.Int128{Lo: 3}, 2); got != f+0 {
			t.Errorf("seed %d: %v, want %v", seed, got, f)
		}
	}
}

// TestScaledOfLargestValues: what the largest values give is written, read and weighed, and what is beyond them is refused.
func TestScaledOfLargestValues(t *testing.T) {
	s := NewScaled()
	for range 1000 {
		s.AddFloat(-math.MaxFloat64, 1)
	}
	b := s.AppendTo(nil)
	back := NewScaled()
	d := NewDecoder(b)
	if back.Decode(d); d.End() != nil || !bytes.Equal(back.AppendTo(nil), b) {
		t.Fatalf("% x is not read back: %v", b, d.Err())
	}
	weighed := NewScaled()
	weighed.AddScaled(back, 1<<62)
	if got := weighed.Quotient(selfsame.Int128{Hi: 1 << 55}, 0); got != math.Ldexp(-math.MaxFloat64, -57)*1000 {
		t.Errorf("%v", got)
	}
	for _, place := range []int{409, 450, 533} {
		d := NewDecoder(AppendInteger(nil, []byte{1, 0}, place))
		far := NewScaled()
		if far.Decode(d); d.Err() == nil {
			t.Errorf("a sum with a byte at %d is read", place)
		}
		weighed.AddScaled(far, 1<<62) // nothing, and no panic
	}
}
