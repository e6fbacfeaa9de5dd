// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"fmt"
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// timeFunctions is the section time of the reference. Zones are constants with names of the embedded database, UTC where they
// are left out. The local date is the greatest that the zone's clocks have shown (see package zone).
var timeFunctions = []Function{
	{Name: "now", Group: "time", Params: "", Summary: "T, the time of the row; never the clock.",
		Example: "now() - now()", Result: "0", Bind: choose("now", "", overload{result: timestampType, kernel: evalNow})},
	dateFunction("year", "The year of the local date; 0 is 1 BC.", "year(timestamp '2024-12-31 23:30:00', 'Europe/Berlin')", "2025",
		func(d int64) int64 { y, _, _ := zone.Civil(d); return y }),
	dateFunction("quarter", "The quarter of the local date, 1 to 4.", "quarter(date '2024-05-01')", "2",
		func(d int64) int64 { _, m, _ := zone.Civil(d); return int64(m+2) / 3 }),
	dateFunction("month", "The month of the local date, 1 to 12.", "month(date '2024-05-01')", "5",
		func(d int64) int64 { _, m, _ := zone.Civil(d); return int64(m) }),
	dateFunction("week", "The ISO week of the local date, 1 to 53; weeks start on Monday, and week 1 has the year's first Thursday.",
		"week(date '2024-12-30')", "1", func(d int64) int64 { _, w := zone.ISOWeek(d); return int64(w) }),
	dateFunction("iso_year", "The year that the ISO week of the local date belongs to.", "iso_year(date '2024-12-30')", "2025",
		func(d int64) int64 { y, _ := zone.ISOWeek(d); return y }),
	dateFunction("day", "The day of the month of the local date, 1 to 31.", "day(date '2024-05-17')", "17",
		func(d int64) int64 { _, _, day := zone.Civil(d); return int64(day) }),
	dateFunction("day_of_week", "The ISO day of the week of the local date: 1 is Monday, 7 is Sunday.", "day_of_week(date '2024-05-18')", "6",
		func(d int64) int64 { return int64(zone.Weekday(d)) }),
	dateFunction("day_of_year", "The day of the year of the local date, 1 to 366.", "day_of_year(date '2024-12-31')", "366",
		func(d int64) int64 { return int64(zone.YearDay(d)) }),
	clockFunction("hour", "The hour that local clocks show, 0 to 23.", "hour(timestamp '2024-07-01 12:30:00', 'Asia/Kolkata')", "18", selfsame.DayLength, selfsame.Hour),
	clockFunction("minute", "The minute that local clocks show, 0 to 59.", "minute(timestamp '2024-07-01 12:45:00', 'Asia/Kolkata')", "15", selfsame.Hour, selfsame.Minute),
	clockFunction("second", "The whole second that local clocks show, 0 to 59.", "second(timestamp '2024-07-01 12:45:09.5')", "9", selfsame.Minute, selfsame.Second),
	{Name: "date", Group: "time", Params: "ts, zone", Summary: "The local date at ts.",
		Example: "date(timestamp '2024-12-31 23:30:00', 'Europe/Berlin')", Result: "2025-01-01", Bind: choose("date", "ts, zone",
			overload{args: takes(timestampType, stringType), optional: 1, result: dateType, bind: bindLocal("date", localDate)},
			overload{args: takes(dateType), result: dateType, kernel: eachInt(func(d int64) int64 { return d })})},
	{Name: "date_trunc", Group: "time", Params: "unit, ts, zone", Summary: "The first instant of the local year, quarter, month, week (from Monday), day, hour, minute or second that ts is in; of a date, the first date.",
		Example: "date_trunc('month', date '2024-05-17')", Result: "2024-05-01", Bind: choose("date_trunc", "unit, ts, zone",
			overload{args: takes(stringType, timestampType, stringType), optional: 1, result: timestampType, bind: bindTruncInstant},
			overload{args: takes(stringType, dateType), result: dateType, bind: bindTruncDate})},
	{Name: "date_diff", Group: "time", Params: "unit, from, to, zone", Summary: "How many starts of a local day, week, month, quarter or year lie after from and not after to; negative where to is earlier.",
		Example: "date_diff('month', date '2024-01-31', date '2024-03-01')", Result: "2", Bind: choose("date_diff", "unit, from, to, zone",
			overload{args: takes(stringType, timestampType, timestampType, stringType), optional: 1, result: intType, bind: bindDiff(true)},
			overload{args: takes(stringType, dateType, dateType), result: intType, bind: bindDiff(false)})},
	epochFunction("epoch_us", "Microseconds", "1704067200000000", selfsame.Microsecond),
	epochFunction("epoch_ms", "Whole milliseconds, floored,", "1704067200000", selfsame.Millisecond),
	epochFunction("epoch_s", "Whole seconds, floored,", "1704067200", selfsame.Second),
	instantFunction("timestamp_us", "microseconds", "epoch_us(timestamp_us(-1))", "-1", selfsame.Microsecond),
	instantFunction("timestamp_ms", "milliseconds", "epoch_us(timestamp_ms(-1))", "-1000", selfsame.Millisecond),
	instantFunction("timestamp_s", "seconds", "epoch_us(timestamp_s(-1))", "-1000000", selfsame.Second),
}

