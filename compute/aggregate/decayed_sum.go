// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// decayedSumFunc is decayed_sum(x, half_life 1d, step 1h): Σwx (decayed.go).
var decayedSumFunc = &Func{
	Name:  "decayed_sum",
	Class: Holistic,
	Summary: "The sum of x in which a value counts half as much with each half_life, exact and rounded once. The age counts in whole steps from 1970 on: " +
		"a value of n steps before T has the weight 2^(-n·step/half_life), cut off after 62 binary digits; one after T, in a window that looks forward, has the weight 1. It keeps up to max_values steps.",
	Example: "decayed_sum(amount, half_life 1d, step 1h) over 30d",
	Bind:    bindDecayed("decayed_sum", false),
}
