// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
)

// truth is n, Σx and Σx² in big rationals: the twin that every sum of this package is held to.
type truth struct {
	n    int64
	s, q *big.Rat
}

func newTruth() *truth { return &truth{s: new(big.Rat), q: new(big.Rat)} }

func (tr *truth) add(x *big.Rat) {
	tr.n++
	tr.s.Add(tr.s, x)
	tr.q.Add(tr.q, new(big.Rat).Mul(x, x))
}

func nearest(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f + 0
}

func (tr *truth) total() float64 { return nearest(tr.s) }

func (tr *truth) mean() float64 {
	return nearest(new(big.Rat).Quo(tr.s, new(big.Rat).SetInt64(tr.n)))
}

func (tr *truth) variance(sample bool) float64 {
	n, d := new(big.Rat).SetInt64(tr.n), tr.n
	if sample {
		d--
	}
	x := new(big.Rat).Mul(n, tr.q)
	x.Sub(x, new(big.Rat).Mul(tr.s, tr.s))
	return nearest(x.Quo(x, n).Quo(x, new(big.Rat).SetInt64(d)))
}

// shapes are the distributions that sums meet.
var shapes = []struct {
	name string
	draw func(r *rand.Rand) float64
}{
	{"money", func(r *rand.Rand) float64 { return math.Round(math.Exp(3+1.5*r.NormFloat64())*100) / 100 }},
	{"signed money", func(r *rand.Rand) float64 { return float64(r.IntN(2000001)-1000000) / 100 }},
	{"whole", func(r *rand.Rand) float64 { return float64(r.IntN(200) - 100) }},
	{"lognormal 5", func(r *rand.Rand) float64 { return math.Exp(5*r.NormFloat64()) * float64(1-2*r.IntN(2)) }},
	{"every exponent", anyFloat},
	{"subnormal", func(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64N(1<<53)) * float64(1-2*r.IntN(2)) }},
	{"huge", func(r *rand.Rand) float64 {
		return math.Float64frombits(0x7fe<<52|r.Uint64N(1<<52)) * float64(1-2*r.IntN(2))
	}},
	{"cancelling", func(r *rand.Rand) float64 { return []float64{1e16, 1, -1e16, 1e-30}[r.IntN(4)] }},
	{"residues", func(r *rand.Rand) float64 { return []float64{0x1p-54, 12.34, 0x1p70, -0x1p-20, 0}[r.IntN(5)] }},
	{"spread", func(r *rand.Rand) float64 {
		return math.Ldexp(1+r.Float64(), r.IntN(1+r.IntN(70))) * float64(1-2*r.IntN(2))
	}},
	{"zeros", func(r *rand.Rand) float64 { return math.Copysign(0, float64(r.IntN(2))-0.5) }},
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func TestFloatSumsAreTheTruthRoundedOnce(t *testing.T) {
	r := random(t)
	for _, shape := range shapes {
		for trial := range 60 {
			s, q, want := NewFloatSum(), NewSquareSum(), newTruth()
			n := 1 + r.IntN(1+trial)
			for range n {
				x := shape.draw(r)
				s.Add(x)
				q.Add(x)
				want.add(new(big.Rat).SetFloat64(x))
			}
			for range r.IntN(20) { // what is taken out again leaves no trace
				x := anyFloat(r)
				s.Add(x)
				q.Sub(x)
				s.Sub(x)
				q.Add(x)
			}
			if got := s.Round(); !same(got, want.total()) {
				t.Fatalf("%s: Σ of %d = %x, want %x", shape.name, n, got, want.total())
			}
			if got := s.Mean(uint64(n)); !same(got, want.mean()) {
				t.Fatalf("%s: mean of %d = %x, want %x", shape.name, n, got, want.mean())
			}
			checkVariance(t, shape.name, want, func(sample bool) float64 { return FloatVariance(uint64(n), s, q, sample) })
			slow := func(sample bool) float64 {
				return bigVariance(uint64(n), s.acc.toBig(0), q.acc.toBig(0), Moments{Exp: -sumBias}, sample)
			}
			checkVariance(t, "slow "+shape.name, want, slow)
		}
	}
}

func checkVariance(t *testing.T, what string, want *truth, got func(sample bool) float64) {
	t.Helper()
	for _, sample := range []bool{false, true} {
		if sample && want.n < 2 {
			continue
		}
		if g, w := got(sample), want.variance(sample); !same(g, w) {
			t.Fatalf("%s: variance of %d (sample %v) = %x, want %x", what, want.n, sample, g, w)
		}
	}
}

