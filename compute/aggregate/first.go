// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// firstFunc is first(x) and first(x, n), the oldest values under the total order of events: a bounded selection.
var firstFunc = &Func{
	Name:    "first",
	Class:   Ordered,
	Summary: "The oldest value of x that is not null; first(x, n) is the list of the n oldest, oldest first.",
	Example: "first(amount) over 7d",
	Bind:    bindOrdered("first", roleFirst, roleFirstN, "write first(x), or first(x, 5) for a list of the five oldest"),
}
