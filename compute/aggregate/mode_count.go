// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
)

// modeCountFunc is how often mode(x) is in, topRatioFunc its share of the events, the exact quotient rounded once (tally.go).
var (
	modeCountFunc = &Func{
		Name:    "mode_count",
		Class:   Holistic,
		Summary: "How often the most frequent value of x occurs.",
		Example: "mode_count(merchant_id) over 30d",
		Bind: bindTally("mode_count", ofKind(selfsame.Int64), tallied{number: func(counts []int64, _ int) selfsame.Value {
			return selfsame.Value{Int: slices.Max(counts)}
		}}, false, "write mode_count(x) of one scalar"),
	}
	topRatioFunc = &Func{
		Name:    "top_ratio",
		Class:   Holistic,
		Summary: "The share of the most frequent value among the values of x that are not null: mode_count(x) / count(x).",
		Example: "top_ratio(merchant_id) over 30d",
		Bind: bindTally("top_ratio", ofKind(selfsame.Float64), tallied{number: func(counts []int64, _ int) selfsame.Value {
			return selfsame.Value{Float: float64(slices.Max(counts)) / float64(total(counts))}
		}}, false, "write top_ratio(x) of one scalar"),
	}
)
