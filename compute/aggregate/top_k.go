// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame"

// topKFunc is top_k(x, n), the n most frequent values, and topKCountsFunc how often each of them is in (tally.go).
var (
	topKFunc = &Func{
		Name:    "top_k",
		Class:   Holistic,
		Summary: "The n most frequent values of x, the most frequent first, of several with one count the least first.",
		Example: "top_k(merchant_id, 5) over 30d",
		Bind:    bindTally("top_k", selfsame.ListOf, tallied{pick: mostFrequent}, true, "write top_k(x, 5) for the five most frequent values of a scalar"),
	}
	topKCountsFunc = &Func{
		Name:    "top_k_counts",
		Class:   Holistic,
		Summary: "How often each value of top_k(x, n) occurs, in the same order.",
		Example: "top_k_counts(merchant_id, 5) over 30d",
		Bind: bindTally("top_k_counts", func(selfsame.Type) selfsame.Type { return selfsame.ListOf(selfsame.Scalar(selfsame.Int64)) }, tallied{number: topCounts}, true,
			"write top_k_counts(x, 5) for the counts of the five most frequent values of a scalar"),
	}
)

func topCounts(counts []int64, n int) selfsame.Value {
	v := selfsame.Value{}
	for _, i := range mostFrequent(counts, n) {
		v.Elems = append(v.Elems, selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: counts[i]})
	}
	return v
}
