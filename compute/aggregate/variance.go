// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// The variances are the exact quotients (nΣx² - (Σx)²) / (n(n-1)), of a sample, and (nΣx² - (Σx)²) / n², of a population,
// each rounded once to float64; the deviations are the IEEE square roots of the rounded variances. No difference of rounded
// numbers is ever taken, so nothing cancels.
//
// Algebra: the group of (n, Σx, Σx²) under +. Encoded: n, Σx, Σx².
var (
	varianceFunc = &Func{
		Name:    "variance",
		Class:   Group,
		Summary: "The sample variance of x, exact and rounded once; null for fewer than two values.",
		Example: "variance(amount) over 30d",
		Bind:    bindNumber("variance", varianceOf),
	}
	variancePopFunc = &Func{
		Name:    "variance_pop",
		Class:   Group,
		Summary: "The population variance of x, exact and rounded once.",
		Example: "variance_pop(amount) over 30d",
		Bind:    bindNumber("variance_pop", variancePopOf),
	}
	stddevFunc = &Func{
		Name:    "stddev",
		Class:   Group,
		Summary: "The sample standard deviation of x: the square root of variance(x); null for fewer than two values.",
		Example: "stddev(amount) over 30d",
		Bind:    bindNumber("stddev", stddevOf),
	}
	stddevPopFunc = &Func{
		Name:    "stddev_pop",
		Class:   Group,
		Summary: "The population standard deviation of x: the square root of variance_pop(x).",
		Example: "stddev_pop(amount) over 30d",
		Bind:    bindNumber("stddev_pop", stddevPopOf),
	}
)
