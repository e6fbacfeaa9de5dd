// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// corrFunc is corr(x, y) from n, Σx, Σy, Σx², Σy² and Σxy (products.go): the covariance over the product of the standard deviations, one rounding, of the
// root of a rational number; so it is in [-1, 1].
var corrFunc = &Func{
	Name:    "corr",
	Class:   Group,
	Summary: "Pearson's correlation of x and y over the events where neither is null, exact and rounded once; null where all x or all y are equal.",
	Example: "corr(amount, items) over 30d",
	Bind: bindProducts("corr", &productMember{
		args: 2, needs: []monomial{ofA, ofA2, ofB, ofB2, ofAB}, least: 2,
		finish: func(p *products) (float64, bool) { return p.pairs().Correlation() },
	}, "write corr(x, y) of two numbers"),
}
