// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame/compute/exact"

// kurtosisFunc is kurtosis(x) from n and Σx … Σx⁴ (products.go): the excess over that of a normal distribution, with the correction for a sample as
// pandas, Excel and DuckDB do. One rounding, of a rational number.
var kurtosisFunc = &Func{
	Name:    "kurtosis",
	Class:   Group,
	Summary: "The sample excess kurtosis of x, 0 for a normal distribution, exact and rounded once; null for fewer than four values and where all are equal.",
	Example: "kurtosis(amount) over 30d",
	Bind:    bindProducts("kurtosis", kurtosisOf(true), "write kurtosis(x), x of type int64, float64 or decimal"),
}

// kurtosisPopFunc is kurtosis_pop(x), without the correction for a sample, as Spark and SciPy do.
var kurtosisPopFunc = &Func{
	Name:    "kurtosis_pop",
	Class:   Group,
	Summary: "The population excess kurtosis of x, 0 for a normal distribution, exact and rounded once; null where all values are equal.",
	Example: "kurtosis_pop(amount) over 30d",
	Bind:    bindProducts("kurtosis_pop", kurtosisOf(false), "write kurtosis_pop(x), x of type int64, float64 or decimal"),
}

func kurtosisOf(sample bool) *productMember {
	m := &productMember{args: 1, needs: []monomial{ofA, ofA2, ofA3, ofA4}, least: 2}
	if sample {
		m.least = 4
	}
	m.finish = func(p *products) (float64, bool) {
		return exact.Kurtosis(uint64(p.n), p.sums[ofA], p.sums[ofA2], p.sums[ofA3], p.sums[ofA4], sample)
	}
	return m
}
