// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"

	"selfsame/compute/zone"
)

// digits reads between least and most decimal digits and returns the rest.
func digits(b []byte, least, most int) (int64, []byte, bool) {
	n, v := 0, int64(0)
	for n < most && n < len(b) && b[n] >= '0' && b[n] <= '9' {
		v = v*10 + int64(b[n]-'0')
		n++
	}
	return v, b[n:], n >= least
}

// fraction reads the digits after a decimal point as nanoseconds. Digits beyond nanoseconds only have to be known as zero or not.
func fraction(b []byte) (nanos int64, rest []byte, ok bool) {
	n, scale, below := 0, int64(100_000_000), false
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		d := int64(b[n] - '0')
		if scale > 0 {
			nanos += d * scale
			scale /= 10
		} else if d != 0 {
			below = true
		}
		n++
	}
	if below && nanos%1000 == 0 {
		nanos++ // stands for digits below a nanosecond: not whole microseconds
	}
	return nanos, b[n:], n > 0
}

// offset reads Z, z, +02, +0200, +02:00 or +02:00:30 as seconds east of UTC.
func offset(b []byte) (seconds int64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, b, false
	}
	if b[0] == 'Z' || b[0] == 'z' {
		return 0, b[1:], true
	}
	sign := int64(1)
	switch b[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, b, false
	}
	var part int64
	b = b[1:]
	for i, unit := range []int64{3600, 60, 1} {
		next := b
		if i > 0 && len(next) > 0 && next[0] == ':' {
			next = next[1:]
		}
		if part, next, ok = digits(next, 2, 2); !ok {
			return sign * seconds, b, i > 0
		}
		if (i == 0 && part > 23) || (i > 0 && part > 59) {
			return 0, b, false
		}
		seconds, b = seconds+part*unit, next
	}
	return sign * seconds, b, true
}

// isoDate reads YYYY-MM-DD, with a sign where the year has more than four digits.
func isoDate(b []byte, m *moment) ([]byte, bool) {
	sign, width := int64(1), 4
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '-' {
			sign = -1
		}
		b, width = b[1:], 6
	}
	var ok bool
	var month, dom int64
	if m.year, b, ok = digits(b, 4, width); !ok || len(b) == 0 || b[0] != '-' {
		return b, false
	}
	m.year *= sign
	if month, b, ok = digits(b[1:], 2, 2); !ok || len(b) == 0 || b[0] != '-' {
		return b, false
	}
	if dom, b, ok = digits(b[1:], 2, 2); !ok {
		return b, false
	}
	m.month, m.day = int(month), int(dom)
	return b, m.dateExists()
}

// dateExists reports whether the calendar has the moment's date.
func (m *moment) dateExists() bool {
	if m.month < 1 || m.month > 12 || m.day < 1 || m.day > 31 {
		return false
	}
	if m.day <= 28 {
		return true
	}
	y, mo, d := zone.Civil(zone.Days(m.year, m.month, m.day))
	return y == m.year && mo == m.month && d == m.day
}

// iso reads an ISO 8601 date with an optional time and zone, the date and the time apart by T or a space. 24:00 is midnight at the end of the day;
// a leap second is read as the second before.
func iso(b []byte, m *moment) bool {
	*m = moment{}
	b, ok := isoDate(b, m)
	if !ok || len(b) == 0 {
		return ok
	}
	if b[0] != 'T' && b[0] != 't' && b[0] != ' ' {
		return false
	}
	if m.hour, b, ok = digits(b[1:], 2, 2); !ok || len(b) == 0 || b[0] != ':' {
		return false
	}
	if m.minute, b, ok = digits(b[1:], 2, 2); !ok {
		return false
	}
	if len(b) > 0 && b[0] == ':' {
		if m.second, b, ok = digits(b[1:], 2, 2); !ok {
			return false
		}
		if len(b) > 0 && (b[0] == '.' || b[0] == ',') {
			if m.nanos, b, ok = fraction(b[1:]); !ok {
				return false
			}
		}
	}
	if !m.timeExists() {
		return false
	}
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
		if len(b) == 0 {
			return false
		}
	}
	if len(b) == 0 {
		return true
	}
	if string(b) == "UTC" {
		m.zoned = true
		return true
	}
	m.offset, b, m.zoned = offset(b)
	return m.zoned && len(b) == 0
}

