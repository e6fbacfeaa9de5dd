// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// AppendText reads one value from text and appends it to c, or returns why it cannot be read as the column's type. Nothing is
// appended then. Numbers, times and bools may have white space around them. Lists and maps are read by the formats.
func AppendText(c *column.Column, b []byte, how *Reading, rows *Rows) string {
	switch c.Type.Kind {
	case selfsame.String:
		if !utf8.Valid(b) {
			return "is not valid UTF-8"
		}
		c.AppendBytes(b)
		return ""
	case selfsame.Bytes:
		return appendBase64(c, b)
	}
	b = bytes.TrimSpace(b)
	switch c.Type.Kind {
	case selfsame.Bool:
		return appendBool(c, b)
	case selfsame.Int64:
		v, why := ParseInt(b)
		if why == "" {
			c.Ints = append(c.Ints, v)
			present(c)
		}
		return why
	case selfsame.Float64:
		v, err := strconv.ParseFloat(text(b), 64)
		if (err != nil && !math.IsInf(v, 0)) || bytes.ContainsAny(b, "_xXpP") {
			return "is not a number"
		}
		if err != nil {
			return "is beyond float64"
		}
		AppendFloat(c, v, how.KeepNaN)
		return ""
	case selfsame.Decimal:
		v, why := ParseDecimal(b, c.Type)
		if why == "" {
			c.Decimals = append(c.Decimals, v)
			present(c)
		}
		return why
	case selfsame.Timestamp, selfsame.Date:
		v, why := parseTime(b, c.Type.Kind, how, rows)
		if why == faultNone {
			c.Ints = append(c.Ints, v)
			present(c)
		}
		return string(why)
	}
	return "cannot be read as " + c.Type.String()
}

// text views bytes as a string for the length of a call.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// present records the status of a value appended to a column that keeps statuses.
func present(c *column.Column) {
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
}

// AppendFloat appends a float64 by the rules of values: -0 is +0, NaN is null unless it is kept, and then one NaN.
func AppendFloat(c *column.Column, v float64, keepNaN bool) {
	if v != v {
		if !keepNaN {
			c.AppendStatus(selfsame.Null)
			return
		}
		v = math.NaN()
	}
	if v == 0 {
		v = 0
	}
	c.Floats = append(c.Floats, v)
	present(c)
}

func appendBool(c *column.Column, b []byte) string {
	var v bool
	switch text(b) {
	case "true", "True", "TRUE", "t", "T", "1":
		v = true
	case "false", "False", "FALSE", "f", "F", "0":
	default:
		return "is not a bool"
	}
	c.Bools = append(c.Bools, v)
	present(c)
	return ""
}

func appendBase64(c *column.Column, b []byte) string {
	out, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return "is not base64"
	}
	c.AppendBytes(out)
	return ""
}

// ParseInt reads a decimal integer. A fraction of zeros (`7.0`) is an integer too; an exponent is not.
func ParseInt(b []byte) (int64, string) {
	if v, err := strconv.ParseInt(text(b), 10, 64); err == nil {
		return v, ""
	}
	whole, frac, found := bytes.Cut(b, []byte("."))
	if found && len(frac) > 0 && len(bytes.Trim(frac, "0")) == 0 {
		b = whole
	}
	v, err := strconv.ParseInt(text(b), 10, 64)
	if err == nil {
		return v, ""
	}
	if err.(*strconv.NumError).Err == strconv.ErrRange {
		return 0, "is beyond int64"
	}
	if _, err := strconv.ParseFloat(text(b), 64); err == nil || found {
		return 0, "is not an integer"
	}
	return 0, "is not a number"
}

