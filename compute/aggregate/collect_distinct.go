// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame"

// collectDistinctFunc is collect_distinct(x): the different values, ascending (tally.go).
var collectDistinctFunc = &Func{
	Name:    "collect_distinct",
	Class:   Holistic,
	Summary: "The different values of x, ascending: a list of up to max_values of them and an error beyond.",
	Example: "collect_distinct(merchant_id) over 7d",
	Bind: bindTally("collect_distinct", selfsame.ListOf, tallied{pick: func(counts []int64, _ int) []int32 {
		all := make([]int32, len(counts))
		for i := range all {
			all[i] = int32(i)
		}
		return all
	}}, false, "write collect_distinct(x) of one scalar; of the newest alone write last_distinct(x, 5)"),
}
