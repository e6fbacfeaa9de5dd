// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// boolAndFunc is bool_and(x), the least of bools, false before true: a semilattice, idempotent.
var boolAndFunc = &Func{
	Name:    "bool_and",
	Class:   Lattice,
	Summary: "Whether every value of x that is not null is true.",
	Example: "bool_and(approved) over 7d",
	Bind:    bindExtreme("bool_and", false, isBool, "write bool_and(x) of one bool, such as bool_and(amount > 0)"),
}
