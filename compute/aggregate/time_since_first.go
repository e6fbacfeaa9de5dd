// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// timeSinceFirstFunc is time_since_first(x), T less the least τ: a semilattice; the finisher reads T.
var timeSinceFirstFunc = &Func{
	Name:    "time_since_first",
	Class:   Lattice,
	Summary: "Microseconds from the oldest event where x is not null, or from the oldest event of all where no x is given, to T.",
	Example: "time_since_first() over 30d",
	Bind:    bindElapsed("time_since_first", roleSinceFirst, "write time_since_first(x), or time_since_first() for events whatever they hold"),
}
