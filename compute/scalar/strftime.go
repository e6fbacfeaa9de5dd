// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"strconv"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// strftimeFunction is part of the section time of the reference.
var strftimeFunction = Function{Name: "strftime", Group: "time", Params: "ts, pattern, zone",
	Summary: "ts as local clocks show it, by a constant pattern: %Y %m %d %H %M %S as in 2024 05 17 09 30 00, %y 24, %F %Y-%m-%d, %T %H:%M:%S, %f the six digits behind the second, %I %p 09 AM, %j day of the year, %u ISO day of the week, %G %V ISO year and week, %a %A %b %B English names, %z +0200, %% a per cent sign; %-d and the like have no zeros in front.",
	Example: "strftime(timestamp '2024-05-17 07:30:00', '%a %-d %b %Y, %H:%M %z', 'Europe/Berlin')", Result: "Fri 17 May 2024, 09:30 +0200",
	Bind: choose("strftime", "ts, pattern, zone",
		overload{args: takes(timestampType, stringType, stringType), optional: 1, result: stringType, bind: func(args []Arg) (func() Eval, error) {
			z, err := zoneArgument("strftime", args, 2)
			if err != nil {
				return nil, err
			}
			return bindPattern(args, dateVerbs+clockVerbs, z)
		}},
		overload{args: takes(dateType, stringType), result: stringType, bind: func(args []Arg) (func() Eval, error) {
			return bindPattern(args, dateVerbs, nil)
		}})}

// Verbs of a pattern: of every date, and of what a clock shows.
const (
	dateVerbs  = "YGymdjuVaAbB"
	clockVerbs = "HIMSfpz"
)

// shownPart is a text, or a verb where verb is not 0.
type shownPart struct {
	text  string
	verb  byte
	plain bool // without zeros in front
}

func bindPattern(args []Arg, verbs string, z *zone.Zone) (func() Eval, error) {
	pattern, err := constantText("strftime", "pattern", args, 1)
	if err != nil {
		return nil, err
	}
	parts, err := readShown(pattern, verbs)
	if err != nil {
		return nil, err
	}
	return func() Eval {
		return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
			for i, v := range args[0].Ints[:rows] {
				if !skipped(skip, i) {
					s := shown{date: v}
					if z != nil {
						s.offset = z.Offset(v)
						local := z.Local(v)
						s.date = floorDiv(local, selfsame.DayLength)
						s.clock = local - s.date*selfsame.DayLength
					}
					out.Bytes = s.append(out.Bytes, parts)
				}
				out.AppendBytes(nil)
			}
		}
	}, nil
}

func readShown(pattern, verbs string) (parts []shownPart, err error) {
	pattern = strings.NewReplacer("%%", "%%", "%F", "%Y-%m-%d", "%T", "%H:%M:%S").Replace(pattern)
	for pattern != "" {
		text, rest, more := strings.Cut(pattern, "%")
		if text != "" {
			parts = append(parts, shownPart{text: text})
		}
		if !more {
			break
		}
		rest, plain := strings.CutPrefix(rest, "-")
		switch {
		case strings.HasPrefix(rest, "%") && !plain:
			parts = append(parts, shownPart{text: "%"})
		case rest == "" || strings.IndexByte(verbs, rest[0]) < 0:
			return nil, badArgument("strftime", "its pattern has %%%.1s, which is none of %%F, %%T, %%%% and %%%s", rest, strings.Join(strings.Split(verbs, ""), " %"))
		default:
			parts = append(parts, shownPart{verb: rest[0], plain: plain})
		}
		pattern = rest[1:]
	}
	return parts, nil
}

// shown is a moment as a clock on a wall shows it.
type shown struct {
	date   int64 // days
	clock  int64 // microseconds since midnight
	offset int64 // microseconds east of UTC
}

func (s shown) append(b []byte, parts []shownPart) []byte {
	for _, p := range parts {
		if p.verb == 0 {
			b = append(b, p.text...)
			continue
		}
		v, width := s.number(p.verb)
		if width == 0 {
			b = s.name(b, p.verb)
			continue
		}
		if p.plain {
			width = 1
		}
		b = appendPadded(b, v, width)
	}
	return b
}

// number is the value of a verb and its digits; 0 digits for a verb that is no number.
func (s shown) number(verb byte) (v int64, digits int) {
	year, month, day := zone.Civil(s.date)
	switch verb {
	case 'Y':
		return year, 4
	case 'y':
		return floorMod(year, 100), 2
	case 'm':
		return int64(month), 2
	case 'd':
		return int64(day), 2
	case 'j':
		return int64(zone.YearDay(s.date)), 3
	case 'u':
		return int64(zone.Weekday(s.date)), 1
	case 'G':
		year, _ := zone.ISOWeek(s.date)
		return year, 4
	case 'V':
		_, week := zone.ISOWeek(s.date)
		return int64(week), 2
	case 'H':
		return s.clock / selfsame.Hour, 2
	case 'I':
		return (s.clock/selfsame.Hour+11)%12 + 1, 2
	case 'M':
		return s.clock / selfsame.Minute % 60, 2
	case 'S':
		return s.clock / selfsame.Second % 60, 2
	case 'f':
		return s.clock % selfsame.Second, 6
	}
	return 0, 0
}

var (
	dayNames   = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
)

// name appends what is no number.
func (s shown) name(b []byte, verb byte) []byte {
	_, month, _ := zone.Civil(s.date)
	switch verb {
	case 'a':
		return append(b, dayNames[zone.Weekday(s.date)-1][:3]...)
	case 'A':
		return append(b, dayNames[zone.Weekday(s.date)-1]...)
	case 'b':
		return append(b, monthNames[month-1][:3]...)
	case 'B':
		return append(b, monthNames[month-1]...)
	case 'p':
		if s.clock < selfsame.DayLength/2 {
			return append(b, "AM"...)
		}
		return append(b, "PM"...)
	}
	minutes := s.offset / selfsame.Minute // z
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return appendPadded(appendPadded(append(b, sign), minutes/60, 2), minutes%60, 2)
}

// appendPadded appends a number with at least so many digits, a minus not counted.
func appendPadded(b []byte, v int64, digits int) []byte {
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	text := strconv.AppendInt(make([]byte, 0, 20), v, 10)
	for n := len(text); n < digits; n++ {
		b = append(b, '0')
	}
	return append(b, text...)
}
