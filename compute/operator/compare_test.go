// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"math"
	"math/big"
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestOrderFloat compares whole numbers and decimals with float64 values where rounding one side would lie, by rational arithmetic.
func TestOrderFloat(t *testing.T) {
	ints := []int64{math.MinInt64, math.MinInt64 + 1, -1<<53 - 1, -1, 0, 1, 1 << 53, 1<<53 + 1, math.MaxInt64 - 1, math.MaxInt64}
	floats := []float64{-1 << 63, math.Nextafter(-1<<63, 0), -1 << 53, -0.5, 0, 5e-324, 0.5, 1, 1 << 53, 1<<53 + 2, math.Nextafter(1<<63, 0), 1 << 63, math.MaxFloat64, math.Inf(1), math.Inf(-1), math.NaN()}
	decimal := selfsame.DecimalOf(38, 2)
	a, d, b := column.Make(selfsame.Scalar(selfsame.Int64), 1), column.Make(decimal, 1), column.Make(selfsame.Scalar(selfsame.Float64), 1)
	for _, x := range ints {
		for _, y := range floats {
			a.Ints[0], b.Floats[0] = x, y
			want := -1 // of NaN and +Inf
			switch {
			case math.IsInf(y, -1):
				want = 1
			case y-y == 0:
				want = new(big.Rat).SetInt64(x).Cmp(new(big.Rat).SetFloat64(y))
			}
			if got := OrderFloat(selfsame.Int64)(a, b, 0, 0); got != want {
				t.Errorf("%d and %v: got %d, want %d", x, y, got, want)
			}
			d.Decimals[0] = selfsame.Int128{Hi: x >> 63, Lo: uint64(x)} // a hundredth of x
			if y-y == 0 {
				want = big.NewRat(x, 100).Cmp(new(big.Rat).SetFloat64(y))
			}
			if got := OrderFloat(selfsame.Decimal)(d, b, 0, 0); got != want {
				t.Errorf("%d/100 and %v: got %d, want %d", x, y, got, want)
			}
		}
	}
	if OrderFloat(selfsame.String) != nil {
		t.Error("strings compare with numbers")
	}
}
