// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"time"

	"selfsame"
)

// parseDate reads YYYY-MM-DD as days since 1970-01-01.
func parseDate(s string) (int64, bool) {
	if len(s) != len(time.DateOnly) {
		return 0, false
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, false
	}
	return t.Unix() / 86400, true
}

// parseTimestamp reads RFC 3339, or an ISO date with an optional time and without a zone, which is UTC, as microseconds. A blank
// may stand for the T. More than six digits of a second are refused unless the further ones are zero.
func parseTimestamp(s string) (int64, bool) {
	if len(s) > 10 && s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		t, err := time.Parse(layout, s)
		if err != nil || len(s) < len(time.DateOnly) || s[4] != '-' {
			continue
		}
		if t.Nanosecond()%1000 != 0 {
			return 0, false
		}
		return t.UnixMicro(), true
	}
	return 0, false
}

// formatDate prints days since 1970-01-01 as YYYY-MM-DD. Years beyond four digits have as many as they need.
func formatDate(b []byte, days int64) []byte {
	const farthest = 200_000_000_000 // days that time.Unix counts without overflow
	return time.Unix(max(-farthest, min(farthest, days))*86400, 0).UTC().AppendFormat(b, time.DateOnly)
}

// formatTimestamp prints microseconds as RFC 3339 in UTC with as many digits of a second as are needed.
func formatTimestamp(b []byte, micros int64) []byte {
	return time.UnixMicro(micros).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z07:00")
}

// floorDiv divides with the mathematical floor. b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

const microsPerDay = selfsame.DayLength
