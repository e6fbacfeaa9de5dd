// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// argMaxFunc is arg_max(x, y), x where y is greatest, the earliest of equals: a bounded selection of one.
var argMaxFunc = &Func{
	Name:    "arg_max",
	Class:   Ordered,
	Summary: "The value of x at the event with the greatest y, the earliest of equals; events where x or y is null are skipped.",
	Example: "arg_max(merchant_id, amount) over 7d",
	Bind:    bindArgument("arg_max", true, "write arg_max(x, y): x where y is greatest"),
}
