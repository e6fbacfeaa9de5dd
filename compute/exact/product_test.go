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

// drawn is a value as a factor and as a rational number.
type drawn struct {
	factor Factor
	rat    *big.Rat
}

// drawValue draws a float64 of any exponent or of few digits, or an integer of any length.
func drawValue(r *rand.Rand, float, extreme bool) drawn {
	if !float {
		v := FromInt64(r.Int64N(20) - 10)
		if extreme {
			v = selfsame.Int128{Hi: int64(r.Uint64() >> r.UintN(64)), Lo: r.Uint64()}
			if r.IntN(4) == 0 {
				v = MinInt128
			}
		}
		return drawn{IntegerFactor(v), new(big.Rat).SetInt(toBig(v))}
	}
	f := float64(r.IntN(2000)-1000) / 64
	if r.IntN(3) == 0 {
		f = r.NormFloat64()
	}
	if extreme {
		f = math.Float64frombits(r.Uint64())
		for math.IsNaN(f) || math.IsInf(f, 0) {
			f = math.Float64frombits(r.Uint64())
		}
		if r.IntN(4) == 0 {
			f = []float64{math.MaxFloat64, -math.MaxFloat64, 5e-324, 0}[r.IntN(4)]
		}
	}
	return drawn{FloatFactor(f), new(big.Rat).SetFloat64(f)}
}

// TestProductSumIsExact: sums of products are the rational ones, in any order and parts, and nothing is left of what is taken out again.
func TestProductSumIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		floats := r.IntN(5)
		integers := r.IntN(5 - floats)
		a, b := NewProductSum(floats, integers), NewProductSum(floats, integers)
		want := new(big.Rat)
		var terms [][]Factor
		for range r.IntN(8) {
			var fs []Factor
			term := big.NewRat(1, 1)
			for k := range floats + integers {
				d := drawValue(r, k < floats, r.IntN(2) == 0)
				fs = append(fs, d.factor)
				term.Mul(term, d.rat)
			}
			want.Add(want, term)
			terms = append(terms, fs)
			if r.IntN(2) == 0 {
				a.Add(1, fs...)
			} else {
				b.Add(1, fs...)
			}
		}
		backwards := NewProductSum(floats, integers)
		for i := range terms {
			backwards.Add(1, terms[len(terms)-1-i]...)
		}
		a.Merge(b)
		encoded := a.AppendTo(nil)
		if got := backwards.AppendTo(nil); !bytes.Equal(got, encoded) {
			t.Fatalf("%x in another order is %x", encoded, got)
		}
		e, _ := a.exponent()
		e = min(e, 0)
		if got := new(big.Rat).Quo(new(big.Rat).SetInt(a.at(e)), new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(-e)))); got.Cmp(want) != 0 {
			t.Fatalf("Σ of %d products of %d floats and %d integers is %v, want %v", len(terms), floats, integers, got, want)
		}
		decoded := NewProductSum(floats, integers)
		d := NewDecoder(encoded)
		decoded.Decode(d)
		if err := d.End(); err != nil || !bytes.Equal(decoded.AppendTo(nil), encoded) {
			t.Fatalf("%x decodes to %x, %v", encoded, decoded.AppendTo(nil), err)
		}
		for _, fs := range terms {
			decoded.Add(-1, fs...)
		}
		if got := decoded.AppendTo(nil); !bytes.Equal(got, []byte{0}) {
			t.Fatalf("all taken out leaves %x", got)
		}
	}
}

// TestBigRoot holds the root to one of many more bits.
func TestBigRoot(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		num := new(big.Int).Rsh(new(big.Int).SetUint64(r.Uint64()), r.UintN(64))
		num.Lsh(num, r.UintN(300))
		den := new(big.Int).Lsh(new(big.Int).SetUint64(r.Uint64()|1), r.UintN(300))
		if r.IntN(3) == 0 { // a square, whose root may lie between two floats
			num.Mul(num, num)
			den.SetInt64(1)
		}
		f := new(big.Float).SetPrec(2000).SetInt(num)
		f.Quo(f, new(big.Float).SetPrec(2000).SetInt(den)).Sqrt(f)
		want, _ := f.Float64()
		if got := bigRoot(true, num, den); got != -want {
			t.Fatalf("the root of %v / %v is %v, want %v", num, den, got, -want)
		}
	}
	if got := bigRoot(true, new(big.Int), big.NewInt(3)); math.Signbit(got) || got != 0 {
		t.Errorf("the root of 0 is %v", got)
	}
}

// columnOf returns a column of one kind of values.
func columnOf(r *rand.Rand, n int, float, extreme bool) (list []drawn) {
	for range n {
		list = append(list, drawValue(r, float, extreme))
	}
	return list
}

func powersOf(list []drawn, float bool, degree int) *ProductSum {
	var s *ProductSum
	if float {
		s = NewProductSum(degree, 0)
	} else {
		s = NewProductSum(0, degree)
	}
	for _, d := range list {
		s.Add(1, []Factor{d.factor, d.factor, d.factor, d.factor}[:degree]...)
	}
	return s
}

// central returns Σ (x - mean x)^i (y - mean y)^j.
func central(x, y []drawn, i, j int) *big.Rat {
	n := new(big.Rat).SetInt64(int64(len(x)))
	mean := func(list []drawn) *big.Rat {
		s := new(big.Rat)
		for _, d := range list {
			s.Add(s, d.rat)
		}
		return s.Quo(s, n)
	}
	mx, my, out := mean(x), mean(y), new(big.Rat)
	for k := range x {
		term := big.NewRat(1, 1)
		for range i {
			term.Mul(term, new(big.Rat).Sub(x[k].rat, mx))
		}
		for range j {
			term.Mul(term, new(big.Rat).Sub(y[k].rat, my))
		}
		out.Add(out, term)
	}
	return out
}

