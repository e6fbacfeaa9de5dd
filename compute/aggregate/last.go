// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// lastFunc is last(x) and last(x, n), the newest values under the total order of events: a bounded selection.
var lastFunc = &Func{
	Name:    "last",
	Class:   Ordered,
	Summary: "The newest value of x that is not null; last(x, n) is the list of the n newest, newest first.",
	Example: "last(amount, 5) over 7d",
	Bind:    bindOrdered("last", roleLast, roleLastN, "write last(x), or last(x, 5) for a list of the five newest"),
}
