// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"math"
	"strings"

	"selfsame"
	"selfsame/compute/zone"
)

// TimeFormat reads timestamps from text and, where it is a unit, from numbers. The zero value reads RFC 3339 or an ISO date
// with an optional time.
type TimeFormat struct {
	unit  int64 // microseconds of one count; 0: text
	parts []byte
	text  string
}

// A moment is a date and time as written: a local time unless a zone is written with it.
type moment struct {
	year                 int64
	month, day           int
	hour, minute, second int64
	nanos                int64
	pm                   int8 // 0 unknown, 1 AM, 2 PM
	yearday              int
	zoned                bool
	offset               int64 // seconds east of UTC
	epoch                bool  // micros holds the instant
	micros               int64
}

// ParseTimeFormat reads a time_format: "", s, ms, us, or a pattern of %Y %y %m %d %H %I %M %S %f %p %z %Z %b %B %j %T %F %s %%
// and literal text. Errors are of class definition.
func ParseTimeFormat(s string) (TimeFormat, error) {
	switch s {
	case "":
		return TimeFormat{}, nil
	case "s":
		return TimeFormat{unit: 1_000_000, text: s}, nil
	case "ms":
		return TimeFormat{unit: 1000, text: s}, nil
	case "us":
		return TimeFormat{unit: 1, text: s}, nil
	}
	f := TimeFormat{text: s}
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			f.parts = append(f.parts, 0, s[i])
			continue
		}
		i++
		if i < len(s) && s[i] == '-' {
			i++ // %-d: without a leading zero; digits are read either way
		}
		if i >= len(s) || !strings.ContainsRune("YymdHIMSfpzZbBjTFs%", rune(s[i])) {
			return TimeFormat{}, &selfsame.Error{Class: selfsame.ClassDefinition, Message: "unknown directive in time_format " + quote(s),
				Hint: "s, ms, us, or a pattern such as %Y-%m-%d %H:%M:%S"}
		}
		switch s[i] {
		case 'T':
			f.parts = append(f.parts, 'H', 0, ':', 'M', 0, ':', 'S')
		case 'F':
			f.parts = append(f.parts, 'Y', 0, '-', 'm', 0, '-', 'd')
		case '%':
			f.parts = append(f.parts, 0, '%')
		default:
			f.parts = append(f.parts, s[i])
		}
	}
	if len(f.parts) == len(s)*2 && !strings.Contains(s, "%") {
		return TimeFormat{}, &selfsame.Error{Class: selfsame.ClassDefinition, Message: "time_format " + quote(s) + " has no directive",
			Hint: "s, ms, us, or a pattern such as %Y-%m-%d %H:%M:%S"}
	}
	return f, nil
}

// Unit returns the microseconds of one count where the format is a unit, else 0.
func (f TimeFormat) Unit() int64 { return f.unit }

const (
	second = int64(1_000_000)
	day    = 86_400 * second
)

// A fault says why a value cannot be read.
type fault string

const (
	faultNone      fault = ""
	faultTimestamp fault = "is not a timestamp"
	faultRange     fault = "is out of the range of timestamps"
	faultPrecision fault = "has digits below a microsecond (precision: floor reads it)"
)

// Instant returns the moment as microseconds since the epoch.
func (m *moment) instant(how *Reading, rows *Rows) (int64, fault) {
	if m.epoch {
		return m.micros, faultNone
	}
	if m.nanos%1000 != 0 && !how.Floor {
		return 0, faultPrecision
	}
	if m.year < -290_000 || m.year > 294_000 {
		return 0, faultRange
	}
	local := zone.Days(m.year, m.month, m.day)*day + (m.hour*3600+m.minute*60+m.second)*second + m.nanos/1000
	if m.zoned {
		return local - m.offset*second, faultNone
	}
	t := Naive(local, how, rows)
	return t, faultNone
}

// Naive returns the instant at which clocks of the reading's zone show local, counting times that occur twice or not at all,
// and those that are read as UTC because no zone is declared.
func Naive(local int64, how *Reading, rows *Rows) int64 {
	if how.Zone == nil {
		rows.Undeclared++
		return local
	}
	t, reading := how.Zone.UTC(local)
	switch reading {
	case zone.Ambiguous:
		rows.Repeated++
	case zone.Gap:
		rows.Skipped++
	}
	return t
}

// Scale returns count·unit/per as microseconds: unit microseconds are per counts (nanoseconds: 1, 1000).
func Scale(count, unit, per int64, floor bool) (int64, fault) {
	if per > 1 {
		q, r := count/per, count%per
		if r != 0 {
			if !floor {
				return 0, faultPrecision
			}
			if r < 0 {
				q--
			}
		}
		return q, faultNone
	}
	if count > math.MaxInt64/unit || count < math.MinInt64/unit {
		return 0, faultRange
	}
	return count * unit, faultNone
}
