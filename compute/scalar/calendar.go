// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// calendarFunctions are part of the section time of the reference.
var calendarFunctions = []Function{
	{Name: "date_add", Group: "time", Params: "unit, n, ts, zone",
		Summary: "ts and n units: seconds, minutes and hours that pass, or days, weeks, months, quarters and years on local calendars at the same time of the day; a day that the month does not have is its last, a time that clocks skip is read with the offset before.",
		Example: "date_add('month', 1, date '2024-01-31')", Result: "2024-02-29", Bind: choose("date_add", "unit, n, ts, zone",
			overload{args: takes(stringType, intType, timestampType, stringType), optional: 1, result: timestampType, bind: bindAddInstant},
			overload{args: takes(stringType, intType, dateType), result: dateType, bind: bindAddDate})},
	{Name: "elapsed", Group: "time", Params: "unit, from, to, zone",
		Summary: "How many whole units have passed from one time to another: the most that date_add can add to from without going beyond to; negative where to is earlier. date_diff counts starts of units instead.",
		Example: "elapsed('year', date '1990-07-01', date '2024-06-30')", Result: "33", Bind: choose("elapsed", "unit, from, to, zone",
			overload{args: takes(stringType, timestampType, timestampType, stringType), optional: 1, result: intType, bind: bindElapsedInstants},
			overload{args: takes(stringType, dateType, dateType), result: intType, bind: bindElapsedDates})},
	{Name: "make_date", Group: "time", Params: "year, month, day", Summary: "The date of a year, a month and a day; null where there is no such day.",
		Example: "make_date(2024, 2, 29)", Result: "2024-02-29", Bind: choose("make_date", "year, month, day",
			overload{args: takes(intType, intType, intType), result: dateType, kernel: evalMakeDate})},
	{Name: "last_day", Group: "time", Params: "ts, zone", Summary: "The last date of the month of the local date.",
		Example: "last_day(date '2024-02-10')", Result: "2024-02-29", Bind: choose("last_day", "ts, zone",
			overload{args: takes(timestampType, stringType), optional: 1, result: dateType, bind: bindLocal("last_day", func(z *zone.Zone) func(int64) int64 {
				return func(t int64) int64 { return lastDay(z.Date(t)) }
			})},
			overload{args: takes(dateType), result: dateType, kernel: eachInt(lastDay)})},
	{Name: "is_weekend", Group: "time", Params: "ts, zone", Summary: "Whether the local date is a Saturday or a Sunday.",
		Example: "is_weekend(timestamp '2024-05-17 23:30:00', 'Europe/Berlin')", Result: "true", Bind: choose("is_weekend", "ts, zone",
			overload{args: takes(timestampType, stringType), optional: 1, result: boolType, bind: func(args []Arg) (func() Eval, error) {
				z, err := zoneArgument("is_weekend", args, 1)
				if err != nil {
					return nil, err
				}
				return func() Eval { return eachTest(func(t int64) bool { return zone.Weekday(z.Date(t)) >= 6 }) }, nil
			}},
			overload{args: takes(dateType), result: boolType, kernel: eachTest(func(d int64) bool { return zone.Weekday(d) >= 6 })})},
}

// eachTest makes a kernel of a test of integers.
func eachTest(f func(int64) bool) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		out.Resize(rows)
		for i, x := range args[0].Ints[:rows] {
			out.Bools[i] = f(x)
		}
	}
}

func lastDay(date int64) int64 {
	y, m, _ := zone.Civil(date)
	return nextMonth(y, m) - 1
}

// nextMonth is the first date behind a month.
func nextMonth(year int64, month int) int64 {
	if month == 12 {
		return zone.Days(year+1, 1, 1)
	}
	return zone.Days(year, month+1, 1)
}

// maxCalendar bounds how many units date_add counts: about as many days as microseconds of int64 hold, and far from where they overflow.
const maxCalendar = 1 << 27

var monthsOf = map[string]int64{"month": 1, "quarter": 3, "year": 12}

// addUnits is the date n units after one.
func addUnits(unit string, n, date int64) (int64, bool) {
	if n > maxCalendar || n < -maxCalendar || date > 1<<40 || date < -1<<40 {
		return 0, false
	}
	months, ok := monthsOf[unit]
	if !ok {
		if unit == "week" {
			n *= 7
		}
		return date + n, true
	}
	y, m, d := zone.Civil(date)
	at := y*12 + int64(m-1) + n*months
	y, m = floorDiv(at, 12), int(floorMod(at, 12))+1
	return min(zone.Days(y, m, 1)+int64(d-1), nextMonth(y, m)-1), true
}

