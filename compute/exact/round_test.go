// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math"
	"math/big"
	"sort"
	"testing"

	"selfsame"
)

func TestRoundRatioIsNearest(t *testing.T) {
	r := random(t)
	for range 40000 {
		var num [4]uint64
		for i := range 1 + r.IntN(4) {
			num[i] = r.Uint64() >> r.IntN(64)
			if r.IntN(4) == 0 {
				num[i] = 0
			}
		}
		den := max(1, r.Uint64()>>r.IntN(64))
		exp := r.IntN(2500) - 1300
		if r.IntN(3) == 0 { // near ties, at and below the least normal exponent
			num = [4]uint64{0, 0, uint64(r.IntN(3)), (1<<53|r.Uint64N(1<<53))<<1 | 1}
			den, exp = 1<<r.IntN(5), -1074-192-r.IntN(60)
		}
		neg := r.IntN(2) == 0
		x := wordsToBig(num[:])
		if neg {
			x.Neg(x)
		}
		rat := new(big.Rat).SetFrac(x, new(big.Int).SetUint64(den))
		if exp >= 0 {
			rat.Mul(rat, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(exp))))
		} else {
			rat.Quo(rat, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(-exp))))
		}
		want, _ := rat.Float64()
		want += 0
		for name, got := range map[string]float64{
			"roundRatio": roundRatio(neg, num[:], den, exp), "bigRatio": bigRatio(x, new(big.Int).SetUint64(den), exp),
		} {
			if math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s(%v, %x, %d, %d) = %x, want %x", name, neg, num, den, exp, got, want)
			}
		}
	}
}

func TestRoundPairIsNearest(t *testing.T) {
	r := random(t)
	for range 20000 {
		v, exp := anyInt128(r), r.IntN(2400)-1250
		want, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(toBig(v)), exp).Float64()
		neg, hi, lo := magnitude(v)
		if got := roundPair(neg, hi, lo, 1, exp); math.Float64bits(got) != math.Float64bits(want+0) {
			t.Fatalf("roundPair(%v, 1, %d) = %x, want %x", v, exp, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		q     string
		n     int
		rank  int
		index int
		num   uint64
		den   uint64
	}{
		{"0", 5, 1, 0, 0, 1}, {"1", 5, 5, 4, 0, 1}, {"0.5", 5, 3, 2, 0, 1}, {"0.5", 4, 2, 1, 1, 2}, {"0.95", 100, 95, 94, 1, 20},
		{"0.9", 10, 9, 8, 1, 10}, {"0.3", 10, 3, 2, 7, 10}, {"0.000000000000000001", 7, 1, 0, 3, 500000000000000000}, {"0.1", 1, 1, 0, 0, 1},
	} {
		q, ok := ParseQuantile(c.q)
		index, f := q.Position(c.n)
		if !ok || q.Rank(c.n) != c.rank || index != c.index || f.num != c.num || f.den != c.den {
			t.Errorf("q %s of %d: ok %v rank %d position %d + %d/%d, want %d, %d + %d/%d", c.q, c.n, ok, q.Rank(c.n), index, f.num, f.den, c.rank, c.index, c.num, c.den)
		}
	}
	for _, s := range []string{"-0.1", "1.0000001", "2", "x", "", "0.0000000000000000001", "1e30"} {
		if _, ok := ParseQuantile(s); ok {
			t.Errorf("ParseQuantile(%q) is ok", s)
		}
	}
	if q, ok := NewQuantile(Pow10(38), 38); !ok || q != (Quantile{1, 1}) {
		t.Errorf("NewQuantile(1, scale 38) = %v, %v", q, ok)
	}
}

func TestBetweenIsTheExactPointRoundedOnce(t *testing.T) {
	r := random(t)
	for i := range 30000 {
		lo, hi := anyFloat(r), anyFloat(r)
		if i%2 == 0 {
			lo = float64(r.IntN(200000)-100000) / 100
			hi = float64(r.IntN(200000)-100000) / 100
		}
		if lo > hi {
			lo, hi = hi, lo
		}
		den := 1 + r.Uint64N(1_000_000_000_000_000_000)>>r.IntN(60)
		f := Fraction{num: r.Uint64N(den), den: den}
		x, y := new(big.Rat).SetFloat64(lo), new(big.Rat).SetFloat64(hi)
		w := new(big.Rat).SetFrac(new(big.Int).SetUint64(f.num), new(big.Int).SetUint64(f.den))
		y.Sub(y, x).Mul(y, w).Add(y, x)
		want, _ := y.Float64()
		if got := f.Between(lo, hi); math.Float64bits(got) != math.Float64bits(want+0) {
			t.Fatalf("%d/%d between %x and %x = %x, want %x", f.num, f.den, lo, hi, got, want)
		}
		if f.num != 0 && lo != hi {
			if got := slowBetween(lo, hi, f); math.Float64bits(got) != math.Float64bits(want+0) {
				t.Fatalf("slow: %d/%d between %x and %x = %x, want %x", f.num, f.den, lo, hi, got, want)
			}
		}
	}
}

func TestBetweenDecimals(t *testing.T) {
	r := random(t)
	for range 20000 {
		ends := []selfsame.Int128{anyInt128(r), anyInt128(r)}
		sort.Slice(ends, func(i, j int) bool { return Cmp(ends[i], ends[j]) < 0 })
		den := 1 + r.Uint64N(1_000_000_000_000_000_000)>>r.IntN(60)
		f, scale := Fraction{num: r.Uint64N(den), den: den}, uint8(r.IntN(39))
		x, y := new(big.Rat).SetInt(toBig(ends[0])), new(big.Rat).SetInt(toBig(ends[1]))
		w := new(big.Rat).SetFrac(new(big.Int).SetUint64(f.num), new(big.Int).SetUint64(f.den))
		y.Sub(y, x).Mul(y, w).Add(y, x).Quo(y, new(big.Rat).SetInt(toBig(Pow10(int(scale)))))
		want, _ := y.Float64()
		if got := f.BetweenDecimal(ends[0], ends[1], scale); got != want {
			t.Fatalf("%v between %v at scale %d = %v, want %v", f, ends, scale, got, want)
		}
	}
	if got := (Fraction{1, 2}).BetweenInt(math.MinInt64, math.MaxInt64); got != -0.5 {
		t.Errorf("half way between the int64 extremes = %v, want -0.5", got)
	}
}

func TestBetweenInfinities(t *testing.T) {
	inf, half := math.Inf(1), Fraction{1, 2}
	for _, c := range []struct{ lo, hi, want float64 }{
		{-inf, 5, -inf}, {5, inf, inf}, {inf, inf, inf}, {-inf, -inf, -inf}, {-inf, inf, math.NaN()}, {5, math.NaN(), math.NaN()},
		{math.Float64frombits(0xfff8 << 48), 5, math.NaN()}, {-math.NaN(), -math.NaN(), math.NaN()},
		{math.Copysign(0, -1), 0, 0}, {-math.MaxFloat64, math.MaxFloat64, 0}, {math.MaxFloat64, math.MaxFloat64, math.MaxFloat64},
	} {
		got := half.Between(c.lo, c.hi)
		if math.Float64bits(got) != math.Float64bits(c.want) {
			t.Errorf("half way between %v and %v = %v, want %v", c.lo, c.hi, got, c.want)
		}
	}
	if got := (Fraction{0, 1}).Between(7, inf); got != 7 {
		t.Errorf("no way from 7 to Inf = %v, want 7", got)
	}
}
