// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// decayedAvgFunc is decayed_avg(x, half_life 1d, step 1h): Σwx / Σw (decayed.go).
var decayedAvgFunc = &Func{
	Name:  "decayed_avg",
	Class: Holistic,
	Summary: "The mean of x with the weights of decayed_sum, their exact quotient rounded once; null where every value is older than 62 half-lives, " +
		"which is when the weights are 0.",
	Example: "decayed_avg(amount, half_life 1d, step 1h) over 30d",
	Bind:    bindDecayed("decayed_avg", true),
}
