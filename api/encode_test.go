// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"math"
	"math/rand/v2"
	"testing"

	"selfsame"
	"selfsame/column"
)

// Numbers are written as column.AppendJSON writes them, but for whole ones, whose text has no more digits either.
func TestNumbersAreTheShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := column.New(selfsame.Scalar(selfsame.Float64), 0)
	for _, v := range []float64{0.01, 0.1, 1.1, 12.3, 12.34, -0.05, 99999999999.99, 9999999999999.99, 1e13 + 0.01, 1e15 / 100, 0.005, 0.015, 1e-7, 1.005, math.Pi, math.NaN(),
		math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64, 4503599627370496.5} {
		c.Floats = append(c.Floats, v, -v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1)))
	}
	for range 200_000 {
		v := float64(r.Int64N(1<<r.IntN(60))) / []float64{1, 10, 100, 1000, 7}[r.IntN(5)]
		c.Floats = append(c.Floats, v, math.Float64frombits(r.Uint64()))
	}
	for i, v := range c.Floats {
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			continue
		}
		if got, want := string(value(nil, c, i)), string(column.AppendJSON(nil, c, i)); got != want {
			t.Fatalf("%b is written as %s, and not as %s", v, got, want)
		}
	}
}
