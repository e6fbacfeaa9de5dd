// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package zone is civil time: the one IANA time zone database that Selfsame reads, and the conversions between instants
// and local time.
//
// The database is embedded, so that an answer does not depend on the machine; Version names it. Instants are int64
// microseconds since the Unix epoch, UTC. A naive local time is an int64 count of microseconds that a wall clock shows since
// 1970-01-01T00:00:00 on that same clock. A date is a count of days since 1970-01-01.
//
// A Zone is a table of the instants at which its offset changes, up to the year 2500. Rules repeat with the Gregorian
// calendar, every 400 years (which are a whole number of weeks), and no zone has a single change after 2100: a later
// instant is looked up some multiple of 400 years earlier.
package zone

import (
	"math"
	"time"

	"selfsame"
)

// reach is further than any offset from UTC that a zone ever had (the largest is 16 hours).
const reach = selfsame.DayLength

const cycle = 146097 * selfsame.DayLength // 400 Gregorian years

// tableEnd is the first instant that is looked up an era earlier; the table itself goes on for a year, so that walks
// of a few days stay inside.
var tableEnd = Days(2500, 1, 1) * selfsame.DayLength

// bucketBits is the logarithm of the width of one bucket of the index: 203 days.
const bucketBits = 44

// Zone is one time zone. It is immutable and safe for concurrent use.
type Zone struct {
	name    string
	starts  []int64  // starts[i] is the first instant of segment i; starts[0] is MinTime
	offsets []int64  // microseconds east of UTC in segment i
	index   []uint16 // bucket of 2^44 µs from starts[1] on -> the segment that its first instant is in
}

// newZone tabulates loc.
func newZone(name string, loc *time.Location) *Zone {
	z := &Zone{name: name}
	t := time.Unix(-1<<37, 0).In(loc) // before every zone's first change
	stop := tableEnd/selfsame.Second + 366*86400
	start := selfsame.MinTime
	for {
		_, seconds := t.Zone()
		off := int64(seconds) * selfsame.Second
		if n := len(z.offsets); n == 0 || z.offsets[n-1] != off {
			z.starts = append(z.starts, start)
			z.offsets = append(z.offsets, off)
		}
		_, end := t.ZoneBounds()
		if end.IsZero() || end.Unix() > stop {
			break
		}
		if !end.After(t) {
			end = t.Add(24 * time.Hour) // package time ends a leap year a day early; no rule changes an offset on 31 December
		}
		t = end
		start = end.Unix() * selfsame.Second
	}
	z.buildIndex()
	return z
}

func (z *Zone) buildIndex() {
	if len(z.starts) == 1 {
		return
	}
	seg := 1
	for t := z.starts[1]; t < z.starts[len(z.starts)-1]; t += 1 << bucketBits {
		for seg+1 < len(z.starts) && z.starts[seg+1] <= t {
			seg++
		}
		z.index = append(z.index, uint16(seg))
	}
}

// Name returns the zone's name in the database.
func (z *Zone) Name() string { return z.name }

// segment returns the segment of an instant before tableEnd.
func (z *Zone) segment(t int64) int {
	if len(z.starts) == 1 || t < z.starts[1] {
		return 0
	}
	b := (t - z.starts[1]) >> bucketBits
	if b >= int64(len(z.index)) {
		return len(z.starts) - 1
	}
	seg := int(z.index[b])
	for seg+1 < len(z.starts) && z.starts[seg+1] <= t {
		seg++
	}
	return seg
}

// era returns how far back t is to be moved for a look-up: a multiple of 400 years, mostly 0.
func era(t int64) int64 {
	if t < tableEnd {
		return 0
	}
	return ((t-tableEnd)/cycle + 1) * cycle
}

// Offset returns the microseconds that local time is ahead of UTC at instant t.
func (z *Zone) Offset(t int64) int64 { return z.offsets[z.segment(t-era(t))] }

// Local returns the naive local time at instant t, saturated at the ends of int64.
func (z *Zone) Local(t int64) int64 { return saturatingAdd(t, z.Offset(t)) }

// Reading says how a naive local time was read.
type Reading uint8

// The readings.
const (
	Unique    Reading = iota // the local time occurs once
	Ambiguous                // it occurs more than once; the earliest instant was taken
	Gap                      // it does not occur; the offset before the gap was taken
)

