// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"selfsame/online"
	"selfsame/plan"
)

// Fate is what became of an admitted row (semantics, section 4).
type Fate uint8

// The fates.
const (
	Accepted   Fate = iota
	Duplicate       // a copy of an event that was there before
	Conflict        // the same, with another payload: it loses
	Superseded      // an older version that came later
)

func (f Fate) String() string {
	return [...]string{"accepted", "duplicate", "conflict", "superseded"}[f]
}

// Cut is what has been applied: every entry below Offset. Alpha is the α of the last of them, MinTime where there is none.
type Cut struct {
	Offset, Alpha int64
}

// Options are the hooks of a driver. A hook is called by the goroutine that writes, must not block and must not call the driver.
type Options struct {
	// Changed is told of rows that an entity of a live state got, encoded, after the store has them and before Applied moves: caches append them. The
	// bytes are valid until it returns.
	Changed func(s *plan.State, entity []byte, rows []byte)
	// NoEntity is told how many rows of a source name no entity of a view, because a field of the key is null.
	NoEntity func(view, source string, rows int)
	// WhereError is told how many rows a view left out because its where is an error for them.
	WhereError func(view, source string, rows int)
	// Built is told, now and then, up to which offset new states are built, and the offset at which they will be switched.
	Built func(offset, of int64)
}

// LayoutOf is the shape of the rows of a state with that union.
func LayoutOf(u *plan.Use) *online.Layout {
	return &online.Layout{Hash: u.Spec.NeedOrder, Order: u.Spec.OrderType, Columns: u.Spec.Columns}
}