func evalNow(out *column.Column, _ []*column.Column, rows int, at []int64, _ []bool) {
	out.Resize(rows)
	copy(out.Ints, at[:rows])
}

// dateFunction is a part of a date, or of the local date of a timestamp.
func dateFunction(name, summary, example, result string, part func(date int64) int64) Function {
	return Function{Name: name, Group: "time", Params: "ts, zone", Summary: summary, Example: example, Result: result,
		Bind: choose(name, "ts, zone",
			overload{args: takes(timestampType, stringType), optional: 1, result: intType, bind: bindLocal(name, func(z *zone.Zone) func(int64) int64 {
				return func(t int64) int64 { return part(z.Date(t)) }
			})},
			overload{args: takes(dateType), result: intType, kernel: eachInt(part)})}
}

// clockFunction counts units within the larger span that local clocks show.
func clockFunction(name, summary, example, result string, span, unit int64) Function {
	return Function{Name: name, Group: "time", Params: "ts, zone", Summary: summary, Example: example, Result: result,
		Bind: choose(name, "ts, zone",
			overload{args: takes(timestampType, stringType), optional: 1, result: intType, bind: bindLocal(name, func(z *zone.Zone) func(int64) int64 {
				return func(t int64) int64 { return withinSpan(z, t, span) / unit }
			})})}
}

// withinSpan is how far local clocks are at t into a span that begins at local midnight; it does not saturate.
func withinSpan(z *zone.Zone, t, span int64) int64 {
	return floorMod(floorMod(t, span)+floorMod(z.Offset(t), span), span)
}

func localDate(z *zone.Zone) func(int64) int64 { return z.Date }

// floorDiv divides with the mathematical floor. b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// bindLocal binds a function of a timestamp and, as second argument, a zone.
func bindLocal(name string, f func(*zone.Zone) func(int64) int64) func([]Arg) (func() Eval, error) {
	return func(args []Arg) (func() Eval, error) {
		z, err := zoneArgument(name, args, 1)
		if err != nil {
			return nil, err
		}
		kernel := eachInt(f(z))
		return func() Eval { return kernel }, nil
	}
}

// zoneArgument is the zone that argument i names: UTC where it is left out.
func zoneArgument(name string, args []Arg, i int) (*zone.Zone, error) {
	if i >= len(args) {
		return zone.UTC, nil
	}
	s, err := constantText(name, "zone", args, i)
	if err != nil {
		return nil, err
	}
	return zone.Load(s)
}

func constantText(name, what string, args []Arg, i int) (string, error) {
	c := args[i].Const
	if c == nil || c.Status != selfsame.Present || c.Type.Kind != selfsame.String {
		return "", badArgument(name, "its %s is a constant string", what)
	}
	return c.Str, nil
}

// unitArgument reads the unit that argument 0 names.
func unitArgument(name string, args []Arg, units []string) (string, error) {
	s, err := constantText(name, "unit", args, 0)
	if err != nil {
		return "", err
	}
	for _, u := range units {
		if s == u {
			return u, nil
		}
	}
	return "", badArgument(name, "unknown unit %q; the units are %s", s, joinWords(units))
}