func rootOf(r *big.Rat) *big.Float {
	f := new(big.Float).SetPrec(600).SetRat(r)
	return f.Sqrt(f)
}

func ratio(x *big.Rat, root *big.Float) float64 {
	f := new(big.Float).SetPrec(600).SetRat(x)
	v, _ := f.Quo(f, root).Float64()
	return v + 0
}

// TestShapes holds skewness and kurtosis to their definitions by the mean, worked in rationals.
func TestShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for k := range 300 {
		n, float := 4+r.IntN(9), k%2 == 0
		x := columnOf(r, n, float, k%10 < 2)
		s := make([]*ProductSum, 5)
		for degree := 1; degree <= 4; degree++ {
			s[degree] = powersOf(x, float, degree)
		}
		m2, m3, m4, count := central(x, x, 2, 0), central(x, x, 3, 0), central(x, x, 4, 0), int64(n)
		for _, sample := range []bool{false, true} {
			skew, ok := Skewness(uint64(n), s[1], s[2], s[3], sample)
			kurtosis, _ := Kurtosis(uint64(n), s[1], s[2], s[3], s[4], sample)
			if ok != (m2.Sign() != 0) {
				t.Fatalf("skewness of %v: %v", x, ok)
			}
			if !ok {
				continue
			}
			g1 := new(big.Rat).Quo(new(big.Rat).Quo(m3, big.NewRat(count, 1)), new(big.Rat).Quo(m2, big.NewRat(count, 1)))
			factor := new(big.Rat).Quo(m2, big.NewRat(count, 1))
			if sample {
				factor.Mul(factor, big.NewRat((count-2)*(count-2), count*(count-1)))
			}
			if want := ratio(g1, rootOf(factor)); skew != want {
				t.Fatalf("skewness, sample %v: %v, want %v", sample, skew, want)
			}
			g2 := new(big.Rat).Quo(new(big.Rat).Mul(m4, big.NewRat(count, 1)), new(big.Rat).Mul(m2, m2))
			g2.Sub(g2, big.NewRat(3, 1))
			if sample {
				g2.Mul(g2, big.NewRat(count+1, 1)).Add(g2, big.NewRat(6, 1)).Mul(g2, big.NewRat(count-1, (count-2)*(count-3)))
			}
			if want := nearest(g2); kurtosis != want {
				t.Fatalf("kurtosis, sample %v: %v, want %v", sample, kurtosis, want)
			}
		}
	}
}

// TestPairs holds covariance, correlation and the line to their definitions by the means, worked in rationals.
func TestPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for k := range 300 {
		n, float := 2+r.IntN(9), k%3
		x, y := columnOf(r, n, float > 0, k%10 < 2), columnOf(r, n, float > 1, k%10 == 1)
		floats := min(float, 2)
		p := Pairs{N: uint64(n), X: powersOf(x, float > 0, 1), XX: powersOf(x, float > 0, 2), Y: powersOf(y, float > 1, 1), YY: powersOf(y, float > 1, 2),
			XY: NewProductSum(floats, 2-floats)}
		for i := range x {
			p.XY.Add(1, x[i].factor, y[i].factor)
		}
		sx, sy := 1, 1
		if float == 0 {
			p.ScaleX, p.ScaleY, sx, sy = 2, 1, 100, 10
		}
		xx, yy, xy, count := central(x, y, 2, 0), central(x, y, 0, 2), central(x, y, 1, 1), int64(n)
		unit := big.NewRat(1, int64(sx*sy))
		if got, want := p.Covariance(false), nearest(new(big.Rat).Mul(unit, new(big.Rat).Quo(xy, big.NewRat(count, 1)))); got != want {
			t.Fatalf("covariance %v, want %v", got, want)
		}
		if got, want := p.Covariance(true), nearest(new(big.Rat).Mul(unit, new(big.Rat).Quo(xy, big.NewRat(count-1, 1)))); got != want {
			t.Fatalf("sample covariance %v, want %v", got, want)
		}
		corr, ok := p.Correlation()
		if ok != (xx.Sign() != 0 && yy.Sign() != 0) || ok && corr != ratio(xy, rootOf(new(big.Rat).Mul(xx, yy))) {
			t.Fatalf("correlation %v, %v", corr, ok)
		}
		slope, ok := p.Slope()
		intercept, also := p.Intercept()
		if ok != (xx.Sign() != 0) || also != ok {
			t.Fatalf("slope %v %v, intercept %v %v", slope, ok, intercept, also)
		}
		if !ok {
			continue
		}
		exactly := new(big.Rat).Quo(xy, xx)
		if want := nearest(new(big.Rat).Mul(exactly, big.NewRat(int64(sx), int64(sy)))); slope != want {
			t.Fatalf("slope %v, want %v", slope, want)
		}
		rest := new(big.Rat)
		for i := range x {
			rest.Add(rest, y[i].rat).Sub(rest, new(big.Rat).Mul(exactly, x[i].rat))
		}
		if want := nearest(rest.Quo(rest, big.NewRat(count*int64(sy), 1))); intercept != want {
			t.Fatalf("intercept %v, want %v", intercept, want)
		}
	}
}
