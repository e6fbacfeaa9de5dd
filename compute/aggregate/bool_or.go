// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// boolOrFunc is bool_or(x), the greatest of bools, false before true: a semilattice, idempotent.
var boolOrFunc = &Func{
	Name:    "bool_or",
	Class:   Lattice,
	Summary: "Whether any value of x is true.",
	Example: "bool_or(chargeback) over 30d",
	Bind:    bindExtreme("bool_or", true, isBool, "write bool_or(x) of one bool, such as bool_or(amount > 1000)"),
}
