// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

import (
	"strconv"
	"strings"
	"time"
)

// Instant is a moment in microseconds since the epoch, which texts and JSON show as RFC 3339.
type Instant int64

// Words of the moments that no calendar has.
const (
	beforeAll = "-infinity" // MinTime
	afterAll  = "infinity"  // MaxTime
)

// String is RFC 3339 with as many digits as it needs, UTC; a year of more than four digits has a sign. The extremes of time are -infinity and infinity.
func (t Instant) String() string {
	switch int64(t) {
	case MinTime:
		return beforeAll
	case MaxTime:
		return afterAll
	}
	at := time.UnixMicro(int64(t)).UTC()
	text := at.Format(time.RFC3339Nano)
	if at.Year() > 9999 {
		return "+" + text
	}
	return text
}

// Date is the day in UTC, YYYY-MM-DD.
func (t Instant) Date() string { return time.UnixMicro(int64(t)).UTC().Format(time.DateOnly) }

// MarshalText is String.
func (t Instant) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote, and any other RFC 3339.
func (t *Instant) UnmarshalText(b []byte) error {
	text := string(b)
	switch text {
	case beforeAll:
		*t = Instant(MinTime)
		return nil
	case afterAll:
		*t = Instant(MaxTime)
		return nil
	}
	cycles := int64(0)
	if text != "" && (text[0] == '+' || text[0] == '-') {
		text, cycles = withinFourDigits(text)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	*t = Instant(at.UnixMicro() + cycles*cycleLength)
	return err
}

// UnmarshalJSON reads RFC 3339, or microseconds.
func (t *Instant) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*t = Instant(n)
		return nil
	}
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	return t.UnmarshalText([]byte(text))
}

// After 400 years the calendar begins again. The years are those of MinTime and MaxTime.
const (
	cycleYears   = 400
	cycleLength  = 146_097 * DayLength
	leastYear    = -290_308
	greatestYear = 294_247
)

// withinFourDigits writes the year of a text with a sign as one from 2000 to 2399 on the same days, and says how many cycles it was later. Other texts
// are returned as they are.
func withinFourDigits(text string) (string, int64) {
	digits, rest, _ := strings.Cut(text[1:], "-")
	year, err := strconv.ParseInt(text[:1]+digits, 10, 64)
	if err != nil || year < leastYear || year > greatestYear {
		return text, 0
	}
	of := (year%cycleYears + cycleYears) % cycleYears
	return strconv.FormatInt(2000+of, 10) + "-" + rest, (year - of - 2000) / cycleYears
}