func (m *moment) timeExists() bool {
	if m.second == 60 {
		m.second, m.nanos = 59, 999_999_000
	}
	if m.hour == 24 {
		return m.minute == 0 && m.second == 0 && m.nanos == 0
	}
	return m.hour < 24 && m.minute < 60 && m.second < 60
}

var (
	monthNames = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
)

// pattern reads b by a strptime-like pattern.
func (f TimeFormat) pattern(b []byte, m *moment) bool {
	*m = moment{year: 1970, month: 1, day: 1}
	for i := 0; i < len(f.parts); i++ {
		if f.parts[i] == 0 {
			i++
			if len(b) == 0 || b[0] != f.parts[i] {
				return false
			}
			b = b[1:]
			continue
		}
		var ok bool
		if b, ok = m.directive(f.parts[i], b); !ok {
			return false
		}
	}
	return len(b) == 0 && m.complete()
}

// directive reads one part of a pattern and returns the rest.
func (m *moment) directive(d byte, b []byte) ([]byte, bool) {
	var n int64
	var ok bool
	switch d {
	case 'Y':
		m.year, b, ok = digits(b, 4, 4)
	case 'y':
		if m.year, b, ok = digits(b, 2, 2); m.year < 69 {
			m.year += 2000
		} else {
			m.year += 1900
		}
	case 'm':
		n, b, ok = digits(b, 1, 2)
		m.month = int(n)
	case 'd':
		n, b, ok = digits(b, 1, 2)
		m.day = int(n)
	case 'j':
		n, b, ok = digits(b, 1, 3)
		m.yearday = int(n)
	case 'H':
		m.hour, b, ok = digits(b, 1, 2)
	case 'I':
		m.hour, b, ok = digits(b, 1, 2)
		ok = ok && m.hour >= 1 && m.hour <= 12
	case 'M':
		m.minute, b, ok = digits(b, 1, 2)
	case 'S':
		m.second, b, ok = digits(b, 1, 2)
	case 'f':
		m.nanos, b, ok = fraction(b)
	case 'z':
		m.offset, b, ok = offset(b)
		m.zoned = true
	case 'Z':
		for _, name := range []string{"UTC", "GMT", "Z"} {
			if rest, found := bytes.CutPrefix(b, []byte(name)); found {
				m.zoned = true
				return rest, true
			}
		}
	case 'p':
		if len(b) >= 2 && (b[1]|32) == 'm' && ((b[0]|32) == 'a' || (b[0]|32) == 'p') {
			m.pm = 1
			if b[0]|32 == 'p' {
				m.pm = 2
			}
			return b[2:], true
		}
	case 'b', 'B':
		return m.monthName(d == 'B', b)
	case 's':
		return m.epochSeconds(b)
	}
	return b, ok
}

func (m *moment) monthName(full bool, b []byte) ([]byte, bool) {
	for i, name := range monthNames {
		if !full {
			name = name[:3]
		}
		if len(b) >= len(name) && bytes.EqualFold(b[:len(name)], []byte(name)) {
			m.month = i + 1
			return b[len(name):], true
		}
	}
	return b, false
}

func (m *moment) epochSeconds(b []byte) ([]byte, bool) {
	sign := int64(1)
	if len(b) > 0 && b[0] == '-' {
		sign, b = -1, b[1:]
	}
	n, b, ok := digits(b, 1, 12)
	m.epoch, m.micros = true, sign*n*second
	return b, ok
}

// complete resolves what directives left open and reports whether the moment exists.
func (m *moment) complete() bool {
	if m.epoch {
		return true
	}
	if m.pm > 0 {
		if m.hour < 1 || m.hour > 12 {
			return false
		}
		m.hour %= 12
		if m.pm == 2 {
			m.hour += 12
		}
	}
	if m.yearday > 0 {
		y, mo, d := zone.Civil(zone.Days(m.year, 1, 1) + int64(m.yearday) - 1)
		if y != m.year {
			return false
		}
		m.month, m.day = mo, d
	}
	return m.dateExists() && m.timeExists()
}