// TestFloatSumIsAGroup holds A1: sums of equal multisets have equal bytes, however they were made.
func TestFloatSumIsAGroup(t *testing.T) {
	r := random(t)
	for _, shape := range shapes {
		for range 200 {
			x := make([]float64, 1+r.IntN(30))
			for i := range x {
				x[i] = shape.draw(r)
			}
			whole, parts := NewFloatSum(), []*FloatSum{NewFloatSum(), NewFloatSum(), NewFloatSum()}
			squares, squareParts := NewSquareSum(), []*SquareSum{NewSquareSum(), NewSquareSum(), NewSquareSum()}
			for _, f := range x {
				whole.Add(f)
				squares.Add(f)
				parts[r.IntN(3)].Add(f)
			}
			slices.SortFunc(x, func(a, b float64) int { return r.IntN(3) - 1 })
			for _, f := range x {
				squareParts[r.IntN(3)].Add(f)
			}
			for i, k := range r.Perm(3) {
				if i > 0 {
					parts[0].acc.touch(0, 1) // an untrimmed form must not show
				}
				if k != 0 {
					parts[0].Merge(parts[k])
					squareParts[0].Merge(squareParts[k])
				}
			}
			want, got := whole.AppendTo(nil), parts[0].AppendTo(nil)
			wantQ, gotQ := squares.AppendTo(nil), squareParts[0].AppendTo(nil)
			if !bytes.Equal(want, got) || !bytes.Equal(wantQ, gotQ) {
				t.Fatalf("%s: %x in parts is %x %x, want %x %x", shape.name, x, got, gotQ, want, wantQ)
			}
			checkDecode(t, want, wantQ)
			whole.Unmerge(parts[0])
			squares.Unmerge(squareParts[0])
			if got := squares.AppendTo(whole.AppendTo(nil)); !bytes.Equal(got, []byte{0, 0}) {
				t.Fatalf("%s: %x less itself is %x, want 0000", shape.name, x, got)
			}
		}
	}
}

func checkDecode(t *testing.T, sum, squares []byte) {
	t.Helper()
	s, q := NewFloatSum(), NewSquareSum()
	s.Add(math.Pi) // decode replaces what was there
	q.Add(math.Pi)
	d, e := NewDecoder(sum), NewDecoder(squares)
	s.Decode(d)
	q.Decode(e)
	if d.End() != nil || e.End() != nil || !bytes.Equal(s.AppendTo(nil), sum) || !bytes.Equal(q.AppendTo(nil), squares) {
		t.Fatalf("%x and %x decoded are %x and %x, errors %v and %v", sum, squares, s.AppendTo(nil), q.AppendTo(nil), d.Err(), e.Err())
	}
}

