// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// This file is the least squares line of y over x, from n, Σx, Σy, Σx² and Σxy (products.go). The argument that is predicted comes first, as in SQL.

// regrSlopeFunc is regr_slope(y, x): (nΣxy - ΣxΣy) / (nΣx² - (Σx)²), rounded once.
var regrSlopeFunc = &Func{
	Name:    "regr_slope",
	Class:   Group,
	Summary: "The slope of the least squares line that predicts the first argument from the second, exact and rounded once; null where all values of the second are equal.",
	Example: "regr_slope(amount, items) over 30d",
	Bind: bindProducts("regr_slope", &productMember{
		args: 2, needs: []monomial{ofA, ofB, ofB2, ofAB}, least: 2,
		finish: func(p *products) (float64, bool) { return p.pairs().Slope() },
	}, "write regr_slope(y, x) of two numbers: the slope of y over x"),
}

// regrInterceptFunc is regr_intercept(y, x): (ΣyΣx² - ΣxΣxy) / (nΣx² - (Σx)²), rounded once.
var regrInterceptFunc = &Func{
	Name:    "regr_intercept",
	Class:   Group,
	Summary: "Where the line of regr_slope stands at 0, exact and rounded once; null where all values of the second argument are equal.",
	Example: "regr_intercept(amount, items) over 30d",
	Bind: bindProducts("regr_intercept", &productMember{
		args: 2, needs: []monomial{ofA, ofB, ofB2, ofAB}, least: 2,
		finish: func(p *products) (float64, bool) { return p.pairs().Intercept() },
	}, "write regr_intercept(y, x) of two numbers: the line of y over x at x = 0"),
}
