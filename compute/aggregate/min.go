// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// minFunc is min(x), the least value in the canonical order of its type: a semilattice, idempotent.
var minFunc = &Func{
	Name:    "min",
	Class:   Lattice,
	Summary: "The least value of x; strings compare by bytes, NaN stands above +Inf.",
	Example: "min(amount) over 24h",
	Bind:    bindExtreme("min", false, isOrdered, "write min(x) of one number, string, bytes, timestamp or date; of a bool write bool_and(x)"),
}
