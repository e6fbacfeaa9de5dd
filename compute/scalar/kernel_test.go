// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestZoneIsConstant binds a zone that varies.
func TestZoneIsConstant(t *testing.T) {
	f := Lookup("year")
	if _, err := f.Bind([]Arg{{Type: timestampType}, {Type: stringType}}); err == nil || !strings.Contains(err.Error(), "its zone is a constant string") {
		t.Error(err)
	}
}

// TestNaNStays: a NaN argument gives NaN, a domain error null.
func TestNaNStays(t *testing.T) {
	bound, err := Lookup("ln").Bind([]Arg{{Type: floatType}})
	if err != nil {
		t.Fatal(err)
	}
	in := column.New(floatType, 4)
	in.Floats = append(in.Floats, math.NaN(), -1, 1, -1)
	out := column.New(floatType, 4)
	bound.NewEval()(out, []*column.Column{in}, 4, nil, []bool{false, false, false, true})
	if out.StatusAt(0) != selfsame.Present || out.Floats[0] == out.Floats[0] || out.StatusAt(1) != selfsame.Null ||
		out.StatusAt(2) != selfsame.Present || out.StatusAt(3) != selfsame.Present {
		t.Errorf("statuses %v, values %v", out.Status, out.Floats)
	}
}

// TestRoundIsExact compares round(x, digits) with rational arithmetic, near ties above all.
func TestRoundIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 50000 {
		digits := r.Int64N(2*maxDigits+1) - maxDigits
		x := math.Ldexp(r.Float64()-0.5, r.IntN(160)-60)
		if r.IntN(2) == 0 { // a tie, or one float64 beside it
			half, _ := new(big.Rat).Mul(big.NewRat(2*r.Int64N(1<<40)+1, 2), ten(-digits)).Float64()
			x = math.Float64frombits(math.Float64bits(half) + r.Uint64N(3) - 1)
		}
		q := new(big.Rat).Mul(new(big.Rat).Abs(new(big.Rat).SetFloat64(x)), ten(digits))
		q.Add(q, big.NewRat(1, 2))
		n := new(big.Int).Quo(q.Num(), q.Denom())
		want, _ := new(big.Rat).Mul(new(big.Rat).SetInt(n), ten(-digits)).Float64()
		if got := roundFloat(x, digits); got != math.Copysign(want, x) {
			t.Fatalf("round(%v, %d) = %v, want %v", x, digits, got, math.Copysign(want, x))
		}
	}
}

func ten(n int64) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(n, -n)), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

// TestGeohashCells compares cellOf with the bisection that defines a geohash.
func TestGeohashCells(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	for range 20000 {
		half := []float64{90, 180}[r.IntN(2)]
		x := (r.Float64()*2 - 1) * half
		if r.IntN(2) == 0 { // a bound between two cells, or one float64 beside it
			x = float64(r.Int64N(1<<31)-1<<30)*(2*half/(1<<31)) + 0
			x = math.Nextafter(x, float64(r.IntN(3)-1)*1000)
		}
		if math.Abs(x) > half {
			continue
		}
		lo, hi, want := -half, half, uint64(0)
		for range 30 {
			mid := (lo + hi) / 2
			want <<= 1
			if x >= mid {
				want |= 1
				lo = mid
			} else {
				hi = mid
			}
		}
		if got := cellOf(x, half); got != want {
			t.Fatalf("cell of %v in ±%v: %d, want %d", x, half, got, want)
		}
	}
}

// BenchmarkFunctionKernels times the kernels of functions of float64, a batch of 1024 rows at a time.
func BenchmarkFunctionKernels(b *testing.B) {
	const rows = 1024
	r := rand.New(rand.NewPCG(3, 9))
	cols := make([]*column.Column, 4)
	for i := range cols {
		cols[i] = column.Make(floatType, rows)
		for j := range cols[i].Floats {
			cols[i].Floats[j] = r.Float64()
		}
	}
	for _, name := range []string{"abs", "round", "sqrt", "exp", "ln", "log2", "pow", "sin", "cos", "asin", "atan2", "haversine_km"} {
		b.Run(name, func(b *testing.B) {
			f := Lookup(name)
			args := []Arg{}
			bound, err := f.Bind(args)
			for err != nil && len(args) < len(cols) {
				args = append(args, Arg{Type: floatType})
				bound, err = f.Bind(args)
			}
			if err != nil {
				b.Fatal(err)
			}
			eval, out := bound.NewEval(), column.New(floatType, rows)
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				eval(out, cols[:len(args)], rows, nil, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
