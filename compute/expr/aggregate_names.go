// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"slices"
	"strings"
)

// aggregateNames are the aggregates of the language, sorted. The package aggregate defines what they mean.
var aggregateNames = []string{
	"arg_max", "arg_min", "avg", "bool_and", "bool_or", "collect", "count", "count_by", "decayed_sum", "first", "last", "max", "median",
	"min", "mode", "nth_last", "percentile_cont", "percentile_disc", "stddev", "stddev_pop", "sum", "sum_by", "time_since_first",
	"time_since_last", "variance", "variance_pop",
}

// IsAggregate reports whether a call of that name is an aggregate. Case does not matter.
func IsAggregate(name string) bool {
	_, ok := slices.BinarySearch(aggregateNames, strings.ToLower(name))
	return ok
}

// AggregateNames returns the names for which IsAggregate holds, sorted.
func AggregateNames() []string { return slices.Clone(aggregateNames) }
