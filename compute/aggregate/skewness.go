// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame/compute/exact"

// skewnessFunc is skewness(x) from n, Σx, Σx² and Σx³ (products.go): the third central moment over the third power of the standard deviation, times
// √(n(n-1)) / (n-2) as pandas, Excel and DuckDB do. One rounding, of the root of a rational number.
var skewnessFunc = &Func{
	Name:    "skewness",
	Class:   Group,
	Summary: "The sample skewness of x, exact and rounded once; null for fewer than three values and where all are equal.",
	Example: "skewness(amount) over 30d",
	Bind:    bindProducts("skewness", skewnessOf(true), "write skewness(x), x of type int64, float64 or decimal"),
}

// skewnessPopFunc is skewness_pop(x), without the correction for a sample, as Spark and SciPy do.
var skewnessPopFunc = &Func{
	Name:    "skewness_pop",
	Class:   Group,
	Summary: "The population skewness of x, exact and rounded once; null where all values are equal.",
	Example: "skewness_pop(amount) over 30d",
	Bind:    bindProducts("skewness_pop", skewnessOf(false), "write skewness_pop(x), x of type int64, float64 or decimal"),
}

func skewnessOf(sample bool) *productMember {
	m := &productMember{args: 1, needs: []monomial{ofA, ofA2, ofA3}, least: 2}
	if sample {
		m.least = 3
	}
	m.finish = func(p *products) (float64, bool) {
		return exact.Skewness(uint64(p.n), p.sums[ofA], p.sums[ofA2], p.sums[ofA3], sample)
	}
	return m
}