// UTC returns the instant at which the zone's clocks show local. A time that occurs twice is the earlier instant, one that
// does not occur is read with the offset before the gap; the Reading tells, so that callers can count both.
// The result saturates at the ends of int64.
func (z *Zone) UTC(local int64) (int64, Reading) {
	shift := era(local)
	l := local - shift
	seg := z.segment(saturatingAdd(l, -reach))
	if seg+1 == len(z.starts) || z.starts[seg+1] > saturatingAdd(l, reach) {
		return saturatingAdd(local, -z.offsets[seg]), Unique
	}
	var found, gap int64
	hits, gaps := 0, 0
	for ; seg < len(z.starts) && z.starts[seg] <= l+reach; seg++ {
		t := l - z.offsets[seg]
		last := seg+1 == len(z.starts)
		switch {
		case t < z.starts[seg]:
		case last || t < z.starts[seg+1]:
			if hits == 0 {
				found = t
			}
			hits++
		case l-z.offsets[seg+1] < z.starts[seg+1] && gaps == 0:
			gap, gaps = t, 1
		}
	}
	switch {
	case hits == 0:
		return saturatingAdd(gap, shift), Gap
	case hits > 1:
		return saturatingAdd(found, shift), Ambiguous
	}
	return saturatingAdd(found, shift), Unique
}

// Date returns the local date at t: the greatest date that local clocks have shown at or before t. It never decreases,
// also where clocks fall back over midnight.
func (z *Zone) Date(t int64) int64 {
	shift := era(t)
	u := t - shift
	seg := z.segment(u)
	local := saturatingAdd(u, z.offsets[seg])
	for i := seg; i > 0 && u-z.starts[i] < 2*reach; i-- {
		local = max(local, z.starts[i]-1+z.offsets[i-1])
	}
	return floorDiv(local, selfsame.DayLength) + shift/selfsame.DayLength
}

// StartOfDate returns the first instant at which local clocks show midnight of the date or later, saturated at the ends
// of int64. Where that midnight does not exist, it is the first instant of the date; where the whole date does not exist, of the next.
func (z *Zone) StartOfDate(date int64) int64 {
	if date < math.MinInt64/selfsame.DayLength {
		return math.MinInt64
	}
	var shift int64 // in days: a date's midnight may be beyond int64 where its first instant is not
	if last := tableEnd / selfsame.DayLength; date >= last {
		shift = ((date-last)/146097 + 1) * 146097
	}
	l := (date - shift) * selfsame.DayLength
	for seg := z.segment(saturatingAdd(l, -reach)); ; seg++ {
		t := max(saturatingAdd(l, -z.offsets[seg]), z.starts[seg])
		if seg+1 == len(z.starts) || t < z.starts[seg+1] {
			return addDays(t, shift)
		}
	}
}

// StartOfDay returns the first instant of the local date at t.
func (z *Zone) StartOfDay(t int64) int64 { return z.StartOfDate(z.Date(t)) }

// StartOfWeek returns the first instant of the week, from Monday, of the local date at t.
func (z *Zone) StartOfWeek(t int64) int64 {
	d := z.Date(t)
	return z.StartOfDate(d - int64(Weekday(d)-1))
}

// StartOfMonth returns the first instant of the month of the local date at t.
func (z *Zone) StartOfMonth(t int64) int64 {
	y, m, _ := Civil(z.Date(t))
	return z.StartOfDate(Days(y, m, 1))
}

// StartOfYear returns the first instant of the year of the local date at t.
func (z *Zone) StartOfYear(t int64) int64 {
	y, _, _ := Civil(z.Date(t))
	return z.StartOfDate(Days(y, 1, 1))
}

// Start returns the first instant of the calendar period that the local date at t is in.
func (z *Zone) Start(unit selfsame.CalendarUnit, t int64) int64 {
	switch unit {
	case selfsame.Week:
		return z.StartOfWeek(t)
	case selfsame.Month:
		return z.StartOfMonth(t)
	case selfsame.Year:
		return z.StartOfYear(t)
	}
	return z.StartOfDay(t)
}

// addDays returns t + days, saturated; days is not negative.
func addDays(t, days int64) int64 {
	if t < 0 && days > 0 { // first to 0, so that the rest cannot pass over the sum
		whole := min(days, -t/selfsame.DayLength)
		t += whole * selfsame.DayLength
		days -= whole
	}
	if days > (math.MaxInt64-max(t, 0))/selfsame.DayLength {
		return math.MaxInt64
	}
	return t + days*selfsame.DayLength
}

func saturatingAdd(a, b int64) int64 {
	s := a + b
	if (s > a) == (b > 0) || b == 0 {
		return s
	}
	if b > 0 {
		return math.MaxInt64
	}
	return math.MinInt64
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