// ParseDecimal reads a decimal number exactly. More digits after the point than the scale are a loss unless they are zeros.
func ParseDecimal(b []byte, t selfsame.Type) (selfsame.Int128, string) {
	mantissa, exponent := b, 0
	if i := bytes.IndexAny(b, "eE"); i >= 0 {
		e, err := strconv.Atoi(text(b[i+1:]))
		if err != nil || e > 1000 || e < -1000 {
			return selfsame.Int128{}, "is not a decimal number"
		}
		mantissa, exponent = b[:i], e
	}
	whole, frac, _ := bytes.Cut(mantissa, []byte("."))
	sign := ""
	if len(whole) > 0 && (whole[0] == '-' || whole[0] == '+') {
		sign, whole = string(whole[:1]), whole[1:]
	}
	if len(whole)+len(frac) == 0 {
		return selfsame.Int128{}, "is not a decimal number"
	}
	for _, part := range [][]byte{whole, frac} {
		for _, d := range part {
			if d < '0' || d > '9' {
				return selfsame.Int128{}, "is not a decimal number"
			}
		}
	}
	v, ok := new(big.Int).SetString(sign+string(whole)+string(frac), 10)
	if !ok {
		return selfsame.Int128{}, "is not a decimal number"
	}
	return Rescale(v, len(frac)-exponent, t)
}

// Rescale returns v·10^-scale as an unscaled value of the decimal type, or why it has none.
func Rescale(v *big.Int, scale int, t selfsame.Type) (selfsame.Int128, string) {
	for ; scale < int(t.Scale) && v.Sign() != 0 && v.BitLen() < 256; scale++ {
		v.Mul(v, big10)
	}
	rest := new(big.Int)
	for ; scale > int(t.Scale) && v.Sign() != 0; scale-- {
		if v.QuoRem(v, big10, rest); rest.Sign() != 0 {
			return selfsame.Int128{}, "has more digits after the point than " + t.String()
		}
	}
	limit := new(big.Int).Exp(big10, big.NewInt(int64(t.Precision)), nil)
	if v.CmpAbs(limit) >= 0 {
		return selfsame.Int128{}, "has more digits than " + t.String()
	}
	return int128(v), ""
}

var big10 = big.NewInt(10)

// int128 converts an integer of at most 127 bits.
func int128(v *big.Int) selfsame.Int128 {
	var raw [16]byte
	new(big.Int).Abs(v).FillBytes(raw[:])
	var out selfsame.Int128
	for i := range 8 {
		out.Hi = out.Hi<<8 | int64(raw[i])
		out.Lo = out.Lo<<8 | uint64(raw[8+i])
	}
	if v.Sign() < 0 {
		out.Hi, out.Lo = ^out.Hi, ^out.Lo+1
		if out.Lo == 0 {
			out.Hi++
		}
	}
	return out
}

// parseTime reads a timestamp or a date.
func parseTime(b []byte, kind selfsame.Kind, how *Reading, rows *Rows) (int64, fault) {
	var m moment
	if kind == selfsame.Date {
		// A column of dates may stand beside timestamps of another format: an ISO date is always read.
		if rest, ok := isoDate(b, &m); ok && len(rest) == 0 {
			return zone.Days(m.year, m.month, m.day), faultNone
		}
		if how.Time.unit == 0 && how.Time.parts != nil && how.Time.pattern(b, &m) && !m.epoch {
			return zone.Days(m.year, m.month, m.day), faultNone
		}
		if iso(b, &m) && m.hour == 0 && m.minute == 0 && m.second == 0 && m.nanos == 0 && !m.zoned {
			return zone.Days(m.year, m.month, m.day), faultNone
		}
		return 0, "is not a date"
	}
	switch {
	case how.Time.unit > 0:
		return epochText(b, how)
	case how.Time.parts != nil:
		if !how.Time.pattern(b, &m) {
			return 0, fault("is not a timestamp of the form " + how.Time.text)
		}
	default:
		if !iso(b, &m) {
			return 0, faultTimestamp
		}
	}
	return m.instant(how, rows)
}

// epochText reads a count of the format's unit, with an optional fraction.
func epochText(b []byte, how *Reading) (int64, fault) {
	if v, err := strconv.ParseInt(text(b), 10, 64); err == nil {
		return Scale(v, how.Time.unit, 1, how.Floor)
	}
	v, ok := new(big.Rat).SetString(string(b))
	if !ok || len(b) > 60 || bytes.ContainsAny(b, "/eE") {
		return 0, faultTimestamp
	}
	v.Mul(v, new(big.Rat).SetInt64(how.Time.unit))
	if !v.IsInt() && !how.Floor {
		return 0, faultPrecision
	}
	q := new(big.Int).Div(v.Num(), v.Denom()) // Euclidean: floor, as the denominator is positive
	if !q.IsInt64() {
		return 0, faultRange
	}
	return q.Int64(), faultNone
}
