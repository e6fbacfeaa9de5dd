// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"selfsame"
	"selfsame/compute/window"
)

// The bounds of entries that are pushed, where their source declares none (semantics, section 4).
const (
	DefaultLateness    = 7 * selfsame.DayLength
	DefaultSkew        = selfsame.Minute
	DefaultCorrections = 30 * selfsame.DayLength
)

// SettledAfter is the age of event time from which on no pushed entry that is admitted can meet a row of a source: no copy, no delete of its id.
func SettledAfter(s *selfsame.Source) int64 {
	return max(s.Lateness.Or(DefaultLateness), s.Corrections.Or(DefaultCorrections))
}

// History is how far back questions about the state reach: the longest that a source of it declares.
func (s *State) History() int64 { return s.Use.history() }

// Oldest is the least knowledge that a question asked at now may be about: now less history and the longest declared lag, or what rows that
// look the state up in such a question ask for at their own times.
func (s *State) Oldest(now int64) int64 { return s.Use.oldest(now) }

// Horizon is the event time below which no row is needed, at now, for what it is: only lifetime windows, windows of rows and as-of views look
// beyond it, the first at a sum, the others at the newest rows. Rows that look other views up have no sum: what they look up may still change.
func (s *State) Horizon(now int64) int64 {
	oldest := s.Oldest(now)
	horizon := oldest
	for _, u := range s.Use.Sources {
		horizon = min(horizon, window.SatSub(oldest, SettledAfter(u.Source)))
	}
	return min(horizon, s.Use.least(now))
}

// Unbounded reports whether a window goes back without end: a lifetime, or rows without `within`.
func Unbounded(w selfsame.Window) bool {
	return w.Kind == selfsame.Lifetime || w.Kind == selfsame.LastRows && w.Within == 0
}
