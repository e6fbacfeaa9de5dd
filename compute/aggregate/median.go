// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// medianFunc is median(x), percentile_cont(x, 0.5).
var medianFunc = &Func{
	Name:    "median",
	Class:   Holistic,
	Summary: "The middle of the sorted values, or halfway between the two middle ones: percentile_cont(x, 0.5).",
	Example: "median(amount) over 7d",
	Bind:    bindContinuous("median", true, "write median(x) of one number"),
}
