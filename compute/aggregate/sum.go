// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// sumFunc is sum(x), exact and rounded once.
//
// Algebra: the group of (n, Σx) under +, Σx an exact integer at a fixed power of two or ten. Encoded: n, Σx. The sum of int64 is
// int64 and an error beyond it; of decimal(p,s) decimal(38,s), likewise; of float64 the double nearest to the exact sum.
var sumFunc = &Func{
	Name:    "sum",
	Class:   Group,
	Summary: "The sum of x, exact and rounded once: int64 for int64, decimal(38,s) for decimal(p,s), float64 for float64; overflow is an error.",
	Example: "sum(amount) over [24h, 30d]",
	Bind:    bindNumber("sum", sumOf),
}
