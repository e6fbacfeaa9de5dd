// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"slices"
	"strings"
)

// aggregateNames are the aggregates of the language, sorted. The package aggregate defines what they mean.
var aggregateNames = []string{
	"active_days", "arg_max", "arg_min", "avg", "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "collect", "corr", "count", "count_by",
	"covar_pop", "covar_samp", "decayed_sum", "drawdown", "first", "geometric_mean", "kurtosis", "kurtosis_pop", "last", "longest_streak",
	"max", "max_gap", "mean_gap", "median", "min", "mode", "nth_last", "percentile_cont", "percentile_disc", "regr_intercept", "regr_slope",
	"skewness", "skewness_pop", "stddev", "stddev_pop", "streak", "sum", "sum_by", "time_since_first", "time_since_last", "variance",
	"variance_pop",
}

// IsAggregate reports whether a call of that name is an aggregate. Case does not matter.
func IsAggregate(name string) bool {
	_, ok := slices.BinarySearch(aggregateNames, strings.ToLower(name))
	return ok
}

// AggregateNames returns the names for which IsAggregate holds, sorted.
func AggregateNames() []string { return slices.Clone(aggregateNames) }