func joinWords(words []string) string {
	s := words[0]
	for _, w := range words[1:] {
		s += ", " + w
	}
	return s
}

var (
	dateUnits  = []string{"day", "week", "month", "quarter", "year"}
	truncUnits = append([]string{"second", "minute", "hour"}, dateUnits...)
	clockSpans = map[string]int64{"second": selfsame.Second, "minute": selfsame.Minute, "hour": selfsame.Hour}
)

// periodStart returns the first date of the unit that date is in.
func periodStart(unit string, date int64) int64 {
	y, m, _ := zone.Civil(date)
	switch unit {
	case "week":
		return date - int64(zone.Weekday(date)) + 1
	case "month":
		return zone.Days(y, m, 1)
	case "quarter":
		return zone.Days(y, (m-1)/3*3+1, 1)
	case "year":
		return zone.Days(y, 1, 1)
	}
	return date
}

// periodNumber counts units; it grows by one at each start of one.
func periodNumber(unit string, date int64) int64 {
	y, m, _ := zone.Civil(date)
	switch unit {
	case "week":
		return floorDiv(date+3, 7) // 1970-01-01 is a Thursday
	case "month":
		return y*12 + int64(m) - 1
	case "quarter":
		return y*4 + int64(m-1)/3
	case "year":
		return y
	}
	return date
}

func bindTruncInstant(args []Arg) (func() Eval, error) {
	unit, err := unitArgument("date_trunc", args, truncUnits)
	if err != nil {
		return nil, err
	}
	z, err := zoneArgument("date_trunc", args, 2)
	if err != nil {
		return nil, err
	}
	f := func(t int64) int64 { return z.StartOfDate(periodStart(unit, z.Date(t))) }
	if span, ok := clockSpans[unit]; ok {
		f = func(t int64) int64 { // counted back by the offset at t
			back := withinSpan(z, t, span)
			if t < math.MinInt64+back {
				return math.MinInt64
			}
			return t - back
		}
	}
	return second(eachInt(f)), nil
}

func bindTruncDate(args []Arg) (func() Eval, error) {
	unit, err := unitArgument("date_trunc", args, dateUnits)
	if err != nil {
		return nil, err
	}
	return second(eachInt(func(d int64) int64 { return periodStart(unit, d) })), nil
}

// second applies a kernel of one argument to the second.
func second(kernel Eval) func() Eval {
	shifted := func(out *column.Column, args []*column.Column, rows int, at []int64, skip []bool) {
		kernel(out, args[1:], rows, at, skip)
	}
	return func() Eval { return shifted }
}

func bindDiff(instants bool) func([]Arg) (func() Eval, error) {
	return func(args []Arg) (func() Eval, error) {
		unit, err := unitArgument("date_diff", args, dateUnits)
		if err != nil {
			return nil, err
		}
		number := func(d int64) int64 { return periodNumber(unit, d) }
		if instants {
			z, err := zoneArgument("date_diff", args, 3)
			if err != nil {
				return nil, err
			}
			number = func(t int64) int64 { return periodNumber(unit, z.Date(t)) }
		}
		kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
			out.Resize(rows)
			to := args[2].Ints[:rows]
			for i, from := range args[1].Ints[:rows] {
				out.Ints[i] = number(to[i]) - number(from)
			}
		}
		return func() Eval { return kernel }, nil
	}
}

func epochFunction(name, what, result string, unit int64) Function {
	return Function{Name: name, Group: "time", Params: "ts", Summary: what + " from 1970-01-01T00:00:00Z to ts.",
		Example: name + "(timestamp '2024-01-01 00:00:00')", Result: result, Bind: choose(name, "ts",
			overload{args: takes(timestampType), result: intType, kernel: eachInt(func(t int64) int64 { return floorDiv(t, unit) })})}
}

func instantFunction(name, what, example, result string, unit int64) Function {
	return Function{Name: name, Group: "time", Params: "n", Summary: fmt.Sprintf("The instant n %s after 1970-01-01T00:00:00Z.", what),
		Example: example, Result: result, Bind: choose(name, "n",
			overload{args: takes(intType), result: timestampType, kernel: eachIntChecked(func(n int64) (int64, bool) {
				t := n * unit
				return t, t/unit == n
			})})}
}
