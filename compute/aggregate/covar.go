// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// covarSampFunc is covar_samp(y, x) from n, Σx, Σy and Σxy (products.go): (nΣxy - ΣxΣy) / (n(n-1)), rounded once.
var covarSampFunc = &Func{
	Name:    "covar_samp",
	Class:   Group,
	Summary: "The sample covariance of x and y over the events where neither is null, exact and rounded once; null for fewer than two.",
	Example: "covar_samp(amount, items) over 30d",
	Bind:    bindProducts("covar_samp", covarianceOf(true), "write covar_samp(x, y) of two numbers"),
}

// covarPopFunc is covar_pop(y, x): (nΣxy - ΣxΣy) / n², rounded once.
var covarPopFunc = &Func{
	Name:    "covar_pop",
	Class:   Group,
	Summary: "The population covariance of x and y over the events where neither is null, exact and rounded once.",
	Example: "covar_pop(amount, items) over 30d",
	Bind:    bindProducts("covar_pop", covarianceOf(false), "write covar_pop(x, y) of two numbers"),
}

func covarianceOf(sample bool) *productMember {
	m := &productMember{args: 2, needs: []monomial{ofA, ofB, ofAB}, least: 1}
	if sample {
		m.least = 2
	}
	m.finish = func(p *products) (float64, bool) { return p.pairs().Covariance(sample), true }
	return m
}
