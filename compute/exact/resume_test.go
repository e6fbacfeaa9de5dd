// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
)

// TestResumedPrefixIsALoadedOne holds the sums of every range of a resumed run against those of the run loaded whole.
func TestResumedPrefixIsALoadedOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	resumed := 0
	for range 4000 {
		n := 1 + r.IntN(40)
		from := r.IntN(n + 1)
		var keep []bool
		if r.IntN(2) == 0 {
			for range n {
				keep = append(keep, r.IntN(3) > 0)
			}
		}
		squares := r.IntN(2) == 0
		var p, whole Prefix
		var ok, want bool
		switch r.IntN(3) {
		case 0:
			x := make([]int64, n)
			for i := range x {
				x[i] = []int64{math.MinInt64, math.MaxInt64, -1, 0, 7, r.Int64()}[r.IntN(6)]
			}
			p.LoadInts(x[:from], head(keep, from), squares)
			ok, want = p.ResumeInts(x, keep, from), true
			whole.LoadInts(x, keep, squares)
		case 1:
			x := make([]float64, n)
			spread := 1 + r.IntN(80)
			for i := range x {
				x[i] = math.Ldexp(math.Floor(r.Float64()*1024)-512, r.IntN(spread))
				if r.IntN(60) == 0 {
					x[i] = []float64{math.Inf(1), 5e-324, math.MaxFloat64, 0}[r.IntN(4)]
				}
			}
			if !p.LoadFloats(x[:from], head(keep, from), squares) {
				continue
			}
			ok, want = p.ResumeFloats(x, keep, from), whole.LoadFloats(x, keep, squares)
		default:
			x := make([]selfsame.Int128, n)
			for i := range x {
				x[i] = FromInt64(r.Int64() >> r.IntN(60))
				if r.IntN(40) == 0 {
					x[i], _ = Mul(x[i], Pow10(r.IntN(19)))
				}
			}
			if !p.LoadDecimals(x[:from], 2, head(keep, from), squares) {
				continue
			}
			ok, want = p.ResumeDecimals(x, keep, from), whole.LoadDecimals(x, 2, keep, squares)
		}
		if !ok {
			continue
		}
		if resumed++; !want {
			continue // a run that has become too long to load may still go on: it holds
		}
		for lo := range n + 1 {
			for hi := lo; hi <= n; hi++ {
				if a, b := p.Moments(lo, hi, 3), whole.Moments(lo, hi, 3); a.Total() != b.Total() || a.Variance(true) != b.Variance(true) {
					t.Fatalf("[%d, %d) of %d after %d: %+v, want %+v", lo, hi, n, from, a, b)
				}
			}
		}
	}
	if resumed < 1000 {
		t.Errorf("only %d runs go on", resumed)
	}
}

func head(keep []bool, n int) []bool {
	if keep == nil {
		return nil
	}
	return slices.Clone(keep[:n])
}