func TestAccumulatorCarriesInTime(t *testing.T) {
	s, want := NewFloatSum(), new(big.Int)
	for range 3 {
		s.Add(math.MaxFloat64)
		s.acc.adds = maxAdds - 1 // the next addition must carry
		s.Add(-5e-324)
		if s.acc.adds != 0 {
			t.Fatalf("after %d additions no carry", maxAdds)
		}
		f, _ := new(big.Float).SetFloat64(math.MaxFloat64).Int(nil)
		want.Add(want, f.Lsh(f, 1074)).Sub(want, big.NewInt(1))
	}
	s.acc.normalize()
	if got := s.acc.toBig(0); got.Cmp(want.Lsh(want, sumBias-1074)) != 0 {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestPrefixRangesAreTheTruth(t *testing.T) {
	r := random(t)
	var p Prefix
	fit := map[string]int{}
	for _, shape := range shapes {
		for range 60 {
			x := make([]float64, r.IntN(80))
			keep := make([]bool, len(x))
			for i := range x {
				x[i], keep[i] = shape.draw(r), r.IntN(5) > 0
				if !keep[i] && r.IntN(2) == 0 {
					x[i] = math.NaN()
				}
			}
			squares := r.IntN(3) > 0
			if !p.LoadFloats(x, keep, squares) {
				continue
			}
			fit[shape.name]++
			for range 10 {
				lo := r.IntN(len(x) + 1)
				hi := lo + r.IntN(len(x)+1-lo)
				want := newTruth()
				for i := lo; i < hi; i++ {
					if keep[i] {
						want.add(new(big.Rat).SetFloat64(x[i]))
					}
				}
				checkRange(t, shape.name, &p, lo, hi, want, squares)
			}
		}
	}
	for _, name := range []string{"money", "signed money", "whole", "lognormal 5", "subnormal", "huge", "cancelling", "residues", "spread", "zeros"} {
		if fit[name] == 0 {
			t.Errorf("%s never fits", name)
		}
	}
	if fit["every exponent"] == 60 {
		t.Error("every exponent always fits")
	}
}

func checkRange(t *testing.T, what string, p *Prefix, lo, hi int, want *truth, squares bool) {
	t.Helper()
	if got := p.Total(lo, hi); !same(got, want.total()) {
		t.Fatalf("%s: Σ over [%d, %d) = %x, want %x", what, lo, hi, got, want.total())
	}
	if want.n == 0 {
		return
	}
	if got := p.Mean(lo, hi, uint64(want.n)); !same(got, want.mean()) {
		t.Fatalf("%s: mean over [%d, %d) = %x, want %x", what, lo, hi, got, want.mean())
	}
	if squares {
		checkVariance(t, what, want, func(sample bool) float64 { return p.Variance(lo, hi, uint64(want.n), sample) })
	}
}

func TestPrefixRefusesWhatDoesNotFit(t *testing.T) {
	var p Prefix
	for _, x := range [][]float64{{math.Inf(1)}, {1, math.NaN()}, {1, 0x1p-73 + 0x1p-125}, {math.MaxFloat64, 5e-324}} {
		if p.LoadFloats(x, nil, true) {
			t.Errorf("%v fits", x)
		}
	}
	for _, x := range [][]float64{{1, 0x1p-70 + 0x1p-122, 0}, {1, -0x1p-122, 0}, {0x1p-1074, 0x1p-960}, {math.MaxFloat64, 0x1p900, 0}} {
		if !p.LoadFloats(x, nil, true) {
			t.Errorf("%v does not fit", x)
			continue
		}
		want := newTruth()
		for _, f := range x {
			want.add(new(big.Rat).SetFloat64(f))
		}
		checkRange(t, "fits", &p, 0, len(x), want, true)
	}
	if p.LoadDecimals([]selfsame.Int128{MaxInt128}, 0, nil, false) {
		t.Error("the greatest Int128 fits")
	}
}

// drawDecimal draws unscaled values up to 38 digits, mostly shorter.
func drawDecimal(r *rand.Rand) selfsame.Int128 {
	for {
		if v := anyInt128(r); Fits(v, MaxDigits) {
			return v
		}
	}
}

func TestIntegersAndDecimalsAreTheTruth(t *testing.T) {
	r := random(t)
	var p Prefix
	for trial := range 1500 {
		scale := uint8(r.IntN(39))
		unit := new(big.Rat).SetInt(toBig(Pow10(int(scale))))
		var s, q Wide
		want := newTruth()
		x, ints := make([]selfsame.Int128, 1+r.IntN(40)), make([]int64, 40)
		narrow := trial%3 == 0
		if narrow {
			scale, unit = 0, big.NewRat(1, 1)
		}
		for i := range x {
			x[i] = drawDecimal(r)
			if narrow {
				ints[i] = int64(x[i].Lo)
				x[i] = FromInt64(ints[i])
			}
			s.Add(x[i])
			q.AddSquare(x[i])
			want.add(new(big.Rat).Quo(new(big.Rat).SetInt(toBig(x[i])), unit))
		}
		what := fmt.Sprintf("decimals of scale %d", scale)
		if got := WideMean(uint64(len(x)), &s, scale); !same(got, want.mean()) {
			t.Fatalf("%s: mean of %v = %x, want %x", what, x, got, want.mean())
		}
		checkVariance(t, what, want, func(sample bool) float64 { return WideVariance(uint64(len(x)), &s, &q, scale, sample) })
		if p.LoadDecimals(x, scale, nil, true) {
			checkRange(t, what, &p, 0, len(x), want, true)
		}
		if narrow {
			p.LoadInts(ints[:len(x)], nil, true)
			checkRange(t, "ints", &p, 0, len(x), want, true)
			p.LoadInts(ints[:len(x)], nil, false)
			checkRange(t, "ints", &p, 0, len(x), want, false)
		}
		for _, v := range x {
			s.Sub(v)
			q.SubSquare(v)
		}
		if s != (Wide{}) || q != (Wide{}) {
			t.Fatalf("%v less itself leaves %v, %v", x, s, q)
		}
	}
}

func TestWideCodec(t *testing.T) {
	r := random(t)
	for range 20000 {
		var w, got Wide
		for range r.IntN(4) {
			w.AddSquare(anyInt128(r))
			w.Sub(anyInt128(r))
		}
		if r.IntN(2) == 0 {
			w.Unmerge(&Wide{0, r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64() >> 1})
		}
		b := w.AppendTo(nil)
		d := NewDecoder(b)
		got.Decode(d)
		if d.End() != nil || got != w {
			t.Fatalf("%v is %x, decoded %v, %v", w, b, got, d.Err())
		}
		if v, ok := w.Int128(); ok != (w.toBig().BitLen() < 128 || w.toBig().Cmp(toBig(MinInt128)) == 0) || (ok && WideOf(v) != w) {
			t.Fatalf("Int128 of %v = %v, %v", w, v, ok)
		}
	}
}

// TestForgedMomentsDoNotPanic: bytes from elsewhere may hold sums that no values have.
func TestForgedMomentsDoNotPanic(t *testing.T) {
	m := Moments{N: 3, S: FromInt64(10), Q: [4]uint64{1}}
	if got := m.Variance(true); got != 0 {
		t.Errorf("variance of impossible moments = %v, want 0", got)
	}
	m = Moments{N: 3, S: MaxInt128, Q: [4]uint64{1, 1, 1, 1}}
	if got := m.Variance(false); got != 0 {
		t.Errorf("variance of impossible wide moments = %v, want 0", got)
	}
	m = Moments{N: math.MaxUint64, S: MinInt128, Q: [4]uint64{1, 1, 1, math.MaxUint64}}
	if got := m.Variance(false); !(got > 0) {
		t.Errorf("variance of the greatest moments = %v, want a positive number", got)
	}
}
