// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"selfsame"
	"selfsame/compute/exact"
)

// ParseDate reads YYYY-MM-DD as days since 1970-01-01.
func ParseDate(s string) (int64, bool) {
	if len(s) != len(time.DateOnly) {
		return 0, false
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, false
	}
	return t.Unix() / 86400, true
}

// ParseTimestamp reads RFC 3339, or an ISO date with an optional time and without a zone, which is UTC, as microseconds. A blank
// may stand for the T. More than six digits of a second are refused unless the further ones are zero.
func ParseTimestamp(s string) (int64, bool) {
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

// AppendDate appends days since 1970-01-01 as YYYY-MM-DD. Years beyond four digits have as many as they need.
func AppendDate(b []byte, days int64) []byte {
	const farthest = 200_000_000_000 // days that time.Unix counts without overflow
	return time.Unix(max(-farthest, min(farthest, days))*86400, 0).UTC().AppendFormat(b, time.DateOnly)
}

// AppendTimestamp appends microseconds as RFC 3339 in UTC with as many digits of a second as are needed.
func AppendTimestamp(b []byte, micros int64) []byte {
	return time.UnixMicro(micros).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z07:00")
}

// ParseDecimal reads digits with an optional sign and point as an exact decimal of the digits written; false beyond 38 digits.
func ParseDecimal(s string) (selfsame.Value, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	whole, frac, _ := strings.Cut(digits, ".")
	whole = strings.TrimLeft(whole, "0")
	if len(whole)+len(frac) > exact.MaxDigits || len(digits) == 0 || digits == "." {
		return selfsame.Value{}, false
	}
	var n selfsame.Int128
	for _, c := range []byte(whole + frac) {
		if c < '0' || c > '9' {
			return selfsame.Value{}, false
		}
		n, _ = exact.Mul(n, exact.FromInt64(10))
		n, _ = exact.Add(n, exact.FromInt64(int64(c-'0')))
	}
	if negative {
		n = neg(n)
	}
	t := selfsame.DecimalOf(uint8(max(1, len(whole)+len(frac))), uint8(len(frac)))
	return selfsame.Value{Type: t, Dec: n}, true
}

// AppendFloat appends the shortest digits that read back as f, with a point or an exponent: 3.0, 0.1, 1e+21, NaN, +Inf.
func AppendFloat(b []byte, f float64) []byte {
	start := len(b)
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) || f != f {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	if bytes.IndexByte(b[start:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}
