// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"slices"
	"strings"
)

// aggregateNames are the aggregates of the language, sorted. The package aggregate defines what they mean.
var aggregateNames = []string{
	"active_days", "approx_count_distinct", "approx_percentile", "approx_top_k", "arg_max", "arg_min", "avg", "avg_by", "bit_and", "bit_or",
	"bit_xor", "bool_and", "bool_or", "collect", "collect_distinct", "corr", "count", "count_by", "count_distinct_upto",
	"covar_pop", "covar_samp", "decayed_avg", "decayed_sum", "drawdown", "entropy", "first", "geometric_mean", "kurtosis",
	"kurtosis_pop", "last", "last_distinct", "longest_streak", "max", "max_by", "max_gap", "mean_gap", "median", "min", "min_by",
	"mode", "mode_count", "nth_last", "percentile_cont", "percentile_disc", "regr_intercept", "regr_slope", "sample", "skewness",
	"skewness_pop", "stddev", "stddev_pop", "streak", "string_agg", "sum", "sum_by", "time_since_first", "time_since_last",
	"top_k", "top_k_counts", "top_ratio", "variance", "variance_pop", "vector_avg", "vector_max", "vector_min", "vector_sum",
}

// IsAggregate reports whether a call of that name is an aggregate. Case does not matter.
func IsAggregate(name string) bool {
	_, ok := slices.BinarySearch(aggregateNames, strings.ToLower(name))
	return ok
}

// AggregateNames returns the names for which IsAggregate holds, sorted.
func AggregateNames() []string { return slices.Clone(aggregateNames) }
