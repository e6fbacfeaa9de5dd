// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// timeSinceLastFunc is time_since_last(x), T less the greatest τ: a semilattice; the finisher reads T.
var timeSinceLastFunc = &Func{
	Name:    "time_since_last",
	Class:   Lattice,
	Summary: "Microseconds from the newest event where x is not null, or from the newest event of all where no x is given, to T.",
	Example: "time_since_last(amount) over 30d",
	Bind:    bindElapsed("time_since_last", roleSinceLast, "write time_since_last(x), or time_since_last() for events whatever they hold"),
}
