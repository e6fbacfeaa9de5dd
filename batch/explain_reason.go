// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"strings"
	"time"

	"selfsame"
)

// Reason says why a row of a source did not make a value. The list is closed; docs/explain.md says when each is given.
type Reason uint8

// The reasons, in the order in which explanations list them.
const (
	ReasonArrivedLater Reason = iota + 1 // known only after the cut
	ReasonNeverKnown                     // its arrival is null
	ReasonLate                           // refused by admission
	ReasonEarly
	ReasonSchema
	ReasonDuplicate
	ReasonConflict
	ReasonSuperseded
	ReasonDeleted
	ReasonWhere   // the view's `where` drops it
	ReasonFilter  // the aggregate's filter drops it
	ReasonNull    // an argument is null
	ReasonRows    // older than the n newest rows, or passed over
	ReasonSession // in no session that is open at T
	ReasonBefore  // before the window's lower edge
	ReasonAfter   // at or behind the window's upper edge
	ReasonOlder   // as-of: a newer version was taken
	ReasonLater   // as-of: a version of a moment after T
)

// reasons are the word and the heading of each.
var reasons = [...]struct{ word, title string }{
	{},
	{"arrived_later", "arrived after the cut"},
	{"never_known", "never known"},
	{"late", "refused as late"},
	{"early", "refused as early"},
	{"schema", "refused, not as declared"},
	{"duplicate", "duplicates"},
	{"conflict", "conflicts"},
	{"superseded", "superseded"},
	{"deleted", "deleted"},
	{"where", "dropped by the view's `where`"},
	{"filter", "dropped by the filter"},
	{"null_argument", "null argument"},
	{"beyond_rows", "not among the rows counted"},
	{"no_session", "outside the session"},
	{"before_window", "before the window"},
	{"after_window", "at or after the upper edge"},
	{"older_version", "older versions"},
	{"later_version", "versions of a later moment"},
}

// String is the word of the JSON form and of docs/explain.md.
func (r Reason) String() string { return reasons[r].word }

// MarshalText is String.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Title is the reason as the heading of a list.
func (r Reason) Title() string { return reasons[r].title }

// Span is a length of time in microseconds, at least 0.
type Span int64

// String is the span in days, hours, minutes and seconds: 2d3h, 4m0.5s, 1µs.
func (s Span) String() string {
	days, rest := int64(s)/selfsame.DayLength, time.Duration(int64(s)%selfsame.DayLength)*time.Microsecond
	if days == 0 {
		return trimZeros(rest.String())
	}
	if rest == 0 {
		return fmt.Sprintf("%dd", days)
	}
	return fmt.Sprintf("%dd%s", days, trimZeros(rest.String()))
}

// MarshalText is String.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// trimZeros drops the zero parts at the end: 2h0m0s is 2h.
func trimZeros(s string) string {
	if t := strings.TrimSuffix(s, "m0s"); t != s {
		s = t + "m"
	}
	if t := strings.TrimSuffix(s, "h0m"); t != s {
		s = t + "h"
	}
	return s
}

// between is b - a, saturated; a <= b.
func between(a, b int64) Span {
	if d := b - a; d >= 0 {
		return Span(d)
	}
	return Span(selfsame.MaxTime)
}
