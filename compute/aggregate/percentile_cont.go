// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// percentileContFunc is percentile_cont(x, q), the value at (n-1)q of the sorted values, interpolated: it needs the multiset.
var percentileContFunc = &Func{
	Name:    "percentile_cont",
	Class:   Holistic,
	Summary: "The value at the fraction q of the sorted values, interpolated linearly at (n-1)q and rounded once; exact up to max_values values.",
	Example: "percentile_cont(amount, 0.95) over 7d",
	Bind:    bindContinuous("percentile_cont", false, "write percentile_cont(x, 0.95) of one number"),
}
