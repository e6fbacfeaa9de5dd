// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"math"
	"time"

	"selfsame"
)

// withOwn is inWindow for a window that counts the row that asks as its newest event; own nil: it is no event.
func withOwn(list []*Event, w selfsame.Window, t int64, own *Event) []*Event {
	if !w.Request || own == nil {
		return inWindow(list, w, t)
	}
	w.Rows-- // of a window of rows it is one
	return append(inWindow(list, w, t), own)
}

// inWindow returns the events of list, in the order of events, that window w holds at T. Every form is written as semantics.md,
// section 2 defines it: for each event, is it inside?
func inWindow(list []*Event, w selfsame.Window, t int64) []*Event {
	at := plus(t, -w.Offset)
	keep := func(in func(i int, tau int64) bool) []*Event {
		var out []*Event
		for i, e := range list {
			if in(i, *e.Tau) {
				out = append(out, e)
			}
		}
		return out
	}
	before := 0 // events before T, less the offset
	for _, e := range list {
		if *e.Tau < at {
			before++
		}
	}
	switch w.Kind {
	case selfsame.Ahead:
		from := plus(t, w.Offset)
		return keep(between(from, plus(from, w.Length), w.Closed))
	case selfsame.Sliding:
		return keep(between(plus(at, -w.Length), at, w.Closed))
	case selfsame.HopTail:
		return keep(between(hopFloor(plus(at, -w.Length), w.Hop), at, w.Closed))
	case selfsame.CompletedHops:
		upper := hopFloor(at, w.Hop)
		return keep(between(plus(upper, -w.Length), upper, w.Closed))
	case selfsame.LastRows:
		return keep(func(i int, tau int64) bool {
			rank := int64(before - i) // 1 for the newest
			return tau < at && rank > w.Skip && rank-w.Skip <= w.Rows && (w.Within == 0 || tau >= plus(at, -w.Within))
		})
	case selfsame.Session:
		if before == 0 || *list[before-1].Tau < plus(t, -w.Gap) {
			return nil
		}
		start := before - 1
		for start > 0 && *list[start-1].Tau >= plus(*list[start].Tau, -w.Gap) {
			start--
		}
		longest := w.Max
		if longest == 0 {
			longest = selfsame.DayLength
		}
		return keep(func(i int, tau int64) bool { return i >= start && tau < t && tau >= plus(t, -longest) })
	case selfsame.Calendar:
		return keep(between(periodStart(w, at), at, w.Closed))
	}
	return keep(between(selfsame.MinTime, at, w.Closed))
}

// between is [lower, upper) with other edges as closed says.
func between(lower, upper int64, closed selfsame.Edge) func(int, int64) bool {
	if closed == selfsame.ClosedRight || closed == selfsame.ClosedNeither {
		lower = plus(lower, 1)
	}
	if closed == selfsame.ClosedRight || closed == selfsame.ClosedBoth {
		upper = plus(upper, 1)
	}
	return func(_ int, tau int64) bool { return lower <= tau && tau < upper }
}

// hopFloor is the newest hop at or before t. Hops count from the epoch, weekly ones from Monday 1970-01-05.
func hopFloor(t, g int64) int64 {
	origin := int64(0)
	if g%selfsame.WeekLength == 0 {
		origin = 4 * selfsame.DayLength
	}
	d := (t%g - origin%g) % g
	if d < 0 {
		d += g
	}
	return plus(t, -d)
}

// periodStart is the first instant of the local period that holds T: the first at which the period's first date is reached.
func periodStart(w selfsame.Window, t int64) int64 {
	name := w.Zone
	if name == "" {
		name = "UTC"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return selfsame.MinTime
	}
	now := time.UnixMicro(t)
	date := dateOf(now.In(zone))
	// The local date at T is the greatest reached at or before T: look back over the last days' clock changes.
	for probe := now; now.Sub(probe) < 72*time.Hour; {
		start, _ := probe.In(zone).ZoneBounds()
		if start.IsZero() {
			break
		}
		probe = start.Add(-time.Microsecond)
		if d := dateOf(probe.In(zone)); now.Sub(probe) < 72*time.Hour && d.After(date) {
			date = d
		}
	}
	switch w.Unit {
	case selfsame.Week:
		date = date.AddDate(0, 0, -(int(date.Weekday())+6)%7)
	case selfsame.Month:
		date = date.AddDate(0, 0, 1-date.Day())
	case selfsame.Year:
		date = date.AddDate(0, 0, 1-date.YearDay())
	}
	return firstInstant(date, zone).UnixMicro()
}

// dateOf is the local date of t, as midnight UTC.
func dateOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// firstInstant is the first instant whose local date in zone is date or later.
func firstInstant(date time.Time, zone *time.Location) time.Time {
	for at := date.Add(-48 * time.Hour); ; {
		_, end := at.In(zone).ZoneBounds()
		_, offset := at.In(zone).Zone()
		// Inside one stretch of a constant offset the date begins at midnight less the offset.
		begin := date.Add(-time.Duration(offset) * time.Second)
		if begin.Before(at) {
			begin = at
		}
		if end.IsZero() || begin.Before(end) {
			return begin
		}
		at = end
	}
}

// plus adds and saturates at the ends of int64.
func plus(a, b int64) int64 {
	switch s := a + b; {
	case b > 0 && s < a:
		return math.MaxInt64
	case b < 0 && s > a:
		return math.MinInt64
	default:
		return s
	}
}
