// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// percentileDiscFunc is percentile_disc(x, q), the value of rank max(1, ⌈qn⌉) of n sorted values: it needs the multiset.
var percentileDiscFunc = &Func{
	Name:    "percentile_disc",
	Class:   Holistic,
	Summary: "The least value of x that the fraction q of the values does not exceed, one of the values; exact up to max_values values.",
	Example: "percentile_disc(amount, 0.95) over 7d",
	Bind:    bindDiscrete,
}

func bindDiscrete(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 1 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("percentile_disc", c, "write percentile_disc(x, 0.95) of one scalar")
	}
	q, err := parseQuantile("percentile_disc", c.Consts[0])
	if err != nil {
		return nil, err
	}
	return quantileCall(c, roleDiscrete, q), nil
}
