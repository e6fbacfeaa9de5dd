// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// maxFunc is max(x), the greatest value in the canonical order of its type: a semilattice, idempotent.
var maxFunc = &Func{
	Name:    "max",
	Class:   Lattice,
	Summary: "The greatest value of x; strings compare by bytes, NaN stands above +Inf.",
	Example: "max(amount) over 24h",
	Bind:    bindExtreme("max", true, isOrdered, "write max(x) of one number, string, bytes, timestamp or date; of a bool write bool_or(x)"),
}
