// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// avgFunc is avg(x), the float64 nearest to the exact Σx / n.
//
// Algebra: the group of (n, Σx) under +, as for sum. Encoded: n, Σx.
var avgFunc = &Func{
	Name:    "avg",
	Class:   Group,
	Summary: "The mean of x: the float64 nearest to the exact quotient of sum and count.",
	Example: "avg(amount) over 7d",
	Bind:    bindNumber("avg", meanOf),
}
