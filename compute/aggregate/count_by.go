// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// countByFunc is count_by(key): how many events each key has (by_key.go).
var countByFunc = &Func{
	Name:    "count_by",
	Class:   Holistic,
	Summary: "How many events each key has: a map from the keys that occur, in byte order, to counts; null keys are left out.",
	Example: "count_by(category) over 30d",
	Bind:    bindBy("count_by", countFunc, 1, "write count_by(key) of a string; of another type write count_by(cast(key as string))"),
}