func bindAddDate(args []Arg) (func() Eval, error) {
	unit, err := unitArgument("date_add", args, dateUnits)
	if err != nil {
		return nil, err
	}
	return eachAdded(func(n, date int64) (int64, bool) { return addUnits(unit, n, date) }), nil
}

func bindAddInstant(args []Arg) (func() Eval, error) {
	unit, err := unitArgument("date_add", args, truncUnits)
	if err != nil {
		return nil, err
	}
	z, err := zoneArgument("date_add", args, 3)
	if err != nil {
		return nil, err
	}
	if span, ok := clockSpans[unit]; ok {
		return eachAdded(func(n, t int64) (int64, bool) { return addSpans(span, n, t) }), nil
	}
	return eachAdded(func(n, t int64) (int64, bool) { return addLocal(z, unit, n, t) }), nil
}

// addSpans is the instant n spans after one.
func addSpans(span, n, t int64) (int64, bool) {
	d := n * span
	s := t + d
	return s, d/span == n && (d >= 0) == (s >= t)
}

// addLocal is the instant at which local clocks show the time of the day that they show at t, n units of the calendar later.
func addLocal(z *zone.Zone, unit string, n, t int64) (int64, bool) {
	local := z.Local(t)
	day := floorDiv(local, selfsame.DayLength)
	later, ok := addUnits(unit, n, day)
	const most = math.MaxInt64/selfsame.DayLength - 1
	if !ok || later > most || later < -most {
		return 0, false
	}
	s, _ := z.UTC(later*selfsame.DayLength + (local - day*selfsame.DayLength))
	return s, true
}

func evalMakeDate(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	months, days := args[1].Ints[:rows], args[2].Ints[:rows]
	for i, year := range args[0].Ints[:rows] {
		out.Ints[i] = 0
		if year < -maxYear || year > maxYear || months[i] < 1 || months[i] > 12 || days[i] < 1 || days[i] > 31 {
			setNull(out, skip, i)
			continue
		}
		date := zone.Days(year, int(months[i]), int(days[i]))
		if out.Ints[i] = date; date >= nextMonth(year, int(months[i])) {
			setNull(out, skip, i)
		}
	}
}

// maxYear is far from where the days of a date overflow.
const maxYear = 1 << 30

func bindElapsedDates(args []Arg) (func() Eval, error) {
	unit, err := unitArgument("elapsed", args, dateUnits)
	if err != nil {
		return nil, err
	}
	return eachElapsed(func(d int64) int64 { return periodNumber(unit, d) }, func(n, date int64) (int64, bool) { return addUnits(unit, n, date) }), nil
}

func bindElapsedInstants(args []Arg) (func() Eval, error) {
	unit, err := unitArgument("elapsed", args, truncUnits)
	if err != nil {
		return nil, err
	}
	z, err := zoneArgument("elapsed", args, 3)
	if err != nil {
		return nil, err
	}
	if span, ok := clockSpans[unit]; ok {
		return eachElapsed(func(t int64) int64 { return floorDiv(t, span) }, func(n, t int64) (int64, bool) { return addSpans(span, n, t) }), nil
	}
	return eachElapsed(func(t int64) int64 { return periodNumber(unit, floorDiv(z.Local(t), selfsame.DayLength)) },
		func(n, t int64) (int64, bool) { return addLocal(z, unit, n, t) }), nil
}

// eachElapsed makes a kernel of the arguments from and to, the second and third. number counts starts of units, which are at most one more than
// the units that add finds room for.
func eachElapsed(number func(int64) int64, add func(n, x int64) (int64, bool)) func() Eval {
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		to := args[2].Ints[:rows]
		for i, from := range args[1].Ints[:rows] {
			n := number(to[i]) - number(from)
			at, ok := add(n, from)
			switch {
			case n > 0 && (!ok || at > to[i]):
				n--
			case n < 0 && (!ok || at < to[i]):
				n++
			}
			out.Ints[i] = n
		}
	}
	return func() Eval { return kernel }
}

// eachAdded makes a kernel of the arguments n and ts, the second and third.
func eachAdded(f func(n, x int64) (int64, bool)) func() Eval {
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		n := args[1].Ints[:rows]
		for i, x := range args[2].Ints[:rows] {
			v, ok := f(n[i], x)
			if out.Ints[i] = v; !ok {
				setOverflow(out, skip, i)
			}
		}
	}
	return func() Eval { return kernel }
}
