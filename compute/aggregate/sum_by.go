// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// These are sum, avg, min and max for each key of a window (by_key.go): f(x, key) holds for a key what f(x) filter (where key = that key) gives.
var (
	sumByFunc = &Func{
		Name:    "sum_by",
		Class:   Holistic,
		Summary: "sum(x) for each key: a map from the keys that occur, in byte order. Events whose x or key is null are left out; overflow of one key is an error.",
		Example: "sum_by(amount, category) over 30d",
		Bind:    bindBy("sum_by", sumFunc, 2, "write sum_by(x, key) of a number and a string"),
	}
	avgByFunc = &Func{
		Name:    "avg_by",
		Class:   Holistic,
		Summary: "avg(x) for each key: a map from the keys that occur, in byte order.",
		Example: "avg_by(amount, category) over 30d",
		Bind:    bindBy("avg_by", avgFunc, 2, "write avg_by(x, key) of a number and a string"),
	}
	minByFunc = &Func{
		Name:    "min_by",
		Class:   Holistic,
		Summary: "min(x) for each key: a map from the keys that occur, in byte order. The value of x at the least y, which Spark and Trino call min_by, is arg_min(x, y).",
		Example: "min_by(amount, category) over 30d",
		Bind:    bindBy("min_by", minFunc, 2, "write min_by(x, key), the least x of each key, a string; the x at the least y is arg_min(x, y)"),
	}
	maxByFunc = &Func{
		Name:    "max_by",
		Class:   Holistic,
		Summary: "max(x) for each key: a map from the keys that occur, in byte order. The value of x at the greatest y, which Spark and Trino call max_by, is arg_max(x, y).",
		Example: "max_by(amount, category) over 30d",
		Bind:    bindBy("max_by", maxFunc, 2, "write max_by(x, key), the greatest x of each key, a string; the x at the greatest y is arg_max(x, y)"),
	}
)
