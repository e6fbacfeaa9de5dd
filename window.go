// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

// WindowKind is the form of a window after `over`.
type WindowKind uint8

// The forms of a window. The zero value is everything before T.
const (
	Lifetime      WindowKind = iota
	Sliding                  // `7d`: [T-w, T)
	HopTail                  // `7d hop 1h`: [floor(T-w, g), T)
	CompletedHops            // `7d every 1d`: [floor(T, g)-w, floor(T, g))
	LastRows                 // `10 rows [within 7d] [offset 3 rows | offset 1d]`
	Session                  // `session 30m [max 24h]`
	Calendar                 // `today`, `this week`, `this month`, `this year` [in 'zone']
	Ahead                    // `next 7d`: (T, T+w], of labels; closed right by default
)

// Edge says which ends of a window belong to it (the dataframe libraries' `closed`).
type Edge uint8

// The edges. The zero value is the default, [lower, upper).
const (
	ClosedLeft Edge = iota
	ClosedRight
	ClosedBoth
	ClosedNeither
)

var edgeNames = [...]string{"left", "right", "both", "neither"}

func (e Edge) String() string { return edgeNames[e] }

// CalendarUnit is the period of a calendar window.
type CalendarUnit uint8

// The calendar periods. Weeks start on Monday.
const (
	Day CalendarUnit = iota
	Week
	Month
	Year
)

// Window is one window of an aggregate. It is comparable: equal windows select the same events. All durations are
// microseconds. compute/window gives lower(T) and upper(T).
type Window struct {
	Kind   WindowKind
	Length int64        // Sliding, HopTail, CompletedHops, Ahead: w > 0; the greatest where it is chosen
	Hop    int64        // HopTail, CompletedHops: g > 0
	Offset int64        // shifts T back, of Ahead forth; >= 0
	Closed Edge         // which edges belong to the window
	Rows   int64        // LastRows: n > 0
	Skip   int64        // LastRows: the newest rows that are passed over before n are counted; >= 0
	Within int64        // LastRows: greatest age, 0 for none
	Gap    int64        // Session: g > 0
	Max    int64        // Session: greatest length, default 24h
	Unit   CalendarUnit // Calendar
	Zone   string       // Calendar: zone name, "UTC" by default
	// Request says that the row that asks is an event of the window at T, the newest: `7d with request`.
	Request bool
	// Chosen names the request field that gives the length, as a duration up to Length: `lookback up to 30d`. Sliding; empty: Length is it.
	Chosen string
}

// Durations in microseconds.
const (
	Microsecond int64 = 1
	Millisecond       = 1000 * Microsecond
	Second            = 1000 * Millisecond
	Minute            = 60 * Second
	Hour              = 60 * Minute
	DayLength         = 24 * Hour
	WeekLength        = 7 * DayLength
)
