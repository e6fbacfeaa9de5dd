// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// argMinFunc is arg_min(x, y), x where y is least, the earliest of equals: a bounded selection of one.
var argMinFunc = &Func{
	Name:    "arg_min",
	Class:   Ordered,
	Summary: "The value of x at the event with the least y, the earliest of equals; events where x or y is null are skipped.",
	Example: "arg_min(merchant_id, amount) over 7d",
	Bind:    bindArgument("arg_min", false, "write arg_min(x, y): x where y is least"),
}
